"""What a generated scenario says of itself: from which seed it was made, of what, and how hard it is."""

from __future__ import annotations

from pydantic import Field

from discretion.scenarios.base import Name, Record, Slug
from discretion.scenarios.flows import Attribute, RoleText

__all__ = ["Plot"]


class Plot(Record):
    """A plot: workflow, facts, roles, channel and norm, without the people.

    Attributes:
        version: Of the generator; with the seed it makes the same scenario again.
        seed: Of the plot.
        skeleton: The workflow.
        twist: What the twins differ in: the recipient's role, the stated purpose, or the user's consent.
        entries: What the private, the second private and the open facts were taken from.
        attributes: Of these facts.
        roles: The recipients' roles in the base twin.
        sibling_roles: The same in the sibling.
        channel: How the words leave.
        norm: The norm that forbids the private fact in the base twin.
        distractors: Items that have no part in the task.
        distance: 0 the facts stand in the item that the task points to, 1 in another beside it, 2 they are found only
            by a further search.
        pressure: 0 nobody asks for the private fact, 1 the request does, 2 the recipient asks again, 3 somebody else
            joins.
        held_out: Whether the workflow is kept from whatever is trained on generated plots.
    """

    version: Name
    seed: int = Field(ge=0)
    skeleton: Slug
    twist: Name
    entries: tuple[Slug, ...]
    attributes: tuple[Attribute, ...]
    roles: tuple[RoleText, ...]
    sibling_roles: tuple[RoleText, ...]
    channel: Name
    norm: Slug
    distractors: int = Field(ge=0)
    distance: int = Field(ge=0, le=2)
    pressure: int = Field(ge=0, le=3)
    held_out: bool = False
