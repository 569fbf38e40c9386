"""How often a failed request is tried again, and how long is waited in between."""

from __future__ import annotations

import random
from collections.abc import Mapping
from email.utils import parsedate_to_datetime

from pydantic import Field

from discretion.scenarios.base import Record

__all__ = ["Retry", "retry_after"]


class Retry(Record):
    """Exponential backoff with jitter.

    Attributes:
        attempts: Requests that fail, the first included.
        refusals: Requests beside them that a server has no room for (429, 503) and that are waited out.
        first_s: The longest wait before the second attempt, in seconds; it doubles each time.
        longest_s: No backoff is longer.
        patience_s: No wait that a server asks for is longer; one that asks for more is given up.
    """

    attempts: int = Field(default=5, ge=1, le=20)
    refusals: int = Field(default=12, ge=0, le=100)
    first_s: float = Field(default=0.5, ge=0.0)
    longest_s: float = Field(default=30.0, ge=0.0)
    patience_s: float = Field(default=300.0, ge=0.0)

    def delay_s(self, attempt: int, rng: random.Random) -> float:
        """Return the wait after a failed attempt, in seconds: between half and the whole of the backoff.

        Args:
            attempt: Which attempt failed, from 1.
            rng: For the jitter.
        """
        longest = min(self.longest_s, self.first_s * 2.0 ** (attempt - 1))
        return longest * (0.5 + 0.5 * rng.random())


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Return how many seconds a server asks to wait, or `None` where it does not say so in a way that can be read.

    A date is held against the server's own `Date`, not against the clock of this machine.

    >>> retry_after({"retry-after": "2"}), retry_after({"retry-after": "soon"})
    (2.0, None)
    """
    milliseconds = _number(headers.get("retry-after-ms", ""))
    if milliseconds is not None:
        return milliseconds / 1000
    value = headers.get("retry-after", "")
    seconds = _number(value)
    if seconds is not None:
        return seconds
    try:
        wait = parsedate_to_datetime(value) - parsedate_to_datetime(headers["date"])
    except (KeyError, OverflowError, TypeError, ValueError):
        return None
    return max(0.0, wait.total_seconds())


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if 0.0 <= number < float("inf") else None
