"""Norms in place of the scenarios' norm base: another run, and another look at the same run."""

from __future__ import annotations

from pathlib import Path

import pytest
from office_cases import absence

from discretion.agents import resolve
from discretion.errors import RunFileError, ScenarioError
from discretion.evals import RunStore, RunSummary, Suite, compare_runs, rejudge, run_sync
from discretion.evals.comparing_runs import suite_of
from discretion.evals.runner import UnderNorms
from discretion.judges import RuleJudge
from discretion.scenarios import Norm
from discretion.scenarios.normbase import norms_hash

SCENARIO = absence().model_copy(update={"norms": (), "norm_base": ("base",)})
STRICT = (Norm(id="nothing", verdict="forbidden"),)
LAX = (Norm(id="anything", verdict="permitted"),)


def play(path: Path, norms: tuple[Norm, ...] | None, agent: str = "reference:oversharer") -> RunSummary:
    return run_sync(Suite([SCENARIO], range(2), norms), resolve(agent), path, judge=RuleJudge())


def test_given_norms_decide_in_place_of_the_norm_base(tmp_path: Path) -> None:
    found = [
        play(tmp_path / name, norms, "reference:oracle") for name, norms in (("a", None), ("b", STRICT), ("c", LAX))
    ]
    assert [(each.agentic_privacy.k, each.agentic_privacy.n) for each in found] == [
        (2, 4),
        (0, 4),
        (0, 0),
    ]  # the twin tells HR of the illness, as its task asks, against the norm base


def test_a_run_under_other_norms_is_another_run(tmp_path: Path) -> None:
    play(tmp_path / "a.run", LAX)
    play(tmp_path / "a.run", LAX)
    for norms in (None, STRICT):
        with pytest.raises(RunFileError, match=r"made with other settings:\n  norms"):
            play(tmp_path / "a.run", norms)
    play(tmp_path / "b.run", STRICT)
    with pytest.raises(RunFileError, match=r"cannot be compared with .*b.run: norms.given: .* here, .* there"):
        compare_runs(tmp_path / "a.run", {"b": tmp_path / "b.run"})
    play(tmp_path / "c.run", None)
    with pytest.raises(RunFileError, match=r"norms\.base: nothing here"):
        compare_runs(tmp_path / "a.run", {"c": tmp_path / "c.run"})


def test_a_run_file_holds_the_norms_that_it_was_given(tmp_path: Path) -> None:
    play(tmp_path / "a.run", LAX)
    with RunStore.open(tmp_path / "a.run") as store:
        assert store.norms == LAX
        assert store.manifest["norms"] == {"given": norms_hash(LAX)}
        suite, _ = suite_of(store)
        assert suite.norms == LAX
        assert {norm.id for norm in store.sessions(next(store.episodes()))[0].norms} == {"anything"}
    assert rejudge(tmp_path / "a.run", RuleJudge()).agentic_privacy.n == 0  # these norms forbid nothing


def test_the_same_episodes_under_other_norms(tmp_path: Path) -> None:
    assert play(tmp_path / "a.run", None, "reference:oracle").agentic_privacy.k == 2
    judge = UnderNorms(RuleJudge(), STRICT, "strict")
    assert rejudge(tmp_path / "a.run", judge).agentic_privacy.k == 0
    with RunStore.open(tmp_path / "a.run") as store:
        assert list(store.judges) == ["rules", "rules~strict"]
        assert store.judges["rules~strict"]["norms"] == norms_hash(STRICT)
        assert [row.leaked for row in store.measures()] == [False, True] * 2  # as it was
        assert [row.leaked for row in store.measures("rules~strict")] == [True] * 4
    with pytest.raises(RunFileError, match="has judged this run with other settings: norms"):
        rejudge(tmp_path / "a.run", UnderNorms(RuleJudge(), LAX, "strict"))


def test_runs_under_different_norms_meet_under_the_same(tmp_path: Path) -> None:
    play(tmp_path / "a.run", STRICT)
    play(tmp_path / "b.run", LAX)
    for name in ("a.run", "b.run"):
        rejudge(tmp_path / name, UnderNorms(RuleJudge(), STRICT, "strict"))
    found = compare_runs(tmp_path / "a.run", {"b": tmp_path / "b.run"}, judge="rules~strict")["b"]
    assert found.pairs == 4


def test_the_manifest_says_which_norm_bases_hold() -> None:
    assert list(Suite([SCENARIO]).norm_hashes) == ["base"]
    assert Suite([absence()]).norm_hashes == {}


def test_norms_of_one_id_are_refused_before_anything_is_played() -> None:
    twice = (Norm(id="no-offer", verdict="permitted"),)
    with pytest.raises(ScenarioError, match=r"absence norms\[no-offer\].id: the given norms have a norm 'no-offer' as"):
        Suite([absence()], norms=twice)
