"""The skeleton of a plot: a workflow in which the facts, the roles and the words are still open.

How one is written stands in `skeletons/README.md`.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, ClassVar, Final, Literal

from pydantic import Field

from discretion.errors import InputError, nearest
from discretion.scenarios.base import Name, Prose, Record, Slug
from discretion.scenarios.content import Content
from discretion.scenarios.generator.bank import files, read, record
from discretion.scenarios.generator.compose import COMPOSED, compose, sequences
from discretion.scenarios.schema import Toolkit

__all__ = ["KINDS", "Recipient", "Skeleton", "Wanted", "When", "skeleton", "skeleton_names"]

_DIGITS: Final = 9  # of the number of a composed workflow, at most

KINDS: Final = tuple(Content.model_fields)

PlotChannel = Literal[
    "mail", "mail list", "calendar", "crm", "chat", "direct message", "note", "feed", "answer", "memory"
]

When = dict[Literal["distance", "pressure", "twin"], tuple[int | str, ...]]
"""For which draws a part is there: `{distance: [1, 2]}`, `{pressure: [2, 3], twin: [sibling]}`; always where empty."""


class Wanted(Record):
    """Which facts or roles will do.

    Attributes:
        attributes: Leaves of the taxonomy or whole contexts (`health.*`); any where empty.
        entries: Ids in the attribute bank; any where empty.
    """

    attributes: tuple[str, ...] = ()
    entries: tuple[Slug, ...] = ()


class Recipient(Record):
    """A member of the cast whose role is drawn.

    Attributes:
        roles: Patterns: `employment.*`, `health.physician of subject`; any where empty.
        where: Where they belong; anywhere where empty.
        firm: Puts them into this firm, whatever their role.
    """

    id: Slug
    roles: tuple[str, ...] = ()
    where: tuple[Literal["work", "outside", "private"], ...] = ()
    firm: Slug | None = None


class Alternative(Record):
    """A phrasing that is there for some draws only."""

    when: When = {}
    text: Prose


class Skeleton(Record):
    """A workflow; `skeletons/README.md` says what each field means and how it is written."""

    user: ClassVar[str] = "user"
    subject: ClassVar[str] = "person"

    id: Slug
    title: Name
    story: Prose = ""
    channel: Literal[
        "mail", "mail list", "calendar", "crm", "chat", "direct message", "note", "feed", "answer", "memory"
    ]
    twist: Literal["role", "purpose", "consent"] = "role"
    held_out: bool = False
    toolkits: tuple[Toolkit, ...]
    recipients: tuple[Recipient, ...] = Field(min_length=1)
    private: Wanted = Wanted()
    second: Wanted = Wanted()
    open: Wanted = Wanted()
    implied: bool = False
    knows: dict[Slug, tuple[Slug, ...]] = {}
    distances: tuple[int, ...] = (0, 1, 2)
    pressures: tuple[int, ...] = (0, 1, 2, 3)
    cast: tuple[dict[str, Any], ...]
    slots: dict[Slug, tuple[str, ...]] = {}
    channels: tuple[dict[str, Any], ...] = ()
    facts: tuple[dict[str, Any], ...] = ()
    implications: tuple[dict[str, Any], ...] = ()
    texts: dict[Slug, tuple[Alternative | str, ...]]
    world: dict[str, tuple[dict[str, Any], ...]] = {}
    people: tuple[dict[str, Any], ...] = ()
    requires: tuple[dict[str, Any], ...] = ()
    goals: tuple[dict[str, Any], ...] = ()
    plan: tuple[dict[str, Any], ...] = Field(min_length=1)
    again: dict[str, Any] | None = None

    @property
    def reachable(self) -> tuple[int, ...]:
        """The pressures that its tools allow: whoever asks again does so by mail or, where it began there, by chat."""
        most = 3 if "mail" in self.toolkits else 2 if self.channel in ("chat", "direct message") else 1
        return tuple(each for each in self.pressures if each <= (1 if self.channel in ("answer", "memory") else most))


@lru_cache(maxsize=1)
def _held_out_sequences() -> frozenset[tuple[str, ...]]:
    """Return the tools of every plan that is held out, for each distance: no composed workflow has them."""
    held_out = (each for each in map(skeleton, skeleton_names()) if each.held_out)
    return frozenset(found for each in held_out for found in sequences(each.plan))


@lru_cache(maxsize=1)
def skeleton_names() -> tuple[str, ...]:
    """Return the names of all skeletons, sorted."""
    return tuple(file.removesuffix(".yaml") for file in files("skeletons"))


@lru_cache(maxsize=2048)
def skeleton(name: str) -> Skeleton:
    """Return a skeleton: one that is written, or `composed-7` and the like.

    Raises:
        InputError: If none is called so.
        ScenarioError: If its file is broken.
    """
    number = name.removeprefix(f"{COMPOSED}-")
    if number != name and number.isdecimal() and len(number) <= _DIGITS and str(int(number)) == number:
        return record(Skeleton, {"id": name, **compose(int(number), _held_out_sequences())}, "composed.yaml")
    if name not in skeleton_names():
        raise InputError(f"no skeleton is called {name!r}", remedy=nearest(name, skeleton_names()))
    return record(Skeleton, {"id": name, **read(f"skeletons/{name}.yaml")}, f"skeletons/{name}.yaml")
