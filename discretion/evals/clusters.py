"""Paired differences in clusters: pairs made from one scenario are alike, so the scenario is the unit that counts.

A mean over few clusters, most of them without a difference, has a standard error that cannot be believed; the interval
here does not collapse then, but widens to what so few clusters can show.
"""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Sequence
from functools import reduce
from math import gcd, sqrt
from typing import NamedTuple

from discretion.evals.stats import Interval, detectable_drop, paired_interval, t_quantile

__all__ = ["Cluster", "Estimate", "estimate", "relative_drop", "sign_flip"]

_UNLIKE = 4  # clusters; with fewer the simulated intervals miss too often
_NO_VARIANCE = 1e-12
_DISTINCT_SUMS = 2**20
_UNITS = 10**9  # sums are counted in billionths, so that equal ones are found equal


class Cluster(NamedTuple):
    """The pairs of one scenario, summed up.

    Attributes:
        pairs: How many.
        losses: Sum of baseline - candidate over the pairs where that is positive.
        gains: Sum of candidate - baseline over the pairs where that is positive.
        baseline: Sum of the baseline's values, each in 0..1.
    """

    pairs: int
    losses: float
    gains: float
    baseline: float

    @property
    def drop(self) -> float:
        """Sum of baseline - candidate."""
        return self.losses - self.gains

    @property
    def uniform(self) -> int | None:
        """0 where no pair differs, 1 where every pair lost all, -1 where every pair gained all; otherwise `None`."""
        edges = {(0.0, 0.0): 0, (float(self.pairs), 0.0): 1, (0.0, float(self.pairs)): -1}
        return edges.get((self.losses, self.gains))


class Estimate(NamedTuple):
    """A mean paired difference.

    Attributes:
        point: baseline - candidate, a mean over all pairs.
        interval: Its confidence interval.
        widened: Whether too few clusters differ for the t interval to stand on its own.
        detectable: The smallest drop that such data would show with 80% power.
    """

    point: float
    interval: Interval
    widened: bool
    detectable: float


def estimate(clusters: Sequence[Cluster], level: float = 0.95) -> Estimate:
    """Estimate the mean paired difference with a cluster-robust interval that is honest at the edges.

    The mean is a ratio of sums, its variance the linearised one over G clusters with the factor G / (G - 1), its
    quantile Student's with G - 1 degrees of freedom (Cochran 1977, ch. 6 and 9; Cameron & Miller 2015, J Hum Resour
    50:317-372). Where no variance is seen between the clusters, or all but fewer than four of them are alike in that
    nothing differs or everything was lost, that variance cannot be believed: the interval then also holds Tango's score
    interval with each cluster counted as one single pair. Where every cluster is a single pair, the pairs are
    independent and Tango's interval is the answer.

    Args:
        clusters: At least one, with at least one pair each.
        level: Confidence, two-sided.

    >>> result = estimate([Cluster(20, 0, 0, 20)] * 6)  # nothing differs: -+ z^2 / (6 + z^2)
    >>> round(result.interval.high, 3), result.widened
    (0.39, True)
    """
    groups, pairs = len(clusters), sum(cluster.pairs for cluster in clusters)
    losses, gains = sum(c.losses for c in clusters), sum(c.gains for c in clusters)
    point = (losses - gains) / pairs
    squares = sum((c.drop - point * c.pairs) ** 2 for c in clusters)
    uniform = Counter(share for c in clusters if (share := c.uniform) is not None)
    widened = squares < _NO_VARIANCE or groups - max(uniform.values(), default=0) < _UNLIKE
    single = groups == pairs
    intervals, detectable = [], 0.0
    if widened or single:
        intervals.append(paired_interval(losses * groups / pairs, gains * groups / pairs, groups, level))
        detectable = detectable_drop(groups, 2 * min(losses, gains) / pairs, level=level)
    if groups > 1 and not single:
        error = sqrt(groups / (groups - 1) * squares) / pairs
        reach = t_quantile((1 + level) / 2, groups - 1)
        intervals.append(Interval(max(-1.0, point - reach * error), min(1.0, point + reach * error)))
        detectable = max(detectable, min(1.0, (reach + t_quantile(0.8, groups - 1)) * error))
    return Estimate(point, reduce(Interval.union, intervals), widened, detectable)


def relative_drop(clusters: Sequence[Cluster], level: float = 0.95) -> tuple[float, Interval] | None:
    """Return the drop as a share of the baseline with Fieller's interval on the clusters (Fieller 1954, JRSS B 16:175).

    Returns:
        (drop / baseline, interval), or `None` where the baseline is not clearly above 0 and no bounded interval exists.
        Where `estimate` had to widen its interval, this one is widened likewise.

    >>> relative_drop([Cluster(10, 2, 0, 5), Cluster(10, 3, 0, 9), Cluster(10, 4, 0, 7)])[0]  # 9 / 21
    0.42857142857142855
    """
    groups, pairs = len(clusters), sum(cluster.pairs for cluster in clusters)
    base, drop = sum(c.baseline for c in clusters), sum(c.drop for c in clusters)
    if base <= 0:
        return None
    ratio = drop / base
    absolute = estimate(clusters, level)
    interval = Interval(ratio, ratio)
    if groups > 1:
        reach = t_quantile((1 + level) / 2, groups - 1) ** 2 * groups / (groups - 1)
        over_base = [c.baseline - base / pairs * c.pairs for c in clusters]
        over_drop = [c.drop - drop / pairs * c.pairs for c in clusters]
        # The set of r with (drop - r * base)^2 <= reach * sum((over_drop - r * over_base)^2), a quadratic in r.
        a = base**2 - reach * sum(b * b for b in over_base)
        b = drop * base - reach * sum(d * b for d, b in zip(over_drop, over_base, strict=True))
        c = drop**2 - reach * sum(d * d for d in over_drop)
        if a <= 0:
            return None
        root = sqrt(max(b * b - a * c, 0.0))
        interval = Interval((b - root) / a, (b + root) / a)
    if absolute.widened:
        share = base / pairs
        interval = interval.union(Interval(absolute.interval.low / share, absolute.interval.high / share))
    return ratio, Interval(interval.low, min(1.0, interval.high))


def sign_flip(sums: Sequence[float], *, draws: int = 20_000, seed: int = 0) -> float:
    """Return the two-sided p value of the sign-flip permutation test on cluster sums (Pitman 1937, JRSS Suppl 4:119).

    Under the null a cluster's difference is as likely to point either way. All 2^G flips are counted, those with the
    same sum together: exact for up to 20 clusters always, and for any number as long as the sums are whole numbers of
    moderate size; otherwise a Monte Carlo estimate with a fixed seed.

    >>> sign_flip([3, 1, 2])  # 2 of the 8 flips reach 6 in size
    0.25
    """
    units = [abs(round(value * _UNITS)) for value in sums if value]
    observed = abs(sum(round(value * _UNITS) for value in sums)) - len(units)  # half a unit of rounding on each side
    distinct = sum(units) // gcd(*units) + 1 if units else 1
    if min(2 ** len(units), distinct) > _DISTINCT_SUMS:
        return _sampled_sign_flip(units, observed, draws, seed)
    ways = {0: 1}
    for size in units:
        flipped: defaultdict[int, int] = defaultdict(int)
        for total, count in ways.items():
            flipped[total + size] += count
            flipped[total - size] += count
        ways = flipped
    return float(sum(count for total, count in ways.items() if abs(total) >= observed) / 2 ** len(units))


def _sampled_sign_flip(units: Sequence[int], observed: int, draws: int, seed: int) -> float:
    rng = random.Random(f"sign-flip:{seed}")
    reached = 0
    for _ in range(draws):
        bits = rng.getrandbits(len(units))
        reached += abs(sum(size if bits >> i & 1 else -size for i, size in enumerate(units))) >= observed
    return (1 + reached) / (1 + draws)
