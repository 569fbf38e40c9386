"""The instance: a scenario with people, values and dates filled in. Episodes and judges see only this."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any, Literal, Self

from pydantic import ConfigDict

from discretion.scenarios.base import Name, Prose, Record, Slug
from discretion.scenarios.cast import Actor, Channel
from discretion.scenarios.content import Content
from discretion.scenarios.facts import Fact, Implication
from discretion.scenarios.flows import Norm, Principle
from discretion.scenarios.task import Behaviour, Budget, HistoryStep, Session, Task

__all__ = ["Instance", "Twin"]

Twin = Literal["base", "sibling"]


class Instance(Record):
    """One playable case, bit-identical for the same scenario, twin and seed on any day and machine.

    Attributes:
        id: `scenario:seed`, with `~sibling` after the scenario's id for the twin.
        cast: The actors, without `public`.
        norms: All that apply, the scenario's own and the norm base, in force for every session.
        session: Which of the sessions is played, from 0; `None` before they are taken apart, and where there are none.
        twin_fact: With a sibling, the fact that is withheld in one twin and delivered in the other.
        versions: What made it: schema, Faker, content hash of the scenario.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", ignored_types=(cached_property,))

    id: str
    scenario: Slug
    twin: Twin = "base"
    seed: int
    title: Name
    context: Name
    date: str
    user: Slug
    cast: tuple[Actor, ...]
    facts: tuple[Fact, ...] = ()
    implications: tuple[Implication, ...] = ()
    channels: tuple[Channel, ...] = ()
    toolkits: tuple[str, ...] = ()
    norms: tuple[Norm, ...] = ()
    principles: tuple[Principle, ...] = ()
    world: Content = Content()
    task: Task
    people: tuple[Behaviour, ...] = ()
    history: tuple[HistoryStep, ...] = ()
    sessions: tuple[Session, ...] = ()
    session: int | None = None
    serve_memory: bool = False
    profile: Slug | None = None
    twin_fact: Slug | None = None
    budget: Budget = Budget()
    source: Prose = ""
    versions: dict[str, str] = {}

    @cached_property
    def actors(self) -> dict[str, Actor]:
        """The cast by id."""
        return {actor.id: actor for actor in self.cast}

    @cached_property
    def facts_by_id(self) -> dict[str, Fact]:
        """The facts by id."""
        return {fact.id: fact for fact in self.facts}

    @cached_property
    def channels_by_id(self) -> dict[str, Channel]:
        """The channels by id."""
        return {channel.id: channel for channel in self.channels}

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """Return a copy with some fields changed; the tables above are made anew from them."""
        copied = super().model_copy(update=update, deep=deep)
        for table in ("actors", "facts_by_id", "channels_by_id"):
            copied.__dict__.pop(table, None)
        return copied
