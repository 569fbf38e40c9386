"""Two more conventions: calls as fenced JSON, and calls in a server's own fields alone."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Final

from discretion.models.chat import Message, ToolCall, ToolSpec, tools_to_wire
from discretion.models.hermes import Hermes
from discretion.models.toolcalls import Parsed

__all__ = ["Fenced", "Native"]

_OFFER: Final = """\
# Tools

You may call these functions to do what the user asks:
%s

For each call write one fenced block of JSON with the function's name and arguments:
```json
{"name": <function name>, "arguments": <arguments object>}
```"""


class Fenced(Hermes):
    r"""Calls as fenced JSON, for models without a form of their own. What `Hermes` reads is read here as well.

    >>> Fenced().parse('```json\n{"name": "list_people", "arguments": {}}\n```').calls[0].name
    'list_people'
    """

    tags: tuple[str, ...] = ()

    def offer(self, tools: Sequence[ToolSpec]) -> str:
        """Return the block of a system prompt that offers tools and says how to call them."""
        return _OFFER % "\n".join(
            json.dumps(tool["function"], ensure_ascii=False) for tool in tools_to_wire(tuple(tools))
        )

    def write_calls(self, calls: Sequence[ToolCall]) -> str:
        """Return calls as the model would write them."""
        bodies = (json.dumps({"name": call.name, "arguments": call.arguments}, ensure_ascii=False) for call in calls)
        return "\n".join(f"```json\n{body}\n```" for body in bodies)

    def write_result(self, result: Message) -> str:
        """Return a tool message as the model is shown it."""
        return f"Result of {result.name}:\n```\n{result.content}\n```"


class Native(Hermes):
    """Calls come in the fields of the server's reply and nowhere else: a text is text, whatever it looks like.

    For servers whose own parser is trusted, and agents that write about tool calls. Of no use to `hf:`.
    """

    tags: tuple[str, ...] = ()

    def parse(self, text: str, *, first: int = 1) -> Parsed:
        """Return the text as it is."""
        return Parsed(text.strip())
