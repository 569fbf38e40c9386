"""`kill -9` at any moment: nothing that was committed is lost, nothing is done twice, the end is the same."""

from __future__ import annotations

import os
import random
import shutil
import signal
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from office_cases import absence, two_sessions

from discretion.agents import resolve
from discretion.errors import RunFileError
from discretion.evals.measures import EpisodeKey, EpisodeMeasures
from discretion.evals.runner import run_sync
from discretion.evals.store import RunStore
from discretion.evals.suite import Suite
from discretion.judges import RuleJudge

KILLS = 60

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="kills a forked process")


def work(path: Path, tell: Callable[[str], None] = lambda line: None) -> None:
    def progress(done: int, total: int, measures: tuple[EpisodeMeasures, ...]) -> None:
        for row in measures:
            tell("\t".join(map(str, row.key)) + "\n")

    suite = Suite([absence(), two_sessions()], range(8))
    run_sync(suite, resolve("reference:random"), path, judge=RuleJudge(), progress=progress)


def forked(path: Path, *, episodes: int, seconds: float) -> tuple[bool, list[EpisodeKey]]:
    """Run in a child that is killed so many seconds after it has reported so many episodes.

    Counted from a report, for a child may take long to begin, and a kill before it does anything shows nothing.

    Returns:
        Whether it ended by itself, and what it reported.
    """
    readable, writable = os.pipe()
    child = os.fork()
    if child == 0:
        status = 1
        try:
            work(path, lambda line: (os.write(writable, line.encode()), None)[1])
            status = 0
        finally:
            os._exit(status)
    os.close(writable)
    with os.fdopen(readable) as pipe:
        text = "".join(pipe.readline() for _ in range(episodes))
        time.sleep(seconds)
        os.kill(child, signal.SIGKILL)
        text += pipe.read()
    lines = [line.split("\t") for line in text.split("\n")[:-1]]
    _, status = os.waitpid(child, 0)
    assert status in (0, signal.SIGKILL)
    return status == 0, [EpisodeKey(a, int(b), int(c), d, int(e)) for a, b, c, d, e in lines]  # type: ignore[arg-type]


def content(path: Path) -> dict[EpisodeKey, tuple[str, ...]]:
    try:
        RunStore.open(path).close()
    except RunFileError:  # killed before there was a run
        return {}
    with RunStore.open(path) as stored:
        return {
            each.key: (each.episode.model_dump_json(), stored.judgement(each.key).model_dump_json())
            for each in stored.episodes()
        }


def test_a_writer_that_was_killed_while_it_made_one_file_of_a_run(tmp_path: Path) -> None:
    whole = tmp_path / "whole.run"
    work(whole)
    expected = content(whole)
    copy = tmp_path / "copy.run"
    with closing(sqlite3.connect(whole, isolation_level=None)) as writer:
        writer.execute("PRAGMA cache_size = 1")  # what is changed goes to the file at once, its journal before it
        writer.execute("BEGIN")
        writer.execute("CREATE TABLE filler (x)")
        for _ in range(200):
            writer.execute("INSERT INTO filler VALUES (randomblob(4000))")
        shutil.copy(whole, copy)
        shutil.copy(f"{whole}-journal", f"{copy}-journal")
    assert content(copy) == expected
    assert not Path(f"{copy}-journal").exists()


def test_killed_again_and_again(tmp_path: Path) -> None:
    whole = tmp_path / "whole.run"
    started = time.monotonic()
    work(whole)
    duration = time.monotonic() - started
    expected = content(whole)
    assert len(expected) == 32

    rng = random.Random(0)
    kills = runs = 0
    reported: list[EpisodeKey] = []
    path = tmp_path / "0.run"
    while kills < KILLS:
        ended, news = forked(path, episodes=rng.randrange(5), seconds=rng.uniform(0, 2 * duration / len(expected)))
        kills += not ended
        assert not set(news) & set(reported), "done twice"
        reported += news
        stored = content(path)
        assert set(reported) <= set(stored), "committed and lost"
        # Committed, and killed before it could say so: one unit of work at most, which has up to two sessions.
        assert len(set(stored) - set(reported)) <= 2
        reported = list(stored)
        if ended:
            assert stored == expected
            runs += 1
            path, reported = tmp_path / f"{runs}.run", []
    work(path)
    assert content(path) == expected
    assert runs >= 1
