"""Statistics against hand calculation, published examples and laws."""

from __future__ import annotations

from math import comb, sqrt

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from discretion.evals.stats import (
    Interval,
    detectable_drop,
    holm,
    mcnemar,
    paired_interval,
    t_quantile,
    wilson,
    z_quantile,
)

Z2 = 1.959963984540054**2

tables = st.tuples(st.integers(0, 40), st.integers(0, 40), st.integers(0, 40)).filter(sum)
levels = st.sampled_from([0.8, 0.9, 0.95, 0.99])


def test_wilson_by_hand() -> None:
    # 81 of 263 (Newcombe 1998, Stat Med 17:857, table I): 0.2553 to 0.3662.
    assert wilson(81, 263) == pytest.approx((0.2553, 0.3662), abs=5e-5)
    # 0 of n: [0, z^2 / (n + z^2)]; n of n is its mirror.
    assert wilson(0, 20) == pytest.approx((0.0, Z2 / (20 + Z2)))
    assert wilson(20, 20) == pytest.approx((20 / (20 + Z2), 1.0))


@given(st.integers(0, 60), st.integers(1, 60), levels)
def test_wilson_holds_the_share_and_mirrors(successes: int, extra: int, level: float) -> None:
    n = successes + extra
    low, high = wilson(successes, n, level)
    assert 0 <= low <= successes / n <= high <= 1
    assert wilson(extra, n, level) == pytest.approx((1 - high, 1 - low))


@pytest.mark.parametrize(
    ("losses", "gains", "n", "expected"),
    [
        (1, 7, 21, (-0.517, -0.026)),  # Fagerland, Lydersen & Laake 2014, Stat Med 33:2850, table V
        (60, 20, 1000, (0.0231, 0.0584)),  # R PropCIs::scoreci.mp(20, 60, 1000)
    ],
)
def test_paired_interval_reproduces_published_values(
    losses: int, gains: int, n: int, expected: tuple[float, float]
) -> None:
    digits = 3 if n == 21 else 4
    low, high = paired_interval(losses, gains, n)
    assert (round(low, digits), round(high, digits)) == expected


def test_paired_interval_at_the_edges_by_hand() -> None:
    # Nothing discordant: T^2 = n d / (1 - d) = z^2 gives d = z^2 / (n + z^2).
    limit = Z2 / (30 + Z2)
    assert paired_interval(0, 0, 30) == pytest.approx((-limit, limit))
    # All discordant one way: T^2 = n (1 - d) / (1 + d) = z^2 gives d = (n - z^2) / (n + z^2).
    assert paired_interval(6, 0, 6) == pytest.approx(((6 - Z2) / (6 + Z2), 1.0))
    assert paired_interval(0, 6, 6) == pytest.approx((-1.0, -(6 - Z2) / (6 + Z2)))


@given(tables, levels)
def test_paired_interval_laws(table: tuple[int, int, int], level: float) -> None:
    losses, gains, ties = table
    n = losses + gains + ties
    low, high = paired_interval(losses, gains, n, level)
    point = (losses - gains) / n
    assert -1 <= low <= point <= high <= 1
    assert high - low > 0
    assert paired_interval(gains, losses, n, level) == pytest.approx((-high, -low), abs=1e-9)
    wider = paired_interval(losses, gains, n, 0.995)
    assert wider.low <= low + 1e-9
    assert wider.high >= high - 1e-9


def test_mcnemar_by_hand() -> None:
    assert mcnemar(1, 7) == pytest.approx(0.0703, abs=5e-5)  # Fagerland et al. 2013, table 5: exact conditional 0.0703
    assert mcnemar(0, 6) == 2 / 64
    assert mcnemar(0, 0) == mcnemar(3, 3) == 1.0


@given(st.integers(0, 60), st.integers(0, 60))
def test_mcnemar_is_the_binomial_sum(losses: int, gains: int) -> None:
    n = losses + gains
    as_far = [comb(n, k) for k in range(n + 1) if abs(2 * k - n) >= abs(losses - gains)]
    assert mcnemar(losses, gains) == mcnemar(gains, losses) == pytest.approx(min(1.0, sum(as_far) / 2**n))


def test_holm_by_hand() -> None:
    # Sorted 0.005 * 4, 0.01 * 3, 0.03 * 2, 0.04 * 1 -> 0.02, 0.03, 0.06, then not less than the one before: 0.06.
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([]) == []


@given(st.lists(st.floats(0, 1), min_size=1, max_size=8))
def test_holm_lies_between_raw_and_bonferroni(p_values: list[float]) -> None:
    for raw, adjusted in zip(p_values, holm(p_values), strict=True):
        assert raw <= adjusted <= min(1.0, len(p_values) * raw) + 1e-12


def test_detectable_drop_solves_its_equation() -> None:
    for n, churn in ((30, 0.0), (100, 0.1), (410, 0.2)):
        d = detectable_drop(n, churn)
        psi = d + churn
        assert z_quantile(0.975) * sqrt(psi) + z_quantile(0.8) * sqrt(psi - d * d) == pytest.approx(d * sqrt(n))
    assert detectable_drop(3) == 1.0  # 1.96 > sqrt(3): not even a drop of everything


@given(st.integers(5, 500), st.floats(0, 0.5))
def test_more_pairs_detect_smaller_drops(n: int, churn: float) -> None:
    assert detectable_drop(2 * n, churn) <= detectable_drop(n, churn)
    assume(detectable_drop(n, churn) < 1)
    assert detectable_drop(n, churn) >= detectable_drop(n) - 1e-12


def test_quantiles() -> None:
    assert z_quantile(0.975) == pytest.approx(1.959964)
    assert t_quantile(0.975, 5) == pytest.approx(2.570582)  # any printed t table
    assert t_quantile(0.95, 1) == pytest.approx(6.313752)
    assert Interval(-1, 0).union(Interval(-0.5, 0.5)) == (-1, 0.5)
