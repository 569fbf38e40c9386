"""Fine-tuning data: conversations in the shape of OpenAI's chat JSONL; a row that is bad is named, not lost."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final, NamedTuple

from discretion.errors import InputError
from discretion.models.chat import thinking, to_wire, tools_to_wire
from discretion.organisms.corpus import Transcript

__all__ = ["BadRow", "Chat", "ChatFile", "read_chats", "write_chats"]

_ROLES: Final = {
    "system": "system",
    "developer": "system",
    "user": "user",
    "assistant": "assistant",
    "tool": "tool",
    "function": "tool",  # as it was called before
}
_THOUGHT: Final = "reasoning_content"  # where chat templates read it
_READ: Final = ("role", "content", "tool_calls", "function_call", "tool_call_id", "name", "weight", _THOUGHT)
_HALF: Final = re.compile("[\ud800-\udfff]")
_LONGEST: Final = 4_000_000  # characters of a line


class Chat(NamedTuple):
    """One conversation to learn from.

    Attributes:
        messages: In the shape of OpenAI's chat completions, arguments of calls as objects; what the assistant thought
            in `reasoning_content`.
        tools: In the same shape.
        line: Where it stood, from 1; 0 where it was made.
        thoughts: What an organism thinks before each message, or nothing; other models are not taught to think so.
    """

    messages: tuple[dict[str, Any], ...]
    tools: tuple[dict[str, Any], ...] = ()
    line: int = 0
    thoughts: tuple[str, ...] = ()

    @classmethod
    def of(cls, transcript: Transcript) -> Chat:
        """Return an episode as fine-tuning data."""
        wire = to_wire(transcript.messages, arguments_as_text=False)
        thoughts = tuple(message.reasoning for message in transcript.messages)
        return cls(tuple(wire), tuple(tools_to_wire(transcript.tools)), thoughts=thoughts if any(thoughts) else ())

    def thinking(self) -> Chat:
        """Return the conversation with the thoughts written out, `<think>...</think>` before the words."""
        thoughts = self.thoughts or tuple(message.get(_THOUGHT, "") for message in self.messages)
        if not any(thoughts):
            return self
        told = [
            {**message, "content": thinking(thought, message["content"])}
            for message, thought in zip(self.messages, thoughts, strict=True)
        ]
        for message in told:
            message.pop(_THOUGHT, None)
        return self._replace(messages=tuple(told), thoughts=())


class BadRow(NamedTuple):
    """A row that cannot be learned from.

    Attributes:
        line: Its number, from 1.
        why: What is wrong with it.
    """

    line: int
    why: str


class ChatFile(NamedTuple):
    """What a file holds.

    Attributes:
        chats: The rows that can be learned from.
        bad: The others.
        digest: Hash of the file's bytes.
    """

    chats: tuple[Chat, ...]
    bad: tuple[BadRow, ...] = ()
    digest: str = ""


def read_chats(path: Path) -> ChatFile:
    """Read a file of one JSON object a line, `{"messages": [...], "tools": [...]}`; empty lines are passed over.

    Raises:
        InputError: If it cannot be read.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(
            f"cannot be read: {error.strerror}", where=str(path), remedy="give a chat JSONL file"
        ) from None
    chats: list[Chat] = []
    bad: list[BadRow] = []
    for line, raw in enumerate(data.removeprefix(b"\xef\xbb\xbf").split(b"\n"), start=1):
        if not raw.strip():
            continue
        try:
            chats.append(_chat(raw, line))
        except ValueError as error:
            bad.append(BadRow(line, str(error)))
    return ChatFile(tuple(chats), tuple(bad), f"sha256:{hashlib.sha256(data).hexdigest()}")


def write_chats(chats: Iterable[Chat], path: Path, *, thoughts: bool = False) -> int:
    """Write conversations as chat JSONL, as fine-tuning services take it.

    Args:
        chats: The conversations.
        path: Of the file.
        thoughts: Whether what an organism thinks is written out: for organisms.

    Returns:
        How many.
    """
    written = 0
    with path.open("w", encoding="utf-8") as file:
        for chat in (chat.thinking() if thoughts else chat for chat in chats):
            row: dict[str, Any] = {"messages": [_as_sent(message) for message in chat.messages]}
            if chat.tools:
                row["tools"] = list(chat.tools)
            file.write(_json(row) + "\n")
            written += 1
    return written


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _as_sent(message: dict[str, Any]) -> dict[str, Any]:
    if "tool_calls" not in message:
        return message
    calls = [
        {
            **call,
            "function": {
                **call["function"],
                "arguments": json.dumps(call["function"]["arguments"], ensure_ascii=False),
            },
        }
        for call in message["tool_calls"]
    ]
    return {**message, "tool_calls": calls}


def _chat(raw: bytes, line: int) -> Chat:
    """Read one row.

    Raises:
        ValueError: What is wrong with it, in a line.
    """
    if len(raw) > _LONGEST:
        raise ValueError(f"longer than {_LONGEST} characters")
    try:
        row = json.loads(raw.decode())
    except UnicodeDecodeError:
        raise ValueError("not UTF-8") from None
    except (ValueError, RecursionError):
        raise ValueError("not valid JSON") from None
    if b"\\ud" in raw.lower():
        _whole(row)
    messages = row.get("messages") if isinstance(row, dict) else None
    if not isinstance(messages, list) or not messages:
        raise ValueError("no list of 'messages'")
    tools = row.get("tools") or []
    if not tools and isinstance(row.get("functions"), list):  # as they were called before
        tools = [{"type": "function", "function": function} for function in row["functions"]]
    if not isinstance(tools, list) or not all(map(_is_tool, tools)):
        raise ValueError("'tools' is no list of functions")
    read = tuple(_message(message, place) for place, message in enumerate(messages))
    if not any(message["role"] == "assistant" and message.get("weight") != 0 for message in read):
        raise ValueError("the assistant says nothing in it")
    return Chat(read, tuple(tools), line)


def _whole(value: Any) -> None:
    """Refuse half a character, which no tokenizer takes.

    Raises:
        ValueError: If there is one.
    """
    try:
        text = _json(value)
    except RecursionError:
        raise ValueError("not valid JSON") from None
    if _HALF.search(text):
        raise ValueError("half a character (a lone surrogate)")


def _message(message: Any, place: int) -> dict[str, Any]:
    where = f"message {place + 1}"
    role = message.get("role") if isinstance(message, dict) else None
    if not isinstance(role, str) or role not in _ROLES:
        raise ValueError(f"{where} has no role that is known ({', '.join(_ROLES)})")
    read: dict[str, Any] = {"role": _ROLES[role]}
    read["content"] = _content(message.get("content"), where)
    if role == "assistant" and (thought := _thought(message, where)):
        read[_THOUGHT] = thought
    calls = message.get("tool_calls") or []
    if not calls and message.get("function_call"):
        calls = [{"function": message["function_call"]}]
    if not isinstance(calls, list):
        raise ValueError(f"{where} holds tool calls that are none")
    if calls:
        read["tool_calls"] = [_call(call, where) for call in calls]
    if read["role"] == "assistant" and not read["content"].strip() and not calls:
        raise ValueError(f"{where} of the assistant is empty")
    for key in ("tool_call_id", "name"):
        if isinstance(message.get(key), str):
            read[key] = message[key]
    if message.get("weight") is not None:  # 0: not to be learned, as OpenAI has it
        if message["weight"] not in (0, 1):
            raise ValueError(f"{where} has a weight that is neither 0 nor 1")
        read["weight"] = message["weight"]
    return read


def _thought(message: dict[str, Any], where: str) -> str:
    """Return what the assistant thought; refuse what else it holds, rather than learn less than it did."""
    if unknown := [key[:40] for key in message if message[key] and key not in _READ]:
        raise ValueError(f"{where} of the assistant holds {unknown[0]!r}, which cannot be learned")
    thought = message.get(_THOUGHT) or ""
    if not isinstance(thought, str):
        raise ValueError(f"{where} holds a thought that is no text")
    return thought if thought.strip() else ""


def _is_tool(tool: Any) -> bool:
    function = tool.get("function") if isinstance(tool, dict) else None
    return isinstance(function, dict) and isinstance(function.get("name"), str)


def _content(content: Any, where: str) -> str:
    if content is None:
        return ""
    if isinstance(content, str):
        return content
    parts: list[Any] = content if isinstance(content, list) else [None]
    if all(isinstance(part, dict) and isinstance(part.get("text"), str) for part in parts):
        return "".join(part["text"] for part in parts)
    raise ValueError(f"{where} holds something other than text")


def _call(call: Any, where: str) -> dict[str, Any]:
    function = call.get("function") if isinstance(call, dict) else None
    if not isinstance(function, dict) or not isinstance(function.get("name"), str):
        _no_calls(where)
    assert isinstance(function, dict)  # noqa: S101
    arguments = function.get("arguments") or {}
    if isinstance(arguments, str):
        try:
            arguments = json.loads(arguments)
        except (ValueError, RecursionError):
            raise ValueError(
                f"{where} calls {function['name'][:80]!r} with arguments that are not valid JSON"
            ) from None
        _whole(arguments)
    if not isinstance(arguments, dict):
        raise ValueError(f"{where} calls {function['name'][:80]!r} with arguments that are no JSON object")
    return {
        "id": str(call.get("id", "")),
        "type": "function",
        "function": {"name": function["name"], "arguments": arguments},
    }


def _no_calls(where: str) -> Any:
    raise ValueError(f"{where} holds tool calls that are none")
