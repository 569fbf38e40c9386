"""The calendar: search, read, create, change, invite, cancel, share.

Who sees an event: its attendees, and everybody the calendar is shared with unless it is private.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final, Literal

from discretion.envs.addresses import audience, recipients
from discretion.envs.arguments import Body, Line, People, Words
from discretion.envs.recorder import Recorder
from discretion.envs.search import find, parse_query, snippet
from discretion.envs.toolkit import Result, ToolError, shown, tool
from discretion.envs.world import World
from discretion.scenarios.content import Event

_MOST: Final = 50


@tool("read")
def search_events(world: World, query: Words = "", from_date: Line = "", to_date: Line = "") -> Result:
    """Search the events that the user can see, in order of time.

    Args:
        query: Words that must all occur, "quoted phrases", title:word, location:word, with:name; empty for all events.
        from_date: The first day, YYYY-MM-DD; empty for any.
        to_date: The last day, YYYY-MM-DD; empty for any.
    """
    first = _moment("from_date", from_date)[:10] if from_date else ""
    last = _moment("to_date", to_date)[:10] if to_date else "9999-12-31"
    if last < first:
        raise ToolError("'to_date' lies before 'from_date'", "give the earlier day first")

    def text(event: Event) -> str:
        return "\n".join((event.title, event.location, event.description, *map(world.label, event.attendees)))

    def field(event: Event, name: str) -> str:
        if name == "with":
            return "\n".join(map(world.label, event.attendees))
        return event.title if name == "title" else event.location

    wanted = parse_query(query, ("title", "location", "with"))
    seen = [
        event
        for event in world.events.values()
        if _visible(world, event) and event.end[:10] >= first and event.start[:10] <= last
    ]
    found = find(seen, wanted, lambda event: world.folded(event, text), field)
    found.sort(key=lambda event: event.start)
    return {
        "total": len(found),
        "results": [
            {
                "id": event.id,
                "title": event.title,
                "start": event.start,
                "end": event.end,
                "location": event.location,
                "status": event.status,
                "snippet": snippet(event.description, wanted),
            }
            for event in found[:_MOST]
        ],
    }


@tool("read")
def read_event(world: World, event_id: Line) -> Result:
    """Read an event.

    Args:
        event_id: The event's id, as search_events gives it.
    """
    event = _event(world, event_id)
    return {
        "id": event.id,
        "calendar": world.channels[_calendar(world, event)].name,
        "title": event.title,
        "start": event.start,
        "end": event.end,
        "location": event.location,
        "description": event.description,
        "attendees": [world.label(ref) for ref in event.attendees],
        "private": event.private,
        "status": event.status,
    }


@tool("write")
def create_event(
    world: World,
    recorder: Recorder,
    title: Line,
    start: Line,
    end: Line,
    attendees: People = (),
    location: Line = "",
    description: Body = "",
    private: bool = False,
) -> Result:
    """Create an event in the user's calendar and invite people to it.

    Args:
        title: Its title.
        start: When it begins, YYYY-MM-DDTHH:MM.
        end: When it ends, YYYY-MM-DDTHH:MM.
        attendees: People to invite: e-mail addresses, names, mail lists.
        location: Where it is.
        description: More about it.
        private: Whether to hide it from those the calendar is shared with.
    """
    if not title.strip():
        raise ToolError("argument 'title' is empty", "give the event a title")
    begin, finish = _span(start, end)
    event = Event(
        id=world.new_id("ev", world.events),
        calendar=world.calendar,
        title=title,
        start=begin,
        end=finish,
        location=location,
        description=description,
        attendees=recipients(world, attendees),
        private=private,
    )
    _store(world, recorder, event, "create")
    recorder.disclose("calendar", event.id, _viewers(world, event), _whole(world, event))
    return {"id": event.id, "attendees": [world.label(ref) for ref in event.attendees]}


@tool("write")
def update_event(
    world: World,
    recorder: Recorder,
    event_id: Line,
    title: Line = "",
    start: Line = "",
    end: Line = "",
    location: Line = "",
    description: Body = "",
) -> Result:
    """Change an event of the user's; what is left empty stays. Everybody who sees the event is told.

    Args:
        event_id: The event's id.
        title: The new title.
        start: The new beginning, YYYY-MM-DDTHH:MM.
        end: The new end, YYYY-MM-DDTHH:MM.
        location: The new place.
        description: The new description.
    """
    event = _own(world, event_id)
    begin, finish = _span(start or event.start, end or event.end)
    given = {"title": title.strip(), "location": location, "description": description}
    changed = {name: value for name, value in given.items() if value}
    if start or end:
        changed |= {"start": begin, "end": finish}
    if not changed:
        raise ToolError("nothing to change", "give at least one of title, start, end, location, description")
    event = event.model_copy(update=changed)
    _store(world, recorder, event, "update")
    news = (
        f"{event.start} to {event.end}" if start or end else "",
        f"Where: {location}" if location else "",
        description,
    )
    recorder.disclose("calendar", event.id, _viewers(world, event), f"Changed: {event.title}", _lines(news))
    return {"id": event.id, "status": "changed", "told": [world.label(ref) for ref in event.attendees]}


@tool("write")
def invite(world: World, recorder: Recorder, event_id: Line, attendees: People) -> Result:
    """Invite more people to an event of the user's. They see the whole event, the others see who was invited.

    Args:
        event_id: The event's id.
        attendees: People to invite: e-mail addresses, names, mail lists.
    """
    event = _own(world, event_id)
    new = tuple(ref for ref in recipients(world, attendees) if ref not in event.attendees)
    if not new:
        raise ToolError("nobody new to invite", "name somebody in 'attendees' who does not attend yet")
    others = _viewers(world, event)
    event = event.model_copy(update={"attendees": (*event.attendees, *new)})
    _store(world, recorder, event, "update")
    recorder.disclose("calendar", event.id, new, _whole(world, event))
    recorder.disclose("calendar", event.id, others, f"{event.title}\nInvited: {', '.join(map(world.name, new))}")
    return {"id": event.id, "attendees": [world.label(ref) for ref in event.attendees]}


@tool("write")
def cancel_event(world: World, recorder: Recorder, event_id: Line, message: Body = "") -> Result:
    """Cancel an event of the user's and tell everybody who sees it.

    Args:
        event_id: The event's id.
        message: A text to go with the cancellation.
    """
    event = _own(world, event_id).model_copy(update={"status": "cancelled"})
    _store(world, recorder, event, "update")
    head = f"Cancelled: {event.title}\n{event.start} to {event.end}"
    recorder.disclose("calendar", event.id, _viewers(world, event), head, message)
    return {"id": event.id, "status": "cancelled", "told": [world.label(ref) for ref in event.attendees]}


@tool("write")
def share_calendar(world: World, recorder: Recorder, people: People) -> Result:
    """Share the user's calendar with people, who then see all its events that are not private.

    Args:
        people: Whom to share it with.
    """
    named = recipients(world, people)
    if not named:
        raise ToolError("argument 'people' is empty", "name at least one person")
    members = world.members(world.calendar)
    new = tuple(ref for ref in named if ref not in members)
    world.shared = (*world.shared, *new)
    events = [
        _whole(world, event)
        for event in sorted(world.events.values(), key=lambda event: event.start)
        if not event.private and event.status == "confirmed" and _calendar(world, event) == world.calendar
    ]
    recorder.disclose("calendar", world.calendar, new, *events)
    return {"shared_with": [world.label(ref) for ref in world.members(world.calendar) if ref != world.user]}


def _calendar(world: World, event: Event) -> str:
    known = event.calendar is not None and event.calendar in world.channels
    return event.calendar if known and event.calendar else world.calendar


def _visible(world: World, event: Event) -> bool:
    calendar = _calendar(world, event)
    if world.user in audience(world, event.attendees).actors:
        return True
    if event.private:
        return world.channels[calendar].owner in (world.user, None)
    return world.belongs(calendar)


def _event(world: World, event_id: str) -> Event:
    event = world.events.get(event_id)
    if event is None or not _visible(world, event):
        raise ToolError(f"no event has the id {shown(event_id)!r}", "search_events gives the ids")
    return event


def _own(world: World, event_id: str) -> Event:
    """An event that the user may change."""
    event = _event(world, event_id)
    owner = world.channels[_calendar(world, event)].owner or world.user
    if owner != world.user:
        raise ToolError(f"no permission: the event is in the calendar of {world.label(owner)}", "ask the owner")
    if event.status == "cancelled":
        raise ToolError(f"{event.id} is cancelled", "create a new event")
    return event


def _viewers(world: World, event: Event) -> tuple[str, ...]:
    shared = () if event.private else world.members(_calendar(world, event))
    return (*event.attendees, *shared)


def _moment(argument: str, text: str) -> str:
    try:
        return datetime.fromisoformat(text.strip()).replace(tzinfo=None).isoformat(timespec="minutes")
    except ValueError:
        form = "YYYY-MM-DD" if argument.endswith("_date") else "YYYY-MM-DDTHH:MM"
        raise ToolError(f"argument {argument!r}: {shown(text)!r} is no date", f"write it as {form}") from None


def _span(start: str, end: str) -> tuple[str, str]:
    begin, finish = _moment("start", start), _moment("end", end)
    if finish <= begin:
        raise ToolError(f"the event would end ({finish}) before it begins ({begin})", "give an 'end' after the 'start'")
    return begin, finish


def _lines(parts: Iterable[str]) -> str:
    return "\n".join(part for part in parts if part)


def _whole(world: World, event: Event) -> str:
    """An event as those read it who see it."""
    return _lines(
        (
            event.title,
            f"{event.start} to {event.end}",
            f"Where: {event.location}" if event.location else "",
            f"With: {', '.join(map(world.name, event.attendees))}" if event.attendees else "",
            event.description,
        )
    )


def _store(world: World, recorder: Recorder, event: Event, op: Literal["create", "update"]) -> None:
    world.events[event.id] = event
    after = {
        "title": event.title,
        "start": event.start,
        "end": event.end,
        "location": event.location,
        "description": event.description,
        "attendees": [*event.attendees],
        "status": event.status,
        "private": event.private,
    }
    recorder.change(op, "event", event.id, after)
