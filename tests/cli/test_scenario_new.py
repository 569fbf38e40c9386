"""Writing a new scenario by options, and by questions."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from discretion.cli import app
from discretion.scenarios import load_scenario

OPTIONS = (
    *("scenario", "new", "--id", "sick-note", "--private", "health.diagnosis"),
    *("--recipient", "employment.manager", "--sibling-recipient", "health.insurer"),
)


def test_options_write_a_file_that_lints(call, tmp_path: Path) -> None:
    text = call(*OPTIONS, "--channel", "chat", "--title", "A note", "--context", "employment").stdout
    assert "written to sick-note.yaml: 0 errors, 0 warnings" in text
    assert "health.diagnosis must not reach employment.manager; in the twin it has to reach health.insurer" in text
    scenario = load_scenario(tmp_path / "sick-note.yaml")
    assert (scenario.id, scenario.title, scenario.context) == ("sick-note", "A note", "employment")
    assert "chat" in scenario.toolkits
    assert scenario.sibling is not None
    assert any(person.lacking for person in scenario.people)
    assert call("scenario", "lint", "sick-note.yaml").stdout == "1 scenario: 0 errors, 0 warnings\n"


def test_nothing_is_written_over(call, tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text("precious")
    result = call(*OPTIONS, "-o", "mine.yaml", code=2)
    assert result.stderr == "discretion: mine.yaml: is there already; name another file, or remove it\n"
    assert (tmp_path / "mine.yaml").read_text() == "precious"


def test_questions_are_answered_with_what_the_norm_base_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    answers = "debts\nfinance.dept\nfinance.debt\n\nfinance.bank\nlist\n"
    result = CliRunner().invoke(app, ["scenario", "new"], input=answers)
    assert result.exit_code == 0, result.output
    assert "there is no attribute 'finance.dept'; did you mean 'finance.debt'?" in result.output
    assert "By the norm base, finance.debt must not reach:  employment.manager, " in result.output
    assert "By the norm base, finance.debt may reach:  finance.accountant, finance.bank" in result.output
    scenario = load_scenario(tmp_path / "debts.yaml")
    assert [member.roles for member in scenario.cast[1:3]] == [
        ("employment.manager of dana",),
        ("finance.bank of dana",),
    ]
    assert scenario.channels[0].kind == "mail_list"


def test_where_nobody_answers_the_option_is_named(call) -> None:
    result = call("scenario", "new", code=2)
    assert "discretion: --id: no answer; give the option, or answer the question" in result.stderr
    assert (
        "--private: there is no attribute 'x'" in call("scenario", "new", "--id", "a", "--private", "x", code=2).stderr
    )
