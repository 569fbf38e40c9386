"""Waits between attempts, and what a server says about them."""

from __future__ import annotations

import random

import pytest

from discretion.models.retry import Retry, retry_after


def test_the_backoff_doubles_up_to_its_limit_and_jitters_down_by_half_at_most() -> None:
    retry = Retry(first_s=1.0, longest_s=5.0)
    rng = random.Random(0)
    for attempt, longest in ((1, 1.0), (2, 2.0), (3, 4.0), (4, 5.0), (20, 5.0)):
        waits = [retry.delay_s(attempt, rng) for _ in range(200)]
        assert longest / 2 <= min(waits) < 0.55 * longest
        assert 0.95 * longest < max(waits) <= longest


def test_the_same_seed_waits_the_same() -> None:
    assert Retry().delay_s(3, random.Random("a")) == Retry().delay_s(3, random.Random("a"))


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "3"}, 3.0),
        ({"retry-after": "0.25"}, 0.25),
        ({"retry-after-ms": "250", "retry-after": "3"}, 0.25),
        ({"retry-after": "-1"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "Wed, 21 Oct 2026 07:28:30 GMT", "date": "Wed, 21 Oct 2026 07:28:00 GMT"}, 30.0),
        ({"retry-after": "Wed, 21 Oct 2026 07:27:00 GMT", "date": "Wed, 21 Oct 2026 07:28:00 GMT"}, 0.0),
        ({"retry-after": "Wed, 21 Oct 2026 07:28:30 GMT"}, None),
        ({"retry-after": "Wed, 21 Oct 2026 07:28:30 GMT", "date": "noon"}, None),
    ],
)
def test_retry_after(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after(headers) == seconds
