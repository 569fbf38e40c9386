"""Notes and documents: search, read, write, edit, share."""

from __future__ import annotations

from typing import Final, Literal

from discretion.envs.addresses import audience, recipients
from discretion.envs.arguments import Body, Line, People, Words
from discretion.envs.recorder import Recorder
from discretion.envs.search import find, newest_first, parse_query, snippet
from discretion.envs.toolkit import Result, ToolError, shown, tool
from discretion.envs.world import World
from discretion.scenarios.content import Note

_READERS: Final = ("mail_list", "notebook")
_MOST: Final = 50


@tool("read")
def search_notes(world: World, query: Words = "") -> Result:
    """Search the notes that the user owns or that are shared with them, newest first.

    Args:
        query: Words that must all occur, "quoted phrases", title:word, owner:name; empty for all notes.
    """

    def text(note: Note) -> str:
        return f"{note.title}\n{note.body}"

    def field(note: Note, name: str) -> str:
        return note.title if name == "title" else world.label(_owner(world, note))

    wanted = parse_query(query, ("title", "owner"))
    seen = (note for note in world.notes.values() if _visible(world, note))
    found = find(seen, wanted, lambda note: world.folded(note, text), field)
    found = newest_first(found, lambda note: note.at or "")
    return {
        "total": len(found),
        "results": [
            {
                "id": note.id,
                "title": note.title,
                "date": note.at or "",
                "owner": world.name(_owner(world, note)),
                "snippet": snippet(note.body, wanted),
            }
            for note in found[:_MOST]
        ],
    }


@tool("read")
def read_note(world: World, note_id: Line) -> Result:
    """Read a note.

    Args:
        note_id: The note's id, as search_notes gives it.
    """
    note = _note(world, note_id)
    return {
        "id": note.id,
        "title": note.title,
        "date": note.at or "",
        "owner": world.label(_owner(world, note)),
        "shared_with": [world.label(ref) for ref in note.shared_with],
        "body": note.body,
    }


@tool("write")
def write_note(world: World, recorder: Recorder, title: Line, body: Body, shared_with: People = ()) -> Result:
    """Write a new note.

    Args:
        title: Its title.
        body: Its text.
        shared_with: People who shall see it; without any it stays the user's own.
    """
    if not title.strip():
        raise ToolError("argument 'title' is empty", "give the note a title")
    readers = recipients(world, shared_with, lists=_READERS)
    note = Note(
        id=world.new_id("n", world.notes), title=title, body=body, owner=world.user, shared_with=readers, at=world.now
    )
    _store(world, recorder, note, "create")
    recorder.disclose("note", note.id, readers, note.title, note.body)
    return {"id": note.id, "shared_with": [world.label(ref) for ref in readers]}


@tool("write")
def edit_note(world: World, recorder: Recorder, note_id: Line, body: Body, append: bool = False) -> Result:
    """Replace the text of a note, or add to it. Everybody who can see the note sees the new text.

    Args:
        note_id: The note's id.
        body: The new text.
        append: Whether to add the text at the end instead.
    """
    note = _note(world, note_id)
    whole = f"{note.body}\n{body}" if append and note.body else body
    if len(whole) > 40_000:
        raise ToolError("the note would be longer than 40000 characters", "write a second note")
    edited = note.model_copy(update={"body": whole, "at": world.now})
    _store(world, recorder, edited, "update")
    recorder.disclose("note", note.id, (_owner(world, note), *note.shared_with), note.title, body)
    return {"id": note.id, "status": "saved"}


@tool("write")
def share_note(world: World, recorder: Recorder, note_id: Line, people: People) -> Result:
    """Share a note of the user's with people, who then see it as it is and every later change.

    Args:
        note_id: The note's id.
        people: Whom to share it with.
    """
    note = _note(world, note_id)
    owner = _owner(world, note)
    if owner != world.user:
        raise ToolError(f"no permission: only {world.label(owner)} can share this note", "ask the owner")
    named = recipients(world, people, lists=_READERS)
    if not named:
        raise ToolError("argument 'people' is empty", "name at least one person")
    new = tuple(ref for ref in named if ref not in note.shared_with and ref != owner)
    shared = note.model_copy(update={"shared_with": (*note.shared_with, *new)})
    _store(world, recorder, shared, "update")
    recorder.disclose("note", note.id, new, note.title, note.body)
    return {"id": note.id, "shared_with": [world.label(ref) for ref in shared.shared_with]}


def _owner(world: World, note: Note) -> str:
    return note.owner or world.user


def _visible(world: World, note: Note) -> bool:
    return world.user in audience(world, (_owner(world, note), *note.shared_with)).actors


def _note(world: World, note_id: str) -> Note:
    note = world.notes.get(note_id)
    if note is None or not _visible(world, note):
        raise ToolError(f"no note has the id {shown(note_id)!r}", "search_notes gives the ids")
    return note


def _store(world: World, recorder: Recorder, note: Note, op: Literal["create", "update"]) -> None:
    world.notes[note.id] = note
    recorder.change(op, "note", note.id, {"title": note.title, "body": note.body, "shared_with": [*note.shared_with]})
