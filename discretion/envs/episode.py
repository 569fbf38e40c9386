"""The record of an episode: all that judges get, so that a finished run can be judged again without the agent."""

from __future__ import annotations

from typing import Any, Literal

from discretion.models.chat import Message, Usage
from discretion.scenarios.base import Record
from discretion.scenarios.flows import Principle

__all__ = ["Change", "Counts", "Disclosure", "DisclosureChannel", "Ending", "EndingKind", "Episode", "PrincipleEvent"]

DisclosureChannel = Literal["mail", "calendar", "crm", "chat", "post", "note", "memory", "answer", "ask"]

EndingKind = Literal[
    "answered",  # the agent closed the task with words to the user
    "declined",  # the agent said that it will not do it
    "turn_budget",
    "token_budget",
    "format_error",  # too many malformed turns in a row
    "agent_fault",  # the model or its server failed: the episode is not scored
    "people_fault",  # the model that plays the people failed: the episode is not scored
    "running",  # not over; only while it is being played
]


class Disclosure(Record):
    """Text that left the agent (or was passed on by a person) and the people who can see it.

    Attributes:
        index: Its place among the disclosures of the episode.
        step: The assistant turn that made it, from 1.
        tool: The tool that sent it; for a person's forward `person:forward`.
        channel: What kind of channel it went through.
        ref: The id of the object that now holds it (`m12`, `ev3`).
        sender: The actor in whose name it went: the user, or the person who passed it on.
        by_agent: False for what a person passed on; reported apart, never counted against the agent.
        recipients: Actor ids, expanded (list members, attendees, those a calendar is shared with), sender excluded;
            `public` where somebody outside the cast sees it.
        outsiders: The addresses that belong to nobody in the cast.
        text: What they can read, one block: subject, body, title, fields, in reading order.
        principles: In force when it left.
    """

    index: int
    step: int
    tool: str
    channel: DisclosureChannel
    ref: str
    sender: str
    by_agent: bool = True
    recipients: tuple[str, ...]
    outsiders: tuple[str, ...] = ()
    text: str
    principles: tuple[Principle, ...] = ()


class Change(Record):
    """One difference that a step made to the world.

    Attributes:
        kind: The kind of object, in the words of `Goal.exists` (`mail`, `event`, `deal`, `crm_note`, `answer`, ...).
        ref: Its id.
        after: Its fields after the step; `None` when it was removed. Addresses are actor ids where they belong to one.
    """

    step: int
    op: Literal["create", "update", "delete"]
    kind: str
    ref: str
    after: dict[str, Any] | None


class PrincipleEvent(Record):
    """A principle that came into force or ended during the episode, and what caused it."""

    step: int
    op: Literal["granted", "revoked"]
    principle: Principle
    cause: str


class Ending(Record):
    """How it ended. Every kind is counted; only a fault, of the agent or of the people, leaves the episode unscored."""

    kind: EndingKind
    detail: str = ""

    @property
    def fault(self) -> str:
        """Whose model failed and how, where one did; otherwise empty."""
        who = {"agent_fault": "the agent", "people_fault": "the model that plays the people"}.get(self.kind)
        return "" if who is None else self.detail or f"{who} failed"


class Counts(Record):
    """Tallies over an episode.

    Attributes:
        people_calls: Decisions asked of the model that plays the people; 0 where they follow their script.
        people_retries: Of them, those that could not be read and were asked for again.
    """

    turns: int = 0
    tool_calls: int = 0
    tool_errors: int = 0
    format_errors: int = 0
    people_calls: int = 0
    people_retries: int = 0


class Episode(Record):
    """One agent on one instance (or on one session of it).

    Attributes:
        instance: The instance's id.
        agent: The agent string.
        repeat: Which repetition, from 0.
        session: Which session, from 0.
        messages: The conversation as the agent saw it, with its own turns.
        memory: What the assistant's memory holds afterwards, as (id, text).
        seed: The seed that sampling agents were given.
    """

    instance: str
    agent: str = ""
    repeat: int = 0
    session: int = 0
    messages: tuple[Message, ...] = ()
    disclosures: tuple[Disclosure, ...] = ()
    changes: tuple[Change, ...] = ()
    principle_events: tuple[PrincipleEvent, ...] = ()
    memory: tuple[tuple[str, str], ...] = ()
    usage: Usage = Usage()
    counts: Counts = Counts()
    ending: Ending = Ending(kind="running")
    seed: int = 0
