"""A cache key that goes by identity: a frozen record that holds mappings has no hash, and a long tuple a slow one."""

from __future__ import annotations

from typing import Generic, TypeVar

__all__ = ["Same"]

T = TypeVar("T")


class Same(Generic[T]):
    """A thing that equals itself and nothing else.

    >>> thing = [1]
    >>> Same(thing) == Same(thing), Same(thing) == Same([1])
    (True, False)
    """

    __slots__ = ("thing",)

    def __init__(self, thing: T) -> None:
        self.thing = thing

    def __hash__(self) -> int:
        return id(self.thing)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Same) and self.thing is other.thing
