"""The progress bar: shown where somebody watches, a line a minute where nobody does."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from discretion.cli.progress import learning_bar, progress_bar
from discretion.evals.measures import EpisodeMeasures


def ended(leaked: bool | None) -> tuple[EpisodeMeasures, ...]:
    return (EpisodeMeasures(instance="s:0", scenario="s", leaked=leaked),)


def drive(title: str, *, shown: bool = True) -> None:
    with progress_bar(title, shown=shown) as tick:
        tick(2, 5, ())
        for done, leaked in ((3, True), (4, False), (5, None)):
            tick(done, 5, ended(leaked))


def test_it_shows_how_far_it_is_and_what_it_has_seen(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TTY_COMPATIBLE", "1")
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "100")
    drive("hf:[bold]x")
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "hf:[bold]x" in captured.err
    assert "5/5" in captured.err
    assert "leaked 50%, not scored 1" in captured.err


def test_it_is_silent_when_told_and_in_the_first_minute_without_a_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    drive("x")
    monkeypatch.setenv("TTY_COMPATIBLE", "1")
    drive("x", shown=False)
    captured = capsys.readouterr()
    assert captured.out + captured.err.strip() == ""


def test_a_run_says_how_far_it_is_once_a_minute_without_a_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    now = [0.0]
    monkeypatch.setattr("discretion.cli.progress.time", SimpleNamespace(monotonic=lambda: now[0]))
    for shown in (True, False):
        with progress_bar("hf:x", shown=shown) as bar:
            bar(1000, 2000, ())
            for done, leaked in ((1001, True), (1002, False), (1003, None)):
                now[0] += 40.0
                bar(done, 2000, ended(leaked))
            now[0] += 40.0
            bar.say("waiting for the server")
    assert capsys.readouterr().err.splitlines() == [
        "hf:x: 1,002 of 2,000, leaked 50%",
        "hf:x: waiting for the server",
    ]


def test_training_says_how_far_it_is_once_a_minute_without_a_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    now = [0.0]
    monkeypatch.setattr("discretion.cli.progress.time", SimpleNamespace(monotonic=lambda: now[0]))
    for shown in (True, False):
        with learning_bar("organism:base", "tokens", shown=shown) as tick:
            for done, total in ((1000, None), (2000, None), (3000, 4000)):
                now[0] += 40.0
                tick(done, total, 0.25)
    (line,) = capsys.readouterr().err.splitlines()
    assert line == "organism:base: 2,000 tokens, 25/s, loss 0.250"


def test_training_draws_a_bar_where_somebody_watches(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TTY_COMPATIBLE", "1")
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "100")
    with learning_bar("x on y", "steps") as tick:
        tick(1, 4, 1.5)
        tick(4, 4, 0.125)
    captured = capsys.readouterr()
    assert "100%" in captured.err
    assert "loss 0.125" in captured.err
