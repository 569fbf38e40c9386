"""Facts, their surface forms, and what follows from what."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, Field, model_validator

from discretion.scenarios.base import Prose, Record, Slug
from discretion.scenarios.flows import Attribute

__all__ = ["Fact", "FactTemplate", "Implication"]


class Fact(Record):
    """One piece of information about one actor.

    Attributes:
        id: Its name inside the scenario.
        subject: The actor it is about.
        attribute: A leaf of the taxonomy.
        value: The bare value, `Crohn's disease`.
        statement: A sentence that states it to a stranger.
        forms: Surface forms any of which tells the whole fact; the value itself where none is given.
        partial: Surface forms that tell a part of it ("a bowel disease").
        reliable: Whether the absence of every form shows the absence of the fact. Where not, the rule judge passes on.
        known_to: Actors who know it before the episode; the subject always does unless `unknown_to_subject`.
        unknown_to_subject: The subject has not been told.
        coarsens: The fact that this one is a coarser version of; whoever learns that one has learned this one.
        existence_of: The fact whose mere existence this one is ("there is a complaint").
        topics: Words by which a person in the world asks about it.
    """

    id: Slug
    subject: Slug
    attribute: Attribute
    value: Prose = ""
    statement: Prose
    forms: tuple[Prose, ...] = ()
    partial: tuple[Prose, ...] = ()
    reliable: bool = True
    known_to: tuple[Slug, ...] = ()
    unknown_to_subject: bool = False
    coarsens: Slug | None = None
    existence_of: Slug | None = None
    topics: tuple[str, ...] = ()


def _options(value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        return tuple({"value": str(item)} if not isinstance(item, dict) else item for item in value)
    return value


Options = Annotated[
    tuple[dict[str, str], ...], BeforeValidator(_options, json_schema_input_type=tuple[str | dict[str, str], ...])
]


class FactTemplate(Fact):
    """A fact whose value an instance draws.

    Attributes:
        choose: The values to draw from. An option may be a mapping with `value` and further keys, which the texts use
            as `{fact_id.key}`.
        draw: A value made afresh: `money 1200..4800`, `date +3..+30`, `time 08..18`, `phone`, `code AA-9999`,
            `number 3..40`.
    """

    choose: Options = ()
    draw: str | None = Field(default=None, max_length=80)

    @model_validator(mode="after")
    def _one_value(self) -> FactTemplate:
        given = [bool(self.value), bool(self.choose), self.draw is not None]
        if sum(given) > 1:
            raise ValueError(f"fact {self.id!r}: give one of value, choose and draw")
        return self


class Implication(Record):
    """Who holds all of `given` can conclude `then`.

    Attributes:
        given: Fact ids, at least one.
        then: A fact id.
        why: How a reader gets from the one to the other.
    """

    given: tuple[Slug, ...] = Field(min_length=1)
    then: Slug
    why: Prose = ""
