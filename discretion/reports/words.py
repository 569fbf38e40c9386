"""Numbers with what they count, as people say them."""

from __future__ import annotations

__all__ = ["counted"]


def counted(number: int, thing: str) -> str:
    """Return how many there are of something.

    >>> counted(1, "episode"), counted(1200, "episode"), counted(2, "memory")
    ('1 episode', '1,200 episodes', '2 memories')
    """
    if number == 1:
        return f"1 {thing}"
    return f"{number:,} {thing[:-1]}ies" if thing.endswith("y") else f"{number:,} {thing}s"
