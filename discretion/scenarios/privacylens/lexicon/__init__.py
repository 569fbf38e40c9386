"""Word lists: what is common in any office, what is private by itself, titles, first names, and the like."""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files

__all__ = ["groups", "lexicon"]


@lru_cache(maxsize=32)
def lexicon(name: str) -> frozenset[str]:
    """Return a list's words, all in lower case.

    >>> "divorced" in lexicon("telling")
    True
    """
    return frozenset(_read(name).split())


@lru_cache(maxsize=4)
def groups(name: str) -> tuple[tuple[str, ...], ...]:
    """Return a list of groups: one a line, its members with commas between them."""
    return tuple(tuple(line.split(", ")) for line in _read(name).splitlines() if line)


def _read(name: str) -> str:
    return files(__package__).joinpath(f"{name}.txt").read_text(encoding="utf-8")
