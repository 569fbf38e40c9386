"""Playing a suite from the command line: a run shown as it grows, in a file that the same command finds again."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from discretion.cli.progress import progress_bar
from discretion.errors import InputError

if TYPE_CHECKING:
    from discretion.agents import AgentSource
    from discretion.envs.people_model import PeopleModel
    from discretion.evals.suite import Suite
    from discretion.evals.summary import RunSummary
    from discretion.judges.findings import Judge

__all__ = ["Playing", "closing", "make_folder", "together", "write_text"]


@contextmanager
def closing(sources: Iterable[AgentSource | PeopleModel]) -> Iterator[None]:
    """Release agents and people in the end, those too whose turn did not come."""
    try:
        yield
    finally:

        async def close() -> None:
            for source in sources:
                await source.aclose()

        asyncio.run(close())


def together(sources: Mapping[str, AgentSource]) -> list[str]:
    """Return the names of agents in an order in which those that share a server or weights follow one another."""
    groups: dict[object, list[str]] = {}
    for name, source in sources.items():
        shared = getattr(source, "shared", None)
        groups.setdefault(name if shared is None else (shared,), []).append(name)
    return [name for names in groups.values() for name in names]


def make_folder(folder: Path, remedy: str = "name another folder") -> None:
    """Make a folder and those above it, to write into.

    Args:
        folder: The folder.
        remedy: What to do where that is not possible.

    Raises:
        InputError: If it cannot be made, or nothing can be written into it.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"cannot be made: {error.strerror}", where=str(folder), remedy=remedy) from error
    if not os.access(folder, os.W_OK | os.X_OK):
        raise InputError("nothing may be written into it", where=str(folder), remedy=remedy)


def write_text(path: Path, text: str, *, new: bool = False) -> None:
    """Write a file.

    Args:
        path: Where.
        text: What.
        new: Refuse to write over a file that is there.

    Raises:
        InputError: If it cannot be written.
    """
    try:
        with path.open("x" if new else "w", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise InputError("is there already", where=str(path), remedy="name another file, or remove it") from None
    except OSError as error:
        raise InputError(f"cannot be written: {error.strerror}", where=str(path), remedy="name another file") from error


@dataclass(frozen=True)
class Playing:
    """How a suite is played.

    Attributes:
        suite: What is played.
        judge: Who judges each episode as it ends.
        repeats: Episodes of each instance.
        run_seed: What every episode's seed is derived from.
        shown: Whether to show a progress bar.
        retry_faults: Whether episodes in which the agent had failed are played again.
    """

    suite: Suite
    judge: Judge
    repeats: int = 1
    run_seed: int = 0
    shown: bool = True
    retry_faults: bool = True

    def play(self, source: AgentSource, path: Path, people: PeopleModel | None = None) -> RunSummary:
        """Let an agent play into a run file, or play what is missing of it, and release the agent.

        Args:
            source: Gives the agent.
            path: The run file.
            people: The model that plays the people, in place of their script; released too.
        """
        from discretion.evals.runner import run

        async def play() -> RunSummary:
            try:
                with progress_bar(source.name, shown=self.shown) as bar:
                    for model in (source, None if people is None else people.model):
                        watch = getattr(model, "watch", None)
                        if watch is not None:
                            watch(bar.say)
                    return await run(
                        self.suite,
                        source,
                        path,
                        judge=self.judge,
                        repeats=self.repeats,
                        run_seed=self.run_seed,
                        progress=bar,
                        people=people,
                        retry_faults=self.retry_faults,
                    )
            finally:
                await source.aclose()
                if people is not None:
                    await people.aclose()

        make_folder(path.parent)
        return asyncio.run(play())

    def file_name(self, source: AgentSource, people: PeopleModel | None = None) -> str:
        """Return a name for the run file of an agent among people, which no other settings share."""
        from discretion.evals.manifest import make_manifest
        from discretion.evals.runner import describe

        manifest = make_manifest(
            scenarios=self.suite.hashes,
            norms=self.suite.norm_hashes,
            seeds=self.suite.seeds,
            agent={"name": source.name, **source.describe()},
            judge=describe(self.judge),
            repeats=self.repeats,
            run_seed=self.run_seed,
            people=None if people is None else people.describe(),
        )
        digest = hashlib.sha256(json.dumps(manifest, sort_keys=True).encode()).hexdigest()[:8]
        slug = re.sub(r"[^a-z0-9]+", "-", source.name.lower())[-40:].strip("-")
        return f"{slug}-{digest}.run"
