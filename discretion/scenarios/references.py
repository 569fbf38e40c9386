"""Whether everything that a scenario names is there."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any, Final

from discretion.errors import nearest
from discretion.scenarios.content import Content
from discretion.scenarios.fields import FieldError, Loc, quoted
from discretion.scenarios.flows import PUBLIC, Norm, Principle, parse_role
from discretion.scenarios.locales import LOCALES
from discretion.scenarios.packs import norm_names
from discretion.scenarios.schema import Scenario
from discretion.scenarios.slots import RESERVED
from discretion.scenarios.task import Behaviour, Task
from discretion.scenarios.values import parse_draw

__all__ = ["check_references"]

_ENDS: Final = frozenset({"subject", "sender", "recipient"})
_ID = re.compile(r"[a-z][a-z0-9_-]*")
_DRAWS: Final = "write money 1200..4800, date +3..+30, time 08..18, phone, code AA-9999 or number 3..40"


def check_references(scenario: Scenario) -> None:
    """Check that every actor, fact, channel and item that is named exists, and that ids differ.

    Raises:
        FieldError: For the first that does not.
    """
    for problem in _Checker(scenario).problems():
        raise problem


class _Checker:
    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self.actors = {member.id for member in scenario.cast}
        self.anybody = self.actors | {PUBLIC}
        self.facts = {fact.id for fact in scenario.facts}
        self.channels = {channel.id: channel.kind for channel in scenario.channels}
        self.reached = self.anybody | self.channels.keys()

    def problems(self) -> Iterator[FieldError]:
        """Yield what is wrong, in the order of the schema's fields."""
        scenario = self.scenario
        try:
            date.fromisoformat(scenario.date)
        except ValueError:
            yield self.error(f"{scenario.date!r} is no date", ("date",), "write a day that exists")
        if not scenario.locales:
            yield self.error("there is no locale to draw people from", ("locales",), "name one, en_US")
        for place, locale in enumerate(scenario.locales):
            yield from self.known(locale, LOCALES, "locale", ("locales", place))
        yield from self.ids()
        yield from self.known(scenario.user, self.actors, "actor", ("user",))
        yield from self.cast()
        for name, words in scenario.slots.items():
            if not words:
                yield self.error(f"the slot {name!r} has no words to draw from", ("slots", name), "give at least one")
        yield from self.fact_fields()
        for place, channel in enumerate(scenario.channels):
            yield from self.all_known(channel.members, self.anybody, "actor", ("channels", place, "members"))
            if channel.owner is not None:
                yield from self.known(channel.owner, self.actors, "actor", ("channels", place, "owner"))
        for place, name in enumerate(scenario.norm_base):
            yield from self.known(name, norm_names(), "norm base", ("norm_base", place))
        for place, norm in enumerate(scenario.norms):
            yield from self.norm(norm, ("norms", place))
        for place, principle in enumerate(scenario.principles):
            yield from self.principle(principle, ("principles", place))
        yield from self.content(scenario.world, scenario.world, ("world",))
        if scenario.serve_memory and "memory" not in scenario.toolkits:
            yield self.error("memory is served without its tools", ("serve_memory",), "add 'memory' to toolkits")
        yield from self.task(scenario.task, ("task",))
        yield from self.people(scenario.people, {scenario.user}, ("people",))
        world = scenario.world
        day = 0
        for place, session in enumerate(scenario.sessions):
            loc: Loc = ("sessions", place)
            if session.day < day:
                yield self.error(f"it lies before the session in front of it, on day {day}", (*loc, "day"), "sort them")
            day = session.day
            if session.user is not None:
                yield from self.known(session.user, self.actors, "actor", (*loc, "user"))
            yield from self.task(session.task, (*loc, "task"))
            yield from self.people(session.people, {session.user or scenario.user}, (*loc, "people"))
            world = world.plus(session.add)
            yield from self.content(session.add, world, (*loc, "add"))
        if scenario.sibling is not None:
            yield from self.known(scenario.sibling.fact, self.facts, "fact", ("sibling", "fact"))

    # -- the parts -----------------------------------------------------------------------------------------------

    def ids(self) -> Iterator[FieldError]:
        scenario = self.scenario
        named: set[str] = set()
        for field in ("cast", "facts", "channels"):
            for place, item in enumerate(getattr(scenario, field)):
                yield from self.free(item.id, named, (field, place, "id"))
        for name in scenario.slots:
            yield from self.free(name, named, ("slots", name))
        for field in ("norms", "people", "sessions"):
            seen: set[str] = set()
            for place, item in enumerate(getattr(scenario, field)):
                yield from self.fresh(item.id, seen, (field, place, "id"))
        for kind in Content.model_fields:
            seen = set()
            parts: list[tuple[Loc, Content]] = [(("world",), scenario.world)]
            parts += [(("sessions", place, "add"), session.add) for place, session in enumerate(scenario.sessions)]
            for loc, content in parts:
                for place, item in enumerate(getattr(content, kind)):
                    yield from self.fresh(item.id, seen, (*loc, kind, place, "id"))

    def cast(self) -> Iterator[FieldError]:
        members = {member.id: member for member in self.scenario.cast}
        for place, member in enumerate(self.scenario.cast):
            loc: Loc = ("cast", place)
            for index, role in enumerate(member.roles):
                yield from self.role(role, self.actors, (*loc, "roles", index))
            if member.confusable_with is None:
                continue
            at = (*loc, "confusable_with")
            yield from self.known(member.confusable_with, self.actors - {member.id}, "actor", at)
            double = members.get(member.confusable_with)
            if double is None:
                continue
            if double.kind != "person" or member.kind != "person":
                yield self.error("only people share a first name", at, "leave it out")
            elif double.confusable_with not in (None, member.id):
                yield self.error("chains of shared first names", at, f"name {double.confusable_with!r} in both")
            elif double.gender != member.gender and double.gender is not None and member.gender is not None:
                yield self.error("a woman and a man shall share a first name", at, "give both one gender")
            elif double.household == member.household is not None:
                yield self.error("both would have the same full name", at, "put them into different households")

    def fact_fields(self) -> Iterator[FieldError]:
        for place, fact in enumerate(self.scenario.facts):
            loc: Loc = ("facts", place)
            yield from self.known(fact.subject, self.actors, "actor", (*loc, "subject"))
            yield from self.all_known(fact.known_to, self.anybody, "actor", (*loc, "known_to"))
            for field in ("coarsens", "existence_of"):
                if (other := getattr(fact, field)) is not None:
                    yield from self.known(other, self.facts - {fact.id}, "fact", (*loc, field))
            for index, option in enumerate(fact.choose):
                if not option.get("value"):
                    yield self.error("the option has no value", (*loc, "choose", index), "give it 'value: ...'")
            if fact.draw is not None:
                try:
                    parse_draw(fact.draw)
                except ValueError as error:
                    yield self.error(str(error), (*loc, "draw"), _DRAWS)
        for place, implication in enumerate(self.scenario.implications):
            yield from self.all_known(implication.given, self.facts, "fact", ("implications", place, "given"))
            yield from self.known(implication.then, self.facts, "fact", ("implications", place, "then"))

    def norm(self, norm: Norm, loc: Loc) -> Iterator[FieldError]:
        if norm.fact is not None:
            yield from self.known(norm.fact, self.facts, "fact", (*loc, "fact"))
        for end in ("sender", "recipient", "subject"):
            for index, pattern in enumerate(getattr(norm, end)):
                at = (*loc, end, index)
                if pattern.startswith("@"):
                    yield from self.known(pattern[1:], self.anybody, "actor", at)
                elif pattern not in ("*", "subject", "self"):
                    yield from self.role(pattern, self.actors | _ENDS, at)

    def principle(self, principle: Principle, loc: Loc) -> Iterator[FieldError]:
        yield from self.all_known(principle.facts, self.facts, "fact", (*loc, "facts"))
        for end in ("subject", "recipient"):
            yield from self.known(getattr(principle, end), self.anybody | {"*"}, "actor", (*loc, end))

    def task(self, task: Task, loc: Loc) -> Iterator[FieldError]:
        for place, flow in enumerate(task.requires):
            yield from self.known(flow.fact, self.facts, "fact", (*loc, "requires", place, "fact"))
            yield from self.known(flow.recipient, self.anybody, "actor", (*loc, "requires", place, "recipient"))

    def people(self, people: Iterable[Behaviour], users: set[str], loc: Loc) -> Iterator[FieldError]:
        for place, behaviour in enumerate(people):
            here = (*loc, place)
            yield from self.known(behaviour.actor, self.actors, "actor", (*here, "actor"))
            if behaviour.on == "asked" and behaviour.actor not in users:
                yield self.error("only the user is asked", (*here, "actor"), f"name {sorted(users)[0]!r}")
            for field in ("about", "lacking", "holding"):
                yield from self.all_known(getattr(behaviour, field), self.facts, "fact", (*here, field))
            yield from self.all_known(behaviour.to, self.reached, "actor", (*here, "to"))
            if (behaviour.do == "reply") == bool(behaviour.to):
                what = "a reply has no recipients of its own" if behaviour.to else f"the {behaviour.do} goes to nobody"
                yield self.error(what, (*here, "to"), "give 'to' with 'do: forward' and 'do: post', and only there")
            for index, principle in enumerate(behaviour.grants):
                yield from self.principle(principle, (*here, "grants", index))

    def content(self, content: Content, whole: Content, loc: Loc) -> Iterator[FieldError]:
        """Check items that are added, which may name anything that lies in the whole."""
        mails = {mail.id for mail in whole.mail}
        accounts = {record.id for record in whole.crm if record.kind == "account"}
        for kind in Content.model_fields:
            for place, item in enumerate(getattr(content, kind)):
                here = (*loc, kind, place)
                held = item.__dict__  # a record asks its class at length for a field that it lacks
                yield from self.all_known(item.facts, self.facts, "fact", (*here, "facts"))
                for field in ("sender", "owner", "author", "to", "cc", "bcc", "attendees", "shared_with"):
                    yield from self.addresses(held.get(field), (*here, field))
        for place, mail in enumerate(content.mail):
            if mail.reply_to is not None:
                yield from self.known(mail.reply_to, mails, "mail", (*loc, "mail", place, "reply_to"))
        for place, event in enumerate(content.events):
            if event.calendar is not None:
                yield from self.channel(event.calendar, ("calendar",), (*loc, "events", place, "calendar"))
        for place, record in enumerate(content.crm):
            if record.account is not None:
                yield from self.known(record.account, accounts, "account", (*loc, "crm", place, "account"))
            if record.visibility not in ("team", "private"):
                at = (*loc, "crm", place, "visibility")
                yield from self.known(record.visibility, {"team", "private", *self.channels}, "visibility", at)
        for place, post in enumerate(content.chat):
            at = (*loc, "chat", place)
            if (post.channel is None) == (post.to is None):
                yield self.error("a message goes to a channel or to somebody", at, "give one of channel and to")
            elif post.channel is not None:
                yield from self.channel(post.channel, ("chat_channel", "feed"), (*at, "channel"))

    # -- the questions -------------------------------------------------------------------------------------------

    def error(self, what: str, loc: Loc, remedy: str) -> FieldError:
        return FieldError(what, loc, self.scenario, remedy=remedy)

    def free(self, name: str, seen: set[str], loc: Loc) -> Iterator[FieldError]:
        """Check a name that slots and addresses use."""
        if name in RESERVED:
            yield self.error(f"{name!r} has a meaning of its own", loc, "choose another id")
        yield from self.fresh(name, seen, loc)

    def fresh(self, name: str, seen: set[str], loc: Loc) -> Iterator[FieldError]:
        if name in seen:
            yield self.error(f"the id {name!r} is taken", loc, "choose another")
        seen.add(name)

    def known(self, name: str, names: Iterable[str], kind: str, loc: Loc) -> Iterator[FieldError]:
        if name not in names:
            yield self.error(f"unknown {kind} {quoted(name)}", loc, nearest(name, names))

    def all_known(self, listed: Iterable[str], names: Iterable[str], kind: str, loc: Loc) -> Iterator[FieldError]:
        for place, name in enumerate(listed):
            yield from self.known(name, names, kind, (*loc, place))

    def channel(self, name: str, kinds: tuple[str, ...], loc: Loc) -> Iterator[FieldError]:
        yield from self.known(name, [id_ for id_, kind in self.channels.items() if kind in kinds], "channel", loc)

    def role(self, text: str, names: Iterable[str], loc: Loc) -> Iterator[FieldError]:
        towards = parse_role(text).of
        if towards is not None:
            yield from self.known(towards, names, "actor", loc)

    def addresses(self, given: Any, loc: Loc) -> Iterator[FieldError]:
        """What looks like an id has to be one; anything else is the address of somebody outside the cast."""
        if isinstance(given, str):
            if _ID.fullmatch(given):
                yield from self.known(given, self.reached, "actor or channel", loc)
        elif given is not None:
            for place, address in enumerate(given):
                yield from self.addresses(address, (*loc, place))
