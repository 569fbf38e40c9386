"""Requests that share an engine's steps: each joins while others run, and leaves when it is done."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections import deque
from collections.abc import Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Generic, Protocol, TypeVar

__all__ = ["Batcher", "Engine"]

Request = TypeVar("Request")
Result = TypeVar("Result")
Request_contra = TypeVar("Request_contra", contravariant=True)
Result_co = TypeVar("Result_co", covariant=True)


class Engine(Protocol[Request_contra, Result_co]):
    """What makes headway with several requests at once. It is only ever touched by one thread at a time."""

    @property
    def running(self) -> int:
        """How many requests it is at."""
        ...

    @property
    def room(self) -> int:
        """How many more it takes; at least 1 when it runs none."""
        ...

    def step(self, new: Sequence[tuple[int, Request_contra]]) -> Sequence[tuple[int, Result_co | Exception]]:
        """Take new requests, each with its ticket, make a step with all, and return what ended, by ticket."""
        ...

    def drop(self, tickets: Collection[int]) -> None:
        """Forget requests that it is at: nobody waits for them any more."""
        ...


class Batcher(Generic[Request, Result]):
    """Brings the requests of one event loop to an engine in a worker thread, while the loop lives on.

    A request that was given up leaves the engine before its next step. Others join in groups, since to begin one takes
    a step of its own: as soon as a quarter of the engine's places could be filled, nothing runs, or the first has
    waited for `patience` steps.

    Args:
        engine: Runs them.
        size: The most requests that the engine runs at once.
        wait_s: How long an idle engine waits for company of the first request, in seconds.
        patience: In steps.
    """

    def __init__(
        self, engine: Engine[Request, Result], *, size: int, wait_s: float = 0.005, patience: int = 16
    ) -> None:
        self._engine = engine
        self._size = size
        self._wait_s = wait_s
        self._patience = patience
        self._tickets = itertools.count()
        self._waiting: deque[tuple[int, Request]] = deque()
        self._futures: dict[int, asyncio.Future[Result]] = {}
        self._running: set[int] = set()  # of the worker thread
        self._full: asyncio.Event | None = None  # made anew for each wait: events belong to one loop
        self._task: asyncio.Task[None] | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="discretion-batch")
        self._closed = False

    async def submit(self, request: Request) -> Result:
        """Return the result of a request.

        Raises:
            Exception: What the engine gave for it, or raised.
        """
        ticket = next(self._tickets)
        future: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._futures[ticket] = future
        self._waiting.append((ticket, request))
        if self._full is not None and len(self._waiting) >= self._size:
            self._full.set()
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._drain())
        try:
            return await future
        finally:
            self._futures.pop(ticket, None)

    async def _drain(self) -> None:
        """Keep the engine at work until nobody waits."""
        loop = asyncio.get_running_loop()
        while self._waiting:
            await self._gather()
            await loop.run_in_executor(self._thread, self._work)

    def _work(self) -> None:
        """Step until nothing runs and nobody waits, in the worker thread."""
        idle = 0
        while not self._closed:
            self._drop_what_nobody_wants()
            new: list[tuple[int, Request]] = []
            due = not self._engine.running or idle >= self._patience
            if self._waiting and (due or min(self._engine.room, len(self._waiting)) >= max(1, self._size // 4)):
                new = self._take(self._engine.room)
            if not new and not self._engine.running:
                if self._waiting:
                    continue  # all that were taken had given up
                return
            idle = idle + 1 if self._waiting and not new else 0
            self._running.update(ticket for ticket, _ in new)
            try:
                ended = self._engine.step(new)
            except Exception as error:
                self._running.clear()
                for ticket in list(self._futures):
                    self._post(ticket, error)
                return
            for ticket, result in ended:
                self._running.discard(ticket)
                self._post(ticket, result)

    def _drop_what_nobody_wants(self) -> None:
        given_up = {ticket for ticket in self._running if ticket not in self._futures}
        if given_up:
            self._running -= given_up
            self._engine.drop(given_up)

    def _take(self, most: int) -> list[tuple[int, Request]]:
        """Take requests that wait, but for those that were given up."""
        taken: list[tuple[int, Request]] = []
        while self._waiting and len(taken) < most:
            ticket, request = self._waiting.popleft()
            if ticket in self._futures:
                taken.append((ticket, request))
        return taken

    def _post(self, ticket: int, result: Result | Exception) -> None:
        """Hand a result over to the loop that waits for it, from the worker thread."""
        future = self._futures.get(ticket)
        if future is not None:
            with contextlib.suppress(RuntimeError):  # its loop is closed: nobody waits any more
                future.get_loop().call_soon_threadsafe(_settle, future, result)

    async def _gather(self) -> None:
        """Wait until the engine could be filled, or for `wait_s`."""
        if len(self._waiting) >= self._size:
            return
        self._full = asyncio.Event()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._wait_s):
                await self._full.wait()
        self._full = None

    async def aclose(self) -> None:
        """Give up what waits and runs, and end the thread once its step is through."""
        self._closed = True
        if self._task is not None:
            self._task.cancel()
        self._waiting.clear()
        for future in list(self._futures.values()):
            future.cancel()
        await asyncio.get_running_loop().run_in_executor(None, self._thread.shutdown)


def _settle(future: asyncio.Future[Result], result: Result | Exception) -> None:
    if future.done():
        return
    if isinstance(result, Exception):
        future.set_exception(result)
    else:
        future.set_result(result)
