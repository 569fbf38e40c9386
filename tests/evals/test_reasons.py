"""Reasons of unscored episodes: counted by what they say, whatever the numbers in them."""

from __future__ import annotations

from discretion.evals.measures import EpisodeMeasures
from discretion.evals.reasons import Reasons
from discretion.evals.summary import summarise


def tally(*given: str) -> dict[str, int]:
    reasons = Reasons()
    for reason in given:
        reasons.add(reason)
    return reasons.counts


def test_lengths_are_one_reason_shown_by_the_largest() -> None:
    rows = [
        EpisodeMeasures(
            instance=f"s:{seed}",
            scenario="s",
            seed=seed,
            leaked=None,
            unscored=f"prompt of {length} tokens exceeds the context of 2048",
        )
        for seed, length in enumerate((9000, 11015, 10990))
    ]
    assert summarise(rows).unscored == {"prompt of 11015 tokens exceeds the context of 2048": 3}


def test_a_status_is_a_reason_of_its_own() -> None:
    assert tally("HTTP 404 (5 attempts)", "HTTP 500 (3 attempts)", "HTTP 500 (5 attempts)") == {
        "HTTP 500 (5 attempts)": 2,
        "HTTP 404 (5 attempts)": 1,
    }


def test_a_long_tail_is_summed_up() -> None:
    found = tally(*(chr(97 + k) * 3 for k in range(26)))
    assert (len(found), found["other reasons"]) == (21, 6)
