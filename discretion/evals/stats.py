"""Small statistics that can be checked by hand: one proportion, paired proportions, several tests, power.

Shares and differences are fractions (0.05 is 5 points); points are made where they are printed.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import comb, sqrt
from statistics import NormalDist
from typing import NamedTuple

__all__ = ["Interval", "detectable_drop", "holm", "mcnemar", "paired_interval", "t_quantile", "wilson", "z_quantile"]

_STEPS = 60  # halvings of an interval of length 2: below double precision


class Interval(NamedTuple):
    """Two limits, `low <= high`."""

    low: float
    high: float

    def union(self, other: Interval) -> Interval:
        """The smallest interval that holds both.

        >>> Interval(0.0, 0.2).union(Interval(0.1, 0.4))
        Interval(low=0.0, high=0.4)
        """
        return Interval(min(self.low, other.low), max(self.high, other.high))


def z_quantile(probability: float) -> float:
    """Return the standard normal quantile.

    >>> round(z_quantile(0.975), 3)
    1.96
    """
    return NormalDist().inv_cdf(probability)


def t_quantile(probability: float, df: float) -> float:
    """Return the quantile of Student's t with `df` degrees of freedom.

    >>> round(t_quantile(0.975, 5), 3)
    2.571
    """
    from scipy.special import stdtrit

    return float(stdtrit(df, probability))


def wilson(successes: float, n: float, level: float = 0.95) -> Interval:
    """Return Wilson's score interval for one proportion (Wilson 1927, JASA 22:209-212).

    Args:
        successes: How many of `n`; fractions are allowed.
        n: Trials, more than 0.
        level: Confidence, two-sided.

    >>> low, high = wilson(0, 10)
    >>> round(low, 3), round(high, 3)
    (0.0, 0.278)
    """
    z2 = z_quantile((1 + level) / 2) ** 2
    share = successes / n
    centre = share + z2 / (2 * n)
    margin = sqrt(z2 * (max(share * (1 - share), 0.0) / n + z2 / (4 * n * n)))
    return Interval(max(0.0, (centre - margin) / (1 + z2 / n)), min(1.0, (centre + margin) / (1 + z2 / n)))


def paired_interval(losses: float, gains: float, n: float, level: float = 0.95) -> Interval:
    """Return Tango's score interval for a difference of paired proportions (Tango 1998, Stat Med 17:891-908).

    With nothing discordant it is `-+ z^2 / (n + z^2)`, not [0, 0].

    Args:
        losses: Pairs in which only the first side succeeded.
        gains: Pairs in which only the second side succeeded.
        n: All pairs, more than 0; fractions are allowed, as when clusters are counted as pairs.
        level: Confidence, two-sided.

    Returns:
        The interval for (losses - gains) / n.

    >>> low, high = paired_interval(1, 7, 21)  # Fagerland, Lydersen & Laake 2014, table V
    >>> round(low, 3), round(high, 3)
    (-0.517, -0.026)
    """
    z = z_quantile((1 + level) / 2)
    point = (losses - gains) / n

    def score(delta: float) -> float:
        """The score statistic of the hypothesis that the difference is `delta`; falls as `delta` grows."""
        b = (2 * n - losses + gains) * delta - losses - gains
        c = -gains * delta * (1 - delta)
        only_second = (sqrt(max(b * b - 8 * n * c, 0.0)) - b) / (4 * n)
        variance = n * (2 * only_second + delta * (1 - delta))
        numerator = losses - gains - n * delta
        if variance <= 0:
            return 0.0 if numerator == 0 else numerator * float("inf")
        return numerator / sqrt(variance)

    def limit(inside: float, outside: float, target: float) -> float:
        if abs(score(outside)) <= abs(target):
            return outside
        for _ in range(_STEPS):
            middle = (inside + outside) / 2
            inside, outside = (middle, outside) if abs(score(middle)) <= abs(target) else (inside, middle)
        return inside

    return Interval(limit(point, -1.0, z), limit(point, 1.0, -z))


def mcnemar(losses: int, gains: int) -> float:
    """Return the two-sided p value of McNemar's exact test (Fagerland et al. 2013, BMC Med Res Methodol 13:91).

    >>> mcnemar(1, 7)  # 2 * (1 + 8) / 256
    0.0703125
    """
    discordant = losses + gains
    tail = sum(comb(discordant, i) for i in range(min(losses, gains) + 1))
    return float(min(1.0, 2 * tail / 2**discordant))


def holm(p_values: Sequence[float]) -> list[float]:
    """Return Holm's adjusted p values, in the order given (Holm 1979, Scand J Stat 6:65-70).

    >>> [round(p, 3) for p in holm([0.01, 0.04, 0.03])]
    [0.03, 0.06, 0.06]
    """
    adjusted = [0.0] * len(p_values)
    running = 0.0
    for rank, index in enumerate(sorted(range(len(p_values)), key=lambda i: p_values[i])):
        running = max(running, min(1.0, (len(p_values) - rank) * p_values[index]))
        adjusted[index] = running
    return adjusted


def detectable_drop(n: float, churn: float = 0.0, *, level: float = 0.95, power: float = 0.8) -> float:
    """Return the smallest paired difference that McNemar's test would show (Connor 1987, Biometrics 43:207-211).

    Solves `z_a sqrt(psi) + z_b sqrt(psi - d^2) = d sqrt(n)` for d, with psi = d + churn the share of discordant pairs.

    Args:
        n: Pairs.
        churn: The share of pairs expected to be discordant without any difference, as many each way.
        level: Confidence of the test, two-sided.
        power: The chance to see it.

    Returns:
        The difference, or 1 where even that would go unseen.

    >>> round(detectable_drop(100), 3)
    0.077
    """
    z_a, z_b = z_quantile((1 + level) / 2), z_quantile(power)

    def seen(d: float) -> bool:
        psi = min(1.0, d + churn)
        return z_a * sqrt(psi) + z_b * sqrt(max(psi - d * d, 0.0)) <= d * sqrt(n)

    if not seen(1.0):
        return 1.0
    low, high = 0.0, 1.0
    for _ in range(_STEPS):
        middle = (low + high) / 2
        low, high = (low, middle) if seen(middle) else (middle, high)
    return high
