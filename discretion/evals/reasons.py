"""Why episodes were not scored: reasons counted, those that differ in their numbers alone as one."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

__all__ = ["Reasons", "listed"]

_MOST: Final = 20
"""Distinct reasons that are told apart; a server's errors may differ in every line."""

_LISTED: Final = 4
_NUMBER: Final = re.compile(r"(?<!HTTP )(?<!\d)\d+")
"""Lengths, counts, times; a status such as `HTTP 429` is the reason itself."""


class Reasons:
    """Counts reasons; of those that differ in their numbers alone, the one with the largest stands for all.

    >>> reasons = Reasons()
    >>> for length in (9000, 11015, 880):
    ...     reasons.add(f"a prompt of {length} tokens")
    >>> reasons.counts
    {'a prompt of 11015 tokens': 3}
    """

    def __init__(self) -> None:
        self._found: dict[str, tuple[str, int]] = {}

    def add(self, reason: str) -> None:
        """Count a reason."""
        alike = _NUMBER.sub("#", reason)
        if alike not in self._found and len(self._found) >= _MOST:
            reason = alike = "other reasons"
        shown, count = self._found.get(alike, (reason, 0))
        self._found[alike] = max(shown, reason, key=_numbers), count + 1

    @property
    def counts(self) -> dict[str, int]:
        """Reason -> how often, the most frequent first."""
        return dict(sorted(self._found.values(), key=lambda found: -found[1]))


def _numbers(reason: str) -> list[int]:
    return [int(number) for number in _NUMBER.findall(reason)]


def listed(counts: Mapping[str, int]) -> str:
    """Return counts in words, the largest first, a long tail summed up.

    >>> listed({"timeout": 2, "server gone": 30})
    'server gone 30, timeout 2'
    """
    most = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    rest = sum(n for _, n in most[_LISTED:])
    shown = [f"{name} {n:,}" for name, n in most[:_LISTED]]
    return ", ".join([*shown, f"others {rest:,}"] if rest else shown)
