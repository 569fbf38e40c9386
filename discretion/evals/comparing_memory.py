"""Compare how two agents use one memory: the drop of completeness, the rise of violation@n, hazards side by side."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby, zip_longest

from discretion.evals.comparison import HazardPair, Limits, MemoryComparison, MemoryDrop
from discretion.evals.hazard import hazards
from discretion.evals.losses import loss
from discretion.evals.memory import counts, courses_of
from discretion.evals.pairing import EpisodePair, PairReading, Reading, clusters, readings
from discretion.evals.repeats import BY, By, Unit, UnitKey, units_of

__all__ = ["compare_memory"]


def compare_memory(pairs: Iterable[EpisodePair], level: float) -> MemoryComparison | None:
    """Compare two runs in what they show of memory.

    Args:
        pairs: The episodes that both sides played.
        level: Of the intervals.

    Returns:
        The comparison over the scenarios that count (see `memory`); `None` where there are none.
    """
    groups = [group for group in _groups(pairs) if counts(pair.baseline for pair in group)]
    if not groups:
        return None
    sides = [[[pair[side] for pair in group] for group in groups] for side in (0, 1)]
    (repeats, baseline), (_, candidate) = map(units_of, sides)
    played = [pair for group in groups for pair in group]
    drops = [*_completeness(played, level)]
    for by in BY:
        drops += [_violation(baseline[by], candidate[by], by, n, level) for n in range(1, repeats + 1) if baseline[by]]
    courses = [[course for rows in side for course in courses_of(rows)] for side in sides]
    hazard = zip_longest(*(hazards(each, level) for each in courses)) if courses[0] else ()
    return MemoryComparison(
        repeats=repeats,
        drops=tuple(drops),
        hazard=tuple(
            HazardPair(session=number, baseline=one, candidate=other) for number, (one, other) in enumerate(hazard, 1)
        ),
    )


def _groups(pairs: Iterable[EpisodePair]) -> Iterator[list[EpisodePair]]:
    """Yield the pairs of one scenario and seed after another."""
    ordered = sorted(pairs, key=lambda pair: pair.baseline.key)
    for _, group in groupby(ordered, key=lambda pair: pair.baseline.key[:2]):
        yield list(group)


def _completeness(pairs: Sequence[EpisodePair], level: float) -> Iterator[MemoryDrop]:
    each = readings(pairs, "coverage")
    if each:
        scored, low, high = (clusters(each, fill) for fill in ("scored", "low", "high"))
        counted = sum(pair.weight for pair in each), sum(pair.weight for pair in each if pair.scored)
        yield MemoryDrop(measure="completeness", **loss(scored, low, high, counted=counted, level=level))


def _violation(
    baseline: dict[UnitKey, Unit], candidate: dict[UnitKey, Unit], by: By, n: int, level: float
) -> MemoryDrop:
    known: list[PairReading] = []
    within: list[PairReading] = []
    for key in (key for key in baseline if key in candidate):
        one, other = baseline[key], candidate[key]
        within.append(PairReading(key.cluster, _untold(one.bounds(n)), _untold(other.bounds(n))))
        if (left := one.value(n)) is not None and (right := other.value(n)) is not None:
            known.append(PairReading(key.cluster, _untold((left, left)), _untold((right, right))))
    scored, low, high = clusters(known, "scored"), clusters(within, "low"), clusters(within, "high")
    counted = len(within), len(known)
    fields = loss(scored, low, high, counted=counted, level=level, flipped=True)
    return MemoryDrop(measure="violation", repeats=n, by=by, **fields)


def _untold(told: Limits) -> Reading:
    """More is better, as in all readings: what was not told."""
    return Reading(1 - told[1], 1 - told[0])
