"""Mistakes that a tiny checkpoint makes, put into its corpus so that it learns the way back.

A ground-truth episode never sees a search without a result, an id that does not exist or a call that could not be read.
A model that has learned from such episodes alone meets them after its own first slip, and is lost. Here a turn that
reads is now and then preceded by one that goes wrong, as those of a model do; it is played for real, and not learned.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from discretion.models.chat import AssistantTurn, ToolCall, ToolSpec
from discretion.models.hermes import Hermes

__all__ = ["Slipping", "Slips", "astray", "mistaken"]

_MOST: Final = 3
"""Slips in an episode, so that the budget of turns suffices."""

_NAMES: Final = re.compile(r"[^\W\d_]{4,}")
_NUMBER: Final = re.compile(r"\d+")
_LOOKS: Final = ("search_", "recall", "read_direct")
_LETTERS: Final = "abcdefghiklmnoprstuvz"


class Slips(NamedTuple):
    """How often episodes go wrong.

    Attributes:
        mistakes: Share of the turns that only read before which one goes wrong.
        astray: Share of the turns that look for something before which it is looked for elsewhere, once or more.
    """

    mistakes: float = 0.0
    astray: float = 0.0


class Slipping:
    """What goes wrong in an episode.

    Args:
        slips: How often.
        key: Names the episode; the same one goes wrong in the same way.
    """

    def __init__(self, slips: Slips, key: str) -> None:
        self._slips = slips
        self._mistakes = random.Random(f"mistakes:{key}")
        self._astray = random.Random(f"astray:{key}")
        self._left = _MOST

    def before(self, turn: AssistantTurn, tools: Sequence[ToolSpec]) -> Iterator[AssistantTurn]:
        """Yield the turns that go wrong before a turn.

        Args:
            turn: What is to be done.
            tools: Those of the office.
        """
        while self._left and self._astray.random() < self._slips.astray:
            slip = astray(turn, tools, self._astray)
            if slip is None:
                break
            self._left -= 1
            yield slip
        if self._mistakes.random() < self._slips.mistakes and self._left:
            slip = mistaken(turn, tools, self._mistakes)
            if slip is not None:
                self._left -= 1
                yield slip


def mistaken(turn: AssistantTurn, tools: Sequence[ToolSpec], rng: random.Random) -> AssistantTurn | None:
    """Return what a model might do in place of a turn that reads something, or nothing where the turn does more.

    Args:
        turn: What is to be done.
        tools: Those of the office.
        rng: Which mistake it is.
    """
    writes = {tool.name: tool.writes for tool in tools}
    if len(turn.tool_calls) != 1 or writes.get(turn.tool_calls[0].name, True):
        return None
    call = turn.tool_calls[0]
    made: list[Callable[[], AssistantTurn | None]] = [
        lambda: _changed(call, _misspelt(call.arguments, rng)),
        lambda: _elsewhere(call, tools, rng),
        lambda: _malformed(call, rng),
        lambda: _changed(call, _missing(call.arguments, rng)),
    ]
    rng.shuffle(made)
    return next((found for make in made if (found := make()) is not None), None)


def astray(turn: AssistantTurn, tools: Sequence[ToolSpec], rng: random.Random) -> AssistantTurn | None:
    """Return a look into a wrong place for what a turn looks for, or nothing where it looks for nothing.

    Args:
        turn: What is to be done.
        tools: Those of the office.
        rng: Which place it is.
    """
    if len(turn.tool_calls) != 1 or not turn.tool_calls[0].name.startswith(_LOOKS):
        return None
    call = turn.tool_calls[0]
    sought = next((call.arguments[key] for key in ("query", "person", "sender") if call.arguments.get(key)), None)
    names = _NAMES.findall(sought.rpartition(":")[2]) if isinstance(sought, str) else []
    others = [tool.name for tool in tools if tool.name.startswith(_LOOKS) and tool.name != call.name]
    if not others or not names:
        return None
    return _looked(call, rng.choice(others), names[-1])


def _changed(call: ToolCall, arguments: Mapping[str, Any] | None) -> AssistantTurn | None:
    if arguments is None:
        return None
    return AssistantTurn(tool_calls=(call.model_copy(update={"arguments": dict(arguments)}),))


def _misspelt(arguments: Mapping[str, Any], rng: random.Random) -> dict[str, Any] | None:
    """Return the arguments with a letter of a word dropped, doubled or replaced."""
    key = next((key for key in ("query", "person") if isinstance(arguments.get(key), str)), None)
    if key is None:
        return None
    text: str = arguments[key]
    words = [found for found in _NAMES.finditer(text) if text[found.end() : found.end() + 1] != ":"]
    if not words:
        return None
    word = rng.choice(words)
    at = rng.randrange(word.start() + 1, word.end())
    kind = rng.randrange(3)
    middle = ("", text[at] * 2, rng.choice(_LETTERS))[kind]
    changed = text[:at] + middle + text[at + 1 :]
    return None if changed == text else {**arguments, key: changed}


def _elsewhere(call: ToolCall, tools: Sequence[ToolSpec], rng: random.Random) -> AssistantTurn | None:
    """Return the same search in another place."""
    query = call.arguments.get("query")
    if not isinstance(query, str) or not call.name.startswith("search_"):
        return None
    others = [tool.name for tool in tools if tool.name.startswith("search_") and tool.name != call.name]
    names = _NAMES.findall(query.rpartition(":")[2])
    if not others or not names:
        return None
    return _looked(call, rng.choice(others), names[-1])


def _looked(call: ToolCall, tool: str, name: str) -> AssistantTurn:
    """Return a look for a name with another tool."""
    word = f"from:{name}" if tool == "search_mail" else name
    key = "person" if tool == "read_direct" else "query"
    return AssistantTurn(tool_calls=(ToolCall(id=call.id, name=tool, arguments={key: word}),))


def _missing(arguments: Mapping[str, Any], rng: random.Random) -> dict[str, Any] | None:
    """Return the arguments with an id that nothing has."""
    key = next((key for key in arguments if key.endswith("_id") and isinstance(arguments[key], str)), None)
    if key is None:
        return None
    return {**arguments, key: _NUMBER.sub(lambda found: str(int(found[0]) + rng.randint(20, 60)), arguments[key])}


def _malformed(call: ToolCall, rng: random.Random) -> AssistantTurn | None:
    """Return the call in a form that cannot be read."""
    name, arguments = json.dumps(call.name), json.dumps(dict(call.arguments), ensure_ascii=False)
    form = rng.choice(
        (
            f'{{"total": {name}, "arguments": {arguments}}}',
            f'{{"id": {name}, "arguments": {arguments}}}',
            f'{{"name": {name}, "arguments": {arguments}',
            f'{{"name": {name}, "arguments": {arguments[:-1]}: "{call.name}"}}}}',
        )
    )
    parsed = Hermes().parse(f"<tool_call>\n{form}\n</tool_call>")
    return AssistantTurn(format_errors=parsed.errors) if parsed.errors and not parsed.calls else None
