"""Composed workflows: a place for the facts, a place for the request and a way out, put together at random.

The skeletons are written by hand and few. A model that learns from them alone learns them by heart; what it has to
learn is to go where the instruction points. `composed.yaml` holds the parts, and each number gives a workflow.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import count
from typing import Any, Final, NamedTuple

from discretion.scenarios.generator.instructing import Instructing
from discretion.scenarios.generator.lots import Lots
from discretion.scenarios.generator.parts import Act, Part, Place, parts_bank

__all__ = ["COMPOSED", "compose", "sequences"]

COMPOSED: Final = "composed"
"""Names a draw of composed workflows, another one for each plot; `composed-7` is one of them."""

_OWN: Final = "own"
_TOOLKITS: Final = 4  # at most: the tools are read in every turn
_FACTS: Final = ("private", "second", "open")
_EMPLOYEE: Final[dict[str, Any]] = {"roles": ["employment.employee"], "firm": "work"}
_CLIENT: Final[dict[str, Any]] = {"roles": ["employment.client"], "title": "*"}
_MATE: Final[dict[str, Any]] = {"roles": ["employment.colleague of user"], "firm": "work"}
_ASKED: Final[dict[str, Any]] = {"when": {"distance": [1]}}


def compose(number: int, taken: Collection[tuple[str, ...]] = ()) -> dict[str, Any]:
    """Return the data of a workflow, as of a skeleton.

    Args:
        number: Which one, from 0.
        taken: Sequences of tools that its plan must not have, at any distance.
    """
    for attempt in count():
        parts = _drawn(Lots(f"composed|{number}|{attempt}|"))
        if parts is not None and not sequences(parts.plan()).intersection(taken):
            return parts.data()
    raise AssertionError("attempts without end")


def sequences(plan: Sequence[Mapping[str, Any]]) -> set[tuple[str, ...]]:
    """Return the tools of a skeleton's plan, for each distance."""
    return {
        tuple(step["tool"] for step in plan if distance in step.get("when", {}).get("distance", (distance,)))
        for distance in (0, 1, 2)
    }


def _drawn(lots: Lots) -> _Workflow | None:
    """Draw one of each part; none where they do not go together."""
    bank = parts_bank()
    act = bank.acts[lots.pick("act", sorted(bank.acts))]
    source = bank.sources[lots.pick("source", sorted(bank.sources))]
    names = sorted(name for name in bank.requests if name != _OWN or act.read)
    # Half of those who could ask at the place where they will read the answer do so.
    name = act.request or (_OWN if act.read and _toss(lots, "own") else lots.pick("request", names))
    if sum(part.crm for part in (source, bank.requests[name], act)) > 1:
        return None  # who reads the note could read the record
    looks_up = act.address and _toss(lots, "address")
    two = act.two == "always" or (act.two == "maybe" and _toss(lots, "two"))
    readers = ("asker", "reader") if two else ("asker",)
    found = _Workflow(lots, source, bank.requests[name], act, readers, name == _OWN, looks_up)
    return found if len(found.toolkits) <= _TOOLKITS else None


class _Workflow(NamedTuple):
    """The parts of a workflow.

    Attributes:
        asks_there: Whether the request stands where the answer goes.
        looks_up: Whether addresses are looked up in the directory.
    """

    lots: Lots
    source: Place
    request: Place
    act: Act
    readers: tuple[str, ...]
    asks_there: bool
    looks_up: bool

    @property
    def parts(self) -> tuple[Part, ...]:
        return self.source, self.request, self.act

    @property
    def toolkits(self) -> list[str]:
        kits = [kit for part in self.parts for kit in part.toolkits]
        return [*dict.fromkeys(kits), *(["directory"] if self.looks_up and "directory" not in kits else ())]

    def data(self) -> dict[str, Any]:
        """Return the workflow as a skeleton's data."""
        bank = parts_bank()
        found: dict[str, Any] = {
            "title": "What {asker.first} asks about {person.first}",
            "channel": self.act.channel,
            "toolkits": self.toolkits,
            "recipients": [{"id": name, **self._team()} for name in self.readers],
            "distances": [0, 1],
            "cast": [*self._cast()],
            "slots": _joined([part.slots for part in self.parts]),
            "channels": [*self._channels()],
            "texts": {
                **_joined([part.texts for part in self.parts]),
                "instruction": [*self._instructions().texts()],
                "answer": bank.answers,
                "source": bank.bodies[self.source.tells],
                "request": bank.bodies["request"],
                "own": bank.bodies["request"] if self.asks_there else bank.empty,
            },
            "world": {
                kind: [*self._items(items)] for kind, items in _joined([part.world for part in self.parts]).items()
            },
            "plan": self.plan(),
        }
        if self.source.mate:
            found["knows"] = {fact: ["user", "mate"] for fact in _FACTS}
        if self.act.again:
            found["again"] = self.act.again
        if self.act.pressures:
            found["pressures"] = self.act.pressures
        return found if len(self.readers) > 1 else _without(found, "reader")

    def plan(self) -> list[dict[str, Any]]:
        """Return the steps: to the request, to the facts, to the place or the address, and out."""
        locate = self._one("locate", self.act.locate)
        steps: list[dict[str, Any]] = []
        if self.asks_there:
            steps += [*locate, {**(self.act.read or {}), **_ASKED}]
        else:
            found = self._one("request find", self.request.find)
            steps += found if self.act.request else [{**step, **_ASKED} for step in found]
            steps.append({**self.request.read, **_ASKED})
        steps += [*self._one("source find", self.source.find), self.source.read]
        if not self.asks_there:
            steps += locate
        steps += self._one("before", self.act.before)
        if self.looks_up:
            part = self.lots.pick("address part", ("last", "name", "first"))
            steps += [{"tool": "find_person", "args": {"query": f"{{{name}.{part}}}"}} for name in self.readers]
        return [*steps, *self.act.plan]

    def _one(self, name: str, steps: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        """Return one of some steps, or none where there are none."""
        return [self.lots.pick(name, steps)] if steps else []

    def _team(self) -> dict[str, Any]:
        return {"firm": "work", "where": ["work", "outside"]} if self.act.team else {}

    def _cast(self) -> Iterator[dict[str, Any]]:
        yield {"id": "user", **_EMPLOYEE}
        if self.source.mate:
            yield {"id": "mate", **_MATE}
        yield {"id": "person", **(_CLIENT if any(part.client for part in self.parts) else _EMPLOYEE)}
        yield from ({"id": name} for name in self.readers)

    def _channels(self) -> Iterator[dict[str, Any]]:
        yield from (channel for part in self.parts for channel in part.channels)
        if self.act.team:
            yield {"id": "team-crm", "kind": "crm", "name": "CRM", "members": ["user", *self.readers]}

    def _items(self, items: Sequence[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        """Yield what is there: the request where it is pointed to, and the question only where somebody asks it."""
        for item in items:
            if item["name"] == "request" and not self.act.request:
                yield {**item, **_ASKED}
            elif item["name"] != "asked" or self.asks_there:
                yield item

    def _instructions(self) -> Instructing:
        given = self.act.address and not self.looks_up
        who = [f"{{{name}.who}}" + (f" ({{{name}.email}})" if given else "") for name in self.readers]
        frames = parts_bank().frames
        return Instructing(self.lots, frames, self.source, self.request, self.act, who, self.asks_there)


def _toss(lots: Lots, name: str) -> bool:
    return lots.number(name, 2) == 0


def _joined(maps: Sequence[Mapping[str, Sequence[Any]]]) -> dict[str, list[Any]]:
    """Return the maps of several parts as one, lists of one name joined."""
    joined: dict[str, list[Any]] = {}
    for each in maps:
        for key, items in each.items():
            joined.setdefault(key, []).extend(items)
    return joined


def _without(value: Any, member: str) -> Any:
    """Return data without a member who is not there."""
    if isinstance(value, dict):
        return {key: _without(item, member) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_without(item, member) for item in value if item not in (member, f"{{{member}.email}}")]
    return value
