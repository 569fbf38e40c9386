"""The micro-batcher: what shares a batch, what fails alone, what the event loop does meanwhile."""

from __future__ import annotations

import asyncio
import threading

import pytest

from discretion.models.batching import MicroBatcher


class Doubler:
    """Doubles numbers, and remembers its batches; negative numbers fail."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.gate = threading.Event()
        self.gate.set()

    def __call__(self, numbers: list[int]) -> list[int | Exception]:
        self.gate.wait(10)
        self.batches.append(numbers)
        return [2 * number if number >= 0 else ValueError(f"{number} is negative") for number in numbers]


def test_what_comes_together_runs_together_up_to_the_size() -> None:
    async def main() -> list[int]:
        batcher = MicroBatcher(double, size=4, wait_s=0.01)
        results = await asyncio.gather(*(batcher.submit(i) for i in range(10)))
        await batcher.aclose()
        return results

    double = Doubler()
    assert asyncio.run(main()) == [2 * i for i in range(10)]
    assert double.batches == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]


def test_a_full_batch_does_not_wait() -> None:
    async def main() -> None:
        batcher = MicroBatcher(Doubler(), size=2, wait_s=3600)
        async with asyncio.timeout(10):
            await asyncio.gather(batcher.submit(1), batcher.submit(2))
        await batcher.aclose()

    asyncio.run(main())


def test_while_a_batch_runs_the_loop_lives_and_the_next_batch_gathers() -> None:
    async def main() -> None:
        batcher = MicroBatcher(double, size=8, wait_s=0.0)
        double.gate.clear()
        first = asyncio.create_task(batcher.submit(0))
        await asyncio.sleep(0.02)
        rest = [asyncio.create_task(batcher.submit(i)) for i in (1, 2, 3)]
        await asyncio.sleep(0.02)
        assert not first.done()
        double.gate.set()
        assert await first == 0
        assert await asyncio.gather(*rest) == [2, 4, 6]
        await batcher.aclose()

    double = Doubler()
    asyncio.run(main())
    assert double.batches == [[0], [1, 2, 3]]


def test_one_bad_request_fails_alone() -> None:
    async def main() -> list[int | BaseException]:
        batcher = MicroBatcher(Doubler(), size=4)
        results = await asyncio.gather(*(batcher.submit(i) for i in (1, -1, 2)), return_exceptions=True)
        await batcher.aclose()
        return results

    one, bad, two = asyncio.run(main())
    assert (one, two) == (2, 4)
    assert str(bad) == "-1 is negative"


def test_a_batch_that_breaks_fails_all_of_its_requests_and_no_others() -> None:
    def run(numbers: list[int]) -> list[int]:
        if 0 in numbers:
            raise RuntimeError("broken")
        return numbers

    async def main() -> None:
        batcher = MicroBatcher(run, size=2)
        broken = await asyncio.gather(batcher.submit(0), batcher.submit(1), return_exceptions=True)
        assert [str(error) for error in broken] == ["broken", "broken"]
        assert await batcher.submit(2) == 2
        await batcher.aclose()

    asyncio.run(main())


def test_who_gave_up_is_not_run() -> None:
    async def main() -> None:
        batcher = MicroBatcher(double, size=8, wait_s=0.05)
        gone, stays = asyncio.create_task(batcher.submit(1)), asyncio.create_task(batcher.submit(2))
        await asyncio.sleep(0)
        gone.cancel()
        assert await stays == 4
        await batcher.aclose()

    double = Doubler()
    asyncio.run(main())
    assert double.batches == [[2]]


def test_closing_leaves_nobody_waiting() -> None:
    async def main() -> None:
        batcher = MicroBatcher(double, size=1)
        double.gate.clear()
        tasks = [asyncio.create_task(batcher.submit(i)) for i in range(3)]
        await asyncio.sleep(0.02)
        asyncio.get_running_loop().call_later(0.02, double.gate.set)
        await batcher.aclose()
        for task in tasks:
            with pytest.raises(asyncio.CancelledError):
                await task

    double = Doubler()
    asyncio.run(main())


def test_it_outlives_an_event_loop() -> None:
    batcher = MicroBatcher(Doubler(), size=4)
    assert asyncio.run(batcher.submit(1)) == 2
    assert asyncio.run(batcher.submit(2)) == 4
