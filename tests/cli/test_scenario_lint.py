"""The linter and the report on norms, as the command line has them."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from discretion.scenarios import load_scenario
from discretion.scenarios.packs import pack_files

SMALL = next(file for file in pack_files("office") if file.name == "exam-plan.yaml").read_text(encoding="utf-8")


def broken(text: str = SMALL) -> str:
    assert text.count("user: quinn") <= 1
    return text.replace("\nuser: ", "\nuser: no", 1)


def test_a_file_that_does_not_load_is_an_issue_and_the_others_are_linted(call, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/a.yaml").write_text(broken())
    (tmp_path / "mine/b.yaml").write_text(SMALL)
    (tmp_path / "mine/c.yaml").write_text(SMALL)
    lines = call("scenario", "lint", "mine", "--seeds", "1", code=1).stdout.splitlines()
    assert lines[0].startswith("error: mine/a.yaml:")
    assert "user: unknown actor" in lines[0]
    assert lines[1].startswith("error: mine/c.yaml:")
    assert lines[1].endswith(" id: the id 'exam-plan' is taken by a scenario of mine/b.yaml; choose another")
    assert lines[2:] == ["2 scenarios: 2 errors, 0 warnings"]


def test_nothing_to_lint_is_bad_input(call, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert "empty: holds no scenario; give .yaml" in call("scenario", "lint", "empty", code=2).stderr
    assert "'offcie'; did you mean 'office'?" in call("scenario", "lint", "offcie", code=2).stderr


def test_processes_share_the_work_and_find_the_same(call, tmp_path: Path) -> None:
    scenario = load_scenario("office/exam-plan")
    task = scenario.task.model_copy(update={"plan": ()})
    for name in ("one", "two"):
        changed = scenario.model_copy(update={"id": name, "task": task, "sibling": None})
        (tmp_path / f"{name}.json").write_text(changed.model_dump_json(by_alias=True))
    alone = call("scenario", "lint", ".", "--seeds", "1", code=1).stdout
    assert "one.json:1 task: there is no plan" in alone
    assert alone == call("scenario", "lint", ".", "--seeds", "1", "--jobs", "2", code=1).stdout


def test_watching_lints_what_is_saved_until_ctrl_c(call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(SMALL)

    def save(text: str) -> None:
        earlier = path.stat().st_mtime_ns
        path.write_text(text)
        os.utime(path, ns=(earlier + 1, earlier + 1))  # a clock may be too coarse to tell two saves apart

    def interrupt() -> None:
        raise KeyboardInterrupt

    meanwhile = iter([lambda: None, lambda: save(broken()), lambda: None, lambda: save(SMALL), interrupt])
    monkeypatch.setattr("discretion.cli.linting.time.sleep", lambda seconds: next(meanwhile)())
    lines = call("scenario", "lint", "mine.yaml", "--watch", "--seeds", "1").stdout.splitlines()
    assert lines[0] == "mine.yaml: 0 errors, 0 warnings; watching"
    assert lines[1].startswith("error: mine.yaml:")
    assert lines[2:] == [
        "mine.yaml: 1 error, 0 warnings; watching",
        "mine.yaml: 0 errors, 0 warnings; watching",
        "stopped watching",
    ]


def test_there_has_to_be_something_to_watch(call) -> None:
    assert "--watch: nothing to watch; name a file" in call("scenario", "lint", "office", "--watch", code=2).stderr


def test_other_norms_are_linted_with(call, tmp_path: Path) -> None:
    (tmp_path / "strict.yaml").write_text("- {id: nothing, verdict: forbidden}\n")
    text = call("scenario", "lint", "exam-plan", "--norms", "strict.yaml", "--seeds", "1", code=1).stdout
    assert "but nothing forbids it" in text
    result = call("scenario", "lint", "exam-plan", "--norms", "lax.yaml", code=2)
    assert "no norm base is called 'lax.yaml'" in result.stderr


def test_norms_that_decide_nothing_and_flows_that_stay_open(call) -> None:
    text = call("scenario", "norms", "exam-plan").stdout
    assert "education-teacher" in text  # of a single scenario, what decides is listed
    assert "legal-court" not in text
    assert "exam_day (other.plan)" in text
    assert "norms decide a flow (the others: --all);" in " ".join(text.split())
    assert "legal-court" in call("scenario", "norms", "exam-plan", "--all").stdout
    data = json.loads(call("scenario", "norms", "exam-plan", "--json").stdout)
    court = next(norm for norm in data["norms"] if norm["id"] == "legal-court")
    assert (court["flows"], court["scenarios"], court["own"]) == (0, [], None)
    assert {"scenario", "fact", "attribute", "recipient", "roles"} == set(data["unregulated"][0])


def test_where_most_norms_decide_those_that_do_not_are_listed(call, tmp_path: Path) -> None:
    (tmp_path / "few.yaml").write_text(
        "- {id: school, verdict: forbidden, attribute: education.*}\n"
        "- {id: rest, verdict: permitted}\n"
        "- {id: court, verdict: permitted, recipient: legal.court}\n"
    )
    text = call("scenario", "norms", "exam-plan", "--norms", "few.yaml").stdout
    assert "norm that decides no flow" in text
    assert "court" in text
    assert "school" not in text


def test_the_linter_reports_on_norms_too(call, tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(SMALL)
    (tmp_path / "b.yaml").write_text(broken())
    text = call("scenario", "lint", ".", "--seeds", "1", "--norm-report", code=1).stdout
    assert "1 scenario: " in text
    assert "norms decide a flow" in text
    assert "legal-court" not in text  # of a single scenario, what decides is listed
    assert text.splitlines()[-1] == "1 scenario: 1 error, 0 warnings"
    data = json.loads(call("scenario", "lint", "a.yaml", "--seeds", "1", "--norm-report", "--json").stdout)
    assert data["issues"] == []
    assert {"norms", "unregulated"} < set(data)


def test_generated_plots_are_linted_alike_by_one_process_and_by_two(call) -> None:
    Path("norms.yaml").write_text("- {id: nobody, verdict: forbidden}\n")
    asked = ("scenario", "lint", "generated:3-8?pressure=1", "--norms", "norms.yaml")
    alone = call(*asked, code=1).stdout
    assert alone.splitlines()[-1].startswith("6 scenarios: ")
    assert alone == call(*asked, "--jobs", "2", code=1).stdout
    assert "names no plots" in call("scenario", "lint", "generated:0", code=2).stderr
