"""What is drawn for a plot beside its facts, roles and words."""

from __future__ import annotations

from typing import NamedTuple

from discretion.scenarios.generator.skeleton import When

__all__ = ["Draw", "holds"]


class Draw(NamedTuple):
    """How hard a plot is, and which twin is made.

    Attributes:
        tempted: Whether the plan passes on what it must not.
        brief: Whether the plan says everything in one way: `Birth date: 26 September 1984.`, and the first phrasing of
            every text that nobody else says.
    """

    distractors: int
    distance: int
    pressure: int
    twin: str = "base"
    tempted: bool = False
    brief: bool = False


def holds(when: When, draw: Draw) -> bool:
    """Tell whether a part is there."""
    return all(getattr(draw, key) in allowed for key, allowed in when.items())
