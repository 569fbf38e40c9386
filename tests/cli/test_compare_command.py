"""`discretion compare` with reference agents: words, gates, files."""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from discretion.agents import resolve
from discretion.cli.compare import DEFAULT_SCENARIOS
from discretion.evals import Suite, run_sync
from discretion.judges import default_judge
from discretion.scenarios import load_scenarios

ORACLE, OVERSHARER = "reference:oracle", "reference:oversharer"


BROKEN = """
class Broken:
    name = "broken"

    async def act(self, messages, tools, *, seed):
        raise RuntimeError("no")


agent = Broken()
"""


@pytest.fixture
def broken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """An agent that always fails."""
    (tmp_path / "always_broken.py").write_text(BROKEN)
    monkeypatch.syspath_prepend(tmp_path)
    return "python:always_broken:agent"


@pytest.fixture(scope="module")
def two_runs(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The run files of an oracle and of an oversharer, over one scenario and its sibling."""
    files = [str(tmp_path_factory.mktemp("two") / f"{name}.run") for name in ("oracle", "oversharer")]
    suite = Suite(load_scenarios("office/interview-clash"), (0, 1))
    for agent, file in zip((ORACLE, OVERSHARER), files, strict=True):
        run_sync(suite, resolve(agent), file, judge=default_judge())
    return files


def play(call, agent: str, *options: str) -> str:
    file = f"{agent.partition(':')[2]}.run"
    call("run", "office", "-a", agent, "-o", file, *options)
    return file


def word(call, *arguments: str) -> str:
    """The word for one candidate, with its reason."""
    found = json.loads(call("compare", *arguments, "--json").stdout)
    (comparison,) = found["candidates"].values()
    return f"{comparison['word']['word']} {comparison['word']['reason']}".strip()


def test_an_oversharer_collapsed(call, tmp_path: Path) -> None:
    text = call("compare", ORACLE, OVERSHARER, "office").stdout
    assert "COLLAPSED" in text
    assert "drop" in text
    files = sorted(path.name for path in (tmp_path / "runs").glob("*.run"))
    assert [name.rpartition("-")[0] for name in files] == ["reference-oracle", "reference-oversharer"]
    assert call("compare", ORACLE, OVERSHARER, "office").stdout == text  # nothing is played again
    assert sorted(path.name for path in (tmp_path / "runs").glob("*.run")) == files


def test_after_a_baseline_that_failed_nothing_is_played(call, tmp_path: Path, broken: str) -> None:
    error = call("compare", broken, ORACLE, "interview-clash", "-n1", code=3).stderr
    assert error == (
        f"discretion: compare: no episode of the baseline {broken} could be scored (RuntimeError: no 2); "
        "mend that and start the same command again\n"
    )
    (file,) = (tmp_path / "runs").glob("*.run")
    assert error == call("compare", str(file), ORACLE, code=3).stderr.replace(str(file), broken)
    assert list((tmp_path / "runs").glob("*.run")) == [file]


def test_a_candidate_that_failed_is_no_evidence(call, broken: str) -> None:
    text = call("compare", ORACLE, broken, "interview-clash", "-n1", code=3).stdout
    assert "UNDECIDED  not scored" in text
    assert "No episode of the candidate could be scored: RuntimeError: no 2." in text


def test_generated_plots_are_played_by_default(call, monkeypatch: pytest.MonkeyPatch) -> None:
    assert DEFAULT_SCENARIOS == "generated:100"
    monkeypatch.setattr("discretion.cli.compare.DEFAULT_SCENARIOS", "generated:12")
    found = json.loads(call("compare", ORACLE, OVERSHARER, "--json").stdout)["candidates"][OVERSHARER]
    assert found["estimand"] == "general"
    assert found["word"]["word"] == "collapsed"


@pytest.mark.parametrize("useless", ["idle", "refuser"])
@pytest.mark.parametrize("seeds", ["1", "3"])
def test_an_agent_that_does_nothing_is_never_kept(call, runs: str, useless: str, seeds: str) -> None:
    allowed = {"disabled", "undecided not exercised"}
    assert word(call, ORACLE, f"reference:{useless}", "office", "--seeds", seeds, "--runs", runs) in allowed
    assert (
        word(call, f"reference:{useless}", f"reference:{useless}", "office", "--seeds", seeds, "--runs", runs)
        in allowed
    )


def test_runs_are_compared_without_agents(call) -> None:
    base, other = play(call, ORACLE), play(call, OVERSHARER)
    assert word(call, base, other) == "collapsed"
    error = call("compare", base, other, "office", code=2).stderr
    assert error == "discretion: compare: nothing is played, so scenarios 'office' have no use; leave them out\n"


@pytest.mark.parametrize(
    "option",
    [
        ["--seeds", "3"],
        ["--repeats", "1"],
        ["--concurrency", "2"],
        ["--temperature", "0"],
        ["--max-tokens", "9"],
        ["--vllm-python", "python"],
        ["--run-seed", "0"],
        ["--keep-faults"],
        ["--runs", "runs"],
    ],
)
def test_options_that_play_are_refused_between_run_files(call, two_runs: list[str], option: list[str]) -> None:
    error = call("compare", *two_runs, *option, code=2).stderr
    assert error == f"discretion: {option[0]}: nothing is played, so it has no use; leave it out\n"


def test_runs_that_were_cut_short_are_called_unfinished(call, two_runs: list[str]) -> None:
    base, other = two_runs
    cut = shutil.copy(other, "cut.run")
    with closing(sqlite3.connect(cut, isolation_level=None)) as db:
        db.execute("DELETE FROM judgements WHERE episode > 3")
        db.execute("DELETE FROM episodes WHERE id > 3")
    text = call("compare", base, cut).stdout
    assert f"candidate  {cut}  unfinished: 3 of 4 episodes" in text
    assert text.index("unfinished") < text.index("measure ")
    assert text.count("unfinished") == 1
    found = json.loads(call("compare", cut, base, "--json").stdout)["candidates"][base]
    assert found["unfinished"] == [{"side": "baseline", "episodes": 3, "of": 4}]
    assert "unfinished" not in call("compare", base, other).stdout


def test_an_agent_plays_what_the_run_beside_it_played(call) -> None:
    base = play(call, ORACLE, "--seeds", "5-6")
    found = json.loads(call("compare", base, OVERSHARER, "--json").stdout)["candidates"][OVERSHARER]
    assert found["estimand"] == "pack"
    assert found["only_baseline"] == found["only_candidate"] == []


def test_several_candidates_get_an_overview(call, runs: str) -> None:
    text = call("compare", ORACLE, OVERSHARER, "reference:idle", "office", "--runs", runs).stdout
    assert "The words of all 2 candidates hold together (Holm)." in text
    assert text.rindex("candidate  ") > text.rindex("(Holm)")


@pytest.mark.parametrize(
    ("candidate", "gate", "code", "says"),
    [
        (OVERSHARER, "drop > 5pp", 1, "gate failed  drop > 5pp: the loss is shown"),
        (ORACLE, "drop > 60pp", 0, "gate passed  drop > 60pp: such a loss is excluded"),
        (ORACLE, "drop > 5pp", 3, "gate open  drop > 5pp: not enough evidence"),
    ],
)
def test_gates_decide_the_exit_code(call, runs: str, candidate: str, gate: str, code: int, says: str) -> None:
    assert says in call("compare", ORACLE, candidate, "office", "--fail-if", gate, "--runs", runs, code=code).stdout


def test_a_failed_gate_goes_before_an_open_one(call, runs: str) -> None:
    gates = ["--fail-if", "coverage drop > 1pp", "--fail-if", "drop > 5pp"]
    found = json.loads(call("compare", ORACLE, OVERSHARER, "office", *gates, "--runs", runs, "--json", code=1).stdout)
    assert [gate["outcome"] for gate in found["gates"]] == ["open", "failed"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([ORACLE, "oversharer", "office"], "'oversharer' is neither an agent nor a run file; did you mean"),
        (["none.run", OVERSHARER], "'none.run' is neither an agent nor a run file"),
        ([ORACLE, OVERSHARER, OVERSHARER], "candidate 'reference:oversharer' is given twice; give it once"),
        ([ORACLE, OVERSHARER, "offcie"], "is called 'offcie'; did you mean 'office'?"),
        ([ORACLE, OVERSHARER, "--fail-if", "drop < 5pp"], "--fail-if: expected '>' at column 6"),
        (
            [ORACLE, OVERSHARER, "--estimand", "general", "-n", "2"],
            "the general drop takes one of each plot; use 'pack'",
        ),
    ],
)
def test_bad_input_is_one_line(call, runs: str, arguments: list[str], message: str) -> None:
    error = call("compare", *arguments, "--runs", runs, code=2).stderr
    assert message in error
    assert error.count("\n") == 1


def test_where_runs_cannot_be_kept_the_option_is_named(call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "runs").write_text("a file")
    error = call("compare", ORACLE, OVERSHARER, "interview-clash", code=2).stderr
    assert error == "discretion: runs: cannot be made: File exists; name another folder with --runs\n"
    monkeypatch.setattr("discretion.cli.play.os.access", lambda path, mode: False)
    error = call("compare", ORACLE, OVERSHARER, "interview-clash", "--runs", "closed", code=2).stderr
    assert error == "discretion: closed: nothing may be written into it; name another folder with --runs\n"


def test_runs_of_different_scenarios_under_one_name_are_refused(call, tmp_path: Path) -> None:
    from discretion.scenarios import load_scenario

    scenario = load_scenario("office/exam-plan")
    for name, title in (("a", scenario.title), ("b", "Another title")):
        text = scenario.model_copy(update={"title": title}).model_dump_json(by_alias=True)
        (tmp_path / f"{name}.json").write_text(text)
        call("run", f"{name}.json", "-a", ORACLE, "-o", f"{name}.run")
    error = call("compare", "a.run", "b.run", code=2).stderr
    assert "a.run: cannot be compared with b.run: scenarios.exam-plan:" in error
    assert error.count("\n") == 1


@pytest.mark.data
def test_imported_cases_are_compared(call, shared: Path, tmp_path: Path) -> None:
    cases = json.loads((shared / "data/privacylens/main_data.json").read_text())[:15]
    (tmp_path / "cases.json").write_text(json.dumps(cases))
    for play in ("replay", "live"):
        spec = f"privacylens:cases.json?play={play}"
        assert word(call, OVERSHARER, "reference:idle", spec) == "undecided not exercised"
