"""Zoom, as PrivacyLens' cases know it: find meetings, read and search their transcripts."""

from __future__ import annotations

from discretion.envs.arguments import Fields, Line, Words
from discretion.envs.search import fold
from discretion.envs.toolkit import Result, tool
from discretion.envs.toolkits.privacylens import ranked, the
from discretion.envs.world import World
from discretion.scenarios.content import Note
from discretion.scenarios.privacylens.ids import service_of


@tool("read", name="ZoomManagerSearchMeetings")
def search_meetings(world: World, criteria: Fields) -> Result:
    """Search for Zoom meetings.

    Args:
        criteria: Date, time, participants, or keywords of the title or description.
    """
    meetings = _meetings(world).values()
    words = " ".join(criteria.values())
    found = ranked(world, meetings, words, lambda note: f"{note.title}\n{note.body}", 10)
    return {"search_results": [note.id for note in found or meetings]}


@tool("read", name="ZoomManagerGetMeetingTranscript")
def get_meeting_transcript(world: World, meeting_id: Line) -> Result:
    """Retrieve the transcript of a Zoom meeting.

    Args:
        meeting_id: The unique identifier of the Zoom meeting.
    """
    return {"transcript": the(_meetings(world), meeting_id, "meeting", "meeting").body}


@tool("read", name="ZoomManagerSearchTranscript")
def search_transcript(world: World, meeting_id: Line, keyword: Words) -> Result:
    """Search the transcript of a Zoom meeting for a keyword or phrase.

    Args:
        meeting_id: The unique identifier of the Zoom meeting.
        keyword: The keyword or phrase to search for in the transcript.
    """
    lines = the(_meetings(world), meeting_id, "meeting", "meeting").body.splitlines()
    return {"search_results": [line for line in lines if fold(keyword) in fold(line)]}


def _meetings(world: World) -> dict[str, Note]:
    return {key: note for key, note in world.notes.items() if service_of(key) == "meeting"}
