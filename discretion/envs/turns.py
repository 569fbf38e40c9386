"""What an office takes of a turn: so many calls of such a size, and every word as the model wrote it."""

from __future__ import annotations

from typing import Any, Final

from pydantic_core import to_json

from discretion.envs.toolkit import Result, ToolError
from discretion.models.chat import FormatError, ToolCall

__all__ = ["MOST_CALLS", "MOST_CHARACTERS", "MOST_REPLIES", "admitted", "verbatim"]

MOST_CALLS: Final = 32
"""Tool calls that one turn may make."""

MOST_CHARACTERS: Final = 100_000
"""Characters of one turn's text, and of the JSON text of one call's arguments, that an office takes."""

MOST_REPLIES: Final = 100
"""Replies in a row that the models of an agent may give before it takes a turn."""


def admitted(calls: tuple[ToolCall, ...]) -> tuple[tuple[ToolCall, ...], dict[int, Result]]:
    """Return the calls as they are recorded, and by place the refusals of those that are too many or too long."""
    taken = list(calls)
    refused: dict[int, Result] = {}
    for place, call in enumerate(calls):
        size = _size(call.arguments)
        if size is None or size > MOST_CHARACTERS:
            taken[place] = call.model_copy(update={"arguments": {}})
            error = ToolError("the arguments are no valid JSON", "write plain text, numbers and lists")
            if size is not None:
                wrong = f"the arguments are {size} characters long; at most {MOST_CHARACTERS} are taken"
                error = ToolError(wrong, "send less at once")
            refused[place] = error.as_result()
        elif place >= MOST_CALLS:
            error = ToolError(f"a turn takes at most {MOST_CALLS} calls", "make the others in the next turn")
            refused[place] = error.as_result()
    return tuple(taken), refused


def _size(arguments: dict[str, Any]) -> int | None:
    """The length of arguments as JSON text; `None` where they cannot be written as such."""
    try:
        return len(to_json(arguments))
    except (ValueError, TypeError, RecursionError):
        return None


def verbatim(text: str, errors: tuple[FormatError, ...]) -> str:
    """Return the words of a turn with every call that could not be read, as the model wrote it."""
    if not errors:
        return text
    unread = (error.raw for error in errors if error.raw not in text)
    return "\n".join(part for part in (text, *unread) if part)[:MOST_CHARACTERS]
