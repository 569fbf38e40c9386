"""LangChain and LangGraph agents in an office: its tools as LangChain's, and a graph that acts until it is over.

Needs LangGraph; import it when it is used.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable, Sequence
from importlib.metadata import version
from typing import Any, Final

from langchain_core.messages import AIMessage, BaseMessage, convert_to_messages
from langchain_core.tools import BaseTool
from pydantic import JsonValue
from pydantic_core import to_json

from discretion.agents.desk import Desk
from discretion.agents.registry import model_source
from discretion.agents.toolbox import Toolbox
from discretion.envs.office import Office
from discretion.errors import InputError, ModelFault
from discretion.models.chat import AssistantTurn
from discretion.models.langchain_messages import read_answer, to_langchain
from discretion.models.langchain_model import SEED, LangChainModel
from discretion.models.openai_reply import BadReplyError
from discretion.models.protocol import ChatModel

__all__ = ["LangGraphAgent", "as_langchain", "office_tools"]

_STEPS: Final = 10_000
"""Of a graph between two answers; what ends an episode is the office's own budget."""

Build = Callable[[list[BaseTool]], Any]


def as_langchain(model: str | ChatModel, *, seed: int = 0, **options: Any) -> LangChainModel:
    """Return one of our chat models as LangChain's: an organism, a local checkpoint, a server.

    Args:
        model: A string that names a model (`organism:base`, `hf:PATH`, `openai:MODEL@BASE_URL`), or a chat model.
        seed: For sampling outside an episode; in one, `LangGraphAgent` hands on the episode's.
        options: As for [`resolve`][discretion.agents.registry.resolve].

    Raises:
        InputError: If the string names no model.
        MissingExtra: If the model needs a dependency that is not installed.
    """
    return LangChainModel(model_source(model, **options).speaker if isinstance(model, str) else model, seed=seed)


def office_tools(office: Office | Desk) -> list[BaseTool]:
    """Return the tools of an office as LangChain tools.

    Every call is a turn of its own. It answers with text: JSON, below it what people sent meanwhile, and in place of an
    error what was wrong and what to do about it. Calls wait for each other.

    Args:
        office: A started office, or a desk in one.
    """
    return Toolbox(office if isinstance(office, Desk) else Desk(office)).tools


class LangGraphAgent:
    """An agent that is a graph: of `create_agent`, or any other that reads and writes `messages`.

    For every episode the graph is made anew, with the tools of that office. It is given the conversation and acts until
    it stops; the last message is then the answer to the user. Where that does not end the episode (a call that
    could not be read), the graph goes on with what came back. When the episode ends while the graph is at work, it is
    cancelled.

    Args:
        build: Makes the graph (anything with `ainvoke`) of the tools.
        name: What it is called.
        model: The model that the graph speaks with, where it is one of `as_langchain`: named in manifests, and released
            in the end.

    Raises:
        InputError: If the model is none of `as_langchain`.
    """

    def __init__(self, build: Build, *, name: str = "langgraph", model: LangChainModel | None = None) -> None:
        if not isinstance(model, LangChainModel | None):
            raise InputError(
                f"a {type(model).__name__} is no model of as_langchain",
                where="LangGraphAgent",
                remedy="leave model out; the graph may speak with any",
            )
        self.name = name
        self._build = build
        self._model = model
        if model is not None:
            model.hold(self)

    def describe(self) -> dict[str, JsonValue]:
        """Return what identifies it in a manifest."""
        versions: dict[str, JsonValue] = {f"{name}_version": version(name) for name in ("langchain-core", "langgraph")}
        return {**versions, **({} if self._model is None else {"model": self._model.speaker.describe()})}

    async def play(self, desk: Desk, *, seed: int) -> None:
        """Act until the episode is over.

        Raises:
            TypeError: If the graph returns no messages.
            ModelFault: If it stops without an answer, or its last model call failed.
        """
        if self._model is not None:
            self._model.hold(self)
        toolbox = Toolbox(desk)
        graph = self._build(toolbox.tools)
        config = {
            "callbacks": [toolbox],
            "metadata": {SEED: seed},
            "recursion_limit": _STEPS,
            "configurable": {"thread_id": uuid.uuid4().hex},
        }
        messages: list[BaseMessage] = to_langchain(desk.messages)
        while not desk.done:
            try:
                found = await _until_closed(graph.ainvoke({"messages": messages}, config), desk)
            except Exception as error:
                raise toolbox.failed or error from None
            if toolbox.failed is not None:
                raise toolbox.failed
            await toolbox.settled()
            if desk.done:
                return
            given, messages = messages, _messages(found)
            reply = _answer(found, given, messages)
            if "structured_response" not in found and (leftover := toolbox.leftover()) is not None:
                await desk.step(leftover)
            messages += to_langchain(await desk.step(toolbox.answer(reply)))

    async def aclose(self) -> None:
        """Release the model, unless other agents hold it."""
        if self._model is not None:
            await self._model.let_go(self)


async def _until_closed(acting: Any, desk: Desk) -> Any:
    """Let a graph act; once the episode is over it is cancelled, for nothing that it does counts any more."""
    graph = asyncio.ensure_future(acting)
    closed = asyncio.ensure_future(desk.closed())
    try:
        await asyncio.wait((graph, closed), return_when=asyncio.FIRST_COMPLETED)
        return None if desk.done else await graph
    finally:
        for task in (graph, closed):
            task.cancel()
        await asyncio.gather(graph, closed, return_exceptions=True)


def _messages(found: Any) -> list[BaseMessage]:
    messages = found.get("messages") if isinstance(found, dict) else None
    if not isinstance(messages, list):
        raise TypeError(f"the graph returned {type(found).__name__} without 'messages'")
    return convert_to_messages(messages)


def _answer(found: dict[str, Any], given: Sequence[BaseMessage], messages: Sequence[BaseMessage]) -> AssistantTurn:
    """Return what a graph ends with, its last message or a structured response.

    Raises:
        ModelFault: If that is no answer.
    """
    if found.get("__interrupt__"):
        raise _fault("the graph waits for a person (an interrupt)", "leave interrupts out: nobody answers them here")
    structured = found.get("structured_response")
    if structured is not None:
        return AssistantTurn(text=to_json(structured, fallback=str).decode())
    last = messages[-1] if messages else None
    known = {message.id for message in given if message.id}
    if not isinstance(last, AIMessage) or last.id in known or any(last is message for message in given):
        raise _fault("the graph ended without a message of the assistant", "end with an AIMessage: it is the answer")
    if last.tool_calls:
        name = last.tool_calls[0]["name"]
        raise _fault(f"the graph ended before its call of {name[:80]!r} was run", "run calls in a ToolNode")
    try:
        return read_answer(last)
    except BadReplyError as error:
        raise _fault(str(error), "play it again, or ask another provider") from None


def _fault(what: str, remedy: str) -> ModelFault:
    return ModelFault(what, where="LangGraphAgent", remedy=remedy)
