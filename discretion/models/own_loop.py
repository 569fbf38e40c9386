"""An event loop for callers that have none: what is asynchronous, waited for from plain functions."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from typing import Any, TypeVar

__all__ = ["OwnLoop"]

Result = TypeVar("Result")


class OwnLoop:
    """A loop in a thread of its own. It starts when it is first needed, and one loop serves all calls.

    Connections and batches belong to a loop, so a new one for each call would begin them anew; and a thread of its own
    works where the caller's thread already runs a loop, as in a notebook.
    """

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._lock = threading.Lock()

    @property
    def started(self) -> bool:
        """Whether it runs."""
        return self._loop is not None

    def wait(self, coroutine: Coroutine[Any, Any, Result]) -> Result:
        """Return what a coroutine returns; the calling thread is held up until then."""
        future = asyncio.run_coroutine_threadsafe(coroutine, self._running())
        try:
            return future.result()
        except BaseException:  # Ctrl-C while waiting: what nobody waits for any more is not to go on
            future.cancel()
            raise

    async def call(self, coroutine: Coroutine[Any, Any, Result]) -> Result:
        """Return what a coroutine returns that runs on this loop, while the caller's loop goes on."""
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(coroutine, self._running()))

    def close(self) -> None:
        """Stop the loop; a later call starts another."""
        with self._lock:
            loop, self._loop = self._loop, None
        if loop is not None:
            loop.call_soon_threadsafe(loop.stop)

    def _running(self) -> asyncio.AbstractEventLoop:
        with self._lock:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                threading.Thread(target=_run, args=(self._loop,), name="discretion-loop", daemon=True).start()
            return self._loop


def _run(loop: asyncio.AbstractEventLoop) -> None:
    asyncio.set_event_loop(loop)
    try:
        loop.run_forever()
    finally:
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()
