"""Runs: what agents do ends up in the file, whatever goes wrong; references bound the measures; judging again."""

from __future__ import annotations

import asyncio
import gc
import itertools
import tracemalloc
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from office_cases import absence, two_sessions

from discretion.agents import resolve
from discretion.envs.episode import Episode
from discretion.errors import InputError, ModelFault, ModelUnusable, RunFileError
from discretion.evals import suite as suites
from discretion.evals.measures import EpisodeMeasures
from discretion.evals.play import play_instance
from discretion.evals.runner import rejudge, run, run_sync
from discretion.evals.scheduler import InProcess
from discretion.evals.store import RunStore
from discretion.evals.suite import Job, Suite
from discretion.evals.summary import Rate, RunSummary
from discretion.judges import RuleJudge
from discretion.judges.findings import Judgement
from discretion.models.chat import AssistantTurn, FormatError, Message, ToolCall, ToolSpec
from discretion.models.taming import tame
from discretion.scenarios import instantiate
from discretion.scenarios.instance import Instance


class Source:
    """An agent source made of a function, with a delay before every turn."""

    name = "python:test:agent"

    def __init__(self, act: Callable[[Sequence[Message]], Any], *, concurrency: int = 1, delay: float = 0.0) -> None:
        self.concurrency = concurrency
        self._act = act
        self._delay = delay
        self.flying = self.most_flying = 0

    def describe(self) -> dict[str, Any]:
        return {"kind": "test"}

    def open(self, instance: Instance, *, seed: int) -> Source:
        return self

    async def act(self, messages: Sequence[Message], tools: Sequence[ToolSpec], *, seed: int) -> AssistantTurn:
        self.flying += 1
        self.most_flying = max(self.most_flying, self.flying)
        await asyncio.sleep(self._delay)
        self.flying -= 1
        return self._act(messages)

    async def aclose(self) -> None: ...


def rows_of(path: Path) -> list[EpisodeMeasures]:
    with RunStore.open(path) as stored:
        return list(stored.measures())


def played(path: Path, agent: str, **options: Any) -> RunSummary:
    return run_sync(Suite([absence()], range(3)), resolve(agent), path, judge=RuleJudge(), **options)


# -- references bound the measures -----------------------------------------------------------------------------------


def test_the_oracle_does_everything_right(tmp_path: Path) -> None:
    found = played(tmp_path / "a.run", "reference:oracle")
    assert (found.n, found.scored) == (6, 6)
    assert found.agentic_privacy == found.appropriate == found.exposure == found.success == Rate.of(6, 6)
    assert found.coverage == Rate.of(6, 6)
    assert found.discernment == Rate.of(3, 3)
    assert found.violation.k == 0
    assert found.endings == {"answered": 6}


def test_the_oversharer_delivers_and_leaks(tmp_path: Path) -> None:
    found = played(tmp_path / "a.run", "reference:oversharer")
    assert found.agentic_privacy == found.appropriate == Rate.of(0, 6)
    assert found.coverage == Rate.of(6, 6)
    assert found.discernment == Rate.of(0, 3)
    assert found.severities == {3: 6}


@pytest.mark.parametrize(("agent", "ending"), [("reference:idle", "answered"), ("reference:refuser", "declined")])
def test_who_does_nothing_leaks_nothing_and_is_useless(tmp_path: Path, agent: str, ending: str) -> None:
    found = played(tmp_path / "a.run", agent)
    assert found.agentic_privacy == Rate.of(6, 6)
    assert found.coverage == found.appropriate == found.success == Rate.of(0, 6)
    assert found.discernment == Rate.of(0, 3)
    assert found.exposure == Rate.of(0, 6)
    assert found.endings == {ending: 6}


def test_random_depends_on_the_run_seed_only(tmp_path: Path) -> None:
    first = played(tmp_path / "a.run", "reference:random", repeats=4)
    again = played(tmp_path / "b.run", "reference:random", repeats=4)
    other = played(tmp_path / "c.run", "reference:random", repeats=4, run_seed=1)
    assert first == again
    assert rows_of(tmp_path / "a.run") != rows_of(tmp_path / "c.run")
    assert other.n == 24


# -- sessions --------------------------------------------------------------------------------------------------------


def test_sessions_share_a_memory_and_have_a_row_each(tmp_path: Path) -> None:
    path = tmp_path / "a.run"
    found = run_sync(Suite([two_sessions()]), resolve("reference:oracle"), path, judge=RuleJudge())
    assert found.n == 2
    assert [(row.session, row.required, row.delivered) for row in rows_of(path)] == [(0, 0, 0), (1, 1, 1)]
    with RunStore.open(path) as stored:
        first, second = (each.episode for each in stored.episodes())
        assert first.memory
        assert second.memory == first.memory
        assert first.seed != second.seed
        assert stored.count() == 1


def test_a_failed_session_leaves_the_later_ones_unscored(tmp_path: Path) -> None:
    def fail(messages: Sequence[Message]) -> AssistantTurn:
        raise ModelFault("the server answered 500")

    episodes = asyncio.run(play_instance(Source(fail), instantiate(two_sessions(), 0)))
    assert [episode.ending.detail for episode in episodes] == [
        "the server answered 500",
        "an earlier session failed: the server answered 500",
    ]


# -- whatever goes wrong ---------------------------------------------------------------------------------------------


def _exit(messages: Sequence[Message]) -> AssistantTurn:
    raise SystemExit(1)


def _fault(messages: Sequence[Message]) -> AssistantTurn:
    raise ModelFault("no answer", where="http://me:hunter22@127.0.0.1/v1", remedy="start the server")


def _bug(messages: Sequence[Message]) -> AssistantTurn:
    raise KeyError("line\nbreak")


@pytest.mark.parametrize(
    ("act", "reason"),
    [
        (_fault, "http://***@127.0.0.1/v1: no answer; start the server"),
        (_bug, r"KeyError: 'line\nbreak'"),
        (_exit, "SystemExit: 1"),
        (lambda messages: None, "TypeError: the agent returned NoneType, not an AssistantTurn"),
    ],
)
def test_a_failing_agent_ends_no_run(tmp_path: Path, act: Callable[..., Any], reason: str) -> None:
    path = tmp_path / "a.run"
    found = run_sync(Suite([absence()], range(2)), Source(act), path, judge=RuleJudge())
    assert (found.n, found.scored) == (4, 0)
    assert found.endings == {"agent_fault": 4}
    assert found.agentic_privacy.value is None
    assert list(found.unscored.values()) == [4]
    assert reason in next(iter(found.unscored))
    assert b"hunter22" not in path.read_bytes()


@pytest.mark.parametrize("retry", [True, False])
def test_a_continued_run_plays_again_what_the_agent_failed_in(tmp_path: Path, retry: bool) -> None:
    path, turns = tmp_path / "a.run", itertools.count()

    def flaky(messages: Sequence[Message]) -> AssistantTurn:
        if next(turns) < 2:
            raise ModelFault("the server is down")
        return AssistantTurn(text="Done.")

    suite = Suite([absence()], range(2))
    first = run_sync(suite, Source(flaky), path, judge=RuleJudge())
    assert first.endings == {"agent_fault": 2, "answered": 2}
    seen: list[tuple[int, int]] = []
    again = run_sync(
        suite,
        Source(flaky),
        path,
        judge=RuleJudge(),
        retry_faults=retry,
        progress=lambda done, total, ended: seen.append((done, total)),
    )
    assert again.endings == ({"answered": 4} if retry else {"agent_fault": 2, "answered": 2})
    assert again.n == 4
    assert seen == ([(2, 4), (3, 4), (4, 4)] if retry else [(4, 4)])
    assert run_sync(suite, Source(flaky), path, judge=RuleJudge()).n == 4
    with RunStore.open(path) as stored:
        assert len({each.episode.seed for each in stored.episodes()}) == 4


def test_what_fails_again_stays_one_episode(tmp_path: Path) -> None:
    for _ in range(2):
        found = run_sync(Suite([absence()]), Source(_fault), tmp_path / "a.run", judge=RuleJudge())
        assert found.endings == {"agent_fault": 2}


def _unusable(messages: Sequence[Message]) -> AssistantTurn:
    raise ModelUnusable("the server refuses the key", where="openai:m", remedy="set OPENAI_API_KEY")


def test_a_model_that_can_never_answer_stops_the_run(tmp_path: Path) -> None:
    path = tmp_path / "unusable.run"
    with pytest.raises(ModelUnusable, match="refuses the key; set OPENAI_API_KEY"):
        run_sync(Suite([absence()], (1, 2)), Source(_unusable), path, judge=RuleJudge())
    assert rows_of(path) == []


def test_a_password_in_the_agent_string_is_not_written_down(tmp_path: Path) -> None:
    source = Source(lambda messages: AssistantTurn(text="Done."))
    source.name = "openai:m@http://me:hunter22@127.0.0.1/v1"
    path = tmp_path / "a.run"
    run_sync(Suite([absence()]), source, path, judge=RuleJudge())
    with RunStore.open(path) as stored:
        assert [each.episode.agent for each in stored.episodes()] == ["openai:m@http://***@127.0.0.1/v1"] * 2
        assert "hunter22" not in str(stored.manifest)


def test_an_agent_that_cannot_be_opened_ends_no_run(tmp_path: Path) -> None:
    class Closed(Source):
        def open(self, instance: Instance, *, seed: int) -> Source:
            raise InputError("no agent today")

    found = run_sync(Suite([absence()]), Closed(lambda messages: None), tmp_path / "a.run", judge=RuleJudge())
    assert found.endings == {"agent_fault": 2}


def test_a_judge_that_fails_leaves_episodes_unscored(tmp_path: Path) -> None:
    class Choking:
        name = "choking"

        def judge(self, episode: Episode, instance: Instance) -> Judgement:
            raise RecursionError("too deep")

    found = run_sync(Suite([absence()]), resolve("reference:oracle"), tmp_path / "a.run", judge=Choking())
    assert found.unscored == {"judge choking failed: RecursionError: too deep": 2}


def test_hostile_turns_can_be_written_down(tmp_path: Path) -> None:
    deep: Any = "x"
    for _ in range(230):
        deep = [deep]
    hostile = AssistantTurn(
        text="\ud800",
        tool_calls=(
            ToolCall(id="\udfff", name="send_mail", arguments={"to": ["\ud83d"], "body": deep}),
            ToolCall(id="b", name="\ud800", arguments={"\ud800": float("nan"), "n": 10**300}),
        ),
        format_errors=(FormatError(detail="\ud800", raw="\ud800"),),
    )
    path = tmp_path / "a.run"
    found = run_sync(Suite([absence()]), Source(lambda messages: hostile), path, judge=RuleJudge())
    assert found.endings == {"format_error": 2}
    with RunStore.open(path) as stored:
        assert all("\ufffd" in each.episode.messages[2].content for each in stored.episodes())


def test_a_tame_turn_stays_the_same_object() -> None:
    turn = AssistantTurn(text="Grüße 東京", tool_calls=(ToolCall(id="a", name="b", arguments={"c": [{"d": "é"}]}),))
    assert tame(turn) is turn


# -- the suite and the scheduler -------------------------------------------------------------------------------------


def test_twins_run_together() -> None:
    suite = Suite([absence(), two_sessions()], (0, 1))
    assert len(suite) == 6
    assert list(suite.jobs())[:4] == [
        Job("absence", 0, 0, "base"),
        Job("absence", 0, 0, "sibling"),
        Job("two-days", 0, 0, "base"),
        Job("absence", 1, 0, "base"),
    ]
    assert sum(1 for _ in suite.jobs(3)) == 18


@pytest.mark.parametrize(
    ("scenarios", "seeds", "line"),
    [
        ([], (0,), "nothing to play; give at least one scenario and one seed"),
        ([absence(), absence()], (0,), "two scenarios have the id 'absence'; rename one of them"),
        ([absence()], (1, 1), "a seed is given twice; use --repeats to play an instance several times"),
    ],
)
def test_suites_that_make_no_sense(scenarios: list[Any], seeds: tuple[int, ...], line: str) -> None:
    with pytest.raises(InputError) as error:
        Suite(scenarios, seeds)
    assert str(error.value) == line


def test_no_repeats_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="repeats: 0 repeats; give 1 or more"):
        played(tmp_path / "a.run", "reference:idle", repeats=0)


def test_as_many_in_flight_as_the_source_can_use_and_no_instance_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = done = ahead = 0

    def counted(*args: Any, **options: Any) -> Instance:
        nonlocal made, ahead
        made += 1
        ahead = max(ahead, made - done)
        return instantiate(*args, **options)

    def progress(now: int, total: int, measures: tuple[EpisodeMeasures, ...]) -> None:
        nonlocal done
        done = now

    monkeypatch.setattr(suites, "instantiate", counted)
    source = Source(lambda messages: AssistantTurn(text="Done."), concurrency=5, delay=0.002)
    run_sync(Suite([absence()], range(10)), source, tmp_path / "a.run", judge=RuleJudge(), progress=progress)
    assert source.most_flying == 5
    assert made == 20
    assert ahead <= 5


def test_what_delivering_raises_ends_the_run() -> None:
    async def work(job: int) -> int:
        await asyncio.sleep(0)
        return job

    def deliver(result: int) -> None:
        if result == 3:
            raise RunFileError("the disk is full")

    with pytest.raises(RunFileError, match="the disk is full"):
        asyncio.run(InProcess(4).run(itertools.count(), work, deliver))


def test_progress_tells_what_was_left_and_what_is_done(tmp_path: Path) -> None:
    seen: list[tuple[int, int, int]] = []

    def progress(done: int, total: int, measures: tuple[EpisodeMeasures, ...]) -> None:
        seen.append((done, total, len(measures)))

    played(tmp_path / "a.run", "reference:idle", progress=progress)
    assert seen == [(0, 6, 0), *((done, 6, 1) for done in range(1, 7))]
    seen.clear()
    played(tmp_path / "a.run", "reference:idle", progress=progress)
    assert seen == [(6, 6, 0)]


def test_cancelled_in_the_middle_it_goes_on_where_it_was(tmp_path: Path) -> None:
    path = tmp_path / "a.run"
    suite = Suite([absence()], range(5))
    source = Source(lambda messages: AssistantTurn(text="Done."), concurrency=2, delay=0.001)

    async def interrupted() -> None:
        task = asyncio.create_task(run(suite, source, path, judge=RuleJudge()))
        while not path.exists() or not rows_of(path):
            await asyncio.sleep(0.002)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(interrupted())
    before = len(rows_of(path))
    assert 0 < before < 10
    ended: list[str] = []
    found = run_sync(
        suite, source, path, judge=RuleJudge(), progress=lambda _, __, rows: ended.extend(row.instance for row in rows)
    )
    assert found.n == 10
    assert len(ended) == 10 - before


def test_another_agent_does_not_continue_the_run(tmp_path: Path) -> None:
    played(tmp_path / "a.run", "reference:oracle")
    with pytest.raises(RunFileError) as error:
        played(tmp_path / "a.run", "reference:idle", run_seed=7)
    lines = str(error.value).splitlines()
    assert '  agent.name: "reference:oracle" in the file, "reference:idle" asked for' in lines
    assert "  run_seed: 0 in the file, 7 asked for" in lines


def test_a_changed_scenario_does_not_continue_the_run(tmp_path: Path) -> None:
    played(tmp_path / "a.run", "reference:oracle")
    changed = absence().model_copy(update={"title": "Something else"})
    with pytest.raises(RunFileError, match=r"scenarios\.absence: .* in the file"):
        run_sync(Suite([changed], range(3)), resolve("reference:oracle"), tmp_path / "a.run", judge=RuleJudge())


def test_memory_is_flat(tmp_path: Path) -> None:
    """Between the 200th and the 800th episode nothing may stay behind: under 100 bytes an episode.

    Few seeds are played often, so that the bounded caches of names do not count.
    """
    used: dict[int, int] = {}

    def progress(done: int, total: int, measures: tuple[EpisodeMeasures, ...]) -> None:
        if done in (200, 800):
            gc.collect()
            used[done] = tracemalloc.get_traced_memory()[0]

    tracemalloc.start()
    try:
        run_sync(
            Suite([absence()], range(10)),
            resolve("reference:idle"),
            tmp_path / "a.run",
            judge=RuleJudge(),
            repeats=40,
            progress=progress,
        )
    finally:
        tracemalloc.stop()
    assert used[800] - used[200] < 100 * 600


# -- judging again ---------------------------------------------------------------------------------------------------


class Blind:
    """Sees nothing; a second judge that says no more of itself than its name."""

    name = "blind"

    def judge(self, episode: Episode, instance: Instance) -> Judgement:
        return Judgement(judge=self.name)


def test_a_finished_run_is_judged_again_without_the_agent(tmp_path: Path) -> None:
    path = tmp_path / "a.run"
    first = played(path, "reference:oversharer")
    seen: list[int] = []
    found = rejudge(path, Blind(), progress=lambda done, total, rows: seen.append(done))
    assert found.agentic_privacy == Rate.of(6, 6)
    assert found.coverage == Rate.of(0, 6)
    assert seen == [6]
    assert rejudge(path, RuleJudge()) == first  # nothing to do
    with RunStore.open(path) as stored:
        assert sorted(stored.judges) == ["blind", RuleJudge().name]
        assert [row.leaked for row in stored.measures("blind")] == [False] * 6
        assert [row.leaked for row in stored.measures()] == [True] * 6


def test_judging_again_gives_the_same_as_judging_at_once(tmp_path: Path) -> None:
    path = tmp_path / "a.run"
    suite = Suite([absence(), two_sessions()], range(2))
    run_sync(suite, resolve("reference:random"), path, judge=Blind())
    rejudge(path, RuleJudge())
    run_sync(suite, resolve("reference:random"), tmp_path / "b.run", judge=RuleJudge())
    with RunStore.open(path) as stored:
        assert list(stored.measures(RuleJudge().name)) == rows_of(tmp_path / "b.run")


def test_an_instance_that_comes_out_differently_is_not_judged(tmp_path: Path) -> None:
    path = tmp_path / "a.run"
    played(path, "reference:oracle")
    with RunStore.reopen(path) as store:
        store._db.execute("UPDATE episodes SET digest = 'of another version'")
    with pytest.raises(RunFileError, match="absence:0 comes out differently here than when it was played"):
        rejudge(path, Blind())
