"""Compare finished runs: open the files, see that they can be compared, and do it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from pydantic import JsonValue

from discretion.errors import RunFileError
from discretion.evals.comparing import compare_all
from discretion.evals.comparison import Comparison, Estimand, Unfinished
from discretion.evals.manifest import Manifest, differences
from discretion.evals.measures import EpisodeMeasures
from discretion.evals.pairing import Side
from discretion.evals.store import RunStore
from discretion.evals.suite import GIVEN, Suite
from discretion.evals.summary import RunSummary, summarise

__all__ = ["compare_runs", "suite_of", "summary_of"]

_MAKE_INSTANCES: Final = ("discretion", "faker")
"""Packages whose version decides what an instance looks like."""


def compare_runs(
    baseline: str | Path,
    candidates: Mapping[str, str | Path],
    *,
    judge: str | None = None,
    estimand: Estimand | None = None,
    tau: float = 5.0,
    level: float = 0.95,
) -> dict[str, Comparison]:
    """Compare runs with a baseline run, with the context of the scenarios as strata.

    Args:
        baseline: A run file.
        candidates: Name -> run file.
        judge: Whose judgements; by default those of the judge that each run was made with, which must be the same.
        estimand: As for `compare`, like what follows.
        tau: In points.
        level: Of the intervals, and of the words together.

    Raises:
        RunFileError: If the same scenario is not the same in two runs, or they were judged differently.
        InputError: If the runs share no episode.
    """
    with ExitStack() as open_files:
        first = open_files.enter_context(RunStore.open(baseline))
        stores = {name: open_files.enter_context(RunStore.open(path)) for name, path in candidates.items()}
        for store in stores.values():
            _check(first, store, judge)
        scenarios = first.manifest["scenarios"]
        names = scenarios if isinstance(scenarios, dict) else {}
        rows = list(first.measures(judge))
        others = {name: list(store.measures(judge)) for name, store in stores.items()}
        found = compare_all(
            rows,
            others,
            estimand=estimand,
            tau=tau,
            level=level,
            strata={name: first.scenario(name).context for name in names},
        )
        short = _unfinished("baseline", first, rows)
        return {
            name: each.model_copy(
                update={"unfinished": (*short, *_unfinished("candidate", stores[name], others[name]))}
            )
            for name, each in found.items()
        }


def suite_of(store: RunStore) -> tuple[Suite, int]:
    """Return what a run was made of: its suite, and how often each instance was played."""
    manifest = store.manifest
    scenarios, seeds, repeats = manifest["scenarios"], manifest["seeds"], manifest["repeats"]
    assert isinstance(scenarios, dict)  # noqa: S101 - as make_manifest writes it
    assert isinstance(seeds, list)  # noqa: S101
    numbers = [seed for seed in seeds if isinstance(seed, int)]
    suite = Suite([store.scenario(name) for name in scenarios], numbers, store.norms)
    return suite, repeats if isinstance(repeats, int) else 1


def summary_of(run: str | Path, judge: str | None = None) -> RunSummary:
    """Return what a run file adds up to, as a judge saw it; by default the one that it was made with."""
    with RunStore.open(run) as store:
        return summarise(store.measures(judge))


def _unfinished(side: Side, store: RunStore, rows: Sequence[EpisodeMeasures]) -> tuple[Unfinished, ...]:
    """Hold what there is of a run against what its manifest promises; all sessions of an instance count as one."""
    suite, repeats = suite_of(store)
    episodes, of = sum(row.session == 0 for row in rows), len(suite) * repeats
    return (Unfinished(side=side, episodes=episodes, of=of),) if episodes < of else ()


def _check(baseline: RunStore, candidate: RunStore, judge: str | None) -> None:
    """Refuse two runs whose equal names do not mean the same."""
    found = differences(_comparable(baseline, candidate, judge), _comparable(candidate, baseline, judge))
    if found:
        listed = "; ".join(line.replace("in the file", "here").replace("asked for", "there") for line in found[:3])
        raise RunFileError(
            f"cannot be compared with {candidate.path}: {listed}",
            where=str(baseline.path),
            remedy="run both on the same scenarios with the same versions, or judge both alike with: discretion judge",
        )


def _comparable(store: RunStore, other: RunStore, judge: str | None) -> Manifest:
    """What must be alike: the shared scenarios, their norms, what makes instances of them, and the judge.

    A judge who looked under norms of its own says so itself.
    """
    manifest, others = store.manifest, other.manifest
    scenarios, theirs, packages = manifest["scenarios"], others["scenarios"], manifest["packages"]
    says = manifest["judge"] if judge is None else dict(store.judges.get(judge, {}))
    own_norms = isinstance(says, dict) and "norms" in says
    assert isinstance(scenarios, dict)  # noqa: S101 - as make_manifest writes it
    assert isinstance(theirs, dict)  # noqa: S101
    assert isinstance(packages, dict)  # noqa: S101
    return {
        "scenarios": {name: digest for name, digest in scenarios.items() if name in theirs},
        "packages": {name: packages.get(name) for name in _MAKE_INSTANCES},
        "norms": {} if own_norms else _shared_norms(manifest["norms"], others["norms"]),
        "judge": says,
        "people": manifest.get("people"),
    }


def _shared_norms(norms: JsonValue, theirs: JsonValue) -> JsonValue:
    """The norm bases that both runs name; all where one of them was given its norms."""
    assert isinstance(norms, dict)  # noqa: S101 - as make_manifest writes it
    assert isinstance(theirs, dict)  # noqa: S101
    if GIVEN in norms or GIVEN in theirs:
        return norms
    return {name: digest for name, digest in norms.items() if name in theirs}
