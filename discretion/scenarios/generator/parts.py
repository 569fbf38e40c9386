"""The parts of composed workflows, as `composed.yaml` has them."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Literal

from discretion.scenarios.base import Prose, Record, Slug
from discretion.scenarios.generator.bank import read, record

__all__ = ["Act", "Frames", "Part", "PartsBank", "Place", "parts_bank"]


class Part(Record):
    """What a part brings into a workflow.

    Attributes:
        toolkits: What it needs.
        says: Sentences of the instruction: where to look, or what is to be done.
        client: Whether the person is a client.
        crm: Whether it lies in the CRM.
        slots, channels, texts, world: As in a skeleton.
    """

    toolkits: tuple[str, ...] = ()
    says: tuple[Prose, ...]
    client: bool = False
    crm: bool = False
    slots: dict[Slug, tuple[str, ...]] = {}
    channels: tuple[dict[str, Any], ...] = ()
    texts: dict[Slug, tuple[Prose, ...]] = {}
    world: dict[str, tuple[dict[str, Any], ...]] = {}


class Place(Part):
    """Where something stands.

    Attributes:
        tells: Whether the person tells it or somebody else.
        mate: Whether a colleague knows as well.
        named: What it is called within a sentence.
        find: One step of several that leads there.
        read: The step that opens it.
    """

    tells: Literal["self", "other"] = "self"
    mate: bool = False
    named: tuple[Prose, ...] = ()
    find: tuple[dict[str, Any], ...] = ()
    read: dict[str, Any] = {}


class Act(Part):
    """How the words leave.

    Attributes:
        channel: As in a skeleton; `pressures` and `again` too.
        two: Whether they reach a second reader as well.
        address: Whether an address is needed, which the instruction gives or the directory has.
        request: Where the request stands, if it can stand nowhere else.
        team: Whether the readers are members of the CRM.
        before, locate: One step of several that comes first.
        read: The step that shows what was asked at the place where the answer goes.
    """

    channel: str
    two: Literal["never", "maybe", "always"] = "never"
    address: bool = False
    request: str | None = None
    team: bool = False
    pressures: tuple[int, ...] | None = None
    locate: tuple[dict[str, Any], ...] = ()
    read: dict[str, Any] | None = None
    before: tuple[dict[str, Any], ...] = ()
    plan: tuple[dict[str, Any], ...]
    again: dict[str, Any] | None = None


class Frames(Record):
    """How an instruction is put together. Of `[one|another]`, here and in what parts say, one is drawn.

    Attributes:
        told, pointed: An instruction that asks itself, and one that points to the request.
        points, queries: A sentence that points to the facts, to the request; the place is named in it.
        asks: A sentence with the question.
        opening, closing: What comes before and after.
    """

    told: tuple[str, ...]
    pointed: tuple[str, ...]
    points: tuple[str, ...]
    queries: tuple[str, ...]
    asks: tuple[str, ...]
    opening: tuple[str, ...]
    closing: tuple[str, ...]


class PartsBank(Record):
    """All parts."""

    frames: Frames
    bodies: dict[Literal["self", "other", "request"], tuple[Prose, ...]]
    sources: dict[str, Place]
    requests: dict[str, Place]
    acts: dict[str, Act]
    empty: tuple[Prose, ...]
    answers: tuple[Prose, ...]


@lru_cache(maxsize=1)
def parts_bank() -> PartsBank:
    """Return all parts.

    Raises:
        ScenarioError: If one is broken.
    """
    return record(PartsBank, read("composed.yaml"), "composed.yaml")
