"""Draws of one plot: each has a name of its own, so that a further draw moves no other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from hashlib import sha256
from typing import TypeVar

__all__ = ["Lots"]

T = TypeVar("T")


class Lots:
    """The draws that a key decides.

    Args:
        key: Names the plot.

    >>> Lots("g1|7").pick("skeleton", "abc") == Lots("g1|7").pick("skeleton", "abc")
    True
    """

    def __init__(self, key: str) -> None:
        self._start = sha256(key.encode())

    def number(self, name: str, below: int) -> int:
        """Return a number from 0 to `below - 1`."""
        drawn = self._start.copy()
        drawn.update(name.encode())
        return int.from_bytes(drawn.digest()[:8], "big") % below

    def pick(self, name: str, options: Sequence[T]) -> T:
        """Return one of some options."""
        return options[self.number(name, len(options))]

    def shuffled(self, name: str, options: Sequence[T]) -> Iterator[T]:
        """Yield the options in a drawn order."""
        left = list(options)
        while left:
            yield left.pop(self.number(f"{name}|{len(left)}", len(left)))
