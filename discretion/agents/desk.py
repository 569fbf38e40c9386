"""An office as those see it who act in it by themselves: the conversation, the tools, and no norms."""

from __future__ import annotations

import asyncio
import threading

from discretion.envs.office import Office
from discretion.models.chat import AssistantTurn, Message, ToolSpec
from discretion.models.taming import tame

__all__ = ["Desk"]


class Desk:
    """A seat in an office. Turns are played one after the other, however many callers there are.

    Args:
        office: Where it stands.
    """

    def __init__(self, office: Office) -> None:
        self._office = office
        try:
            self._home: asyncio.AbstractEventLoop | None = asyncio.get_running_loop()
        except RuntimeError:
            self._home = None
        self._thread = threading.get_ident()
        self._plain = threading.Lock()
        self._one = asyncio.Lock()
        self._closed = asyncio.Event()

    @property
    def messages(self) -> tuple[Message, ...]:
        """The conversation so far, the system prompt first."""
        self._office.start()
        return tuple(self._office.messages)

    @property
    def tools(self) -> tuple[ToolSpec, ...]:
        """What may be called."""
        return self._office.tools

    @property
    def done(self) -> bool:
        """Whether the episode is over."""
        return self._office.done

    async def step(self, turn: AssistantTurn) -> tuple[Message, ...]:
        """Play one turn.

        Args:
            turn: Words and calls; words without a call are the answer to the user and end the episode.

        Returns:
            What is now seen: results, news. Nothing, once the episode is over.
        """
        async with self._one:
            seen = await self._office.astep(tame(turn))
        if self.done:
            self._closed.set()
        return seen

    def step_now(self, turn: AssistantTurn) -> tuple[Message, ...]:
        """Play one turn from a plain function, in whatever thread.

        Args:
            turn: As for `step`.

        Raises:
            RuntimeError: If it would wait for a turn that only the caller's own event loop can end.
        """
        if self._home is not None and threading.get_ident() != self._thread:
            return asyncio.run_coroutine_threadsafe(self.step(turn), self._home).result()
        if self._one.locked():
            raise RuntimeError("another turn is being played on this event loop; await the tool (`ainvoke`)")
        with self._plain:
            seen = self._office.step(tame(turn))
        if self.done:
            self._closed.set()
        return seen

    async def closed(self) -> None:
        """Wait until the episode is over."""
        await self._closed.wait()
