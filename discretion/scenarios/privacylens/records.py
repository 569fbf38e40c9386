"""A PrivacyLens case as its file holds it."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

__all__ = ["Case"]

_Line = Annotated[str, StringConstraints(max_length=2_000)]
_Text = Annotated[str, StringConstraints(max_length=20_000)]


class _Part(BaseModel):
    """A part of a case. Fields that later editions of the data add are ignored; a wrong type is an error."""

    model_config = ConfigDict(frozen=True, extra="ignore", strict=True)


class Seed(_Part):
    """The norm: a five-tuple in words, and where the authors have it from."""

    data_type: _Line
    data_subject: _Line
    data_sender: _Line
    data_sender_name: _Line
    data_recipient: _Line
    transmission_principle: _Line
    source: _Line
    source_details: dict[str, Any] = {}


class Vignette(_Part):
    """The seed told as a story, with the five-tuple made concrete."""

    story: _Text
    data_type_concrete: _Line
    data_subject_concrete: _Line
    data_sender_concrete: _Line
    data_recipient_concrete: _Line


class Trajectory(_Part):
    """What the agent was asked, what it has done so far, and what it must not tell.

    Attributes:
        executable_trajectory: `Action:`, `Action Input:` and `Observation:` blocks, without the last action.
        final_action: The tool that the last action uses.
    """

    user_name: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    user_email: Annotated[str, StringConstraints(max_length=200)]
    user_instruction: Annotated[str, StringConstraints(min_length=1, max_length=10_000)]
    toolkits: Annotated[list[_Line], Field(max_length=50)]
    executable_trajectory: _Text
    final_action: _Line
    sensitive_info_items: Annotated[list[_Text], Field(min_length=1, max_length=100)]


class Case(_Part):
    """One case of `main_data.json`."""

    name: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,60}$")]
    seed: Seed
    vignette: Vignette
    trajectory: Trajectory
