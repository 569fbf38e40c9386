"""A share over clusters with an interval: how many of how many, where those of one cluster are alike.

The rules are those of `clusters.estimate`, for one side instead of a pair.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from math import sqrt
from typing import Final, NamedTuple

from discretion.evals.stats import Interval, t_quantile, wilson

__all__ = ["Part", "believable", "share", "share_interval"]

_UNLIKE: Final = 4  # clusters, as in `clusters`
_NO_VARIANCE: Final = 1e-12


class Part(NamedTuple):
    """What one cluster contributes: `k` of `n`; `k` may be a sum of fractions."""

    k: float
    n: float


def share(parts: Sequence[Part]) -> float:
    """Return the pooled share, a ratio of sums."""
    return sum(part.k for part in parts) / sum(part.n for part in parts)


def share_interval(parts: Sequence[Part], level: float = 0.95) -> Interval:
    """Return the interval of a pooled share.

    The linearised variance of a ratio over G clusters with the factor G / (G - 1), Student's t with G - 1 degrees of
    freedom (Cochran 1977, ch. 6). Where the variance between the clusters cannot be believed, the interval also holds
    Wilson's with each cluster counted as one trial. Single trials are independent, and Wilson's interval is the answer.

    Args:
        parts: At least one, with `n` above 0 each.
        level: Confidence, two-sided.

    >>> low, high = share_interval([Part(0, 5)] * 6)  # z^2 / (6 + z^2)
    >>> round(low, 3), round(high, 3)
    (0.0, 0.39)
    """
    groups, point = len(parts), share(parts)
    alone = wilson(point * groups, groups, level)
    if groups == 1 or all(part.n == 1 for part in parts):
        return alone
    squares = sum((part.k - point * part.n) ** 2 for part in parts)
    error = sqrt(groups / (groups - 1) * squares) / sum(part.n for part in parts)
    reach = t_quantile((1 + level) / 2, groups - 1) * error
    interval = Interval(max(0.0, point - reach), min(1.0, point + reach))
    return interval if believable(parts) and squares >= _NO_VARIANCE else interval.union(alone)


def believable(parts: Sequence[Part]) -> bool:
    """Tell whether enough clusters differ from all-or-nothing for the variance between them to be believed."""
    uniform = Counter(part.k > 0 for part in parts if part.k in (0, part.n))
    return len(parts) - max(uniform.values(), default=0) >= _UNLIKE
