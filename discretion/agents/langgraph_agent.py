"""LangChain and LangGraph agents in an office: its tools as LangChain's, and a graph that acts until it is over.

Needs LangGraph; import it when it is used.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Sequence
from importlib.metadata import version
from typing import Any, Final

from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.outputs import LLMResult
from langchain_core.tools import BaseTool, StructuredTool
from pydantic import JsonValue

from discretion.agents.desk import Desk
from discretion.agents.registry import model_source
from discretion.envs.office import Office
from discretion.models.chat import AssistantTurn, FormatError, Message, ToolCall, ToolSpec, Usage
from discretion.models.langchain_messages import read_errors, read_usage, to_langchain
from discretion.models.langchain_model import SEED, LangChainModel
from discretion.models.protocol import ChatModel
from discretion.models.thinking import split_reasoning
from discretion.models.toolcalls import call_id, next_call

__all__ = ["LangGraphAgent", "as_langchain", "office_tools"]

_STEPS: Final = 10_000
"""Of a graph between two answers; what ends an episode is the office's own budget."""

_CLOSED: Final = "the task is closed"

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
    return LangChainModel(model_source(model, **options).model if isinstance(model, str) else model, seed=seed)


def office_tools(office: Office | Desk) -> list[BaseTool]:
    """Return the tools of an office as LangChain tools.

    Every call is a turn of its own. It answers with text: JSON, below it what people sent meanwhile, and in place of an
    error what was wrong and what to do about it. Calls wait for each other.

    Args:
        office: A started office, or a desk in one.
    """
    return _Toolbox(office if isinstance(office, Desk) else Desk(office)).tools


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
    """

    def __init__(self, build: Build, *, name: str = "langgraph", model: LangChainModel | None = None) -> None:
        self.name = name
        self._build = build
        self._model = model

    def describe(self) -> dict[str, JsonValue]:
        """Return what identifies it in a manifest."""
        versions: dict[str, JsonValue] = {f"{name}_version": version(name) for name in ("langchain-core", "langgraph")}
        return {**versions, **({} if self._model is None else {"model": self._model.speaker.describe()})}

    async def play(self, desk: Desk, *, seed: int) -> None:
        """Act until the episode is over.

        Raises:
            TypeError: If the graph returns no messages.
        """
        toolbox = _Toolbox(desk)
        graph = self._build(toolbox.tools)
        config = {"callbacks": [toolbox], "metadata": {SEED: seed}, "recursion_limit": _STEPS}
        messages: list[BaseMessage] = to_langchain(desk.messages)
        while not desk.done:
            found = await _until_closed(graph.ainvoke({"messages": messages}, config), desk)
            if desk.done:
                return
            messages = list(_messages(found))
            last = messages[-1] if messages else None
            thought, text = split_reasoning(str(last.text)) if isinstance(last, AIMessage) else ("", "")
            messages += to_langchain(await desk.step(toolbox.turn(text=text, thought=thought)))

    async def aclose(self) -> None:
        """Release the model."""
        if self._model is not None:
            await self._model.speaker.aclose()


class _Toolbox(BaseCallbackHandler):
    """The tools of a desk, and an eye on the models of the graph: tokens, and calls that could not be read."""

    run_inline = True
    raise_error = True

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._usage = Usage()
        self._errors: list[FormatError] = []
        self._numbers = itertools.count(next_call(desk.messages))
        self.tools: list[BaseTool] = [self._tool(spec) for spec in desk.tools]

    def on_llm_end(self, response: LLMResult, **kwargs: Any) -> None:
        """Note what a reply cost, and what was wrong with it."""
        for generation in (one for batch in response.generations for one in batch[:1]):
            message = getattr(generation, "message", None)
            if isinstance(message, AIMessage):
                self._usage += read_usage(message)
                self._errors += read_errors(message)

    def turn(self, *calls: ToolCall, text: str = "", thought: str = "") -> AssistantTurn:
        """Return a turn, with what has been noted since the last."""
        usage, self._usage = self._usage, Usage()
        errors, self._errors = tuple(self._errors), []
        return AssistantTurn(text=text, tool_calls=calls, format_errors=errors, usage=usage, reasoning=thought)

    def _tool(self, spec: ToolSpec) -> BaseTool:
        def turn(arguments: dict[str, Any]) -> AssistantTurn:
            return self.turn(ToolCall(id=call_id(next(self._numbers)), name=spec.name, arguments=arguments))

        async def acall(**arguments: Any) -> str:
            return _told(await self._desk.step(turn(arguments)))

        def call(**arguments: Any) -> str:
            return _told(self._desk.step_now(turn(arguments)))

        return StructuredTool.from_function(
            func=call,
            coroutine=acall,
            name=spec.name,
            description=spec.description,
            args_schema=spec.parameters,
            infer_schema=False,
        )


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


def _told(seen: Sequence[Message]) -> str:
    """What a call brought, and below it what people sent meanwhile."""
    return "\n\n".join(message.content for message in seen) or _CLOSED


def _messages(found: Any) -> Sequence[BaseMessage]:
    messages = found.get("messages") if isinstance(found, dict) else None
    if not isinstance(messages, list):
        raise TypeError(f"the graph returned {type(found).__name__} without 'messages'")
    return messages
