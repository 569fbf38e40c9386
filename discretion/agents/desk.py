"""An office as those see it who act in it by themselves: the conversation, the tools, and no norms."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable
from typing import Final

from discretion.envs.office import Office
from discretion.models.chat import AssistantTurn, Message, ToolSpec, Usage
from discretion.models.taming import tame

__all__ = ["Desk", "HeldUpError"]

_PATIENCE_S: Final = 10.0
"""How long an event loop may take to begin a turn that comes from another thread."""


class HeldUpError(RuntimeError):
    """A turn that would wait for the event loop that its own caller holds up."""

    def __init__(self) -> None:
        super().__init__("people are played on an event loop that this holds up; await the agent or tool (`ainvoke`)")


class Desk:
    """A seat in an office. Turns are played one after the other, however many callers there are.

    A turn is played where it is called, in whatever thread. Only where a model plays the people, which belongs to one
    event loop, does it go to the loop on which the desk was made.

    Args:
        office: Where it stands.
    """

    def __init__(self, office: Office) -> None:
        self._office = office
        try:
            self._home: asyncio.AbstractEventLoop | None = asyncio.get_running_loop() if office.waits else None
        except RuntimeError:
            self._home = None
        self._thread = threading.get_ident()
        self._lock = threading.Lock()
        self._one = asyncio.Lock()
        self._bells: list[Callable[[], object]] = []

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
        if not self._office.waits:
            return self._play(turn)
        if self._home is not asyncio.get_running_loop():
            return await asyncio.to_thread(self.step_now, turn)
        async with self._one:
            seen = await self._office.astep(tame(turn))
        self._ring()
        return seen

    def step_now(self, turn: AssistantTurn) -> tuple[Message, ...]:
        """Play one turn from a plain function, in whatever thread.

        Args:
            turn: As for `step`.

        Raises:
            HeldUpError: If it would wait for an event loop that its own caller holds up.
        """
        if self._home is None or self._home.is_closed():
            return self._play(turn)
        if threading.get_ident() == self._thread and self._home.is_running():
            raise HeldUpError
        return self._play_at_home(turn, self._home)

    def think(self, usage: Usage) -> None:
        """Count a reply of one of the agent's models that brought no turn; the budget may end the episode.

        Args:
            usage: What it cost.
        """
        with self._lock:
            self._office.think(usage)
        self._ring()

    async def closed(self) -> None:
        """Wait until the episode is over."""
        loop, over = asyncio.get_running_loop(), asyncio.Event()
        self._bells.append(lambda: loop.call_soon_threadsafe(over.set))
        if not self.done:
            await over.wait()

    def _play(self, turn: AssistantTurn) -> tuple[Message, ...]:
        with self._lock:
            seen = self._office.step(tame(turn))
        self._ring()
        return seen

    def _play_at_home(self, turn: AssistantTurn, home: asyncio.AbstractEventLoop) -> tuple[Message, ...]:
        begun = threading.Event()

        async def played() -> tuple[Message, ...]:
            begun.set()
            return await self.step(turn)

        playing = asyncio.run_coroutine_threadsafe(played(), home)
        if not begun.wait(_PATIENCE_S):
            playing.cancel()
            raise HeldUpError
        return playing.result()

    def _ring(self) -> None:
        """Tell those who wait that the episode is over."""
        if self.done:
            for bell in self._bells:
                with contextlib.suppress(RuntimeError):  # a loop that was closed meanwhile
                    bell()
