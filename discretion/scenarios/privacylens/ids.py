"""Ids: what the trajectories call things, as ids of a world, and back."""

from __future__ import annotations

import re
from typing import Any, Final

from discretion.scenarios.importing import escape, slug
from discretion.scenarios.privacylens.items import ItemKind

__all__ = ["PREFIXES", "IdBook", "bears", "escape", "escape_tree", "service_of", "slug"]

PREFIXES: Final[dict[ItemKind, str]] = {
    "message": "msg",
    "slack": "slack",
    "mail": "email",
    "note": "page",
    "event": "event",
    "post": "post",
    "comment": "comment",
    "profile": "profile",
    "contact": "contact",
    "meeting": "meeting",
}
_RESERVED: Final = ("slack", "profile", "contact", "meeting")
"""Kinds that share a store of the world with another kind and are told apart by how their ids begin."""


class IdBook:
    """Gives the items of one case ids that no two of them share."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def give(self, kind: ItemKind, ref: str) -> str:
        """Return the id for what the trajectory calls `ref`: the same where that can be an id, else close to it."""
        wanted = _id(kind, ref) or f"{PREFIXES[kind]}-1"
        identifier, number = wanted, 1
        while identifier in self._taken:
            number += 1
            identifier = f"{re.sub(r'-1$', '', wanted) if not ref else wanted}-{number}"
        self._taken.add(identifier)
        return identifier


def _id(kind: ItemKind, ref: str) -> str:
    plain = re.sub(r"[^a-z0-9_]+", "-", ref.lower()).strip("-_")[:60]
    if not plain:
        return ""
    own = plain[0].isalpha() and not plain.startswith(_RESERVED)
    return plain if own and kind not in _RESERVED else f"{PREFIXES[kind]}-{plain}"


def bears(identifier: str, ref: str, kind: ItemKind) -> bool:
    """Tell whether an id is the one given for what the trajectory calls `ref`.

    >>> bears("page-7891011", "7891011", "note"), bears("msg_12", "msg_1", "message")
    (True, False)
    """
    return identifier in (ref.lower(), _id(kind, ref))


def service_of(identifier: str) -> str:
    """Return which of the kinds that share a store an id was given to (`slack`, `profile`, ...), or an empty text."""
    head = identifier.partition("-")[0]
    return head if head in _RESERVED else ""


def escape_tree(value: Any) -> Any:
    """Return JSON data in which no text opens a slot."""
    if isinstance(value, str):
        return escape(value)
    if isinstance(value, dict):
        return {escape(str(key)): escape_tree(inner) for key, inner in value.items()}
    return [escape_tree(inner) for inner in value] if isinstance(value, list) else value
