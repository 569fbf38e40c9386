"""The run file: what is committed stays, one process writes, and whatever is wrong with a file is said in one line."""

from __future__ import annotations

import itertools
import sqlite3
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from office_cases import absence

from discretion.envs.episode import Ending, Episode
from discretion.errors import RunFileError
from discretion.evals.manifest import Manifest, differences, make_manifest, one_line, redact
from discretion.evals.measures import EpisodeKey, EpisodeMeasures
from discretion.evals.store import Row, RunStore
from discretion.judges.findings import Judgement
from discretion.models.chat import Message


def manifest(**changes: object) -> Manifest:
    made = make_manifest(
        scenarios={"absence": "0123"},
        norms={"base": "4567"},
        seeds=[0, 1],
        agent={"name": "reference:oracle"},
        judge={"name": "rules"},
        repeats=1,
        run_seed=0,
    )
    return {**made, **changes}  # type: ignore[dict-item]


def start(path: Path, **changes: object) -> RunStore:
    store = RunStore.start(path, manifest(**changes), {"absence": absence()})
    store.add_judge("rules", {"name": "rules"})
    return store


def row(seed: int, *, twin: str = "base", session: int = 0, text: str = "hello") -> Row:
    episode = Episode(
        instance=f"absence:{seed}",
        session=session,
        messages=(Message(role="user", content=text),),
        ending=Ending(kind="answered"),
    )
    measures = EpisodeMeasures(
        instance=episode.instance, scenario="absence", twin=twin, seed=seed, session=session, leaked=False
    )
    return Row(episode, b"digest", Judgement(judge="rules"), measures)


def message(error: pytest.ExceptionInfo[RunFileError]) -> str:
    return str(error.value)


# -- writing and reading ---------------------------------------------------------------------------------------------


def test_what_was_put_comes_back_sorted(tmp_path: Path) -> None:
    path = tmp_path / "a.run"
    with start(path) as store:
        store.put([row(10, text="Grüße, 東京")])
        store.put([row(2, twin="sibling", session=1), row(2, twin="sibling")])
        store.put([row(2)])
        assert store.has("absence", 2, 0, "sibling")
        assert not store.has("absence", 10, 0, "sibling")
        assert store.count() == 3
    with RunStore.open(path) as stored:
        keys = [measures.key for measures in stored.measures()]
        assert keys == sorted(keys)
        assert [(key.seed, key.twin, key.session) for key in keys] == [
            (2, "base", 0),
            (2, "sibling", 0),
            (2, "sibling", 1),
            (10, "base", 0),
        ]
        written = list(stored.episodes())
        assert [each.number for each in written] == [1, 2, 3, 4]
        assert written[0].episode == row(10, text="Grüße, 東京").episode
        key = EpisodeKey("absence", 10, 0, "base", 0)
        assert stored.episode(key).digest == b"digest"
        assert stored.judgement(key) == Judgement(judge="rules")
        assert stored.scenario("absence") == absence()
        assert stored.manifest == manifest()
        assert stored.judges == {"rules": {"name": "rules"}}


def test_a_run_that_was_read_is_still_one_file(tmp_path: Path) -> None:
    path = tmp_path / "a.run"
    with start(path) as store:
        store.put([row(0)])
    for _ in range(2):
        with RunStore.open(path) as reader:
            assert reader.count() == 1
        assert sorted(each.name for each in tmp_path.iterdir()) == ["a.run", "a.run-lock"]
    with RunStore.open(path) as reader:
        with RunStore.reopen(path) as store:
            store.put([row(1)])
        assert reader.count() == 2


def test_a_closed_run_is_one_file_and_an_empty_lock(tmp_path: Path) -> None:
    start(tmp_path / "a.run").close()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.run", "a.run-lock"]
    assert (tmp_path / "a.run-lock").stat().st_size == 0


def test_a_name_with_odd_characters_is_only_a_name(tmp_path: Path) -> None:
    path = tmp_path / "50% ?mode=ro#x é.run"
    start(path).close()
    with RunStore.open(path) as stored:
        assert list(stored.measures()) == []


def test_a_unit_of_work_is_committed_whole_or_not_at_all(tmp_path: Path) -> None:
    with start(tmp_path / "a.run") as store:
        store.put([row(0)])
        with pytest.raises(RunFileError, match="UNIQUE"):
            store.put([row(1), row(0)])
        assert store.count() == 1


def test_readers_read_while_somebody_writes(tmp_path: Path) -> None:
    path = tmp_path / "a.run"
    with start(path) as store:
        store.put([row(0)])
        with RunStore.open(path) as stored:
            assert stored.count() == 1
            store.put([row(1)])
            assert stored.count() == 2
            with pytest.raises(RunFileError, match="cannot be written"):
                stored.put([row(2)])


def test_a_finished_run_is_read_where_nothing_can_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.run"
    with start(path) as store:
        store.put([row(0)])
    (tmp_path / "a.run-lock").unlink()
    monkeypatch.setattr("os.access", lambda path, mode: False)
    with RunStore.open(path) as stored:
        assert stored.count() == 1
        assert [each.name for each in tmp_path.iterdir()] == ["a.run"]


def test_unknown_names_are_answered_with_the_nearest(tmp_path: Path) -> None:
    with start(tmp_path / "a.run") as store:
        store.put([row(0)])
        with pytest.raises(RunFileError, match="no scenario 'absense' in it; did you mean 'absence'"):
            store.scenario("absense")
        with pytest.raises(RunFileError, match="no judge 'rulez' in it; did you mean 'rules'"):
            list(store.measures("rulez"))
        with pytest.raises(RunFileError, match="no episode"):
            store.episode(EpisodeKey("absence", 5, 0, "base", 0))


# -- continuing ------------------------------------------------------------------------------------------------------


def test_the_same_manifest_continues(tmp_path: Path) -> None:
    with start(tmp_path / "a.run") as store:
        store.put([row(0)])
    with start(tmp_path / "a.run") as store:
        assert store.count() == 1


def test_another_manifest_is_refused_field_by_field(tmp_path: Path) -> None:
    start(tmp_path / "a.run").close()
    with pytest.raises(RunFileError) as error:
        start(tmp_path / "a.run", repeats=3, agent={"name": "reference:idle", "temperature": 0.7})
    assert message(error).splitlines() == [
        f"{tmp_path / 'a.run'}: this run was made with other settings:",
        '  agent.name: "reference:oracle" in the file, "reference:idle" asked for',
        "  agent.temperature: nothing in the file, 0.7 asked for",
        "  repeats: 1 in the file, 3 asked for",
        "; write to another file, or ask for the same settings",
    ]
    start(tmp_path / "a.run").close()  # the refusal left it as it was and let go of the lock


def test_differences_are_found_beyond_what_is_shown() -> None:
    long = [*range(100)]
    (line,) = differences({"seeds": [*long, 1]}, {"seeds": [*long, 2]})
    assert line.startswith("seeds: [0, 1, 2")
    assert len(line) < 160


def test_a_start_that_was_interrupted_before_the_tables_is_made_up_for(tmp_path: Path) -> None:
    path = tmp_path / "a.run"
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA journal_mode = WAL")
    db.close()
    with start(path) as store:
        store.put([row(0)])
        assert store.count() == 1


def test_judging_again_with_other_settings_needs_a_word(tmp_path: Path) -> None:
    with start(tmp_path / "a.run") as store:
        store.put([row(0), row(1)])
        store.add_judge("rules", {"name": "rules"})
        assert store.count_unjudged("rules") == 0
        with pytest.raises(RunFileError, match="votes: nothing in the file, 3 asked for"):
            store.add_judge("rules", {"name": "rules", "votes": 3})
        assert store.count_unjudged("rules") == 0
        store.add_judge("rules", {"name": "rules", "votes": 3}, replace=True)
        assert store.count_unjudged("rules") == 2
        (first,) = store.unjudged("rules", most=1)
        store.put_judgements([(first.number, row(0).judgement, row(0).measures)])
        assert [each.number for each in store.unjudged("rules")] == [2]


# -- one writer ------------------------------------------------------------------------------------------------------


def test_a_second_writer_is_told_so(tmp_path: Path) -> None:
    with start(tmp_path / "a.run"):
        for opening in (start, RunStore.reopen):
            with pytest.raises(RunFileError) as error:
                opening(tmp_path / "a.run")
            assert message(error) == (
                f"{tmp_path / 'a.run'}: another process is writing this run; "
                "wait for it to end, or write to another file"
            )
    start(tmp_path / "a.run").close()


def test_a_writer_in_another_process_holds_the_lock_until_it_is_killed(tmp_path: Path) -> None:
    path = tmp_path / "a.run"
    start(path).close()
    holder = subprocess.Popen(
        [
            sys.executable,
            "-c",
            textwrap.dedent(
                """
                import sys, time
                from pathlib import Path
                from discretion.evals.runfile import RunFile
                RunFile(Path(sys.argv[1]), write=True)
                print("held", flush=True)
                time.sleep(60)
                """
            ),
            str(path),
        ],
        stdout=subprocess.PIPE,
    )
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(RunFileError, match="another process is writing this run"):
            start(path)
        RunStore.open(path).close()
    finally:
        holder.kill()
        holder.wait()
        holder.stdout.close()
    start(path).close()


# -- files that cannot be used ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("opening", [RunStore.open, RunStore.reopen])
def test_a_run_that_is_not_there(tmp_path: Path, opening: object) -> None:
    with pytest.raises(RunFileError) as error:
        opening(tmp_path / "b.run")  # type: ignore[operator]
    assert "there is no such run; check the path" in message(error)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_is_no_run(tmp_path: Path) -> None:
    with pytest.raises(RunFileError, match="this is a folder; name a file"):
        start(tmp_path)


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(RunFileError, match=r"cannot be opened; check that its folder .*nowhere is there and may be"):
        start(tmp_path / "nowhere" / "a.run")


@pytest.mark.parametrize("content", [b"id: clinic\n" * 100, b"SQLite", b"", b"\0" * 4096])
def test_a_file_of_another_kind(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.run"
    path.write_bytes(content)
    with pytest.raises(RunFileError) as error:
        RunStore.open(path)
    assert "no run file" in message(error) or "truncated" in message(error)
    if content:
        with pytest.raises(RunFileError):
            start(path)
        assert path.read_bytes() == content


def test_a_database_of_somebody_else(tmp_path: Path) -> None:
    path = tmp_path / "a.run"
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE theirs (x)")
    db.close()
    for opening in (start, RunStore.open):
        with pytest.raises(RunFileError, match="this is no run file; name a file that discretion run has made"):
            opening(path)


def test_a_file_of_another_version(tmp_path: Path) -> None:
    path = tmp_path / "a.run"
    start(path).close()
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA user_version = 7")
    db.close()
    for opening in (start, RunStore.open):
        with pytest.raises(RunFileError) as error:
            opening(path)
        assert message(error) == (
            f"{path}: a run file of format 7; this version of discretion has format 2; upgrade discretion"
        )


@pytest.mark.parametrize("share", [0.02, 0.3, 0.9])
def test_a_truncated_file(tmp_path: Path, share: float) -> None:
    path = tmp_path / "a.run"
    with start(path) as store:
        for seed in range(50):
            store.put([row(seed, text=f"{seed} " * 500)])
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * share)])
    for opening in (start, RunStore.open):
        with pytest.raises(RunFileError) as error:
            opening(path)
        assert "the run file is truncated; restore a copy of it, or delete it and run again" in message(error)


def test_a_damaged_file(tmp_path: Path) -> None:
    path = tmp_path / "a.run"
    with start(path) as store:
        for seed in range(50):
            store.put([row(seed)])
    whole = bytearray(path.read_bytes())
    whole[8192:] = b"\xff" * (len(whole) - 8192)
    path.write_bytes(whole)
    with pytest.raises(RunFileError, match="the run file is damaged"):
        start(path)

    def read() -> None:
        with RunStore.open(path) as stored:
            list(stored.episodes())
            list(stored.measures())

    with pytest.raises(RunFileError, match=r"damaged|broken"):
        read()


def test_a_row_that_holds_something_else(tmp_path: Path) -> None:
    path = tmp_path / "a.run"
    with start(path) as store:
        store.put([row(0)])
    with sqlite3.connect(path) as db:
        db.execute("UPDATE episodes SET json = 'not packed'")
        db.execute("UPDATE judgements SET measures = '{}'")
        db.execute("DELETE FROM manifest")
    db.close()
    with RunStore.open(path) as stored:
        with pytest.raises(RunFileError, match="it holds a broken episode record"):
            list(stored.episodes())
        with pytest.raises(RunFileError, match="it holds a broken episodemeasures record"):
            list(stored.measures("rules"))
        with pytest.raises(RunFileError, match="it holds a broken manifest record"):
            list(stored.measures())


def test_a_full_disk_loses_nothing_that_was_committed(tmp_path: Path) -> None:
    path = tmp_path / "a.run"
    store = start(path)
    (pages,) = store._db.execute("PRAGMA page_count").fetchone()
    store._db.execute(f"PRAGMA max_page_count = {pages + 20}")
    committed: list[int] = []

    def fill() -> None:
        for seed in itertools.count():
            store.put([row(seed, text=str(list(range(seed, seed + 3000))))])
            committed.append(seed)

    with pytest.raises(RunFileError) as error:
        fill()
    assert message(error) == (
        f"{path}: the disk is full; every episode committed so far is safe; make room and start the same command again"
    )
    assert len(committed) > 2
    store.close()
    with RunStore.open(path) as stored:
        assert [each.key.seed for each in stored.episodes()] == committed
        assert [measures.key.seed for measures in stored.measures()] == committed
    with start(path) as store:
        store.put([row(len(committed))])


# -- secrets ---------------------------------------------------------------------------------------------------------


def test_secrets_reach_no_manifest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EXAMPLE_API_KEY", "correct-horse-battery")
    path = tmp_path / "a.run"
    made = make_manifest(
        scenarios={"lost_password": "0123"},
        norms={},
        seeds=[0],
        agent={
            "name": "openai:m@http://user:hunter22@127.0.0.1/v1",
            "api_key": "plain",
            "headers": ["Authorization: Bearer abcdefghijkl", "correct-horse-battery"],
            "max_tokens": 100,
        },
        judge={"name": "llm", "token": "abc"},
        repeats=1,
        run_seed=0,
    )
    RunStore.start(path, made, {}).close()
    content = path.read_bytes()
    for secret in (b"hunter22", b"plain", b"abcdefghijkl", b"correct-horse-battery", b'"abc"'):
        assert secret not in content
    assert made["scenarios"] == {"lost_password": "0123"}
    assert isinstance(made["agent"], dict)
    assert made["agent"]["max_tokens"] == 100


def test_reasons_are_one_short_line_without_secrets() -> None:
    assert one_line("401:\n  wrong key sk-abcdefghijklmnopqrstuv  given") == "401: wrong key *** given"
    assert len(one_line("x" * 10_000)) == 300
    assert redact(None) is None
