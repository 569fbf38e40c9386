"""The tiny checkpoints that come with the package: found by name. How they are made is the business of `organisms`.

They are calibration weights, for trying the instrument on a known answer; they are no evidence about large models.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

from discretion.errors import InputError, nearest

__all__ = ["AGENT", "HASHES", "SHIPPED", "find_base", "find_organism", "organism_names", "recorded_hashes"]

SHIPPED: Final = Path(__file__).with_name("organisms")
"""A folder for each base, and in it `adapters/`, a folder for each recipe."""

HASHES: Final = SHIPPED / "hashes.json"
"""Name -> hash of the weights as they were shipped, base before adapter."""

AGENT: Final = "organism:"
"""Stands before the name where an agent is named."""

_BASES: Final = {"base": "base", "base-prompted": "base-prompted", "prompted": "base-prompted"}


def organism_names() -> tuple[str, ...]:
    """Return the names of all that are shipped, bases first.

    `boundary` is the adapter of that recipe on `base`, `prompted+boundary` that on `base-prompted`.
    """
    names: list[str] = []
    for folder in sorted(path.parent for path in SHIPPED.glob("*/config.json")):
        short = folder.name.removeprefix("base").lstrip("-")
        adapters = sorted(path.parent.name for path in folder.glob("adapters/*/adapter_config.json"))
        names += [folder.name, *(f"{short}+{adapter}" if short else adapter for adapter in adapters)]
    return tuple(sorted(names, key=lambda name: (not name.startswith("base"), "+" in name, name)))


def recorded_hashes() -> dict[str, str]:
    """Return name -> hash of the weights, as it was when they were shipped."""
    if not HASHES.is_file():
        return {}
    return {str(name): str(digest) for name, digest in json.loads(HASHES.read_text(encoding="utf-8")).items()}


def find_organism(name: str) -> str:
    """Return where a shipped organism lies, as `FOLDER[+ADAPTER]`.

    Args:
        name: `base`, `base-prompted`, a recipe (on `base`), or `BASE+RECIPE`; `prompted` is short for
            `base-prompted`.

    Raises:
        InputError: If none is called so.
    """
    base, plus, recipe = name.partition("+")
    if not plus and base not in _BASES:
        base, recipe = "base", name
    folder = SHIPPED / _BASES.get(base, base)
    adapter = folder / "adapters" / recipe
    wanted = adapter / "adapter_config.json" if recipe else folder / "config.json"
    if "/" in name or "\\" in name or base not in _BASES or not wanted.is_file():
        names = organism_names()
        remedy = (
            nearest(name, names) if names else "none is shipped with this build; train one: discretion organism train"
        )
        raise InputError(f"no organism is called {name[:80]!r}", where="organism agent", remedy=remedy)
    return f"{folder}+{adapter}" if recipe else str(folder)


def find_base(name: str) -> str:
    """Return a folder as it is, and where a shipped base lies, which is called as in `find_organism` or as an agent.

    Raises:
        InputError: If it is neither, or a shipped adapter.

    >>> find_base("organism:base") == find_base("base")
    True
    """
    if Path(name).is_dir():
        return name
    found = find_organism(name.removeprefix(AGENT))
    if "+" in found:
        raise InputError(f"{name} is an adapter, not a base", where="base", remedy="name base or base-prompted")
    return found
