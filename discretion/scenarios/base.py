"""The base of every record, and the few constrained strings that they are made of."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

__all__ = ["ActorRef", "Name", "Prose", "Record", "Slug", "When"]

Slug = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]*$", max_length=80)]
"""An identifier inside a scenario: lower case letters, digits, `_` and `-`."""

Name = Annotated[str, StringConstraints(min_length=1, max_length=200)]
"""A short line: a title, a subject, a name."""

Prose = Annotated[str, StringConstraints(max_length=40_000)]
"""Running text. In a template it may hold slots such as `{dana.first}`; in an instance they are filled."""

ActorRef = Annotated[
    str,
    StringConstraints(min_length=1, max_length=200),
    Field(description="An actor's id, a channel's id, or the address of somebody outside the cast."),
]
"""An actor's id, a channel's id (a list), or a literal address of somebody outside the cast."""

When = Annotated[
    str,
    StringConstraints(pattern=r"^([+-]\d{1,4}d \d\d:\d\d|\d{4}-\d\d-\d\dT\d\d:\d\d)$"),
    Field(description="Days from the scenario's date and a time: '-3d 09:15'."),
]
"""A moment: relative to the scenario's date in a template (`-3d 09:15`), ISO minutes in an instance."""


class Record(BaseModel):
    """A frozen record that refuses unknown fields, so that a misspelt key is an error and not a silence."""

    model_config = ConfigDict(frozen=True, extra="forbid")
