"""What every command has in common: help, one-line errors, exit codes, a quick start."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import Result

from discretion.cli import main
from discretion.errors import InputError


def line(result: Result) -> str:
    """The one line on stderr."""
    assert result.stdout == ""
    assert result.stderr.count("\n") == 1
    return str(result.stderr).strip()


@pytest.mark.parametrize("command", ["run", "compare", "judge", "doctor"])
def test_help_teaches_by_example(call, command: str) -> None:
    text = call(command, "--help").stdout
    assert f"Examples:\n    discretion {command}" in text


def test_no_command_shows_help_and_where_to_start(call) -> None:
    text = call().stdout
    assert text == call("--help").stdout == call("-h").stdout
    assert "discretion compare reference:oracle reference:oversharer office" in text


def test_version(call) -> None:
    assert call("--version").stdout == "discretion 0.1.0\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["frob"],
            "discretion: No such command 'frob'. Commands are: run, compare, judge, finetune, doctor, scenario,",
        ),
        (["comprae"], "discretion: No such command 'comprae'. Did you mean 'compare'? (see: discretion --help)"),
        (["scenario"], "discretion scenario: Missing command. Commands are: list, show,"),
        (["run", "office", "--agnet", "x"], "discretion run: No such option: --agnet"),
        (["run", "office"], "discretion run: Missing option '--agent' / '-a'. (see: discretion run --help)"),
        (["compare", "reference:oracle"], "discretion compare: Missing argument 'CANDIDATE... [SCENARIOS]'."),
        (["compare", "a", "b", "--tau", "many"], "discretion compare: Invalid value for '--tau'"),
    ],
)
def test_a_wrong_command_line_is_one_line(call, arguments: list[str], message: str) -> None:
    assert line(call(*arguments, code=2)).startswith(message)


def test_errors_of_the_package_are_one_line(call, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(text: str) -> None:
        raise InputError("nothing there", where="here", remedy="look elsewhere")

    monkeypatch.setattr("discretion.cli.run.load", fail)
    assert line(call("run", "x", "-a", "y", "-o", "z", code=2)) == "discretion: here: nothing there; look elsewhere"


def test_an_interrupted_run_says_that_nothing_is_lost(call, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(text: str) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("discretion.cli.run.load", stop)
    result = call("run", "x", "-a", "y", "-o", "z", code=130)
    assert "the same command goes on from there" in result.stderr


def test_a_bug_does_not_look_like_a_failed_gate(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def break_down() -> None:
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr("discretion.cli.application.app", break_down)
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 70
    assert "ZeroDivisionError: a bug" in capsys.readouterr().err


def test_the_start_imports_nothing_heavy() -> None:
    heavy = ["torch", "transformers", "openai", "scipy", "networkx", "faker", "rich", "yaml", "discretion.evals.store"]
    code = f"import sys, discretion.cli; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_closed_pipe_is_no_failed_gate() -> None:
    read, write = os.pipe()
    os.close(read)
    try:
        done = subprocess.run([sys.executable, "-m", "discretion", "--help"], stdout=write, stderr=subprocess.PIPE)
    finally:
        os.close(write)
    assert (done.returncode, done.stderr) == (141, b"")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a file that is always full")
def test_output_that_cannot_be_written_is_one_line() -> None:
    with open("/dev/full", "w") as full:
        done = subprocess.run([sys.executable, "-m", "discretion", "--help"], stdout=full, stderr=subprocess.PIPE)
    assert done.returncode == 2
    says = "discretion: the output cannot be written: No space left on device; make room for it\n"
    assert done.stderr.decode() == says


def test_it_runs_as_a_module() -> None:
    done = subprocess.run([sys.executable, "-m", "discretion", "nonsense"], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
