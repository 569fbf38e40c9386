"""Where in a scenario something is wrong: the path of a field, as people read it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel

from discretion.errors import ScenarioError

__all__ = ["FieldError", "Loc", "field_path", "quoted"]

Loc = tuple[str | int, ...]
"""The path to a field: names, keys and places in lists."""


class FieldError(ScenarioError):
    """A scenario error that still knows its field, so that whoever has the file can add the line.

    Args:
        what: What is wrong.
        loc: The path to the field.
        root: What the path leads through; list items that have an id are then named by it.
        remedy: What to do about it.
    """

    def __init__(self, what: str, loc: Loc, root: Any = None, *, remedy: str | None = None) -> None:
        self.loc = loc
        name = child(root, "id")
        path = field_path(root, loc)
        super().__init__(what, where=f"{name} {path}".strip() if isinstance(name, str) else path or None, remedy=remedy)


def child(node: Any, step: str | int) -> Any:
    """Return what lies one step below a record, mapping or list; `None` where nothing does."""
    if isinstance(node, BaseModel):
        return getattr(node, str(step), None)
    if isinstance(node, Mapping):
        return node.get(step)
    if isinstance(node, Sequence) and not isinstance(node, str) and isinstance(step, int) and 0 <= step < len(node):
        return node[step]
    return None


def field_path(root: Any, loc: Loc) -> str:
    """Return a path as text, list items by their id where they have one.

    >>> field_path({"facts": [{"id": "salary"}]}, ("facts", 0, "subject"))
    'facts[salary].subject'
    >>> field_path(None, ("task", "plan", 2))
    'task.plan[2]'
    """
    text = ""
    node = root
    for step in loc:
        node = child(node, step)
        if isinstance(step, int):
            name = child(node, "id")
            text += f"[{quoted(name, marks=False) if isinstance(name, str) else step}]"
        else:
            text += f".{quoted(step, marks=False)}" if text else quoted(step, marks=False)
    return text


def quoted(text: object, *, marks: bool = True) -> str:
    """Return foreign text for a message: one line, cut where it is long.

    >>> quoted("a" * 100)
    "'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa...'"
    """
    shown = str(text)
    shown = repr(shown if len(shown) <= 60 else shown[:57] + "...")
    return shown if marks else shown[1:-1]
