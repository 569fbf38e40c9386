"""`discretion run` and `discretion judge`, with reference agents, from the command to the table."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from discretion.scenarios.packs import pack_files

OVERSHARER = ("run", "office", "-a", "reference:oversharer", "-o", "over.run")


def test_a_run_prints_its_table_and_can_be_started_again(call, tmp_path: Path) -> None:
    text = call(*OVERSHARER).stdout
    for measure in ("agentic privacy", "exposure", "coverage", "appropriate", "discernment", "not scored", "endings"):
        assert measure in text
    assert f"{len(pack_files('office'))} scenarios of office" in text
    size = (tmp_path / "over.run").stat().st_size
    assert call(*OVERSHARER).stdout == text
    assert (tmp_path / "over.run").stat().st_size == size


def test_a_run_speaks_json(call) -> None:
    summary = json.loads(call(*OVERSHARER, "--json").stdout)
    assert summary["agentic_privacy"]["value"] == 0.0
    assert summary["coverage"]["value"] == 1.0


def test_other_settings_do_not_continue_a_run(call) -> None:
    call(*OVERSHARER)
    error = call(*OVERSHARER, "--seeds", "2", code=2).stderr
    assert "over.run: this run was made with other settings" in error
    assert "seeds: [0, 1, 2] in the file, [0, 1] asked for" in error


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["offcie", "-a", "reference:oracle"], "no file, folder or pack is called 'offcie'; did you mean 'office'?"),
        (["office", "-a", "reference:oracel"], "did you mean"),
        (["office", "-a", "oracle"], "did you mean 'reference:oracle'?"),
        (["office", "-a", "reference:oracle", "--seeds", "few"], "--seeds: 'few' names no seeds; write how many (10)"),
        (["office", "-a", "reference:oracle", "--judge", "ruels"], "did you mean 'rules'?"),
    ],
)
def test_bad_input_is_one_line(call, arguments: list[str], message: str, tmp_path: Path) -> None:
    error = call("run", *arguments, "-o", "x.run", code=2).stderr
    assert message in error
    assert error.count("\n") == 1
    assert not (tmp_path / "x.run").exists()


def test_output_that_is_no_file(call, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    error = call("run", "office", "-a", "reference:oracle", "-o", "folder", code=2).stderr
    assert error == "discretion: folder: this is a folder; name a file\n"


def test_a_run_is_judged_again_without_the_agent(call) -> None:
    call(*OVERSHARER)
    text = call("judge", "over.run", "--judge", "rules", "--replace").stdout
    assert "agentic privacy" in text
    summary = json.loads(call("judge", "over.run", "--json").stdout)
    assert summary["agentic_privacy"]["value"] == 0.0


def test_judging_what_is_no_run(call, tmp_path: Path) -> None:
    assert "there is no such run" in call("judge", "none.run", code=2).stderr
    (tmp_path / "notes.txt").write_text("hello")
    assert "this is no run file" in call("judge", "notes.txt", code=2).stderr


def test_a_run_of_which_nothing_is_scored_is_not_enough(call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = ["class Broken:", "    name = 'broken'", "    async def act(self, messages, tools, *, seed):"]
    lines += ["        raise RuntimeError('no')", "agent = Broken()"]
    (tmp_path / "broken_guest.py").write_text("\n".join(lines))
    monkeypatch.syspath_prepend(tmp_path)
    result = call("run", "office", "-a", "python:broken_guest:agent", "-o", "b.run", "--quiet", code=3)
    assert "agent fault" in result.output


def test_sessions_and_repeats_show_memory(call, tmp_path: Path) -> None:
    (tmp_path / "cover.yaml").write_text(
        (Path(__file__).parents[2] / "examples/cover.yaml").read_text("utf-8"), "utf-8"
    )
    wanted = ("run", "cover.yaml", "-a", "reference:oversharer", "-o", "a.run", "--repeats", "2", "--seeds", "1", "-q")
    text = call(*wanted).stdout
    assert "violation@2, facts" in text
    assert "completeness" in text
    memory = json.loads(call(*wanted, "--json").stdout)["memory"]
    assert (memory["repeats"], memory["sessions"], memory["completeness"]["value"]) == (2, 3, 1.0)
    assert [each["at_risk"] for each in memory["hazard"]] == [2]
