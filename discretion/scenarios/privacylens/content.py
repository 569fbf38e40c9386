"""Puts what the observations held into a world: mailbox, calendar, notes, chat and feed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Final

from discretion.scenarios.cast import Channel, ChannelKind
from discretion.scenarios.content import ChatPost, Content, Event, Mail, Note
from discretion.scenarios.flows import PUBLIC
from discretion.scenarios.privacylens.addressees import GROUPISH
from discretion.scenarios.privacylens.ids import IdBook, escape, slug
from discretion.scenarios.privacylens.items import Item
from discretion.scenarios.privacylens.people import People
from discretion.scenarios.privacylens.times import DEFAULT_DATE, iso_minutes, read_moment

__all__ = ["GROUP", "TIMELINE", "Placed", "day_of", "place"]

GROUP: Final = "group"
"""The id of the chat or channel that the last action goes to."""

TIMELINE: Final = "timeline"
"""The id of the feed on which posts appear."""

_SIGNED: Final = re.compile(r"\s[-–—]\s*((?:Aunt |Uncle |Dr\. |Mr\. |Mrs\. |Ms\. )?[A-Z][\w'’]+(?: [A-Z][\w'’]+)?)\s*$")
_SOMEBODY: Final = "unknown sender"
_SAVED: Final = "Saved messages"


class Placed:
    """What lies in the world, and which item went where.

    Attributes:
        content: For the scenario.
        channels: Every channel that it needs.
        ids: For each item its id in the world, empty where it holds nothing of its own.
        homes: For each chat item the channel's or the other person's id, for reading it.
    """

    def __init__(self, people: People, last: str, today: date, *, feed: bool) -> None:
        self._people = people
        self._today = today
        self._book = IdBook()
        self._mail: list[Mail] = []
        self._events: list[Event] = []
        self._chat: list[ChatPost] = []
        self._notes: list[Note] = []
        self._channels: dict[str, tuple[ChannelKind, str, dict[str, None]]] = {}
        self.ids: list[str] = []
        self.homes: list[str] = []
        targets = [person.id for person in people.recipients]
        if last == "facebook":
            self._channel(TIMELINE, "feed", people.group, *targets)
        elif feed:
            self._channel(TIMELINE, "feed", "My timeline", PUBLIC)
        if last != "facebook" and people.group:
            self._channel(GROUP, "chat_channel", people.group, people.user.id, *targets)

    @property
    def content(self) -> Content:
        """Everything, the oldest message first."""
        return Content(
            mail=tuple(sorted(self._mail, key=lambda mail: mail.at)),
            events=tuple(sorted(self._events, key=lambda event: event.start)),
            chat=tuple(sorted(self._chat, key=lambda post: post.at)),
            notes=tuple(self._notes),
        )

    @property
    def channels(self) -> tuple[Channel, ...]:
        """The channels with everybody who was seen in them."""
        return tuple(
            Channel(id=key, kind=kind, name=escape(name)[:200], members=tuple(members))
            for key, (kind, name, members) in self._channels.items()
        )

    def put(self, index: int, item: Item, facts: tuple[str, ...]) -> None:
        """Place one item."""
        self.homes.append("")
        if item.kind == "contact" and not item.text:
            self.ids.append("")
            return
        identifier = self._book.give(item.kind, item.ref)
        self.ids.append(identifier)
        at = read_moment(item.at, self._today) if item.at else None
        when = at or datetime.combine(self._today - timedelta(days=1), datetime.min.time()) + timedelta(
            hours=9, minutes=index
        )
        stamp, text = iso_minutes(when), escape(item.text)
        if item.kind == "mail":
            self._put_mail(identifier, item, stamp, facts)
        elif item.kind == "event":
            self._put_event(identifier, item, when, facts)
        elif item.kind in ("message", "slack", "post", "comment"):
            self._put_chat(identifier, item, stamp, facts)
        else:
            self._notes.append(
                Note(
                    id=identifier,
                    facts=facts,
                    title=_line(_NOTE_TITLES.get(item.kind, "{}").format(item.title or "Untitled page")),
                    body=text,
                    owner=self._people.user.id,
                    at=stamp,
                )
            )

    def _put_mail(self, identifier: str, item: Item, stamp: str, facts: tuple[str, ...]) -> None:
        sender = self._ref(item.sender) or _SOMEBODY
        self._mail.append(
            Mail(
                id=identifier,
                facts=facts,
                sender=sender,
                to=tuple(filter(None, map(self._ref, item.to))) or (self._people.user.id,),
                cc=tuple(filter(None, map(self._ref, item.cc))),
                subject=_line(item.title or "(no subject)"),
                body=escape(item.text),
                at=stamp,
                folder="sent" if sender == self._people.user.id else "inbox",
            )
        )

    def _put_event(self, identifier: str, item: Item, start: datetime, facts: tuple[str, ...]) -> None:
        end = (read_moment(item.end, self._today) if item.end else None) or start + timedelta(hours=1)
        self._events.append(
            Event(
                id=identifier,
                facts=facts,
                title=_line(item.title or "Event"),
                start=iso_minutes(start),
                end=iso_minutes(max(start, end)),
                location=escape(item.spot),
                description=escape(item.text),
                attendees=tuple(filter(None, map(self._ref, item.to))),
            )
        )

    def _put_chat(self, identifier: str, item: Item, stamp: str, facts: tuple[str, ...]) -> None:
        channel, sender, to = self._route(item)
        self.homes[-1] = channel or (to if sender == self._people.user.id else sender) or ""
        self._chat.append(
            ChatPost(
                id=identifier,
                facts=facts,
                channel=channel,
                sender=sender,
                to=None if channel else to,
                text=escape(item.text) or "(empty message)",
                at=stamp,
            )
        )

    def _route(self, item: Item) -> tuple[str | None, str, str | None]:
        """Return channel, sender and addressee of a chat item."""
        user = self._people.user.id
        if item.kind in ("post", "comment"):
            poster = user if item.kind == "post" else self._ref(item.sender) or _SOMEBODY
            return self._channel(TIMELINE, "feed", self._people.group or "My timeline"), poster, None
        place = self._people.find(item.place) if item.place else None
        sender = self._ref(item.sender) or self._signature(item.text)
        named = self._named_channel(item, place)
        if named is not None:
            who = sender or "a member"
            return self._channel(*named, *([who] if who == user or self._is_person(who) else [])), who, None
        to = self._ref(item.to[0]) if item.to else None
        if item.kind == "slack":
            to = to or (place if sender == user else None)
        elif not item.sender and item.place:  # a search within the chat with one person does not say who wrote
            other = place if place != user else None
            sender = sender or (user if to and to != user else other) or _SOMEBODY
            to = to or (user if sender != user else other)
        sender = sender or _SOMEBODY
        if sender != user:  # it is the user's account that shows it
            return None, sender, user
        return None, sender, to or self._people.recipients[0].id

    def _named_channel(self, item: Item, place: str | None) -> tuple[str, ChannelKind, str] | None:
        """Return the chat channel that an item stands in, `None` for a direct message."""
        group = self._people.group
        if not item.sender and not item.to and place == self._people.user.id:
            return (
                f"chat-{slug(_SAVED)}",
                "chat_channel",
                _SAVED,
            )  # a search in the user's own chat does not say who wrote
        name = item.place if place is None and not re.match(r"direct message|dm$|@", item.place, re.IGNORECASE) else ""
        if not name and item.kind == "message" and self._ref_of_group(item.sender):
            name = item.sender
        if not name or "@" in name:
            return None
        same = group and (_plain(name) in _plain(group) or _plain(group) in _plain(name))
        if same and GROUP in self._channels:
            return GROUP, "chat_channel", group
        return f"chat-{slug(name)}", "chat_channel", name

    def _ref_of_group(self, sender: str) -> bool:
        return (
            bool(sender) and self._people.find(sender) is None and bool(GROUPISH.search(sender)) and "@" not in sender
        )

    def _ref(self, written: str) -> str | None:
        """An actor's id, or the name or address as written."""
        found = self._people.find(written)
        if found is not None:
            return found
        address = re.search(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+", written)
        plain = escape(address[0] if address else written.strip())[:200]
        return f"@{plain}"[:200] if re.fullmatch(r"[a-z][a-z0-9_-]*", plain) else plain or None  # ids are of the cast

    def _is_person(self, ref: str) -> bool:
        return ref in {person.id for person in self._people}

    def _signature(self, text: str) -> str | None:
        signed = _SIGNED.search(text)
        return self._people.find(signed[1]) if signed else None

    def _channel(self, key: str, kind: ChannelKind, name: str, *members: str) -> str:
        default = {} if kind == "feed" else {self._people.user.id: None}
        known = self._channels.setdefault(key, (kind, name, default))
        known[2].update(dict.fromkeys(members))
        return key


_NOTE_TITLES: Final = {"profile": "Profile: {}", "contact": "Contact: {}"}


def place(
    items: Sequence[Item],
    people: People,
    last: str,
    today: date,
    facts: Sequence[tuple[str, ...]],
    *,
    feed: bool = False,
) -> Placed:
    """Place the items of a case.

    Args:
        items: What the observations held.
        people: Who is meant by the names in them.
        last: The kind of channel that the last action uses.
        today: The scenario's date; items without a time are from the day before.
        facts: For each item the facts that it tells.
        feed: Whether the user has a timeline, whatever the last action is.
    """
    placed = Placed(people, last, today, feed=feed)
    for index, (item, told) in enumerate(zip(items, facts, strict=True)):
        placed.put(index, item, told)
    return placed


def day_of(items: Sequence[Item]) -> date:
    """Return the day that a case plays on: that of its latest message, not before the usual one."""
    sent = [read_moment(item.at) for item in items if item.at and item.kind != "event"]
    days = [moment.date() for moment in sent if moment is not None and moment.year < 2100]
    return max((DEFAULT_DATE, *days))


def _line(text: str) -> str:
    return escape(" ".join(text.split()))[:200].rstrip("{") or "Untitled"


def _plain(text: str) -> str:
    return re.sub(r"[^a-z0-9]", "", text.lower())
