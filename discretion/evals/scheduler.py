"""Who plays the units of work, and where: asyncio in this process, behind a Protocol that other places can meet."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Protocol, TypeVar

__all__ = ["InProcess", "Scheduler"]

Job = TypeVar("Job")
Result = TypeVar("Result")


class Scheduler(Protocol):
    """Plays units of work: `work` may run anywhere, `deliver` runs where the run is written, one at a time."""

    async def run(
        self, jobs: Iterable[Job], work: Callable[[Job], Awaitable[Result]], deliver: Callable[[Result], None]
    ) -> None:
        """Do every job and deliver each result as it comes, in any order.

        Args:
            jobs: Taken one by one as there is room, so that they may be endless to the memory.
            work: Does one.
            deliver: Takes one result. What it raises ends the run.
        """
        ...


class InProcess:
    """A bounded number of jobs in flight on this event loop.

    Args:
        concurrency: How many.
    """

    def __init__(self, concurrency: int) -> None:
        self.concurrency = max(1, concurrency)

    async def run(
        self, jobs: Iterable[Job], work: Callable[[Job], Awaitable[Result]], deliver: Callable[[Result], None]
    ) -> None:
        """Do every job; a result is delivered before its place is given to another job, so nothing piles up."""
        queue = iter(jobs)

        async def worker() -> None:
            for job in queue:
                deliver(await work(job))
                await asyncio.sleep(0)  # agents that never wait would keep Ctrl-C and the others out

        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(self.concurrency):
                    group.create_task(worker())
        except BaseExceptionGroup as errors:
            raise errors.exceptions[0] from None
