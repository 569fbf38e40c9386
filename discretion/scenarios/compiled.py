"""A scenario made ready for instances: checked once and its texts parsed once, so that an instance costs little."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from graphlib import CycleError, TopologicalSorter
from hashlib import sha256
from typing import Any, Final, NamedTuple

from discretion.scenarios.cast import Channel
from discretion.scenarios.facts import Fact, FactTemplate
from discretion.scenarios.fields import FieldError, Loc, quoted
from discretion.scenarios.fills import Text, TextFill, combine, compile_record, compile_tree
from discretion.scenarios.flows import Norm
from discretion.scenarios.normbase import shipped_norms
from discretion.scenarios.references import check_references
from discretion.scenarios.schema import Scenario
from discretion.scenarios.slots import PERSON_PARTS, Scope, SlotError, compile_text
from discretion.scenarios.values import DRAW_KEYS, DrawSpec, parse_draw

__all__ = ["DOMAIN", "Compiled", "FactDraw", "canonical_json", "content_hash", "hash_of", "slot_of"]

DOMAIN: Final = "domain"
"""The part of a person that stands for their mail domain; lists get their default addresses by it."""

_SAME: Final = ("context", "date", "user", "toolkits", "serve_memory", "profile", "budget", "source")
_FILLED: Final = ("title", "implications", "principles", "world", "task", "people", "history", "sessions")


def canonical_json(scenario: Scenario) -> str:
    """Return a scenario as JSON in which neither the order of keys nor a default that it spells out matters."""
    data = scenario.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    return json.dumps(data, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def content_hash(scenario: Scenario) -> str:
    """Return the SHA-256 of the canonical JSON in hex."""
    return hash_of(canonical_json(scenario))


def hash_of(text: str) -> str:
    """Return the SHA-256 of a scenario's canonical JSON in hex."""
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


class FactDraw(NamedTuple):
    """How a fact gets its value.

    Attributes:
        place: Its place among the facts.
        plain: The values to choose from, as written; by them two facts are kept apart.
        options: For each of them the texts that it gives: slot -> text.
        spec: What is made afresh, where nothing is to choose from.
    """

    fact: str
    place: int
    plain: tuple[str, ...]
    options: tuple[dict[str, Text], ...]
    spec: DrawSpec | None


class Compiled:
    """One twin of a scenario, checked and parsed.

    Args:
        scenario: The twin, as a scenario of its own.
        base: The other twin, whose records need not be compiled again where slots mean the same in both.

    Attributes:
        cast, words, norms, body: Parts of the scenario, the same for every instance or a `Fill`: the cast, what its
            slots draw from, its own norms, and all other fields of the instance that hold texts.
        draws: The facts that draw a value.
        people: Slot, actor and part of everything that texts say of people.
        texts: Slot -> text, for all else that slots stand for, drawn values aside.
        norm_base: Norms beside the scenario's own.
        order: The slots of `texts` and `draws` so that each comes after those that it needs.

    Raises:
        FieldError: For the first thing that is wrong.
    """

    def __init__(self, scenario: Scenario, base: Compiled | None = None) -> None:
        check_references(scenario)
        self.scenario = scenario
        self.anchor = date.fromisoformat(scenario.date)
        self._used: dict[str, None] = {}
        self._specs = {fact.id: parse_draw(fact.draw) for fact in scenario.facts if fact.draw is not None}
        self.scope = Scope(self._parts(), self.anchor)
        self._known: dict[int, Any] = {}
        if base is not None and base.scope == self.scope:
            self._used |= base._used
            self._known |= base._known
        dates_only = Scope({}, self.anchor)
        words_only = Scope({name: frozenset({""}) for name in scenario.slots}, self.anchor)
        self.words: dict[str, tuple[str, ...]] = compile_tree(scenario.slots, ("slots",), self._reader(dates_only))
        self.cast: Any = compile_tree(scenario.cast, ("cast",), self._reader(words_only), self._known)
        text = self._reader(self.scope)
        self.norms: Any = compile_tree(scenario.norms, ("norms",), text, self._known)
        self.texts: dict[str, Text] = {}
        body = {name: compile_tree(getattr(scenario, name), (name,), text, self._known) for name in _FILLED}
        body["channels"] = combine([self._channel(channel, place) for place, channel in enumerate(scenario.channels)])
        self.draws = tuple([self._draw(f, place) for place, f in enumerate(scenario.facts) if f.choose or f.draw])
        body["facts"] = combine([self._fact(fact, place) for place, fact in enumerate(scenario.facts)])
        self.body: Any = combine(body | {name: getattr(scenario, name) for name in _SAME})
        members = {member.id for member in scenario.cast}
        uses = [(slot, *slot.partition(".")[::2]) for slot in self._used]
        self.people = tuple([(slot, name, part) for slot, name, part in uses if name in members])
        self.order = self._order()
        self.norm_base = self._norm_base()

    def _parts(self) -> dict[str, frozenset[str]]:
        """What slots can name: name -> its parts."""
        parts: dict[str, frozenset[str]] = {member.id: PERSON_PARTS for member in self.scenario.cast}
        parts |= {name: frozenset({""}) for name in self.scenario.slots}
        for channel in self.scenario.channels:
            listed = channel.address or channel.kind == "mail_list"
            parts[channel.id] = frozenset({"name", "address"} if listed else {"name"})
        for fact in self.scenario.facts:
            keys = {"", "statement"} if fact.value or fact.choose or fact.draw else {"statement"}
            if fact.choose:
                keys |= set.intersection(*(set(option) for option in fact.choose)) - {"value"}
            if fact.id in self._specs:
                keys |= set(DRAW_KEYS[self._specs[fact.id].kind])
            parts[fact.id] = frozenset(keys)
        return parts

    def _reader(self, scope: Scope, own: str | None = None) -> Callable[[str, Loc], Text]:
        def read(text: str, loc: Loc) -> Text:
            try:
                compiled = compile_text(text, scope, own)
            except SlotError as error:
                raise FieldError(error.what, loc, self.scenario, remedy=error.remedy) from None
            if isinstance(compiled, TextFill):
                self._used.update(dict.fromkeys(compiled.slots))
            return compiled

        return read

    def _channel(self, channel: Channel, place: int) -> Any:
        loc: Loc = ("channels", place)
        text = self._reader(self.scope)
        name, address = text(channel.name, (*loc, "name")), text(channel.address, (*loc, "address"))
        if channel.kind == "mail_list" and not channel.address:
            domain = f"{self.scenario.user}.{DOMAIN}"
            self._used[domain] = None
            address = TextFill([f"{channel.id}@", ""], [(1, domain)])
        self.texts |= {f"{channel.id}.name": name, f"{channel.id}.address": address}
        given = {field: getattr(channel, field) for field in channel.model_fields_set}
        return compile_record(Channel, {**given, "name": name, "address": address}, loc)

    def _draw(self, fact: FactTemplate, place: int) -> FactDraw:
        text = self._reader(self.scope)
        options: list[dict[str, Text]] = []
        for index, option in enumerate(fact.choose):
            loc: Loc = ("facts", place, "choose", index)
            if "statement" in option:
                what = "an option has no statement of its own"
                raise FieldError(what, loc, self.scenario, remedy="choose another key")
            options.append({slot_of(fact.id, key): text(value, (*loc, key)) for key, value in option.items()})
        plain = tuple([option["value"] for option in fact.choose])
        return FactDraw(fact.id, place, plain, tuple(options), self._specs.get(fact.id))

    def _fact(self, fact: FactTemplate, place: int) -> Any:
        loc: Loc = ("facts", place)
        outer, inner = self._reader(self.scope), self._reader(self.scope, fact.id)
        fields = {name: getattr(fact, name) for name in Fact.model_fields if name in fact.model_fields_set}
        for name, field in fields.items():
            fields[name] = compile_tree(field, (*loc, name), outer if name == "value" else inner)
        if fact.choose or fact.draw:
            fields["value"] = TextFill([""], [(0, fact.id)])
        elif fact.value:
            self.texts[fact.id] = fields["value"]
        if not fact.forms and fields.get("value"):
            fields["forms"] = compile_tree(("{value}",), (*loc, "forms"), inner)
        self.texts[f"{fact.id}.statement"] = fields["statement"]
        return compile_record(Fact, fields, loc)

    def _norm_base(self) -> tuple[Norm, ...]:
        norms = shipped_norms(self.scenario.norm_base)
        shipped = {norm.id for norm in norms}
        for place, norm in enumerate(self.scenario.norms):
            if norm.id in shipped:
                what = f"the norm base has a norm {norm.id!r} as well"
                raise FieldError(what, ("norms", place, "id"), self.scenario, remedy="choose another id")
        return norms

    def _order(self) -> tuple[str, ...]:
        needs: dict[str, tuple[str, ...]] = {slot: _needs(text) for slot, text in self.texts.items()}
        for draw in self.draws:
            for part in sorted(self.scope.parts[draw.fact] - {"statement"}):
                slot = slot_of(draw.fact, part)
                needs[slot] = tuple([need for option in draw.options for need in _needs(option[slot])])
        # Few slots need others; only these are sorted.
        rest = {slot: held for slot, found in needs.items() if (held := [need for need in found if need in needs])}
        try:
            after = [slot for slot in TopologicalSorter(rest).static_order() if slot in rest]
            return (*(slot for slot in needs if slot not in rest), *after)
        except CycleError as error:
            circle = error.args[1]
            name = circle[0].partition(".")[0]
            kind = "channels" if any(channel.id == name for channel in self.scenario.channels) else "facts"
            place = [item.id for item in getattr(self.scenario, kind)].index(name)
            what = f"texts that need each other: {' -> '.join(quoted(slot, marks=False) for slot in circle[:6])}"
            raise FieldError(what, (kind, place), self.scenario, remedy="write one of them out") from None


def slot_of(fact: str, key: str) -> str:
    """Return the slot that one of the texts of a value has."""
    return fact if key in ("", "value") else f"{fact}.{key}"


def _needs(text: Text) -> tuple[str, ...]:
    return text.slots if isinstance(text, TextFill) else ()
