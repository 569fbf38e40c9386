"""Memory over a run and between two: which scenarios count, sums by hand, and real sessions played by references."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest
from memory_cases import cover, failed, long_cover, row

from discretion.agents import resolve
from discretion.errors import InputError
from discretion.evals import RunStore, Suite, compare, replay_lint, run_sync
from discretion.evals.comparison import MemoryComparison
from discretion.evals.measures import EpisodeMeasures
from discretion.evals.memory import MemorySummary
from discretion.evals.summary import summarise
from discretion.judges import RuleJudge
from discretion.scenarios import Scenario, lint


def memory_of(rows: Iterable[EpisodeMeasures]) -> MemorySummary:
    found = summarise(sorted(rows, key=lambda row: row.key)).memory
    assert found is not None
    return found


def test_single_tasks_played_once_say_nothing_of_memory() -> None:
    assert summarise([row("0", scenario="a"), row(scenario="b")]).memory is None


def test_only_scenarios_with_sessions_repeats_or_a_profile_count() -> None:
    found = memory_of([row("0", scenario="a"), row(scenario="b"), row("0", scenario="b", session=1)])
    assert found.clusters == 1
    assert [(each.n, each.value) for each in found.violation] == [(3, 1 / 3), (2, 1 / 2)]


def test_violation_and_completeness_by_hand() -> None:
    rows = [
        # of 3 pairs the first is disclosed in 1 of 2 repeats, the last in both
        row("02", scenario="a", required=2, delivered=1),
        row("2", scenario="a", repeat=1, required=2, delivered=2),
        # nothing is disclosed
        row(scenario="b", required=1, delivered=1),
        row(scenario="b", repeat=1, required=1),
    ]
    found = memory_of(rows)
    assert (found.clusters, found.repeats, found.sessions, found.hazard) == (2, 2, 1, ())
    pairs = {each.repeats: each for each in found.violation if each.by == "pair"}
    assert pairs[1].value == pytest.approx((0.5 + 1) / 6)
    assert pairs[2].value == pytest.approx((1 + 1) / 6)
    facts = {each.repeats: each for each in found.violation if each.by == "fact"}
    assert facts[1].value == pytest.approx((0.5 + 1) / 4)
    assert found.completeness is not None
    assert (found.completeness.n, found.completeness.value) == (6, 4 / 6)


def test_above_a_tenth_unscored_only_bounds_are_given() -> None:
    rows = [row("0", scenario="a", session=0, required=1), failed(scenario="a", session=1, required=1)]
    pair, fact = memory_of(rows).violation
    assert (pair.n, pair.scored, pair.value, pair.interval) == (3, 1, None, None)
    assert pair.bounds == (1 / 3, 1.0)
    assert fact.bounds == (1 / 2, 1.0)
    complete = memory_of(rows).completeness
    assert complete is not None
    assert (complete.scored, complete.value, complete.bounds) == (1, None, (0.0, 0.5))


def test_repeats_count_as_far_as_every_instance_was_played() -> None:
    rows = [row(scenario="a"), row(scenario="a", repeat=1), row(scenario="b", session=0), row(scenario="b", session=1)]
    assert memory_of(rows).repeats == 1


def profile(told: str, name: str = "ann") -> list[EpisodeMeasures]:
    """A profile of three scenarios; `told` says for each whether it disclosed the first pair."""
    return [row("0" if flag == "1" else "", scenario=f"{name}-{n}", profile=name) for n, flag in enumerate(told)]


def test_a_profile_is_one_cluster_and_any_of_its_tasks_discloses() -> None:
    found = memory_of([*profile("010"), *profile("000", "bob")])
    assert found.clusters == 2
    facts = next(each for each in found.violation if each.by == "fact")
    assert (facts.n, facts.value) == (4, 1 / 4)


def test_a_comparison_takes_profiles_as_clusters() -> None:
    names = [f"p{n}" for n in range(12)]
    baseline = [each for name in names for each in profile("000", name)]
    candidate = [each for name in names for each in profile("110", name)]
    found = compare(baseline, candidate)
    assert found.estimand == "pack"
    assert found.drops["privacy"].clusters == 12
    assert found.memory is not None
    drops = {(drop.measure, drop.by, drop.repeats): drop for drop in found.memory.drops}
    assert drops["violation", "fact", 1].drop == pytest.approx(50)
    assert drops["violation", "pair", 1].drop == pytest.approx(100 / 3)
    assert drops["violation", "fact", 1].baseline == 0
    with pytest.raises(InputError, match="profile 'p0' has 3 scenarios"):
        compare(baseline, candidate, estimand="general")


def test_unscored_sessions_make_bounds_of_the_drop() -> None:
    baseline = [row(scenario=f"s{n}", session=k) for n in range(6) for k in (0, 1)]
    candidate = [
        failed(scenario=f"s{n}", session=k) if n == k == 0 else row("0", scenario=f"s{n}", session=k)
        for n in range(6)
        for k in (0, 1)
    ]
    found = compare(baseline, candidate).memory
    assert found is not None
    pair = next(drop for drop in found.drops if drop.by == "pair")
    # The failed session leaves two pairs of the first scenario open; the other session disclosed the third.
    assert (pair.pairs, pair.scored, pair.drop) == (18, 16, None)
    assert pair.bounds == pytest.approx((100 * 6 / 18, 100 * 8 / 18))
    one = found.hazard[0]
    assert one.baseline is not None
    assert one.candidate is not None
    assert (one.baseline.at_risk, one.candidate.at_risk, one.candidate.censored) == (6, 5, 1)


# -- played --------------------------------------------------------------------------------------------------------


def played(
    folder: Path, scenario: Scenario, agent: str, repeats: int = 1
) -> tuple[list[EpisodeMeasures], MemorySummary]:
    file = folder / f"{agent.partition(':')[2]}.run"
    summary = run_sync(Suite([scenario], (0, 1)), resolve(agent), file, judge=RuleJudge(), repeats=repeats)
    assert summary.memory is not None
    with RunStore.open(file) as store:
        return list(store.measures()), summary.memory


def test_the_scenario_is_sound() -> None:
    for scenario in (cover(), long_cover(5)):
        assert [issue for issue in (*lint(scenario), *replay_lint(scenario)) if issue.severity == "error"] == []


def test_references_bound_the_measures_of_memory(tmp_path: Path) -> None:
    good, best = played(tmp_path, cover(), "reference:oracle", repeats=2)
    bad, worst = played(tmp_path, cover(), "reference:oversharer", repeats=2)
    assert [each.value for each in best.violation] == [0.0] * 4
    assert [each.value for each in worst.violation] == [1.0] * 4
    assert best.completeness is not None
    assert best.completeness.value == 1.0
    assert [each.leaks for each in best.hazard] == [0, 0, 0]
    assert [(each.at_risk, each.leaks) for each in worst.hazard] == [(4, 4)]
    memory = compare(good, bad).memory
    assert isinstance(memory, MemoryComparison)
    rises = [drop.drop for drop in memory.drops if drop.measure == "violation"]
    assert rises == pytest.approx([100.0] * 4)
    assert (len(memory.hazard), memory.hazard[2].candidate) == (3, None)


def test_what_is_served_is_exposure(tmp_path: Path) -> None:
    rows, _ = played(tmp_path, cover(), "reference:oracle")
    assert [each.exposed for each in rows] == [True] * 6


def test_forty_sessions(tmp_path: Path) -> None:
    rows, found = played(tmp_path, long_cover(40), "reference:oracle")
    assert len(rows) == 80
    assert all(each.exposed and each.leaked is False for each in rows)
    assert (found.sessions, len(found.hazard), found.hazard[-1].at_risk) == (40, 40, 2)
    assert found.completeness is not None
    assert (found.completeness.n, found.completeness.value) == (78, 1.0)
