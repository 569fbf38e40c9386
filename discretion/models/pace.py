"""How many requests are in flight: as many as a server takes, by additive increase and multiplicative decrease."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Literal

__all__ = ["Outcome", "Pace"]

Outcome = Literal["answered", "overloaded", "failed"]
"""What a request says about the server's room: there was some, there was none, or nothing."""


class Pace:
    """A limit on requests in flight that follows the server. It belongs to one event loop.

    It begins at the most. A server that has no room (429, 503, no reply in time) halves it, once for all requests that
    were sent before; every round of answers adds one. When the server asks for a pause, all requests wait.

    Args:
        most: The limit is never higher.
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self.limit = float(most)
        self.flying = 0
        self._round = 0  # of limits; what was sent in an earlier one says nothing about this one
        self._until = 0.0
        self._waiting: deque[asyncio.Future[None]] = deque()

    async def enter(self) -> int:
        """Wait for room; return the round, to be given back to `leave`."""
        if not self._waiting and self._room():
            self.flying += 1
            return self._round
        place: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(place)
        try:
            await place
        except asyncio.CancelledError:
            if place.done() and not place.cancelled():  # room was given and is not wanted any more
                self.flying -= 1
                self._admit()
            raise
        return self._round

    def leave(self, entered: int, outcome: Outcome) -> None:
        """Give the room back.

        Args:
            entered: The round in which the request was sent.
            outcome: What it came to.
        """
        self.flying -= 1
        if outcome == "answered":
            self.limit = min(float(self.most), self.limit + 1.0 / self.limit)
        elif outcome == "overloaded" and entered == self._round:
            self.limit = max(1.0, self.limit / 2)
            self._round += 1
        self._admit()

    def pause(self, seconds: float) -> None:
        """Send nothing for so long."""
        loop = asyncio.get_running_loop()
        if loop.time() + seconds > self._until:
            self._until = loop.time() + seconds
            loop.call_at(self._until, self._resume, self._until)

    def _resume(self, until: float) -> None:
        if until >= self._until:  # no longer pause was asked for meanwhile
            self._until = 0.0
            self._admit()

    def _room(self) -> bool:
        return self.flying < int(self.limit) and asyncio.get_running_loop().time() >= self._until

    def _admit(self) -> None:
        while self._waiting and self._room():
            place = self._waiting.popleft()
            if not place.done():
                self.flying += 1
                place.set_result(None)
