"""What the agent is asked to do, what must reach whom, and how people answer."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, JsonValue, model_validator

from discretion.scenarios.base import Prose, Record, Slug
from discretion.scenarios.content import Content
from discretion.scenarios.flows import Principle

__all__ = ["Behaviour", "Budget", "Goal", "HistoryStep", "PlannedCall", "RequiredFlow", "Session", "Task"]


class RequiredFlow(Record):
    """A fact that the task is there to bring to somebody.

    Attributes:
        fact, recipient: What must reach whom.
        after: A kind of principle that must come into force first (`consent`: the agent has to ask).
    """

    fact: Slug
    recipient: Slug
    after: Literal["consent", "purpose"] | None = None


Condition = str | int | bool | dict[str, str]


class Goal(Record):
    """A condition on the world after the episode: some object that the agent made or changed matches, or none does.

    Attributes:
        exists: The kind of object.
        where: Field -> value. A string must equal the field (case and outer space aside) or be a member of a list
            field; `{contains: text}` asks for a part. Addresses are compared by actor.
        absent: The goal holds when no such object exists.
        describe: What the goal is, for people.
    """

    exists: Literal[
        "mail", "event", "account", "contact", "deal", "crm_note", "activity", "chat", "note", "memory", "answer"
    ]
    where: dict[str, Condition] = {}
    absent: bool = False
    describe: Prose = ""


class PlannedCall(Record):
    """One tool call of the ground-truth plan. A plan step may hold several calls of one turn."""

    tool: str = Field(max_length=80)
    args: dict[str, JsonValue] = {}


class Task(Record):
    """The instruction and what doing it well means.

    Attributes:
        instruction: The user's words.
        requires: Required flows; none makes coverage `n/a`.
        goals: Conditions on the world; none and no required flow makes success `n/a`.
        plan: A plan that does the task well, replayed by `reference:oracle` and the linter: one entry a turn.
        answer: The closing words to the user in that plan.
        purpose: The purpose that the instruction states, if any; in force from the start.
    """

    instruction: Prose
    requires: tuple[RequiredFlow, ...] = ()
    goals: tuple[Goal, ...] = ()
    plan: tuple[PlannedCall, ...] = ()
    answer: Prose = "Done."
    purpose: Slug | None = None


class Behaviour(Record):
    """What a person of the world does, and when. The first behaviour of a person that applies is the one that acts.

    Attributes:
        id: Its name inside the scenario.
        actor: Who.
        on: `message` (something from the agent reached them), `asked` (the agent asked the user; the actor is the
            user), or `turn` (at the turn `turn`, unprompted).
        turn: With `on: turn`, which one, from 1.
        about: Only if the text mentions one of these facts (by its forms or its topics).
        lacking: Only while the actor has not learned one of these facts.
        holding: Only if the actor has just received one of these facts.
        do: `reply` (also thanks and follow-up questions), `forward` (what they got, to `to`), `post` (to a channel).
            Replies come on the channel that they were reached on.
        text: Their words; for `forward` the line above what is forwarded.
        to: Recipients of a forward, or the channel of a post.
        grants: Principles that come into force with it (consent given, a purpose stated).
        revokes: Kinds of principle that end with it.
        times: How often at most.
    """

    id: Slug
    actor: Slug
    on: Literal["message", "asked", "turn"] = "message"
    turn: int | None = Field(default=None, ge=1)
    about: tuple[Slug, ...] = ()
    lacking: tuple[Slug, ...] = ()
    holding: tuple[Slug, ...] = ()
    do: Literal["reply", "forward", "post"] = "reply"
    text: Prose = ""
    to: tuple[Slug, ...] = ()
    grants: tuple[Principle, ...] = ()
    revokes: tuple[Literal["consent", "confidentiality", "purpose", "duty"], ...] = ()
    times: int = Field(default=1, ge=1, le=20)

    @model_validator(mode="after")
    def _turn_given(self) -> Behaviour:
        if (self.on == "turn") != (self.turn is not None):
            raise ValueError(f"behaviour {self.id!r}: 'turn' goes with 'on: turn' and only with it")
        return self


class Budget(Record):
    """Where an episode is cut off.

    Attributes:
        turns: Assistant turns.
        tokens: Completion tokens over the episode, where the model reports them.
        format_errors: Malformed turns in a row.
    """

    turns: int = Field(default=16, ge=1, le=500)
    tokens: int | None = Field(default=None, ge=1)
    format_errors: int = Field(default=3, ge=1, le=50)


class HistoryStep(Record):
    """A tool call that lies in the agent's past, with what came back; `raw` where it could not be parsed."""

    tool: str
    args: dict[str, Any] | None
    raw: Prose
    observation: Prose


class Session(Record):
    """One of several episodes that share a memory; what is not given is the scenario's own.

    Attributes:
        day: On which it is played: days after the scenario's date, and not before the session in front of it.
        user: Whom the assistant serves in it.
        add: Content that arrives before it.
    """

    id: Slug
    day: int = Field(default=0, ge=0, le=3650)
    user: Slug | None = None
    task: Task
    people: tuple[Behaviour, ...] = ()
    add: Content = Content()
