"""What ships with the package: packs of scenarios and norm bases."""

from __future__ import annotations

from functools import lru_cache
from importlib import resources
from importlib.resources.abc import Traversable

__all__ = ["norm_files", "norm_names", "pack_files", "pack_names"]

_SUFFIXES = (".yaml", ".yml", ".json")


def pack_names() -> tuple[str, ...]:
    """Return the names of the shipped packs, sorted."""
    return tuple(sorted(entry.name for entry in _folder("packs") if entry.is_dir() and _files(entry)))


def pack_files(pack: str) -> tuple[Traversable, ...]:
    """Return the scenario files of a shipped pack, sorted by name.

    Raises:
        KeyError: If no pack is called so.
    """
    for entry in _folder("packs"):
        if entry.name == pack and entry.is_dir():
            return _files(entry)
    raise KeyError(pack)


@lru_cache(maxsize=1)
def norm_files() -> dict[str, Traversable]:
    """Return the shipped norm bases: name -> file."""
    files = sorted((entry for entry in _folder("norms") if _is_scenario(entry)), key=_name)
    return {entry.name.rpartition(".")[0]: entry for entry in files}


def norm_names() -> tuple[str, ...]:
    """Return the names of the shipped norm bases, sorted."""
    return tuple(norm_files())


def _folder(name: str) -> list[Traversable]:
    folder = resources.files("discretion.scenarios") / name
    return list(folder.iterdir()) if folder.is_dir() else []


def _files(folder: Traversable) -> tuple[Traversable, ...]:
    return tuple(sorted((entry for entry in folder.iterdir() if _is_scenario(entry)), key=_name))


def _is_scenario(entry: Traversable) -> bool:
    return entry.is_file() and entry.name.endswith(_SUFFIXES)


def _name(entry: Traversable) -> str:
    return entry.name
