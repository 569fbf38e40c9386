"""Shares over clusters, against numbers worked out by hand."""

from __future__ import annotations

from math import sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from discretion.evals.shares import Part, believable, share, share_interval
from discretion.evals.stats import wilson


def test_a_share_is_a_ratio_of_sums() -> None:
    assert share([Part(1, 2), Part(3, 10)]) == 4 / 12


def test_single_trials_have_wilsons_interval() -> None:
    assert share_interval([Part(1, 1), Part(0, 1), Part(0, 1)]) == wilson(1, 3)


def test_one_cluster_counts_as_one_trial() -> None:
    assert share_interval([Part(30, 40)]) == wilson(0.75, 1)


def test_unlike_clusters_have_the_t_interval() -> None:
    # p = 10/20; residuals -1, 1, 1, -1: se = sqrt(4/3 * 4) / 20 = 0.11547; t(0.975, 3) = 3.18245
    low, high = share_interval([Part(1, 4), Part(3, 4), Part(4, 6), Part(2, 6)])
    error = sqrt(4 / 3 * 4) / 20
    assert low == pytest.approx(0.5 - 3.182446 * error, abs=1e-6)
    assert high == pytest.approx(0.5 + 3.182446 * error, abs=1e-6)


def test_few_unlike_clusters_are_not_believed() -> None:
    parts = [Part(0, 5)] * 9 + [Part(1, 5)]
    assert not believable(parts)
    alone = wilson(1 / 50 * 10, 10)
    low, high = share_interval(parts)
    assert (low, high >= alone.high) == (0.0, True)


def test_nothing_seen_is_not_an_interval_of_no_width() -> None:
    assert share_interval([Part(0, 8)] * 12) == wilson(0, 12)


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)).filter(any), min_size=1, max_size=12))
def test_the_interval_holds_the_share_and_stays_within_0_and_1(counts: list[tuple[int, int]]) -> None:
    parts = [Part(hit, hit + miss) for hit, miss in counts]
    low, high = share_interval(parts)
    assert 0 <= low <= share(parts) + 1e-12
    assert share(parts) - 1e-12 <= high <= 1
