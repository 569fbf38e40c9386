"""What the observations of a trajectory held: messages, mails, notes, events, posts, profiles, as plain items."""

from __future__ import annotations

from typing import Literal, NamedTuple

__all__ = ["Item", "ItemKind"]

ItemKind = Literal["message", "slack", "mail", "note", "event", "post", "comment", "profile", "contact", "meeting"]
"""`slack` is a Slack message, `message` one of Messenger; `profile` is a Slack or Facebook profile."""


class Item(NamedTuple):
    """One thing that an observation held.

    Attributes:
        ref: Its id in the trajectory; may be empty.
        step: The step, from 0, that first showed it.
        title: A subject, title or name; may be empty.
        text: What it says.
        sender: As written: a handle, an address, a name; may be empty.
        to, cc: Recipients or attendees, as written.
        place: The chat or channel, as written; may be empty.
        at, end: Times, as written; may be empty.
        spot: Where an event takes place.
    """

    kind: ItemKind
    ref: str
    step: int
    title: str
    text: str
    sender: str = ""
    to: tuple[str, ...] = ()
    cc: tuple[str, ...] = ()
    place: str = ""
    at: str = ""
    end: str = ""
    spot: str = ""

    @property
    def full_text(self) -> str:
        """Title, place of an event and text."""
        return "\n".join(part for part in (self.title, self.spot, self.text) if part)
