"""`--norms FILE`: other norms for a run, a comparison, and another look at a finished run."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from discretion.scenarios.normbase import load_norms, norms_hash

STRICT = "- {id: nothing, verdict: forbidden, reason: Nobody learns anything.}\n"


@pytest.fixture
def strict(tmp_path: Path) -> str:
    (tmp_path / "strict.yaml").write_text(STRICT)
    return "strict.yaml"


def play(call, output: str, *options: str, code: int = 0):
    arguments = ("exam-plan", "-a", "reference:oracle", "-o", output, "-n", "1", "-q", "--json")
    return call("run", *arguments, *options, code=code)


def test_a_run_under_other_norms_is_judged_by_them_and_kept_apart(call, strict: str, tmp_path: Path) -> None:
    assert json.loads(play(call, "usual.run").stdout)["agentic_privacy"]["k"] == 2
    assert json.loads(play(call, "strict.run", "--norms", strict).stdout)["agentic_privacy"]["k"] == 0
    digest = norms_hash(load_norms(tmp_path / strict))
    error = play(call, "strict.run", code=2).stderr
    assert "norms.given" in error
    assert digest[:20] in error
    error = call("compare", "usual.run", "strict.run", code=2).stderr
    assert "cannot be compared" in error
    assert "norms" in error


def test_an_agent_is_run_under_the_norms_of_the_run_that_it_is_compared_with(call, strict: str) -> None:
    play(call, "strict.run", "--norms", strict)
    found = json.loads(call("compare", "strict.run", "reference:idle", "-q", "--json").stdout)
    assert found["candidates"]["reference:idle"]["pairs"] == 2
    error = call("compare", "strict.run", "reference:idle", "exam-plan", "-n", "1", "-q", code=2).stderr
    assert "norms" in error  # the scenarios as they are, and so under the norm base


def test_a_finished_run_is_looked_at_under_other_norms(call, strict: str) -> None:
    play(call, "usual.run")
    found = call("judge", "usual.run", "--norms", strict, "-q").stdout
    assert "judged by rules~strict" in found
    assert json.loads(call("judge", "usual.run", "-q", "--json").stdout)["agentic_privacy"]["k"] == 2
    error = call("compare", "usual.run", "usual.run", "--norms", strict, code=2).stderr
    assert "--norms: nothing is played, so norms have no use; judge each run under them with: discretion judge" in error


@pytest.mark.parametrize(
    "command", [("run", "exam-plan", "-a", "reference:idle", "-o", "a.run"), ("judge", "usual.run")]
)
def test_norms_that_do_not_load_are_one_line(call, tmp_path: Path, command: tuple[str, ...]) -> None:
    (tmp_path / "broken.yaml").write_text("- {id: a, verdict: forbiden}\n")
    error = call(*command, "--norms", "broken.yaml", code=2).stderr
    assert (
        error == "discretion: broken.yaml:1 [a].verdict: 'forbiden' is none of the choices; did you mean 'forbidden'?\n"
    )
