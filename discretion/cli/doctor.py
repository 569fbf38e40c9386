"""`discretion doctor`: what is installed, what is missing, how to get it."""

from __future__ import annotations

import importlib.util
import json
import platform
from typing import Annotated, Final, NamedTuple

import typer

__all__ = ["Check", "checks", "doctor_command"]

EPILOG: Final = """\b
Examples:
  discretion doctor
  discretion doctor --json

Exits 0 as long as the core works; extras are optional.
"""

_CORE: Final = ("pydantic", "gymnasium", "networkx", "faker", "pyyaml", "scipy", "typer", "rich")
_EXTRAS: Final[dict[str, tuple[str, tuple[str, ...]]]] = {
    "openai": ("agents openai:MODEL[@BASE_URL]", ("openai",)),
    "local": ("agents hf:PATH_OR_ID[+ADAPTER]", ("torch", "transformers", "peft", "accelerate", "safetensors")),
    "langchain": ("agents langchain:PROVIDER:MODEL", ("langchain", "langgraph")),
    "plots": ("pictures of scenarios", ("matplotlib",)),
}


class Check(NamedTuple):
    """One thing that is there or not.

    Attributes:
        needed: Whether nothing works without it.
        found: Its version or what was found; empty where it is missing.
        use: What it is for.
        remedy: How to get it.
    """

    name: str
    needed: bool
    found: str
    use: str
    remedy: str = ""


def checks() -> list[Check]:
    """Look at Python, the core, the extras and what they run on. Imports nothing heavy but what it reports on."""
    found = [Check("python", True, platform.python_version(), "3.11 or later")]
    found += [
        Check(name, True, _version(name), "core", "reinstall: pip install --force-reinstall discretion")
        for name in _CORE
    ]
    for extra, (use, packages) in _EXTRAS.items():
        remedy = f"pip install 'discretion[{extra}]'"
        found += [Check(name, False, _version(name), f"extra {extra}: {use}", remedy) for name in packages]
    found.append(_scenarios())
    found.append(_accelerator())
    found.append(_vllm())
    return found


def _version(package: str) -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def _scenarios() -> Check:
    from discretion.scenarios import pack_names

    packs = ", ".join(pack_names())
    return Check("scenario packs", True, packs, "what discretion run plays by name", "reinstall discretion")


def _accelerator() -> Check:
    use, remedy = "speed of hf: agents", "none needed: local checkpoints run on the CPU, slower"
    if importlib.util.find_spec("torch") is None:
        return Check("accelerator", False, "", use, remedy)
    import torch

    if torch.cuda.is_available():
        return Check("accelerator", False, torch.cuda.get_device_name(0), use)
    return Check("accelerator", False, "mps" if torch.backends.mps.is_available() else "", use, remedy)


def _vllm() -> Check:
    from discretion.errors import InputError
    from discretion.models.vllm.home import find_vllm

    use = "agents vllm:PATH_OR_ID[+ADAPTER]"
    try:
        home = find_vllm()
    except InputError:
        remedy = "pip install vllm, here or in an environment of its own whose Python DISCRETION_VLLM_PYTHON names"
        return Check("vllm", False, "", use, remedy)
    return Check("vllm", False, home.version, use)


def doctor_command(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for a program to read.")] = False,
) -> None:
    """Say what is installed, what is missing, and how to get it."""
    found = checks()
    missing = [check for check in found if check.needed and not check.found]
    if as_json:
        typer.echo(json.dumps({"ok": not missing, "checks": [check._asdict() for check in found]}, indent=2))
    else:
        _print(found)
    if missing:
        raise typer.Exit(2)


def _print(found: list[Check]) -> None:
    from rich.text import Text

    from discretion.reports import page, plain_table

    heads = ["what", "found", "for", "how to get it"]
    table = plain_table("", *heads, wordy=heads)
    for check in found:
        mark = Text("ok", "green") if check.found else Text("MISSING", "bold red") if check.needed else Text("-", "dim")
        remedy = "" if check.found else check.remedy
        table.add_row(mark, *(Text(cell) for cell in (check.name, check.found, check.use, remedy)))
    page().print(table)
