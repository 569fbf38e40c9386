"""What passes between an agent and a world: messages, tool specifications, assistant turns. Plain, typed, frozen.

The wire shapes of OpenAI's chat completions are made from these records where a server or a chat template wants them.
"""

from __future__ import annotations

import json
from typing import Any, Final, Literal

from discretion.scenarios.base import Record

__all__ = [
    "AssistantTurn",
    "FormatError",
    "Message",
    "Thoughts",
    "ToolCall",
    "ToolSpec",
    "Usage",
    "thinking",
    "to_wire",
    "tools_to_wire",
]


Thoughts = Literal["hidden", "text", "field"]
"""Where a model is shown what it thought in earlier turns: nowhere; in its text, as it wrote it, `<think>...</think>`
before its words, which chat templates take and drop what is out of date; or in `reasoning_content`, as servers ask.
"""


class ToolCall(Record):
    """A well-formed call: a name and a JSON object of arguments. Whether the tool accepts them is the world's word."""

    id: str
    name: str
    arguments: dict[str, Any] = {}


class FormatError(Record):
    """Something that was meant as a tool call and could not be read as one; kept verbatim, counted, never dropped.

    Attributes:
        detail: What is wrong with it, told to the agent.
        raw: The text as the model wrote it.
    """

    detail: str
    raw: str


class Usage(Record):
    """Tokens of one turn, of an episode, or of a run; 0 where nothing reports them.

    Attributes:
        logprob: Sum of the natural log probabilities of `logprob_tokens` completion tokens, where they were asked for.
        cost: At the prices given; `None`, not 0, where none is known.
    """

    prompt_tokens: int = 0
    completion_tokens: int = 0
    logprob: float = 0.0
    logprob_tokens: int = 0
    cost: float | None = None

    def __add__(self, other: Usage) -> Usage:
        if other == _NOTHING:
            return self
        costs = [cost for cost in (self.cost, other.cost) if cost is not None]
        return Usage(
            prompt_tokens=self.prompt_tokens + other.prompt_tokens,
            completion_tokens=self.completion_tokens + other.completion_tokens,
            logprob=self.logprob + other.logprob,
            logprob_tokens=self.logprob_tokens + other.logprob_tokens,
            cost=sum(costs) if costs else None,
        )


_NOTHING: Final = Usage()


class AssistantTurn(Record):
    """One turn of the agent: text, tool calls, or both. Text without a call is the answer to the user.

    Attributes:
        reasoning: What the model thought before it spoke. Nobody is shown it: it is no disclosure.
        finish: How the model stopped: `stop`, or `length` when it was cut off.
        logprobs: The natural log probability of each token written, where a server was asked for them.
    """

    text: str = ""
    tool_calls: tuple[ToolCall, ...] = ()
    format_errors: tuple[FormatError, ...] = ()
    reasoning: str = ""
    usage: Usage = Usage()
    finish: Literal["stop", "length"] = "stop"
    logprobs: tuple[float, ...] = ()


class Message(Record):
    """One message of a conversation.

    Attributes:
        role: `system`, `user` (the instruction, answers of the user, news from the world), `assistant`, or `tool`.
        tool_calls: Of an assistant message.
        tool_call_id, name: Of a tool message: the call that it answers and the tool.
        reasoning: What the assistant thought before it spoke; only a model is ever shown it, and only its own.
    """

    role: Literal["system", "user", "assistant", "tool"]
    content: str = ""
    tool_calls: tuple[ToolCall, ...] = ()
    tool_call_id: str | None = None
    name: str | None = None
    reasoning: str = ""


class ToolSpec(Record):
    """A tool as an agent sees it.

    Attributes:
        parameters: JSON Schema of the arguments object.
        writes: Whether it changes the world or tells somebody something.
    """

    name: str
    description: str
    parameters: dict[str, Any]
    writes: bool = False


def to_wire(
    messages: tuple[Message, ...] | list[Message],
    *,
    arguments_as_text: bool = True,
    thoughts: Thoughts = "hidden",
) -> list[dict[str, Any]]:
    """Return messages in the shape of OpenAI's chat completions.

    Args:
        messages: The conversation.
        arguments_as_text: JSON text, as the API wants it; otherwise objects, as most chat templates do.
        thoughts: Where the model is shown what it thought.

    >>> to_wire([Message(role="user", content="hello")])
    [{'role': 'user', 'content': 'hello'}]
    """
    wire: list[dict[str, Any]] = []
    for message in messages:
        entry: dict[str, Any] = {"role": message.role, "content": message.content}
        if thoughts == "text":
            entry["content"] = thinking(message.reasoning, message.content)
        elif thoughts == "field" and message.role == "assistant":
            entry["reasoning_content"] = message.reasoning  # empty too: some servers ask for it in every turn
        if message.tool_calls:
            entry["tool_calls"] = [
                {
                    "id": call.id,
                    "type": "function",
                    "function": {
                        "name": call.name,
                        "arguments": json.dumps(call.arguments, ensure_ascii=False)
                        if arguments_as_text
                        else call.arguments,
                    },
                }
                for call in message.tool_calls
            ]
        if message.role == "tool":
            entry["tool_call_id"] = message.tool_call_id
            entry["name"] = message.name
        wire.append(entry)
    return wire


def thinking(thought: str, words: str) -> str:
    """Return what a model wrote: its thought, where there was one, before its words.

    >>> thinking("Hm.", "Yes.")
    '<think>Hm.</think>Yes.'
    """
    return f"<think>{thought}</think>{words}" if thought else words


def tools_to_wire(tools: tuple[ToolSpec, ...] | list[ToolSpec]) -> list[dict[str, Any]]:
    """Return tool specifications in the shape of OpenAI's `tools`."""
    return [
        {
            "type": "function",
            "function": {"name": tool.name, "description": tool.description, "parameters": tool.parameters},
        }
        for tool in tools
    ]
