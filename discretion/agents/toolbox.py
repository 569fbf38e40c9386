"""The tools of a desk as LangChain's, and an eye on the models of the graph that uses them.

Needs `langchain-core`; import it when it is used.
"""

from __future__ import annotations

import asyncio
import itertools
import threading
from collections.abc import Iterable, Sequence
from typing import Any, Final

from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.messages import AIMessage
from langchain_core.outputs import LLMResult
from langchain_core.tools import BaseTool, StructuredTool

from discretion.agents.desk import Desk, HeldUpError
from discretion.errors import ModelUnusable
from discretion.models.chat import AssistantTurn, Message, ToolCall, ToolSpec, Usage
from discretion.models.langchain_messages import read_errors, read_usage, read_words
from discretion.models.toolcalls import call_id, next_call

__all__ = ["Toolbox"]

_CLOSED: Final = "the task is closed"

_PAST_END: Final = 32
"""Calls past the end that are answered; a graph that still goes on is stopped by an error."""


class Toolbox(BaseCallbackHandler):
    """The tools of a desk, and what the models of a graph said since the last turn.

    A graph answers calls of unknown tools by itself, and calls that it cannot read. They are played as a turn before a
    model speaks again, so that they count, and cost turns, as they do with any other agent.

    Args:
        desk: Whose tools.

    Attributes:
        tools: Each call is a turn of its own.
    """

    run_inline = True
    raise_error = True

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._lock = threading.Lock()
        self._notes: list[AssistantTurn] = []
        self._strays: list[ToolCall] = []  # of tools that the office does not have
        self._own: set[str] = set()  # the graph's own tools, beside the office's
        self._news: list[Message] = []
        self._later: list[asyncio.Future[None]] = []  # turns that people make wait
        self._spoken = False
        self._past = itertools.count(1)
        self._failure: Exception | None = None
        self._unusable: ModelUnusable | None = None
        self._numbers = itertools.count(next_call(desk.messages))
        self._names = frozenset(spec.name for spec in desk.tools)
        self.tools: list[BaseTool] = [self._tool(spec) for spec in desk.tools]

    # -- what LangChain tells ------------------------------------------------------------------------------------

    def on_chat_model_start(self, serialized: dict[str, Any], messages: Any, **kwargs: Any) -> None:
        """Settle what the last reply left, before a model speaks again."""
        self._own |= _offered((kwargs.get("invocation_params") or {}).get("tools")) - self._names
        self._settle()

    def on_llm_start(self, serialized: dict[str, Any], prompts: list[str], **kwargs: Any) -> None:
        """Do the same before a model that is no chat model."""
        self._settle()

    def on_llm_end(self, response: LLMResult, **kwargs: Any) -> None:
        """Note what a reply said and cost, and what was wrong with it."""
        self._failure = None
        for generation in (one for batch in response.generations for one in batch[:1]):
            message = getattr(generation, "message", None)
            if isinstance(message, AIMessage):
                self._note(message)

    def on_llm_error(self, error: BaseException, **kwargs: Any) -> None:
        """Note a failure: a graph may go on as if there had been none."""
        if isinstance(error, Exception):  # and no cancellation
            self._failure, self._spoken = error, True
        if isinstance(error, ModelUnusable):
            self._unusable = error

    def on_tool_start(self, serialized: dict[str, Any] | None, input_str: str, **kwargs: Any) -> None:
        """Learn which tools the graph has of its own."""
        name = (serialized or {}).get("name")
        if isinstance(name, str) and name not in self._names:
            self._own.add(name)

    # -- what the agent asks -------------------------------------------------------------------------------------

    @property
    def failed(self) -> Exception | None:
        """Why no reply came to the graph's last question, or can come to any."""
        if self._unusable is not None or self._desk.done:
            return self._unusable
        return self._failure

    async def settled(self) -> None:
        """Wait for the turns that were begun where nobody could wait for them."""
        later, self._later = self._later, []
        await asyncio.gather(*later)

    def leftover(self) -> AssistantTurn | None:
        """Return as a turn the calls that the graph has answered by itself; `None` where there are none."""
        with self._lock:
            strays, self._strays = [call for call in self._strays if call.name not in self._own], []
        return self.turn(*map(self._numbered, strays)) if strays else None

    def answer(self, reply: AssistantTurn) -> AssistantTurn:
        """Return the graph's answer as a turn, with what has been noted since the last.

        Args:
            reply: As the graph ended with it.
        """
        noted = self.turn()
        thoughts = [thought for thought in (noted.reasoning, reply.reasoning) if thought]
        if len(thoughts) == 2 and reply.reasoning in noted.reasoning:
            thoughts.pop()
        fresh = (error for error in reply.format_errors if error not in noted.format_errors)
        return noted.model_copy(
            update={
                "text": reply.text,
                "finish": reply.finish,
                "reasoning": "\n".join(thoughts),
                "format_errors": (*noted.format_errors, *fresh),
            }
        )

    def turn(self, *calls: ToolCall) -> AssistantTurn:
        """Return a turn, with what has been noted since the last."""
        with self._lock:
            notes, self._notes = self._notes, []
            self._spoken = False
        return AssistantTurn(
            text="\n".join(note.text for note in notes if note.text),
            tool_calls=calls,
            format_errors=tuple(error for note in notes for error in note.format_errors),
            reasoning="\n".join(note.reasoning for note in notes if note.reasoning),
            usage=sum((note.usage for note in notes), Usage()),
        )

    def _note(self, message: AIMessage) -> None:
        thought, said = read_words(message)
        note = AssistantTurn(
            text=said, reasoning=thought, format_errors=tuple(read_errors(message)), usage=read_usage(message)
        )
        strays = [
            ToolCall(id=call["id"] or "", name=call["name"], arguments=call["args"])
            for call in message.tool_calls
            if call["name"] not in self._names
        ]
        with self._lock:
            self._notes.append(note)
            self._strays += strays
            self._spoken = True

    def _settle(self) -> None:
        turn = self.leftover()
        if turn is None and any(note.format_errors for note in self._notes):
            turn = self.turn()
        if turn is not None:
            self._play(turn)
        elif self._spoken:
            self._desk.think(sum((note.usage for note in self._notes), Usage()))
            self._notes = [note.model_copy(update={"usage": Usage()}) for note in self._notes]
            self._spoken = False
        if self._desk.done and (not _in_loop() or next(self._past) > _PAST_END):
            raise RuntimeError(_CLOSED)  # a thread cannot be cancelled

    def _play(self, turn: AssistantTurn) -> None:
        try:
            self._hear(self._desk.step_now(turn))
        except HeldUpError:
            if not _in_loop():
                raise
            self._later.append(asyncio.ensure_future(self._play_later(turn)))

    async def _play_later(self, turn: AssistantTurn) -> None:
        self._hear(await self._desk.step(turn))

    def _hear(self, seen: Sequence[Message]) -> None:
        """Keep what people sent until a tool's result can bring it."""
        self._news += [message for message in seen if message.role == "user"]

    # -- tools ---------------------------------------------------------------------------------------------------

    def _tool(self, spec: ToolSpec) -> BaseTool:
        def turn(arguments: dict[str, Any]) -> AssistantTurn:
            return self.turn(self._numbered(ToolCall(id="", name=spec.name, arguments=arguments)))

        async def acall(**arguments: Any) -> str:
            return self._told(await self._desk.step(turn(arguments)))

        def call(**arguments: Any) -> str:
            return self._told(self._desk.step_now(turn(arguments)))

        return StructuredTool.from_function(
            func=call,
            coroutine=acall,
            name=spec.name,
            description=spec.description,
            args_schema=spec.parameters,
            infer_schema=False,
        )

    def _numbered(self, call: ToolCall) -> ToolCall:
        return call.model_copy(update={"id": call_id(next(self._numbers))})

    def _told(self, seen: Sequence[Message]) -> str:
        """What a call brought, and below it what people sent meanwhile.

        Raises:
            RuntimeError: If the task was closed long before.
        """
        if not seen and next(self._past) > _PAST_END:
            raise RuntimeError(_CLOSED)
        news, self._news = self._news, []
        return "\n\n".join(message.content for message in (*seen, *news)) or _CLOSED


def _in_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def _offered(tools: Any) -> set[str]:
    """The names of the tools that a model is offered, in whatever shape its provider wants them."""
    shapes: Iterable[Any] = tools if isinstance(tools, list | tuple) else ()
    named = (tool.get("function", tool) for tool in shapes if isinstance(tool, dict))
    names = (tool.get("name") for tool in named if isinstance(tool, dict))
    return {name for name in names if isinstance(name, str)}
