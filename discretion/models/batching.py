"""A micro-batcher: requests that come within a few milliseconds are run together, in one worker thread."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Generic, TypeVar

__all__ = ["MicroBatcher"]

Request = TypeVar("Request")
Result = TypeVar("Result")


class MicroBatcher(Generic[Request, Result]):
    """Gathers requests of one event loop into batches, while the loop lives on.

    A batch is closed when it is full, or `wait_s` after the first request that waits. While one batch runs, the next
    gathers.

    Args:
        run: Runs a batch, in the worker thread; gives for each request its result, or the exception that it ends in.
        size: The most requests in a batch.
        wait_s: How long an incomplete batch waits for more, in seconds.
    """

    def __init__(
        self, run: Callable[[list[Request]], Sequence[Result | Exception]], *, size: int, wait_s: float = 0.005
    ) -> None:
        self._run = run
        self._size = size
        self._wait_s = wait_s
        self._waiting: deque[tuple[Request, asyncio.Future[Result]]] = deque()
        self._full: asyncio.Event | None = None  # made anew for each wait: events belong to one loop
        self._task: asyncio.Task[None] | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="discretion-batch")

    async def submit(self, request: Request) -> Result:
        """Return the result of a request.

        Raises:
            Exception: What `run` gave for it, or raised.
        """
        future: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._waiting.append((request, future))
        if self._full is not None and len(self._waiting) >= self._size:
            self._full.set()
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._drain())
        return await future

    async def _drain(self) -> None:
        """Run batches until nobody waits."""
        loop = asyncio.get_running_loop()
        while self._waiting:
            await self._gather()
            batch = [self._waiting.popleft() for _ in range(min(self._size, len(self._waiting)))]
            batch = [(request, future) for request, future in batch if not future.done()]  # some gave up
            if not batch:
                continue
            try:
                results = await loop.run_in_executor(self._thread, self._run, [request for request, _ in batch])
            except asyncio.CancelledError:
                for _, future in batch:
                    future.cancel()
                raise
            except Exception as error:
                results = [error] * len(batch)
            for (_, future), result in zip(batch, results, strict=True):
                if future.done():
                    continue
                if isinstance(result, Exception):
                    future.set_exception(result)
                else:
                    future.set_result(result)

    async def _gather(self) -> None:
        """Wait until a batch is full, or for `wait_s`."""
        if len(self._waiting) >= self._size:
            return
        self._full = asyncio.Event()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._wait_s):
                await self._full.wait()
        self._full = None

    async def aclose(self) -> None:
        """Give up what waits and end the thread once its batch is through."""
        if self._task is not None:
            self._task.cancel()
        while self._waiting:
            self._waiting.popleft()[1].cancel()
        await asyncio.get_running_loop().run_in_executor(None, self._thread.shutdown)
