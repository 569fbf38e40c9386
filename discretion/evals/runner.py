"""Running a suite with an agent into a run file, and judging a run file again without the agent."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from pathlib import Path

from pydantic import JsonValue

from discretion.agents.protocol import AgentSource
from discretion.envs.episode import Episode
from discretion.envs.people_model import PeopleModel
from discretion.errors import InputError
from discretion.evals.manifest import make_manifest, one_line, redact
from discretion.evals.measures import EpisodeMeasures, measure
from discretion.evals.play import derive_seed, play_instance
from discretion.evals.scheduler import InProcess, Scheduler
from discretion.evals.store import Row, RunStore
from discretion.evals.suite import Job, Suite, instance_digest
from discretion.evals.summary import RunSummary, summarise
from discretion.judges.findings import Judge, Judgement
from discretion.scenarios import sessions
from discretion.scenarios.flows import Norm
from discretion.scenarios.instance import Instance
from discretion.scenarios.normbase import norms_hash

__all__ = ["Progress", "UnderNorms", "Worker", "judged", "rejudge", "run", "run_sync"]

Progress = Callable[[int, int, tuple[EpisodeMeasures, ...]], None]
"""Called with the units of work done, their total, and the measures of the one that ended, one a session; first with
what an earlier start of the same run has left, and no measures."""

FAULTS = ("agent_fault", "people_fault")
"""Endings that a continued run plays again."""

_PAGE = 100


class Worker:
    """Plays and judges one unit of work; holds nothing that another process could not make for itself.

    Args:
        suite: What is played.
        source: Gives the agent.
        judge: Judges each episode as it ends.
        run_seed: What every episode's seed is derived from.
        people: The model that plays the people, in place of their script.
    """

    def __init__(
        self, suite: Suite, source: AgentSource, judge: Judge, *, run_seed: int = 0, people: PeopleModel | None = None
    ) -> None:
        self.suite = suite
        self.source = source
        self.judge = judge
        self.run_seed = run_seed
        self.people = people

    async def __call__(self, job: Job) -> list[Row]:
        """Return the judged episodes of a unit of work, one a session."""
        instance = self.suite.instance(job)
        seed = derive_seed(self.run_seed, instance.id, job.repeat)
        episodes = await play_instance(self.source, instance, repeat=job.repeat, seed=seed, people=self.people)
        digest = instance_digest(instance)
        return [
            Row(episode, digest, *judged(self.judge, episode, part))
            for episode, part in zip(episodes, sessions(instance), strict=True)
        ]


def judged(judge: Judge, episode: Episode, instance: Instance) -> tuple[Judgement, EpisodeMeasures]:
    """Return what a judge says of an episode and what that measures; a judge that fails leaves it unscored."""
    try:
        judgement = judge.judge(episode, instance)
    except Exception as error:  # one episode that a judge chokes on must not end the run
        reason = one_line(f"judge {judge.name} failed: {type(error).__name__}: {error}")
        judgement = Judgement(judge=judge.name, unscored=reason)
    return judgement, measure(episode, instance, judgement)


def describe(judge: Judge) -> dict[str, JsonValue]:
    """Return what a judge says of itself, at least its name, without secrets."""
    says: dict[str, JsonValue] = getattr(judge, "describe", dict)()
    clean = redact({"name": judge.name, **says})
    return clean if isinstance(clean, dict) else {}


async def run(
    suite: Suite,
    source: AgentSource,
    path: str | Path,
    *,
    judge: Judge,
    repeats: int = 1,
    run_seed: int = 0,
    scheduler: Scheduler | None = None,
    progress: Progress | None = None,
    people: PeopleModel | None = None,
    retry_faults: bool = True,
) -> RunSummary:
    """Play a suite into a run file. Started again after whatever happened, it does only what is missing.

    Args:
        suite: What is played.
        source: Gives the agent; the caller closes it.
        path: The run file; made, or continued if it is of the same run.
        judge: Judges each episode as it ends.
        repeats: Episodes of each instance.
        run_seed: What every episode's seed is derived from, with the instance's id and the repeat.
        scheduler: Who plays; by default this event loop, with as many episodes in flight as the source can use.
        progress: Told of every unit of work that ends.
        people: The model that plays the people, in place of their script; the caller closes it.
        retry_faults: Whether a run that is continued also plays the episodes again in which a model had failed (a
            server was down, say). They have the seeds that they had, so a failure that lies in the case comes again.

    Returns:
        The summary over the whole file.

    Raises:
        InputError: If `repeats` is no positive number.
        RunFileError: If the file is another run's, being written, damaged, or cannot be written.
        ScenarioError: If a scenario cannot be instantiated.
    """
    if repeats < 1:
        raise InputError(f"{repeats} repeats", where="repeats", remedy="give 1 or more")
    manifest = make_manifest(
        scenarios=suite.hashes,
        norms=suite.norm_hashes,
        seeds=suite.seeds,
        agent={"name": source.name, **source.describe()},
        judge=describe(judge),
        repeats=repeats,
        run_seed=run_seed,
        people=None if people is None else people.describe(),
    )
    with RunStore.start(path, manifest, suite.by_id, suite.norms) as store:
        store.add_judge(judge.name, describe(judge))
        faulted = faulted_units(store.measures(judge.name)) if retry_faults else frozenset()
        done, total = store.count() - len(faulted), len(suite) * repeats
        tell = progress or (lambda done, total, measures: None)
        tell(done, total, ())

        def deliver(rows: list[Row]) -> None:
            nonlocal done
            store.put(rows, replace=rows[0].measures.key[:-1] in faulted)
            done += 1
            tell(done, total, tuple(row.measures for row in rows))

        missing = (job for job in suite.jobs(repeats) if job in faulted or not store.has(*job))
        worker = Worker(suite, source, judge, run_seed=run_seed, people=people)
        await (scheduler or InProcess(source.concurrency)).run(missing, worker, deliver)
        return summarise(store.measures(judge.name))


def run_sync(
    suite: Suite,
    source: AgentSource,
    path: str | Path,
    *,
    judge: Judge,
    repeats: int = 1,
    run_seed: int = 0,
    scheduler: Scheduler | None = None,
    progress: Progress | None = None,
    people: PeopleModel | None = None,
    retry_faults: bool = True,
) -> RunSummary:
    """Do the same as `run` where no event loop is running."""
    return asyncio.run(
        run(
            suite,
            source,
            path,
            judge=judge,
            repeats=repeats,
            run_seed=run_seed,
            scheduler=scheduler,
            progress=progress,
            people=people,
            retry_faults=retry_faults,
        )
    )


def faulted_units(rows: Iterable[EpisodeMeasures]) -> frozenset[tuple[str, int, int, str]]:
    """Return the units of work in which a model failed, as (scenario, seed, repeat, twin)."""
    return frozenset(row.key[:-1] for row in rows if row.ending in FAULTS)


class UnderNorms:
    """A judge who looks at a run under other norms than it was played under; a judge of its own name.

    Args:
        judge: Who judges.
        norms: What the instances that it is given are under.
        label: What the norms are called.
    """

    def __init__(self, judge: Judge, norms: tuple[Norm, ...], label: str) -> None:
        self.name = f"{judge.name}~{label}"
        self.norms = norms
        self._judge = judge

    def describe(self) -> dict[str, JsonValue]:
        """Return what the judgements depend on."""
        return {**describe(self._judge), "name": self.name, "norms": norms_hash(self.norms)}

    def judge(self, episode: Episode, instance: Instance) -> Judgement:
        """Return what the judge says, in this name."""
        return self._judge.judge(episode, instance).model_copy(update={"judge": self.name})


def rejudge(path: str | Path, judge: Judge, *, replace: bool = False, progress: Progress | None = None) -> RunSummary:
    """Judge the episodes of a run file that this judge has not judged, without the agent, and keep what it says there.

    Args:
        path: The run file, finished or not.
        judge: Another judge, or the same again where it was interrupted; `UnderNorms` for other norms.
        replace: Throw away what a judge of the same name and other settings said.
        progress: Told of every episode that is judged.

    Raises:
        RunFileError: If there is no such run, it is being written, or its instances cannot be made again as they were.
    """
    norms = judge.norms if isinstance(judge, UnderNorms) else None
    with RunStore.reopen(path) as store:
        store.add_judge(judge.name, describe(judge), replace=replace)
        total = store.count_unjudged(judge.name)
        done = last = 0
        made: tuple[str, int, str] | None = None
        parts: tuple[Instance, ...] = ()
        while page := store.unjudged(judge.name, after=last, most=_PAGE):
            found: list[tuple[int, Judgement, EpisodeMeasures]] = []
            for stored in page:
                if made != (stored.key.scenario, stored.key.seed, stored.key.twin):
                    parts = store.sessions(stored, norms=norms)
                    made = (stored.key.scenario, stored.key.seed, stored.key.twin)
                found.append((stored.number, *judged(judge, stored.episode, parts[stored.key.session])))
            store.put_judgements(found)
            last = page[-1].number
            done += len(found)
            if progress:
                progress(done, total, tuple(measures for _, _, measures in found))
        return summarise(store.measures(judge.name))
