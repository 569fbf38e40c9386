"""What lies in the world when an episode begins: mails, events, records, messages, notes, memories.

Senders and recipients are actor ids, channel ids, or literal addresses of people outside the cast.
"""

from __future__ import annotations

from typing import Literal

from discretion.scenarios.base import ActorRef, Name, Prose, Record, Slug, When

__all__ = ["ChatPost", "Content", "CrmRecord", "Event", "Mail", "MemoryItem", "Note"]


class Item(Record):
    """What every item has.

    Attributes:
        id: Its id in the tools.
        facts: Facts that it tells, for tables and the linter; what the agent saw is decided from the text.
    """

    id: Slug
    facts: tuple[Slug, ...] = ()


class Mail(Item):
    """A mail in the user's mailbox."""

    sender: ActorRef
    to: tuple[ActorRef, ...] = ()
    cc: tuple[ActorRef, ...] = ()
    bcc: tuple[ActorRef, ...] = ()
    subject: Name
    body: Prose
    at: When
    folder: Literal["inbox", "sent", "drafts", "archive"] = "inbox"
    reply_to: Slug | None = None


class Event(Item):
    """A calendar event; who sees it: attendees, and everybody the calendar is shared with unless it is private."""

    calendar: Slug | None = None
    title: Name
    start: When
    end: When
    location: str = ""
    description: Prose = ""
    attendees: tuple[ActorRef, ...] = ()
    private: bool = False
    status: Literal["confirmed", "cancelled"] = "confirmed"


class CrmRecord(Item):
    """An account, contact, deal, note or activity of the CRM.

    Attributes:
        account: The account that it belongs to (not for accounts).
        fields: Stage, amount, owner, next step: whatever the kind has.
        body: The text of a note or activity.
        visibility: Who reads it: `team` (the CRM's members), `private` (the user), or the id of a channel.
    """

    kind: Literal["account", "contact", "deal", "note", "activity"]
    name: Name
    account: Slug | None = None
    fields: dict[str, str] = {}
    body: Prose = ""
    author: ActorRef | None = None
    at: When | None = None
    visibility: str = "team"


class ChatPost(Item):
    """A message in a channel or feed, or a direct message between the user and somebody."""

    channel: Slug | None = None
    sender: ActorRef
    to: ActorRef | None = None
    text: Prose
    at: When


class Note(Item):
    """A note or document, seen by its owner and those it is shared with."""

    title: Name
    body: Prose
    owner: ActorRef | None = None
    shared_with: tuple[ActorRef, ...] = ()
    at: When | None = None


class MemoryItem(Item):
    """Something that the assistant remembered earlier."""

    text: Prose


class Content(Record):
    """Everything that lies in the world at the start, or that a later session adds."""

    mail: tuple[Mail, ...] = ()
    events: tuple[Event, ...] = ()
    crm: tuple[CrmRecord, ...] = ()
    chat: tuple[ChatPost, ...] = ()
    notes: tuple[Note, ...] = ()
    memory: tuple[MemoryItem, ...] = ()

    def items(self) -> tuple[Item, ...]:
        """Every item, in the order of the fields."""
        return (*self.mail, *self.events, *self.crm, *self.chat, *self.notes, *self.memory)

    def plus(self, later: Content) -> Content:
        """This content, and what came later."""
        return Content(**{kind: (*getattr(self, kind), *getattr(later, kind)) for kind in Content.model_fields})
