"""Requests in flight: fewer when the server has no room, more again when it answers, none while it asks for a pause."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest

from discretion.models.pace import Outcome, Pace


def drive(main: Coroutine[Any, Any, None]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(20):
            await main

    asyncio.run(bounded())


async def sent(pace: Pace, number: int) -> list[int]:
    return [await pace.enter() for _ in range(number)]


def test_a_refusal_halves_the_limit_once_for_all_that_were_sent_before() -> None:
    async def main() -> None:
        pace = Pace(8)
        rounds = await sent(pace, 8)
        for entered in rounds:
            pace.leave(entered, "overloaded")
        assert (pace.limit, pace.flying) == (4.0, 0)
        for entered in await sent(pace, 4):
            pace.leave(entered, "overloaded")
        assert pace.limit == 2.0

    drive(main())


def test_a_round_of_answers_adds_one_up_to_the_most() -> None:
    async def main() -> None:
        pace = Pace(5)
        pace.limit = 4.0
        for entered in await sent(pace, 4):
            pace.leave(entered, "answered")
        assert 4.9 < pace.limit <= 5.0  # 4 + 1/4 + 1/4.25 + ...
        for _ in range(50):
            pace.leave(await pace.enter(), "answered")
        assert pace.limit == 5.0

    drive(main())


@pytest.mark.parametrize(("outcome", "limit"), [("overloaded", 1.0), ("failed", 1.0)])
def test_one_request_may_always_fly(outcome: Outcome, limit: float) -> None:
    async def main() -> None:
        pace = Pace(1)
        for _ in range(5):
            pace.leave(await pace.enter(), outcome)
        assert pace.limit == limit

    drive(main())


def test_who_waits_is_let_in_in_order() -> None:
    async def main() -> None:
        pace, order = Pace(1), []

        async def one(name: str) -> None:
            entered = await pace.enter()
            order.append(name)
            await asyncio.sleep(0)
            pace.leave(entered, "answered")

        await asyncio.gather(*(one(name) for name in "abcd"))
        assert order == list("abcd")

    drive(main())


def test_who_gives_up_leaves_no_gap() -> None:
    async def main() -> None:
        pace = Pace(1)
        entered = await pace.enter()
        gone, stays = asyncio.create_task(pace.enter()), asyncio.create_task(pace.enter())
        await asyncio.sleep(0)
        pace.leave(entered, "answered")  # `gone` is let in, and cancelled before it knows
        gone.cancel()
        pace.leave(await stays, "answered")
        assert gone.cancelled()
        assert pace.flying == 0

    drive(main())


def test_a_pause_holds_everybody() -> None:
    async def main() -> None:
        pace, loop = Pace(4), asyncio.get_running_loop()
        begun = loop.time()
        pace.pause(0.05)
        pace.pause(0.01)  # a shorter one does not end the longer
        await asyncio.gather(*(pace.enter() for _ in range(3)))
        assert loop.time() - begun >= 0.045
        assert pace.flying == 3

    drive(main())
