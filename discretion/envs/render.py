"""Conversations as text: plainly, for observations, and as a transcript that is pleasant to read."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterable, Sequence
from typing import Any, Final

from discretion.envs.episode import Disclosure, Episode
from discretion.models.chat import Message
from discretion.scenarios.instance import Instance

__all__ = ["printable", "readable", "render_ending", "render_messages", "transcript"]

_WIDTH: Final = 100
_MOST_LINES: Final = 24
_HIDDEN: Final = {
    code: "\N{REPLACEMENT CHARACTER}"
    for code in (
        *range(0x20),
        *range(0x7F, 0xA0),
        *range(0x202A, 0x202F),
        *range(0x2066, 0x206A),
        *range(0xD800, 0xE000),
    )
    if chr(code) not in "\n\t"
}
"""Characters that steer a terminal, turn the direction of writing, or cannot be encoded."""


def printable(text: str) -> str:
    r"""Return foreign text without anything that steers a terminal.

    >>> printable("red: \x1b[31m")
    'red: �[31m'
    """
    return text if text.isascii() and text.isprintable() else text.translate(_HIDDEN)


def readable(messages: Iterable[Message]) -> str:
    """Return messages as plain text, nothing left out: what an agent sees through Gymnasium."""
    parts: list[str] = []
    for message in messages:
        head = f"{message.role} {message.name}" if message.name else message.role
        calls = (f"{call.name} {json.dumps(call.arguments, ensure_ascii=False)}" for call in message.tool_calls)
        parts.append("\n".join((f"[{head}]", *((message.content,) if message.content else ()), *calls)))
    return "\n\n".join(parts)


def transcript(episode: Episode, instance: Instance | None = None) -> str:
    """Return an episode as a transcript: the conversation turn by turn, and whom each turn reached.

    Args:
        episode: Finished or not.
        instance: Gives people their names; without it their ids are shown.
    """
    opening = len(episode.messages)
    turns = episode.counts.turns
    for number in range(len(episode.messages) - 1, -1, -1):
        if not turns:
            break
        opening = number
        turns -= episode.messages[number].role == "assistant"
    rule = "─" * _WIDTH
    head = f"{episode.instance}  {episode.agent}".strip()
    parts = [rule, printable(head), rule, render_messages(episode.messages[:opening])]
    turn: list[Message] = []
    step = 0
    for message in (*episode.messages[opening:], None):
        if turn and (message is None or message.role == "assistant"):
            step += 1
            reached = [one for one in episode.disclosures if one.step == step]
            parts.append(render_messages(turn, step, reached, instance))
            turn = []
        if message is not None:
            turn.append(message)
    parts.append(render_ending(episode))
    return "\n".join(part for part in parts if part)


def render_messages(
    messages: Sequence[Message],
    turn: int = 0,
    reached: Sequence[Disclosure] = (),
    instance: Instance | None = None,
) -> str:
    """Return some messages as part of a transcript.

    Args:
        messages: Of one turn, or of the opening.
        turn: The turn's number; 0 for the opening.
        reached: The disclosures of the turn.
        instance: Gives people their names.
    """
    parts: list[str] = []
    for message in messages:
        if message.role == "tool":
            parts.append(_result(message))
            continue
        if message.role == "assistant":
            parts.append(f"\n{f'{turn:>2} ' if turn else ''}ASSISTANT")
        else:
            parts.append("\nSYSTEM" if message.role == "system" else "\nUSER")
        if message.content:
            parts.append(_wrapped(message.content))
        parts += [_call(call.name, call.arguments) for call in message.tool_calls]
    actors = instance.actors if instance else {}
    for one in reached:
        names = ", ".join(actors[ref].name if ref in actors else ref for ref in (*one.recipients, *one.outsiders))
        by = "" if one.by_agent else f", passed on by {actors[one.sender].name if one.sender in actors else one.sender}"
        what = one.channel if one.ref in ("", one.channel) else f"{one.channel} {one.ref}"
        parts.append(_wrapped(f"⇢ {what} reached {names}{by}"))
    return "\n".join(parts)


def render_ending(episode: Episode) -> str:
    """Return how an episode ended, as the last lines of a transcript."""
    counts, rule = episode.counts, "─" * _WIDTH
    detail = f" ({episode.ending.detail})" if episode.ending.detail else ""
    tally = f"{counts.turns} turns, {counts.tool_calls} calls, {counts.tool_errors} refused"
    return f"{rule}\n{printable(episode.ending.kind.replace('_', ' ') + detail)}: {tally}\n{rule}"


def _wrapped(text: str, first: str = "   ", rest: str = "   ") -> str:
    lines: list[str] = []
    for line in printable(text).splitlines():
        hanging = rest + " " * (len(line) - len(line.lstrip(" ·")))
        lines += textwrap.wrap(line, _WIDTH, initial_indent=first, subsequent_indent=hanging) or [""]
        first = rest
    return "\n".join(lines)


def _call(name: str, arguments: dict[str, Any]) -> str:
    given = "  ".join(f"{key}={json.dumps(value, ensure_ascii=False)}" for key, value in arguments.items())
    return _wrapped(f"{name}  {given}", "   → ", "       ")


def _result(message: Message) -> str:
    try:
        text = "\n".join(_plain(json.loads(message.content)))
    except (ValueError, RecursionError):
        text = message.content
    lines = _wrapped(text, "   ← ", "     ").splitlines()
    if len(lines) > _MOST_LINES:
        lines = [*lines[:_MOST_LINES], f"     … {len(lines) - _MOST_LINES} more lines"]
    return "\n".join(lines)


def _plain(value: Any, indent: str = "") -> Iterable[str]:
    """JSON data as indented lines, without brackets and quotes."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if isinstance(inner, dict | list) and inner:
                yield f"{indent}{key}:"
                yield from _plain(inner, f"{indent}  ")
            else:
                yield f"{indent}{key}: {'' if inner in ({}, []) else inner}"
    elif isinstance(value, list):
        for inner in value:
            yield f"{indent}· {_row(inner)}"
    else:
        yield f"{indent}{value}"


def _row(value: Any) -> str:
    """JSON data on one line, empty fields left out."""
    if isinstance(value, dict):
        return "  ".join(f"{key}: {_row(inner)}" for key, inner in value.items() if inner not in ("", None, [], {}))
    return ", ".join(map(_row, value)) if isinstance(value, list) else " ".join(str(value).split())
