"""The batcher: what shares an engine's steps, what fails alone, what the event loop does meanwhile."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Collection, Sequence

import pytest

from discretion.models.batching import Batcher


class Countdown:
    """Takes a number, and is done with it after as many steps; negative ones fail; 13 breaks the engine."""

    def __init__(self, size: int = 100) -> None:
        self.size = size
        self.left: dict[int, tuple[int, int]] = {}
        self.joined: list[list[int]] = []
        self.joined_at: list[int] = []
        self.steps = 0
        self.waiting = False
        self.gate = threading.Event()
        self.gate.set()

    @property
    def running(self) -> int:
        return len(self.left)

    @property
    def room(self) -> int:
        return self.size - len(self.left)

    def drop(self, tickets: Collection[int]) -> None:
        for ticket in tickets:
            del self.left[ticket]

    def step(self, new: Sequence[tuple[int, int]]) -> list[tuple[int, int | Exception]]:
        self.waiting = True
        self.gate.wait(10)
        self.steps += 1
        if new:
            self.joined.append([number for _, number in new])
            self.joined_at.append(self.steps)
        self.left |= {ticket: (number, number) for ticket, number in new}
        if any(number == 13 for number, _ in self.left.values()):
            self.left.clear()
            raise RuntimeError("broken")
        ended: list[tuple[int, int | Exception]] = []
        for ticket, (number, left) in list(self.left.items()):
            self.left[ticket] = number, left - 1
            if left <= 1:
                del self.left[ticket]
                ended.append((ticket, 2 * number if number >= 0 else ValueError(f"{number} is negative")))
        return ended


def test_what_comes_together_runs_together_up_to_the_size() -> None:
    async def main() -> list[int]:
        batcher = Batcher(engine, size=4)
        results = await asyncio.gather(*(batcher.submit(1) for _ in range(10)))
        await batcher.aclose()
        return results

    engine = Countdown(4)
    assert asyncio.run(main()) == [2] * 10
    assert [len(batch) for batch in engine.joined] == [4, 4, 2]


def test_a_place_that_becomes_free_is_taken_while_the_others_run() -> None:
    async def main() -> list[int]:
        batcher = Batcher(engine, size=4)
        results = await asyncio.gather(*map(batcher.submit, (9, 2, 3, 9, 5, 6)))
        await batcher.aclose()
        return results

    engine = Countdown(4)
    assert asyncio.run(main()) == [18, 4, 6, 18, 10, 12]
    assert engine.joined == [[9, 2, 3, 9], [5], [6]]


def test_few_that_wait_are_not_kept_waiting_for_company() -> None:
    async def main() -> None:
        batcher = Batcher(engine, size=16, patience=3)
        engine.gate.clear()
        long = asyncio.create_task(batcher.submit(50))
        while not engine.waiting:  # until the first is being run
            await asyncio.sleep(0.001)
        late = asyncio.create_task(batcher.submit(1))
        await asyncio.sleep(0)
        engine.gate.set()
        assert await late == 2
        assert await long == 100
        await batcher.aclose()

    engine = Countdown(16)
    asyncio.run(main())
    assert engine.joined == [[50], [1]]
    assert engine.joined_at[1] - engine.joined_at[0] <= 5


def test_a_full_batch_does_not_wait() -> None:
    async def main() -> None:
        batcher = Batcher(Countdown(), size=2, wait_s=3600)
        async with asyncio.timeout(10):
            await asyncio.gather(batcher.submit(1), batcher.submit(2))
        await batcher.aclose()

    asyncio.run(main())


def test_one_that_fails_fails_alone() -> None:
    async def main() -> list[int | BaseException]:
        batcher = Batcher(Countdown(), size=4)
        results = await asyncio.gather(*map(batcher.submit, (3, -1, 4)), return_exceptions=True)
        await batcher.aclose()
        return results

    three, failed, four = asyncio.run(main())
    assert (three, four) == (6, 8)
    assert str(failed) == "-1 is negative"


def test_an_engine_that_breaks_fails_all_that_it_ran_and_is_used_again() -> None:
    async def main() -> None:
        batcher = Batcher(Countdown(), size=2)
        broken = await asyncio.gather(batcher.submit(13), batcher.submit(1), return_exceptions=True)
        assert [str(error) for error in broken] == ["broken", "broken"]
        assert await batcher.submit(2) == 4
        await batcher.aclose()

    asyncio.run(main())


def test_who_gave_up_is_not_run() -> None:
    async def main() -> None:
        batcher = Batcher(engine, size=8, wait_s=0.05)
        gone, stays = asyncio.create_task(batcher.submit(1)), asyncio.create_task(batcher.submit(2))
        await asyncio.sleep(0)
        gone.cancel()
        assert await stays == 4
        await batcher.aclose()

    engine = Countdown()
    asyncio.run(main())
    assert engine.joined == [[2]]


def test_who_gives_up_while_it_runs_leaves_its_place_to_the_next() -> None:
    async def main() -> None:
        batcher = Batcher(engine, size=2)
        engine.gate.clear()
        tasks = [asyncio.create_task(batcher.submit(number)) for number in (1000, 1000, 3)]
        while not engine.waiting:
            await asyncio.sleep(0.001)
        for task in tasks[:2]:
            task.cancel()
        await asyncio.sleep(0)
        engine.gate.set()
        assert await tasks[2] == 6
        await batcher.aclose()

    engine = Countdown(2)
    asyncio.run(main())
    assert engine.joined == [[1000, 1000], [3]]
    assert engine.steps < 10


def test_closing_leaves_nobody_waiting() -> None:
    async def main() -> None:
        batcher = Batcher(engine, size=1)
        engine.gate.clear()
        tasks = [asyncio.create_task(batcher.submit(5)) for i in range(3)]
        await asyncio.sleep(0.02)
        asyncio.get_running_loop().call_later(0.02, engine.gate.set)
        await batcher.aclose()
        for task in tasks:
            with pytest.raises(asyncio.CancelledError):
                await task

    engine = Countdown(1)
    asyncio.run(main())


def test_closing_while_the_first_waits_for_company() -> None:
    async def main() -> None:
        batcher = Batcher(Countdown(), size=8, wait_s=3600)
        task = asyncio.create_task(batcher.submit(1))
        await asyncio.sleep(0.01)
        await batcher.aclose()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())


def test_it_outlives_an_event_loop() -> None:
    batcher = Batcher(Countdown(), size=4)
    assert asyncio.run(batcher.submit(1)) == 2
    assert asyncio.run(batcher.submit(2)) == 4
