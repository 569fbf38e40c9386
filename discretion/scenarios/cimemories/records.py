"""A CIMemories profile and a row of its export, as their files hold them."""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, JsonValue, StringConstraints

__all__ = ["Attribute", "Context", "Label", "Profile", "plain"]

_Line = Annotated[str, StringConstraints(min_length=1, max_length=500, strip_whitespace=True)]
_Text = Annotated[str, StringConstraints(min_length=1, max_length=4_000, strip_whitespace=True)]


class _Part(BaseModel):
    """A part of a profile. Fields that later editions of the data add are ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Attribute(_Part):
    """Something that the assistant remembers: its value and a sentence that states it."""

    value: JsonValue = None
    information_domain: str = ""
    memory_statement: _Text


class Context(_Part):
    """To whom something is to be written, and what for.

    Attributes:
        labels_combined: What labelling leaves in a profile: memory statement -> weight of `necessary`, `private`.
    """

    recipient: _Line
    task: _Line
    labels_combined: dict[str, dict[str, float]] = {}

    @property
    def name(self) -> str:
        """Recipient and task."""
        return f"{self.recipient} / {self.task}"


class _Bio(_Part):
    name: _Line


class Profile(_Part):
    """A person: what is remembered of them, and whom they write to. Attributes and contexts are read one by one."""

    bio: _Bio
    information_attributes: dict[str, Any] = Field(min_length=1, max_length=5_000)
    contexts: list[Any] = Field(min_length=1, max_length=5_000)


class Label(NamedTuple):
    """Whether an attribute is to be told in a context.

    Attributes:
        name: The person's.
        attribute: Its key.
        statement: The memory statement that was labelled.
        share: `None` where the row says nothing of it.
    """

    name: str
    recipient: str
    task: str
    attribute: str
    statement: str
    share: bool | None


def plain(text: str) -> str:
    """Return text by which two spellings of one name or statement are known to be the same.

    >>> plain(" Plan  a trip. ") == plain("plan a trip")
    True
    """
    return " ".join(text.split()).rstrip(".").casefold()
