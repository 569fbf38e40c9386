"""The world: everything that lies in the user's mailbox, calendar, CRM, chat, notes and the assistant's memory.

The items are the frozen records of the scenario, in dictionaries by id. A change puts another record in an item's
place and never touches the record itself. So a world is made from an instance without copying its content, a deep
copy copies dictionaries only, and what a world holds cannot change behind a reader's back.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from discretion.envs.search import fold
from discretion.scenarios.cast import Actor, Channel
from discretion.scenarios.content import ChatPost, CrmRecord, Event, Item, Mail, MemoryItem, Note
from discretion.scenarios.flows import PUBLIC
from discretion.scenarios.instance import Instance

__all__ = ["World"]

Stored = TypeVar("Stored", bound=Item | Actor)

_MORNING = "T09:00"
_MINUTE = timedelta(minutes=1)


class World(BaseModel):
    """The state of an office, and nothing about norms.

    Attributes:
        user: Whom the assistant serves.
        clock: The time; it moves on by a minute a step.
        principals: Whom this and later sessions serve: who gets to hear what the assistant remembers.
        cast: The actors by id.
        channels: Lists, chat channels, calendars, the CRM, feeds, by id.
        calendar: The id of the user's own calendar, which is always there.
        shared: Whom that calendar was shared with since the beginning.
        mail, events, crm, chat, notes, memory: Items by id, oldest entry first.
    """

    model_config = ConfigDict(extra="forbid")

    user: str
    clock: datetime
    principals: tuple[str, ...]
    cast: dict[str, Actor]
    channels: dict[str, Channel]
    calendar: str
    shared: tuple[str, ...] = ()
    mail: dict[str, Mail] = {}
    events: dict[str, Event] = {}
    crm: dict[str, CrmRecord] = {}
    chat: dict[str, ChatPost] = {}
    notes: dict[str, Note] = {}
    memory: dict[str, MemoryItem] = {}
    counters: dict[str, int] = Field(default={}, description="Prefix -> the number of the last id made with it.")

    @classmethod
    def of(cls, instance: Instance, *, memory: Sequence[tuple[str, str]] | None = None) -> World:
        """Make the world that an instance describes.

        Args:
            instance: Of one session.
            memory: What the assistant remembers from the session before, as (id, text), in place of the memory that
                earlier sessions began with.
        """
        content = instance.world
        channels, calendar = _with_calendar(instance.channels_by_id, instance.user)
        return cls(
            user=instance.user,
            clock=_start(instance.date, content.mail, content.chat),
            principals=_principals(instance),
            cast=instance.actors,
            channels=channels,
            calendar=calendar,
            mail=_by_id(content.mail),
            events=_by_id(content.events),
            crm=_by_id(content.crm),
            chat=_by_id(content.chat),
            notes=_by_id(content.notes),
            memory=_by_id(content.memory if memory is None else _remembered(instance, memory)),
            counters=_counted(instance),
        )

    def __deepcopy__(self, memo: dict[int, Any] | None = None) -> World:
        copied = self.model_copy()
        for name, value in self.__dict__.items():
            copied.__dict__[name] = dict(value) if isinstance(value, dict) else value
        return copied

    # -- time and ids --------------------------------------------------------------------------------------------

    @property
    def now(self) -> str:
        """The time, ISO minutes."""
        return self.clock.isoformat(timespec="minutes")

    def tick(self) -> None:
        """Let a minute pass."""
        self.clock += _MINUTE

    def new_id(self, prefix: str, taken: Mapping[str, object]) -> str:
        """Return an id that no item bears: the prefix and the next number."""
        number = self.counters.get(prefix, 0) + 1
        while f"{prefix}{number}" in taken:
            number += 1
        self.counters[prefix] = number
        return f"{prefix}{number}"

    # -- people --------------------------------------------------------------------------------------------------

    def name(self, ref: str) -> str:
        """Return what people call an actor, a channel or an outsider."""
        if ref in self.cast:
            return self.cast[ref].name
        return self.channels[ref].name if ref in self.channels else "anyone" if ref == PUBLIC else ref

    def label(self, ref: str) -> str:
        """Return an actor, list or outsider as a mail program shows them: `Dana Hall <dana.hall@example.org>`."""
        label = self._labels.get(ref)
        if label is None:
            known = self.cast.get(ref) or self.channels.get(ref)
            address = (known.email if isinstance(known, Actor) else known.address) if known else ""
            label = self._labels[ref] = f"{self.name(ref)} <{address}>" if address else self.name(ref)
        return label

    @cached_property
    def known_as(self) -> dict[str, tuple[str, ...]]:
        """Folded addresses, full names, handles and, where they are nothing of these, first names -> actors."""
        exact: dict[str, tuple[str, ...]] = {}
        first: dict[str, tuple[str, ...]] = {}
        for actor in self.cast.values():
            for key in dict.fromkeys(fold(name) for name in (actor.email, actor.name, actor.handle.lstrip("@"))):
                exact[key] = (*exact.get(key, ()), actor.id)
            first[fold(actor.first)] = (*first.get(fold(actor.first), ()), actor.id)
        known = {**first, **exact}
        known.pop("", None)
        return known

    def members(self, channel: str) -> tuple[str, ...]:
        """Return who sees a channel: its members, its owner, and for the user's calendar those it was shared with."""
        found = self.channels[channel]
        members = (*found.members, *self.shared) if channel == self.calendar else found.members
        return members if found.owner is None or found.owner in members else (*members, found.owner)

    def belongs(self, channel: str) -> bool:
        """Tell whether the user is among those who see a channel; a feed is open to everybody here."""
        members = self.members(channel)
        return self.channels[channel].kind == "feed" or self.user in members or PUBLIC in members

    @cached_property
    def _labels(self) -> dict[str, str]:
        return {}

    # -- search --------------------------------------------------------------------------------------------------

    def folded(self, item: Stored, text: Callable[[Stored], str]) -> str:
        """Return the text of an item folded for search, kept until another record takes the item's place.

        Args:
            item: What is searched.
            text: Gives its text, where that is not known yet.
        """
        held = self._texts.get(item.id)
        if held is None or held[0] is not item:
            held = self._texts[item.id] = (item, fold(text(item)))
        return held[1]

    @cached_property
    def _texts(self) -> dict[str, tuple[Item | Actor, str]]:
        return {}


def _by_id(items: Iterable[Any]) -> dict[str, Any]:
    return {item.id: item for item in items}


def _start(date: str, mail: Iterable[Mail], chat: Iterable[ChatPost]) -> datetime:
    """Nine in the morning, or a minute after the last message of that day where that is later."""
    begin = datetime.fromisoformat(date + _MORNING)
    sent = (*(item.at for item in mail), *(item.at for item in chat))
    last = max((at for at in sent if at.startswith(date)), default="")
    if last < date + _MORNING:
        return begin
    return datetime.fromisoformat(last) + _MINUTE


def _with_calendar(channels: dict[str, Channel], user: str) -> tuple[dict[str, Channel], str]:
    for channel in channels.values():
        if channel.kind == "calendar" and channel.owner == user:
            return dict(channels), channel.id
    name = "calendar" if "calendar" not in channels else f"calendar-{user}"
    return {**channels, name: Channel(id=name, kind="calendar", name="Calendar", owner=user)}, name


def _principals(instance: Instance) -> tuple[str, ...]:
    later = instance.sessions[instance.session or 0 :]
    return tuple(dict.fromkeys((instance.user, *(session.user for session in later if session.user))))


def _counted(instance: Instance) -> dict[str, int]:
    """The highest number of a memory that sessions bring, so that no new one takes the id of one that is to come."""
    to_come = (item.id for session in instance.sessions for item in session.add.memory)
    numbers = [int(match[1]) for key in to_come if (match := re.fullmatch(r"mem(\d{1,9})", key))]
    return {"mem": max(numbers)} if numbers else {}


def _remembered(instance: Instance, memory: Sequence[tuple[str, str]]) -> list[MemoryItem]:
    """What an earlier session left behind, and what this session adds."""
    kept = {key: MemoryItem(id=key, text=text) for key, text in memory}
    session = instance.session
    added = instance.world.memory if session is None else instance.sessions[session].add.memory
    return [*kept.values(), *(item for item in added if item.id not in kept)]
