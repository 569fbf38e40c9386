"""A checkpoint's own chat template: what it can render is tried once, and what it cannot is written as text."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from discretion.errors import InputError
from discretion.models.chat import Message, ToolCall, ToolSpec, thinking, to_wire, tools_to_wire
from discretion.models.told_day import asks_for_day, day_setting, without_clock
from discretion.models.toolcalls import Convention, call_id

__all__ = ["ChatTemplate"]

_PROBE_TOOL: Final = ToolSpec(
    name="probe_tool",
    description="d",
    parameters={"type": "object", "properties": {"probe_key": {"type": "string", "description": "d"}}},
)
_PROBE: Final = (
    Message(role="system", content="probe_system"),
    Message(role="user", content="probe_user"),
    Message(
        role="assistant",
        content="probe_words",
        tool_calls=(ToolCall(id=call_id(1), name="probe_tool", arguments={"probe_key": "probe_value"}),),
    ),
    Message(role="tool", content="probe_result", tool_call_id=call_id(1), name="probe_tool"),
    Message(role="user", content="probe_news"),
    Message(role="user", content="probe_more"),
)
_NATIVE: Final = ("probe_system", "probe_user", "probe_tool", "probe_value", "probe_result", "probe_news", "probe_more")


class ChatTemplate:
    """Renders conversations with a tokenizer's chat template.

    Args:
        tokenizer: With a chat template.
        form: How calls, results and tools are written where the template does not take them.
        where: For errors.
        settings: Of the template, by name.

    Attributes:
        takes_tools: The template renders tools, calls and their results itself.
        takes_system: It has a place for a system message; otherwise that stands above the user's first words.

    Raises:
        InputError: If the template cannot render a conversation at all.
    """

    def __init__(
        self, tokenizer: Any, form: Convention, *, where: str, settings: Mapping[str, Any] | None = None
    ) -> None:
        self._tokenizer = tokenizer
        self._form = form
        self._settings = dict(settings or {})
        self.takes_tools = True
        self.takes_system = True
        if self._probe(_NATIVE) is None:
            return
        self.takes_tools = False
        if self._probe(_NATIVE) is None:
            return
        self.takes_system = False
        problem = self._probe(_NATIVE)
        if problem is not None:
            raise InputError(
                f"the chat template cannot render a conversation ({problem})",
                where=where,
                remedy="put the chat_template.jinja of the model it was trained from into the folder",
            )

    def render(self, messages: Sequence[Message], tools: Sequence[ToolSpec]) -> str:
        """Return the prompt of the next assistant turn, special tokens written out."""
        if self.takes_tools:
            wire = to_wire(list(messages), arguments_as_text=False, thoughts="text")
            offered = tools_to_wire(list(tools)) or None
        else:
            wire = self._as_text(messages, tools)
            offered = None
        text = self._tokenizer.apply_chat_template(
            wire,
            tools=offered,
            tokenize=False,
            add_generation_prompt=True,
            **self._dated(offered, messages),
            **self._settings,
        )
        return str(text)

    def _dated(self, offered: list[dict[str, Any]] | None, messages: Sequence[Message]) -> dict[str, Any]:
        """Return the template with the day told to it, where it asks for the day."""
        text = self._tokenizer.get_chat_template(None, offered)
        return {"chat_template": without_clock(text), **day_setting(messages)} if asks_for_day(text) else {}

    def _as_text(self, messages: Sequence[Message], tools: Sequence[ToolSpec]) -> list[dict[str, Any]]:
        """Write calls, results and tools into the text of system, user and assistant messages that alternate."""
        plain: list[tuple[str, str]] = []
        if tools and (not messages or messages[0].role != "system"):
            plain.append(("system", self._form.offer(tools)))
        for message in messages:
            if message.role == "tool":
                role, text = "user", self._form.write_result(message)
            else:
                role, text = message.role, thinking(message.reasoning, message.content)
            if message.role == "system" and not plain and tools:
                text = _joined(text, self._form.offer(tools))
            if message.tool_calls:
                text = _joined(text, self._form.write_calls(message.tool_calls))
            if plain and plain[-1][0] == role:
                plain[-1] = (role, _joined(plain[-1][1], text))
            else:
                plain.append((role, text))
        if not self.takes_system and plain and plain[0][0] == "system":
            system = plain.pop(0)[1]
            if plain and plain[0][0] == "user":
                system = _joined(system, plain.pop(0)[1])
            plain.insert(0, ("user", system))
        return [{"role": role, "content": text} for role, text in plain]

    def _probe(self, wanted: Sequence[str]) -> str | None:
        """Return what keeps the template from rendering the probe conversation, or `None`."""
        try:
            text = self.render(_PROBE, [_PROBE_TOOL])
        except Exception as error:  # templates raise what they like
            return " ".join(str(error).split())[:120] or type(error).__name__
        missing = [word for word in wanted if word not in text]
        return f"it leaves out {json.dumps(missing)}" if missing else None


def _joined(above: str, below: str) -> str:
    return f"{above}\n\n{below}" if above and below else above or below
