"""Requests to an OpenAI-compatible server, written to the byte."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from discretion.models.chat import Message, Thoughts, ToolSpec, to_wire, tools_to_wire
from discretion.models.protocol import Sampling
from discretion.models.server import OPENAI_URL
from discretion.models.told_day import day_setting

__all__ = ["RESERVED", "Requests"]

RESERVED: Final = frozenset(
    {"messages", "model", "tools", "tool_choice", "functions", "function_call", "n", "stream", "response_format"}
)
"""What a request carries that is nobody's to change."""


class Requests:
    """Writes the bodies of requests to one model.

    Args:
        model: The name that the server knows.
        url: The server.
        sampling: Temperature and longest turn.
        native: Whether the server reads tool calls itself.
        logprobs: Whether to ask for log probabilities.
        thoughts: How the model is shown its earlier thoughts.
        extra: More of every body, in place of what else would be there; what is `None` is left out of it.
        tells_day: Whether the chat template is told the day.
    """

    def __init__(
        self,
        model: str,
        url: str,
        sampling: Sampling,
        *,
        native: bool,
        logprobs: bool,
        thoughts: Thoughts,
        extra: Mapping[str, Any],
        tells_day: bool = False,
    ) -> None:
        self._own = url == OPENAI_URL
        self._native = native
        self._thoughts = thoughts
        # OpenAI's own newer models refuse `max_tokens`; other servers know nothing else.
        longest = "max_completion_tokens" if self._own else "max_tokens"
        self._always: dict[str, Any] = {"model": model, longest: sampling.max_tokens}
        if sampling.temperature is not None:
            self._always["temperature"] = sampling.temperature
        if logprobs:
            self._always["logprobs"] = True
        self._extra = dict(extra)
        self._tells_day = tells_day
        self._tool_texts = _ToolTexts()

    def turn(self, messages: Sequence[Message], tools: Sequence[ToolSpec], seed: int, **more: Any) -> bytes:
        """Return the body of a request for the next turn; `more` goes into it."""
        request = {**self._always, "messages": to_wire(list(messages), thoughts=self._thoughts), "seed": seed, **more}
        if tools and not self._native:
            # The tags of calls may be special tokens, which servers leave out of a text.
            request |= {"tool_choice": "none", "skip_special_tokens": False}
        if self._extra:
            request = {key: value for key, value in (request | self._extra).items() if value is not None}
        if self._tells_day:
            settings = request.get("chat_template_kwargs", {})
            request["chat_template_kwargs"] = {**settings, **day_setting(messages)}
        body = _to_json(request)
        if tools:
            body = f'{body[:-1]},"tools":{self._tool_texts.write(tools)}}}'
        return body.encode("utf-8", "replace")

    def held(self, messages: Sequence[Message], schema: Mapping[str, Any], seed: int) -> bytes:
        """Return the body of a request for a text that is JSON of a schema."""
        # OpenAI's own server refuses lengths, which others need to bring a small model to an end.
        shown = _without_lengths(schema) if self._own else dict(schema)
        held = {"name": "reply", "schema": shown, "strict": True}
        return self.turn(messages, (), seed, response_format={"type": "json_schema", "json_schema": held})


class _ToolTexts:
    """The JSON of tool specifications, kept: they are the longest part of a request, and the same turn for turn."""

    _MOST: Final = 1024

    def __init__(self) -> None:
        self._known: dict[int, tuple[ToolSpec, str]] = {}  # the specification is kept so that its id stays its own

    def write(self, tools: Sequence[ToolSpec]) -> str:
        """Return the JSON list."""
        return f"[{','.join(map(self._text, tools))}]"

    def _text(self, tool: ToolSpec) -> str:
        known = self._known.get(id(tool))
        if known is None:
            if len(self._known) >= self._MOST:
                self._known.clear()
            known = self._known[id(tool)] = (tool, _to_json(tools_to_wire([tool])[0]))
        return known[1]


def _to_json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _without_lengths(schema: Any) -> Any:
    """Return a JSON schema without lengths of strings."""
    if isinstance(schema, Mapping):
        return {key: _without_lengths(value) for key, value in schema.items() if key not in ("minLength", "maxLength")}
    return [_without_lengths(item) for item in schema] if isinstance(schema, list) else schema
