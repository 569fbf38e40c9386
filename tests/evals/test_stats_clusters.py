"""The cluster interval: by hand, at the edges, and how often it covers the truth."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Sequence
from math import sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from discretion.evals.clusters import Cluster, estimate, relative_drop, sign_flip
from discretion.evals.stats import mcnemar, paired_interval, t_quantile

made = st.builds(
    lambda n, a, b: Cluster(n, min(a, n), min(b, n - min(a, n)), n),
    st.integers(1, 12),
    st.integers(0, 12),
    st.integers(0, 12),
)


def test_estimate_by_hand() -> None:
    # Six clusters of 10 pairs; drops 1..6 of 10, mean 3.5/10 = 0.35.
    # Residuals -2.5..2.5: sum of squares 17.5; SE = sqrt(6/5 * 17.5) / 60 = 0.076376; t(5, .975) = 2.5706.
    result = estimate([Cluster(10, k, 0, 10) for k in range(1, 7)])
    assert result.point == pytest.approx(0.35)
    assert not result.widened
    half = 2.570582 * sqrt(21) / 60
    assert result.interval == pytest.approx((0.35 - half, 0.35 + half), abs=1e-6)
    # Bloom 1995: (2.5706 + t(5, .8) = 0.9195) * SE = 0.2666
    assert result.detectable == pytest.approx((2.570582 + 0.919544) * sqrt(21) / 60, abs=1e-6)


def test_unequal_clusters_are_a_ratio_of_sums() -> None:
    # 2 of 4 and 3 of 16: 5 / 20, not the mean of 0.5 and 0.1875.
    result = estimate([Cluster(4, 2, 0, 4), Cluster(16, 3, 0, 16)])
    assert result.point == 0.25


def test_single_pairs_get_the_score_interval_alone() -> None:
    clusters = [Cluster(1, 1, 0, 1)] * 7 + [Cluster(1, 0, 1, 0)] + [Cluster(1, 0, 0, 1)] * 13
    assert estimate(clusters).interval == paired_interval(7, 1, 21)


@pytest.mark.parametrize("share", [0, 5, 10])
def test_no_variance_between_clusters_does_not_collapse(share: int) -> None:
    """Every cluster is then one pair: the score interval on six."""
    result = estimate([Cluster(10, share, 0, 10)] * 6)
    assert result.widened
    assert result.interval == paired_interval(6 * share / 10, 0, 6)


def test_one_differing_cluster_of_many_is_no_evidence() -> None:
    """The t interval alone would claim 0.1 +- 0.2 for one cluster in ten that lost everything."""
    result = estimate([Cluster(10, 10, 0, 10)] + [Cluster(10, 0, 0, 10)] * 9)
    assert result.widened
    assert result.interval.high >= paired_interval(1, 0, 10).high > 0.4


@pytest.mark.parametrize(
    ("losses", "widened"),
    [
        ([0, 0, 0, 0, 2, 3, 4, 5], False),
        ([0, 0, 0, 0, 0, 2, 3, 4], True),  # three clusters that differ at all
        ([10, 10, 10, 10, 9, 8, 7, 6], False),
        ([10, 10, 10, 10, 10, 9, 8, 7], True),  # all but three lost everything
        ([5, 5, 5, 5, 5, 5, 5, 4], False),  # alike, but each of them shows how much its own pairs vary
        ([5, 5, 5, 5, 5, 5, 5, 5], True),  # no variance between them at all
    ],
)
def test_when_the_variance_between_clusters_is_believed(losses: list[int], widened: bool) -> None:
    assert estimate([Cluster(10, k, 0, 10) for k in losses]).widened is widened


def test_one_cluster_alone() -> None:
    result = estimate([Cluster(50, 50, 0, 50)])
    assert result.widened
    assert result.interval == paired_interval(1, 0, 1)
    assert result.detectable == 1.0


@given(st.lists(made, min_size=1, max_size=12))
def test_estimate_laws(clusters: list[Cluster]) -> None:
    result = estimate(clusters)
    assert -1 <= result.interval.low <= result.point <= result.interval.high <= 1
    assert 0 < result.detectable <= 1
    narrower = estimate(clusters, 0.8)
    assert narrower.interval.high - narrower.interval.low <= result.interval.high - result.interval.low + 1e-9
    mirrored = estimate([Cluster(c.pairs, c.gains, c.losses, c.baseline) for c in clusters])
    assert mirrored.interval == pytest.approx((-result.interval.high, -result.interval.low), abs=1e-9)
    if result.widened:
        pairs = sum(c.pairs for c in clusters)
        scale = len(clusters) / pairs
        losses, gains = sum(c.losses for c in clusters), sum(c.gains for c in clusters)
        one_pair_each = paired_interval(losses * scale, gains * scale, len(clusters))
        assert result.interval.low <= one_pair_each.low + 1e-9
        assert result.interval.high >= one_pair_each.high - 1e-9


Draw = Callable[[random.Random], Cluster]


def noise(rng: random.Random) -> Cluster:
    """Two agents that leak alike, with a rate of the scenario's own."""
    leak = rng.betavariate(2, 2)
    pairs = [(rng.random() >= leak, rng.random() >= leak) for _ in range(15)]
    losses, gains = sum(a and not b for a, b in pairs), sum(b and not a for a, b in pairs)
    return Cluster(15, losses, gains, sum(a for a, _ in pairs))


def collapse(rng: random.Random) -> Cluster:
    """A candidate that leaks half the time, more in some scenarios than in others."""
    leak = rng.betavariate(3, 3)
    return Cluster(15, sum(rng.random() < leak for _ in range(15)), 0, 15)


@pytest.mark.parametrize(("draw", "truth"), [(noise, 0.0), (collapse, 0.5)])
def test_coverage_with_six_clusters(draw: Draw, truth: float) -> None:
    """95% intervals, 400 runs of six scenarios; a true 95% gives 93% or less once in 30 such tests."""
    rng = random.Random(f"coverage:{truth}")
    runs = [estimate([draw(rng) for _ in range(6)]).interval for _ in range(400)]
    covered = sum(low <= truth <= high for low, high in runs) / len(runs)
    print(f"coverage of the 95% interval, six clusters, true drop {truth}: {covered:.3f}")
    assert covered >= 0.93


def brute_force(sums: Sequence[float]) -> float:
    flips = list(itertools.product((-1, 1), repeat=len(sums)))
    reached = sum(abs(sum(s * v for s, v in zip(flip, sums, strict=True))) >= abs(sum(sums)) - 1e-9 for flip in flips)
    return reached / len(flips)


def test_sign_flip_by_hand() -> None:
    assert sign_flip([1] * 6) == 2 / 64  # only all plus and all minus
    assert sign_flip([4, 1]) == 0.5  # 5, 3, -3, -5: two of four
    assert sign_flip([]) == sign_flip([0, 0]) == 1.0


@given(st.lists(st.integers(-5, 5).map(lambda k: k / 3), min_size=1, max_size=9))
def test_sign_flip_counts_every_flip(sums: list[float]) -> None:
    assert sign_flip(sums) == pytest.approx(brute_force(sums))


@given(st.integers(0, 30), st.integers(0, 30))
def test_sign_flip_of_single_pairs_is_mcnemar(losses: int, gains: int) -> None:
    assert sign_flip([1] * losses + [-1] * gains + [0] * 5) == pytest.approx(mcnemar(losses, gains))


def test_sign_flip_samples_where_it_cannot_count() -> None:
    """26 sums without a common unit have 2^26 flips; the sample is the same every time and near the normal value."""
    sums = [sqrt(k) for k in range(2, 28)]
    sums[::3] = [-value for value in sums[::3]]
    p = sign_flip(sums, draws=4000)
    assert p == sign_flip(sums, draws=4000)
    z = abs(sum(sums)) / sqrt(sum(value**2 for value in sums))
    assert p == pytest.approx(2 * (1 - normal_cdf(z)), abs=0.05)


def normal_cdf(z: float) -> float:
    from statistics import NormalDist

    return NormalDist().cdf(z)


def test_relative_drop_by_hand() -> None:
    """Equal clusters: Fieller's textbook quadratic on means, with SEs from cluster means."""
    drops, bases = [0.2, 0.3, 0.4, 0.3, 0.5, 0.1, 0.3], [0.9, 0.8, 0.9, 1.0, 0.9, 0.9, 0.8]
    found = relative_drop([Cluster(10, 10 * d, 0, 10 * b) for d, b in zip(drops, bases, strict=True)])
    assert found is not None
    n, d, b = 7, sum(drops) / 7, sum(bases) / 7
    s_dd = sum((x - d) ** 2 for x in drops) / (n - 1) / n
    s_bb = sum((x - b) ** 2 for x in bases) / (n - 1) / n
    s_db = sum((x - d) * (y - b) for x, y in zip(drops, bases, strict=True)) / (n - 1) / n
    t2 = t_quantile(0.975, n - 1) ** 2
    g = t2 * s_bb / b**2
    centre = (d / b - g * s_db / s_bb) / (1 - g)
    half = sqrt(t2) / (b * (1 - g))
    half *= sqrt(s_dd - 2 * d / b * s_db + (d / b) ** 2 * s_bb - g * (s_dd - s_db**2 / s_bb))
    assert found[0] == pytest.approx(d / b)
    assert found[1] == pytest.approx((centre - half, centre + half))


def test_relative_drop_is_undefined_without_a_baseline() -> None:
    assert relative_drop([Cluster(10, 0, 0, 0)] * 6) is None
    # A baseline in one cluster only is not shown to be above 0: no bounded interval.
    assert relative_drop([Cluster(10, 3, 0, 3), *[Cluster(10, 0, 0, 0)] * 5]) is None


def test_relative_drop_does_not_collapse() -> None:
    """Everything lost everywhere: 100%, but six scenarios do not show it to the point."""
    found = relative_drop([Cluster(10, 10, 0, 10)] * 6)
    assert found is not None
    assert found[0] == 1.0
    assert found[1].low == pytest.approx(paired_interval(6, 0, 6).low)
    assert found[1].high == 1.0
