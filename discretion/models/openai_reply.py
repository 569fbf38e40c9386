"""The JSON of a chat completion, read as an assistant turn. Servers differ, and none is trusted."""

from __future__ import annotations

import json
import math
from typing import Any, Final, Literal

from discretion.models.chat import AssistantTurn, FormatError, ToolCall, Usage
from discretion.models.conventions import read_turn
from discretion.models.finishes import read_finish
from discretion.models.toolcalls import Convention, call_id, read_call

__all__ = ["BadReplyError", "ended", "error_text", "read_reply"]


_MOST_TOKENS: Final = 2**53
_LEAST_LOGPROB: Final = -1e9  # such as servers write for a token that cannot be


class BadReplyError(ValueError):
    """A reply that is no chat completion; the message says why, for people."""


def read_reply(reply: Any, form: Convention, *, first: int) -> AssistantTurn:
    """Read a decoded reply. Calls get ids of their own, since a server's are random.

    Args:
        reply: The JSON of a chat completion.
        form: For calls that the server left in the text.
        first: The number that the first call gets.

    Raises:
        BadReplyError: If it is none.
    """
    if not isinstance(reply, dict):
        raise BadReplyError("the reply is no JSON object")
    if reply.get("error"):
        raise BadReplyError(f"the reply is an error: {error_text(reply)}")
    choices = reply.get("choices")
    choice = choices[0] if isinstance(choices, list) and choices else None
    message = choice.get("message") if isinstance(choice, dict) else None
    if not isinstance(choice, dict) or not isinstance(message, dict):
        raise BadReplyError("the reply has no choices[0].message")
    native = _native_calls(message, first)
    text = _text(message.get("content")) or _beside(message.get("refusal"))
    if choice.get("error"):  # of one provider behind a router; what was written until then is no answer
        raise BadReplyError(f"the reply is an error: {error_text(choice)}")
    finish = ended(choice.get("finish_reason"), text, native, choice)
    logprobs = _logprobs(choice.get("logprobs"))
    return read_turn(
        text,
        form,
        first=first + sum(isinstance(call, ToolCall) for call in native),
        native=native,
        reasoning=_beside(message.get("reasoning_content")) or _beside(message.get("reasoning")),
        usage=_usage(reply.get("usage"), logprobs),
        finish=finish,
        logprobs=logprobs,
    )


def ended(said: Any, text: str, native: list[ToolCall | FormatError], whole: Any) -> Literal["stop", "length"]:
    """Return how a reply ended; a call that the server meant and does not give becomes a format error in `native`.

    Args:
        said: The server's reason for the end.
        text: Of the reply.
        native: What the server has read as calls.
        whole: What such an error keeps.

    Raises:
        BadReplyError: If the server failed, or a filter took all of it: half an answer, or none, is no outcome.
    """
    finish, empty = read_finish(said), not (text.strip() or native)
    if finish == "failed":
        raise BadReplyError(f"the server broke off: {error_text(said) or 'error'}")
    if finish == "filtered" and empty:
        raise BadReplyError("the server's content filter took the reply")
    if finish in ("called", "malformed") and empty:
        detail = f"the server says {error_text(said)[:40].lower()!r} and gives no tool call"
        native.append(FormatError(detail=detail, raw=json.dumps(whole, ensure_ascii=False, default=str)))
    return "length" if finish == "length" else "stop"


def _native_calls(message: dict[str, Any], first: int) -> list[ToolCall | FormatError]:
    given = message.get("tool_calls") or []
    if not isinstance(given, list):
        given = [given]
    if message.get("function_call") and not given:  # older servers send it alone, some beside the same in `tool_calls`
        given = [message["function_call"]]
    read: list[ToolCall | FormatError] = []
    for item in given:
        number = first + sum(isinstance(call, ToolCall) for call in read)
        read.append(read_call(item, call=call_id(number), raw=json.dumps(item, ensure_ascii=False)))
    return read


def _text(content: Any) -> str:
    """Return the text of a content, which may be a string or a list of parts."""
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        texts = (part.get("text") if isinstance(part, dict) else part for part in content)
        return "".join(text for text in texts if isinstance(text, str))
    if content is None:
        return ""
    raise BadReplyError("the reply's content is no text")


def _beside(content: Any) -> str:
    """Return the text of a field beside the content, which may hold anything; nothing where it is no text."""
    return _text(content) if isinstance(content, (str, list)) else ""


def _usage(usage: Any, logprobs: tuple[float, ...]) -> Usage:
    def tokens(key: str) -> int:
        count = usage.get(key) if isinstance(usage, dict) else None
        return count if isinstance(count, int) and 0 <= count <= _MOST_TOKENS else 0

    return Usage(
        prompt_tokens=tokens("prompt_tokens"),
        completion_tokens=tokens("completion_tokens"),
        logprob=math.fsum(logprobs),
        logprob_tokens=len(logprobs),
    )


def _logprobs(found: Any) -> tuple[float, ...]:
    """Return the log probabilities of the tokens written; none where the server gave none that can be read."""
    content = found.get("content") if isinstance(found, dict) else None
    items: list[Any] = (
        [item.get("logprob") for item in content if isinstance(item, dict)] if isinstance(content, list) else []
    )
    if not all(isinstance(item, (int, float)) and _LEAST_LOGPROB <= item <= 0 for item in items):
        return ()
    return tuple(float(item) for item in items)


def error_text(body: Any) -> str:
    r"""Return the message of an error body, one line of at most 200 characters.

    >>> error_text({"error": {"message": "no such\n model"}})
    'no such model'
    """
    while isinstance(body, dict):
        body = next((body[key] for key in ("error", "message", "detail") if body.get(key)), "")
    text = body if isinstance(body, str) else json.dumps(body, ensure_ascii=False)
    return " ".join("".join(c if c.isprintable() else " " for c in text[:2000]).split())[:200]
