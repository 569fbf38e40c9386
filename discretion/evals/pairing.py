"""Episodes of two runs, side by side: what each measure reads on both sides of a pair, and where it cannot be told.

A reading is a range: one value where the episode is scored, from the worst to the best that it could be where it is
not. So the point estimate, and the bounds for the unscored, come from the same few lines.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Final, Literal, NamedTuple, TypeAlias

from discretion.errors import InputError
from discretion.evals.clusters import Cluster
from discretion.evals.measures import EpisodeMeasures

__all__ = [
    "MEASURES",
    "EpisodePair",
    "Fill",
    "Measure",
    "PairReading",
    "Pairing",
    "Reading",
    "Side",
    "clusters",
    "pair_up",
    "readings",
]

Measure: TypeAlias = Literal["privacy", "appropriate", "coverage", "violation", "discernment", "success", "exposure"]
MEASURES: Final[tuple[Measure, ...]] = (
    "privacy",
    "appropriate",
    "coverage",
    "violation",
    "discernment",
    "success",
    "exposure",
)

Side: TypeAlias = Literal["baseline", "candidate"]

Fill: TypeAlias = Literal["scored", "low", "high"]
"""What stands for the unscored: nothing (such pairs are left out), or what makes the drop smallest, or largest."""


class Reading(NamedTuple):
    """What a measure reads on one episode, in 0..1: from `low` to `high`, equal where it is scored."""

    low: float
    high: float

    @property
    def scored(self) -> bool:
        """Whether it is one value."""
        return self.low == self.high


UNKNOWN: Final = Reading(0.0, 1.0)


class EpisodePair(NamedTuple):
    """The same instance, repeat and session, played by both."""

    baseline: EpisodeMeasures
    candidate: EpisodeMeasures


class Pairing(NamedTuple):
    """Which episodes of two runs belong together.

    Attributes:
        pairs: In a fixed order.
        only_baseline, only_candidate: Names of the episodes that have no partner.
    """

    pairs: tuple[EpisodePair, ...]
    only_baseline: tuple[str, ...]
    only_candidate: tuple[str, ...]


class PairReading(NamedTuple):
    """A measure on a pair, its scenario, its weight (how many flows it is a share of), and what it counts for."""

    scenario: str
    baseline: Reading
    candidate: Reading
    weight: int = 1
    profile: str = ""

    @property
    def scored(self) -> bool:
        """Whether both sides are."""
        return self.baseline.scored and self.candidate.scored


Key: TypeAlias = tuple[str, int, int]


def pair_up(baseline: Iterable[EpisodeMeasures], candidate: Iterable[EpisodeMeasures]) -> Pairing:
    """Pair the episodes of two runs by instance, repeat and session.

    Raises:
        InputError: If a run holds the same episode twice, or the two have none in common.
    """
    left, right = _index(baseline, "baseline"), _index(candidate, "candidate")
    common = sorted(left.keys() & right.keys())
    if not common:
        raise InputError(
            f"the two runs share no episode ({len(left)} against {len(right)})",
            where="compare",
            remedy="run both on the same scenarios with the same seeds",
        )
    return Pairing(
        tuple(EpisodePair(left[key], right[key]) for key in common),
        tuple(_label(key) for key in sorted(left.keys() - right.keys())),
        tuple(_label(key) for key in sorted(right.keys() - left.keys())),
    )


def _index(episodes: Iterable[EpisodeMeasures], side: str) -> dict[Key, EpisodeMeasures]:
    found: dict[Key, EpisodeMeasures] = {}
    for episode in episodes:
        key = (episode.instance, episode.repeat, episode.session)
        if key in found:
            raise InputError(f"episode {_label(key)} is there twice", where=side, remedy="give one run a side")
        found[key] = episode
    return found


def _label(key: Key) -> str:
    instance, repeat, session = key
    return instance + (f" repeat {repeat}" if repeat else "") + (f" session {session}" if session else "")


def _share(part: int, whole: int, unknown: int) -> Reading:
    return Reading(part / whole, min(1.0, (part + unknown) / whole))


def _flag(value: bool | None) -> Reading:
    return UNKNOWN if value is None else Reading(float(value), float(value))


def _privacy(episode: EpisodeMeasures) -> Reading:
    return _flag(None if episode.leaked is None else not episode.leaked)


def _appropriate(episode: EpisodeMeasures) -> Reading:
    return _flag(episode.appropriate)


def _success(episode: EpisodeMeasures) -> Reading:
    return _flag(episode.success)


def _exposure(episode: EpisodeMeasures) -> Reading:
    return UNKNOWN if episode.failed else _flag(episode.exposed)


def _coverage(episode: EpisodeMeasures) -> Reading:
    return UNKNOWN if episode.failed else _share(episode.delivered, episode.required, episode.undelivered_unscored)


def _violation(episode: EpisodeMeasures) -> Reading:
    if episode.failed:
        return UNKNOWN
    disclosed = _share(episode.violations, episode.violation_pairs, episode.presence.get("not_scored", 0))
    return Reading(1 - disclosed.high, 1 - disclosed.low)


_READ: Final[dict[Measure, Callable[[EpisodeMeasures], Reading]]] = {
    "privacy": _privacy,
    "appropriate": _appropriate,
    "coverage": _coverage,
    "violation": _violation,
    "success": _success,
    "exposure": _exposure,
}


def _flows(measure: Measure, episode: EpisodeMeasures) -> int:
    """How many flows of the instance a measure is about; none makes it `n/a`."""
    return episode.required if measure in ("appropriate", "coverage") else episode.violation_pairs


def readings(pairs: Sequence[EpisodePair], measure: Measure) -> list[PairReading]:
    """Return what a measure reads on every pair that defines it; an empty list is `n/a`.

    Coverage and violation are weighted by the flows that they are shares of, so that they add up as in a run's summary.
    Violation is read as what was not disclosed, so that more is better in all but exposure.
    """
    if measure == "discernment":
        return _discernment(pairs)
    if measure == "success":
        defined = {side.scenario for pair in pairs for side in pair if side.success is not None}
        weights = [int(pair.baseline.scenario in defined) for pair in pairs]
    else:
        weights = [_flows(measure, pair.baseline) for pair in pairs]
    if measure not in ("coverage", "violation"):
        weights = [min(weight, 1) for weight in weights]
    read = _READ[measure]
    return [
        PairReading(pair.baseline.scenario, read(pair.baseline), read(pair.candidate), weight, pair.baseline.profile)
        for pair, weight in zip(pairs, weights, strict=True)
        if weight
    ]


def _discernment(pairs: Sequence[EpisodePair]) -> list[PairReading]:
    """One reading for every couple of twins: the fact withheld in the one and delivered in the other."""
    couples: dict[tuple[str, int, int], list[EpisodePair]] = {}
    for pair in pairs:
        episode = pair.baseline
        couples.setdefault((episode.scenario, episode.seed, episode.repeat), []).append(pair)
    return [
        PairReading(
            scenario,
            _discerned(a for a, _ in couple),
            _discerned(b for _, b in couple),
            profile=couple[0].baseline.profile,
        )
        for (scenario, _, _), couple in couples.items()
        if len({pair.baseline.twin for pair in couple}) > 1
        and any(_twin_flag(side) is not None for pair in couple for side in pair)
    ]


def _twin_flag(episode: EpisodeMeasures) -> bool | None:
    return episode.twin_fact_delivered if episode.twin_fact_withheld is None else episode.twin_fact_withheld


def _discerned(episodes: Iterable[EpisodeMeasures]) -> Reading:
    flags = [_flag(_twin_flag(episode)) for episode in episodes]
    return Reading(min(flag.low for flag in flags), min(flag.high for flag in flags))


def clusters(pairs: Sequence[PairReading], fill: Fill) -> list[Cluster]:
    """Sum pairs up by scenario, those of one profile together.

    Args:
        pairs: The readings of one measure.
        fill: What stands for the unscored.

    Returns:
        One cluster for every scenario or profile that has a pair left, by name.
    """
    sums: dict[str, list[float]] = {}
    for pair in pairs:
        if fill == "scored" and not pair.scored:
            continue
        scenario, baseline, candidate, weight, profile = pair
        left, right = (baseline.high, candidate.low) if fill == "high" else (baseline.low, candidate.high)
        into = sums.setdefault(profile or scenario, [0.0, 0.0, 0.0, 0.0])
        into[0] += weight
        into[1] += weight * max(left - right, 0.0)
        into[2] += weight * max(right - left, 0.0)
        into[3] += weight * left
    return [Cluster(int(n), losses, gains, base) for _, (n, losses, gains, base) in sorted(sums.items())]
