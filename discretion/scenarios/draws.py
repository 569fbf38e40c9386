"""Seeded draws that are the same in every process, on every machine and under every Python.

Everything that is drawn has a key of its own that says what it is, so a new fact or person in a scenario moves no
other value.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from hashlib import sha256
from typing import TypeVar

__all__ = ["from_place", "lots"]

T = TypeVar("T")

_EIGHT = struct.Struct(">8I")


def lots(key: str) -> tuple[int, ...]:
    """Return eight numbers below 2**32, drawn by the key.

    >>> lots("office:1|dana") == lots("office:1|dana"), len(lots(""))
    (True, 8)
    """
    return _EIGHT.unpack(sha256(key.encode()).digest())


def from_place(options: Sequence[T], lot: int) -> Iterator[T]:
    """Yield all options in order, beginning at a drawn one: the first that will do is the choice.

    >>> list(from_place("abc", 4))
    ['b', 'c', 'a']
    """
    size = len(options)
    for offset in range(size):
        yield options[(lot + offset) % size]
