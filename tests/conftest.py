"""Test groups: which can run here, and for those that cannot, why; a skipped group is printed by name."""

from __future__ import annotations

import importlib.util
import os
import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

SHARED = Path(os.environ.get("DISCRETION_SHARED", Path(__file__).parents[2] / "shared"))


def _missing(*modules: str, extra: str) -> str:
    absent = [module for module in modules if importlib.util.find_spec(module) is None]
    return f"{', '.join(absent)} not installed (pip install '.[{extra}]')" if absent else ""


def _no_data() -> str:
    return "" if (SHARED / "data").is_dir() else f"no data sets at {SHARED} (set DISCRETION_SHARED)"


def _no_vllm() -> str:
    command = os.environ.get("DISCRETION_VLLM", "")
    if not command:
        return "DISCRETION_VLLM does not name a vllm executable"
    return "" if shutil.which(command) else f"DISCRETION_VLLM={command} cannot be run"


GROUPS: dict[str, Callable[[], str]] = {
    "data": _no_data,
    "local": lambda: _missing("torch", "transformers", "peft", "safetensors", extra="local"),
    "openai": lambda: _missing("openai", extra="openai"),
    "vllm": _no_vllm,
}
"""Marker -> why the group cannot run here, or the empty string."""

_skipped: Counter[tuple[str, str]] = Counter()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    reasons = {group: reason() for group, reason in GROUPS.items()}
    for item in items:
        for group in GROUPS:
            if item.get_closest_marker(group) and reasons[group]:
                item.add_marker(pytest.mark.skip(reason=f"group {group}: {reasons[group]}"))
                _skipped[group, reasons[group]] += 1
                break


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for (group, reason), count in sorted(_skipped.items()):
        terminalreporter.write_line(f"skipped group {group}: {count} tests: {reason}", yellow=True)


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder that holds the public data sets; for tests marked `data`."""
    return SHARED
