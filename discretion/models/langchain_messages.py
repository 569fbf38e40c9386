"""Messages, tools and turns in LangChain's shapes, and back. Needs `langchain-core`; import it when it is used."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any, Final

from langchain_core.messages import (
    AIMessage,
    BaseMessage,
    HumanMessage,
    InvalidToolCall,
    SystemMessage,
    ToolMessage,
)
from langchain_core.messages import ToolCall as LangChainCall
from langchain_core.messages.ai import UsageMetadata

from discretion.models.chat import AssistantTurn, FormatError, Message, ToolCall, ToolSpec, Usage
from discretion.models.conventions import convention, read_turn
from discretion.models.openai_reply import ended
from discretion.models.thinking import split_reasoning
from discretion.models.toolcalls import Convention, call_id, read_call

__all__ = [
    "from_langchain",
    "read_answer",
    "read_errors",
    "read_message",
    "read_usage",
    "read_words",
    "specs_from",
    "to_langchain",
    "write_turn",
]


def to_langchain(messages: Iterable[Message]) -> list[BaseMessage]:
    """Return messages as LangChain's.

    >>> to_langchain([Message(role="user", content="hello")])[0].content
    'hello'
    """
    return [_to_langchain(message) for message in messages]


def _to_langchain(message: Message) -> BaseMessage:
    if message.role == "system":
        return SystemMessage(message.content)
    if message.role == "user":
        return HumanMessage(message.content)
    if message.role == "tool":
        return ToolMessage(message.content, tool_call_id=message.tool_call_id or "", name=message.name)
    thought = {"reasoning_content": message.reasoning} if message.reasoning else {}
    return AIMessage(message.content, tool_calls=_calls(message.tool_calls), additional_kwargs=thought)


def _calls(calls: Sequence[ToolCall]) -> list[LangChainCall]:
    return [LangChainCall(name=call.name, args=call.arguments, id=call.id, type="tool_call") for call in calls]


def from_langchain(messages: Iterable[BaseMessage]) -> list[Message]:
    """Return LangChain's messages as ours.

    Raises:
        ValueError: If one is of no kind that a chat model is given.
    """
    return [_from_langchain(message) for message in messages]


def _from_langchain(message: BaseMessage) -> Message:
    text = str(message.text)
    if isinstance(message, SystemMessage):
        return Message(role="system", content=text)
    if isinstance(message, HumanMessage):
        return Message(role="user", content=text)
    if isinstance(message, ToolMessage):
        return Message(role="tool", content=text, tool_call_id=message.tool_call_id, name=message.name)
    if isinstance(message, AIMessage):
        calls = [
            ToolCall(id=call["id"] or "", name=call["name"], arguments=call["args"]) for call in message.tool_calls
        ]
        unread = [call["args"] or "" for call in message.invalid_tool_calls]
        thought, said = split_reasoning(text)
        content = "\n".join(part for part in (said, *unread) if part)
        reasoning = thought or _reasoning(message)
        return Message(role="assistant", content=content, tool_calls=calls, reasoning=reasoning)
    raise ValueError(f"a {type(message).__name__} is no message for a chat model")


def read_message(message: AIMessage, form: Convention, *, first: int) -> AssistantTurn:
    """Read a chat model's reply. Calls get ids of their own, since a server's are random.

    Args:
        message: The reply.
        form: For calls that were left in the text.
        first: The number that the first call gets.

    Raises:
        BadReplyError: If the server did not bring it to an end.
    """
    native: list[ToolCall | FormatError] = []
    for number, call in enumerate(message.tool_calls, start=first):
        native.append(ToolCall(id=call_id(number), name=call["name"], arguments=call["args"]))
    for unread in message.invalid_tool_calls:
        number = first + sum(isinstance(call, ToolCall) for call in native)
        native.append(_second_look(unread, number))
    return _turn(message, form, native, first=first)


def read_answer(message: AIMessage) -> AssistantTurn:
    """Read the last reply of a graph, which runs its calls itself: what it has not read is a format error.

    Args:
        message: The reply.

    Raises:
        BadReplyError: If the server did not bring it to an end.
    """
    return _turn(message, convention("native"), [*read_errors(message)], first=1)


def _turn(message: AIMessage, form: Convention, native: list[ToolCall | FormatError], *, first: int) -> AssistantTurn:
    text = str(message.text) or _refusal(message)
    finish = ended(_finish(message), text, native, message.response_metadata)
    return read_turn(
        text,
        form,
        first=first + sum(isinstance(call, ToolCall) for call in native),
        native=native,
        reasoning=_reasoning(message),
        usage=read_usage(message),
        finish=finish,
    )


def read_errors(message: AIMessage) -> list[FormatError]:
    """Return what a reply meant as calls and LangChain could not read, and so nobody ran."""
    errors = []
    for unread in message.invalid_tool_calls:
        call = _second_look(unread, 0)
        if isinstance(call, ToolCall):  # which only we can read
            detail = f"the arguments of {call.name[:80]!r} are no plain JSON object"
            call = FormatError(detail=detail, raw=unread.get("args") or "")
        errors.append(call)
    return errors


def read_words(message: AIMessage) -> tuple[str, str]:
    """Return what a reply thought and what it said."""
    thought, said = split_reasoning(str(message.text))
    return thought or _reasoning(message), said.strip()


def _second_look(unread: InvalidToolCall, number: int) -> ToolCall | FormatError:
    """Read a call that LangChain could not, as leniently as others are read; failing that, keep it verbatim."""
    name, arguments = unread.get("name"), unread.get("args") or ""
    if not name:
        return FormatError(detail=unread.get("error") or "the tool call gives no 'name'", raw=arguments)
    value = {"name": name, "arguments": arguments}
    return read_call(value, call=call_id(number), raw=json.dumps(value, ensure_ascii=False))


def _reasoning(message: AIMessage) -> str:
    spoken = message.additional_kwargs.get("reasoning_content")
    if isinstance(spoken, str):
        return spoken
    try:
        blocks: list[Any] = list(message.content_blocks)
    except Exception:  # a provider's blocks that its own translator chokes on; the text is read without them
        return ""
    thoughts = (block.get("reasoning") for block in blocks if block.get("type") == "reasoning")
    return "\n".join(thought for thought in thoughts if isinstance(thought, str))


def read_usage(message: AIMessage) -> Usage:
    """Return the tokens of a reply; 0 where the provider reports none."""
    said = message.usage_metadata
    if said is None:
        return Usage()
    return Usage(prompt_tokens=max(0, said["input_tokens"]), completion_tokens=max(0, said["output_tokens"]))


_REASONS: Final = ("finish_reason", "stop_reason", "stopReason", "done_reason")


def _finish(message: AIMessage) -> Any:
    said = message.response_metadata
    reason = next((said[key] for key in _REASONS if said.get(key)), None)
    if reason is None and said.get("status") not in (None, "completed"):  # of OpenAI's Responses API
        details = said.get("incomplete_details")
        return (details.get("reason") if isinstance(details, dict) else None) or said["status"]
    return reason


def _refusal(message: AIMessage) -> str:
    """What a model says in place of an answer, where its provider keeps that apart."""
    blocks = message.content if isinstance(message.content, list) else []
    apart = [message.additional_kwargs.get("refusal")]
    apart += [block.get("refusal") for block in blocks if isinstance(block, dict) and block.get("type") == "refusal"]
    return "".join(words for words in apart if isinstance(words, str))


def write_turn(turn: AssistantTurn, *, model: str) -> AIMessage:
    """Return a turn as a LangChain reply.

    Args:
        turn: The turn.
        model: What the model is called.
    """
    tokens = turn.usage
    invalid = [
        InvalidToolCall(type="invalid_tool_call", id=None, name=None, args=error.raw, error=error.detail)
        for error in turn.format_errors
    ]
    return AIMessage(
        turn.text,
        tool_calls=_calls(turn.tool_calls),
        invalid_tool_calls=invalid,
        usage_metadata=UsageMetadata(
            input_tokens=tokens.prompt_tokens,
            output_tokens=tokens.completion_tokens,
            total_tokens=tokens.prompt_tokens + tokens.completion_tokens,
        ),
        response_metadata={"model_name": model, "finish_reason": turn.finish},
        additional_kwargs={"reasoning_content": turn.reasoning} if turn.reasoning else {},
    )


def specs_from(tools: Iterable[dict[str, Any]]) -> list[ToolSpec]:
    """Return tools in OpenAI's shape as ours."""
    functions = (tool["function"] for tool in tools)
    return [
        ToolSpec(
            name=function["name"],
            description=function.get("description", ""),
            parameters=function.get("parameters") or {"type": "object", "properties": {}},
        )
        for function in functions
    ]
