"""A loss from clusters: point, interval, what the unscored could hide, and what could have been seen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from discretion.evals.clusters import Cluster, estimate
from discretion.evals.comparison import Limits
from discretion.evals.word import baseline_share, candidate_share

__all__ = ["MOST_UNSCORED", "loss", "points"]

MOST_UNSCORED: Final = 0.10
"""Above this share of unscored pairs only bounds are given."""


def loss(
    scored: Sequence[Cluster],
    low: Sequence[Cluster],
    high: Sequence[Cluster],
    *,
    counted: tuple[int, int],
    level: float,
    flipped: bool = False,
) -> dict[str, Any]:
    """Return the fields of a `Loss`.

    Args:
        scored: The clusters of the scored pairs; may be empty.
        low: Those of all pairs, the unscored filled in so that the drop is smallest.
        high: The same so that it is largest.
        counted: Pairs, and how many of them are scored.
        level: Of the interval.
        flipped: Whether people know the measure by what is missing of it: violation is read as what was not disclosed.
    """
    pairs, known = counted
    shown = scored if pairs - known <= MOST_UNSCORED * pairs else ()
    point = estimate(shown, level) if shown else None

    def side(share: float) -> float:
        return 100 * (1 - share if flipped else share)

    return {
        "pairs": pairs,
        "scored": known,
        "clusters": len(scored),
        "baseline": side(baseline_share(shown)) if shown else None,
        "candidate": side(candidate_share(shown)) if shown else None,
        "drop": 100 * point.point if point else None,
        "interval": points(point.interval) if point else None,
        "bounds": points((estimate(low, level).point, estimate(high, level).point)),
        "at_least": 100 * estimate(low, level).interval.low,
        "at_most": 100 * estimate(high, 2 * level - 1).interval.high,
        "detectable": 100 * estimate(scored or low, level).detectable,
    }


def points(limits: Limits) -> Limits:
    """Return limits in points."""
    return 100 * limits[0], 100 * limits[1]
