"""Test groups: which can run here, and for those that cannot, why; a skipped group is printed by name."""

from __future__ import annotations

import asyncio
import importlib.util
import os
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from discretion.models.vllm.server import VLLMServer

# How long anything takes is no matter of a test: machines are slow, and busy.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")

SERVED = Path(__file__).parent / "data" / "rollout-trip"
SHARED = Path(os.environ.get("DISCRETION_SHARED", Path(__file__).parents[2] / "shared"))


def _missing(*modules: str, extra: str) -> str:
    absent = [module for module in modules if importlib.util.find_spec(module) is None]
    return f"{', '.join(absent)} not installed (pip install '.[{extra}]')" if absent else ""


def _no_data() -> str:
    return "" if (SHARED / "data").is_dir() else f"no data sets at {SHARED} (set DISCRETION_SHARED)"


def _no_vllm() -> str:
    from discretion.errors import InputError
    from discretion.models.vllm.home import find_vllm

    missing = _missing("openai", extra="openai")
    if missing:
        return missing
    try:
        find_vllm()
    except InputError as error:
        return str(error)
    return ""


GROUPS: dict[str, Callable[[], str]] = {
    "data": _no_data,
    "langchain": lambda: _missing("langchain", "langgraph", "langchain_openai", extra="langchain"),
    "local": lambda: _missing("torch", "transformers", "peft", "safetensors", extra="local"),
    "openai": lambda: _missing("openai", extra="openai"),
    "vllm": _no_vllm,
}
"""Marker -> why the group cannot run here, or the empty string."""

_skipped: Counter[tuple[str, str]] = Counter()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    reasons = {group: reason() for group, reason in GROUPS.items()}
    for item in items:
        if item.get_closest_marker("vllm"):
            item.add_marker(pytest.mark.xdist_group("vllm"))  # they share a server, so one process plays them all
        for group in GROUPS:
            if item.get_closest_marker(group) and reasons[group]:
                item.add_marker(pytest.mark.skip(reason=f"group {group}: {reasons[group]}"))
                _skipped[group, reasons[group]] += 1
                break


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Take over what a worker skipped; each has seen all tests, so that one word is enough."""
    for group, reason, count in getattr(node, "workeroutput", {}).get("skipped groups", []):
        _skipped[group, reason] = count


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Tell the process that started this one, if it is a worker, what was skipped."""
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["skipped groups"] = [(*key, count) for key, count in _skipped.items()]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for (group, reason), count in sorted(_skipped.items()):
        terminalreporter.write_line(f"skipped group {group}: {count} tests: {reason}", yellow=True)


@pytest.fixture(scope="session")
def served_adapter(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A LoRA adapter of rank 4 for the tiny checkpoint, with random weights."""
    from tiny_checkpoint import save_adapter

    return save_adapter(tmp_path_factory.mktemp("adapter"), SERVED)


@pytest.fixture(scope="session")
def vllm_server(served_adapter: Path) -> Iterator[VLLMServer]:
    """A real vLLM server of the tiny checkpoint and an adapter, for tests marked `vllm`; one for the whole session.

    Agents `vllm:` of the same checkpoint and settings share it. For `openai:` it is at its `url`, knows the base as
    `base`, and its key is in `DISCRETION_TEST_KEY`.
    """
    from discretion.models.vllm.chat import FLEET, VLLMChat

    chat = VLLMChat(f"{SERVED}+{served_adapter}")
    berth = FLEET.join(chat.plan, None, patience_s=300)
    opened = berth.open(lambda words: None)
    assert opened is not None
    server, _ = opened
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DISCRETION_TEST_KEY", server.key)
        yield server
    asyncio.run(chat.aclose())
    berth.leave()


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder that holds the public data sets; for tests marked `data`."""
    return SHARED
