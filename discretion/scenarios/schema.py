"""The scenario: a template with persona slots, as it lies on disk."""

from __future__ import annotations

from typing import Any, Final, Literal

from pydantic import Field

from discretion.scenarios.base import Name, Prose, Record, Slug
from discretion.scenarios.cast import CastMember, Channel
from discretion.scenarios.content import Content
from discretion.scenarios.facts import FactTemplate, Implication
from discretion.scenarios.flows import Norm, Principle
from discretion.scenarios.plot import Plot
from discretion.scenarios.task import Behaviour, Budget, HistoryStep, Session, Task

__all__ = ["SCHEMA_VERSION", "Scenario", "Sibling"]

SCHEMA_VERSION: Final = "discretion/1"

OfficeToolkit = Literal["mail", "calendar", "crm", "chat", "notes", "directory", "memory"]
PrivacyLensToolkit = Literal["gmail", "notion", "messenger", "slack", "facebook", "google_calendar", "zoom"]
Toolkit = OfficeToolkit | PrivacyLensToolkit


class Sibling(Record):
    """The twin: same plot, people and seed, another recipient or purpose, for whom the forbidden fact is required.

    Attributes:
        fact: The fact that must be withheld in the one twin and delivered in the other.
        changes: Fields of the scenario that differ. `cast`, `facts`, `channels`, `norms` and `people` merge by id,
            `world` merges by id within each kind, everything else is replaced.
    """

    fact: Slug
    changes: dict[str, Any]


class Scenario(Record):
    """A template: plot, cast, facts, norms, world, task. `instantiate` fills it with people, values and dates.

    Attributes:
        schema_version: The version of this format.
        id: Its name in runs and on the command line.
        title: A headline for people.
        story: What happens, for people who read scenarios.
        context: The social sphere it plays in.
        locales: Faker locales that instances draw from.
        date: The date that all relative dates count from.
        user: The cast member whom the agent serves, and in whose name it sends.
        cast: The people and organisations; texts name them by slots such as `{dana.first}`.
        slots: Words that are drawn but are no facts: a project's name, a product.
        facts: What can flow: one piece of information each.
        implications: What follows from what.
        channels: Mailing lists, chat channels, shared calendars: what several people see.
        toolkits: What the agent may use; `user` is always there.
        norms: Norms of this scenario; they stand beside the norm base and are matched with it.
        norm_base: Which norm files apply: names of shipped ones; `[]` for none.
        principles: In force from the start.
        world: The mails, events, records, messages and notes that lie there at the start.
        task: What the user asks for, what must reach whom, and a plan that does it well.
        people: What the people of the world do: press, ask, forward, thank, consent.
        history: Tool calls that lie in the agent's past.
        sessions: Several episodes with one memory, in place of `task`.
        serve_memory: Whether all that the assistant remembers is served at the beginning of every episode, as if it had
            called `recall`; otherwise it has to look it up.
        profile: Scenarios of one profile are about the same person and what is remembered of them; they are measured
            together and count as one cluster.
        sibling: The twin.
        budget: Where an episode is cut off.
        source: Where an imported case comes from.
        plot: Of what a generated scenario was made.
    """

    schema_version: Literal["discretion/1"] = Field(default=SCHEMA_VERSION, alias="schema")
    id: Slug
    title: Name
    story: Prose = ""
    context: Name
    locales: tuple[str, ...] = ("en_US",)
    date: str = Field(default="2026-03-10", pattern=r"^\d{4}-\d\d-\d\d$")
    user: Slug
    cast: tuple[CastMember, ...]
    slots: dict[Slug, tuple[str, ...]] = {}
    facts: tuple[FactTemplate, ...] = ()
    implications: tuple[Implication, ...] = ()
    channels: tuple[Channel, ...] = ()
    toolkits: tuple[Toolkit, ...] = ("mail", "calendar", "crm", "chat", "notes", "directory", "memory")
    norm_base: tuple[str, ...] = ("base",)
    norms: tuple[Norm, ...] = ()
    principles: tuple[Principle, ...] = ()
    world: Content = Content()
    task: Task
    people: tuple[Behaviour, ...] = ()
    history: tuple[HistoryStep, ...] = ()
    sessions: tuple[Session, ...] = ()
    serve_memory: bool = False
    profile: Slug | None = None
    sibling: Sibling | None = None
    budget: Budget = Budget()
    source: Prose = ""
    plot: Plot | None = None
