"""Linting what the command line names: file by file, on several processes if asked, again whenever a file is saved."""

from __future__ import annotations

import gc
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from discretion.cli.inputs import GENERATED, default_seeds, given_norms, load
from discretion.cli.progress import progress_bar
from discretion.errors import InputError, ScenarioError
from discretion.reports.words import counted

if TYPE_CHECKING:
    from discretion.scenarios import LintIssue, Scenario

__all__ = ["Checked", "Linting", "saved", "units_of"]

_SUFFIXES: Final = (".yaml", ".yml", ".json")
_AT_ONCE: Final = 4
"""Scenarios of one file that a process is given together."""

_ALLOCATIONS: Final = 100_000
"""Objects made and kept until memory in circles is looked for: a plot leaves few such circles, and looking as often as
Python does took a fifth of the time."""

_PERIOD: Final = 0.5
"""Seconds between two looks at the files."""


class Checked(NamedTuple):
    """What was found wrong, and with how many scenarios."""

    scenarios: int
    issues: tuple[LintIssue, ...]

    @property
    def errors(self) -> int:
        """How many of the issues are errors."""
        return sum(issue.severity == "error" for issue in self.issues)

    @property
    def found(self) -> str:
        """How many errors and warnings, in words."""
        return f"{counted(self.errors, 'error')}, {counted(len(self.issues) - self.errors, 'warning')}"

    def __str__(self) -> str:
        return f"{counted(self.scenarios, 'scenario')}: {self.found}"


class _Part(NamedTuple):
    """Some scenarios of a unit, by their places in it."""

    unit: str
    first: int
    last: int


@dataclass(frozen=True)
class Linting:
    """How scenarios are linted.

    Attributes:
        seeds: The instances that are looked at and played; those that a run would play where not given.
        norms: A file of norms, or a norm base, in place of the scenarios' own.
        jobs: Processes.
        shown: Whether to show a progress bar.
    """

    seeds: tuple[int, ...] | None = None
    norms: str | None = None
    jobs: int = 1
    shown: bool = True

    def check(self, units: Sequence[str]) -> Checked:
        """Return what is wrong with the scenarios of some units; a file that does not load is an issue of its own.

        Raises:
            InputError: If a unit is no file and names nothing, or the norms do not load.
        """
        given_norms(self.norms)
        count = 0
        issues: list[LintIssue] = []
        parts: list[_Part] = []
        taken: dict[str, str] = {}
        if len(units) == 1 and units[0].startswith(GENERATED):
            # Each process makes its own plots; there is no file to look at, and two seeds give no two plots of one id.
            from discretion.scenarios.generator.source import parse_source, split_source

            pieces = split_source(units[0], _AT_ONCE)
            parts = [_Part(piece, 0, len(parse_source(piece)[0])) for piece in pieces]
            count, units = sum(part.last for part in parts), ()
        for unit in units:
            try:
                found = _loaded(unit)
            except ScenarioError as error:
                if not Path(unit).is_file():
                    raise
                issues.append(_issue(error, unit))
                continue
            count += len(found)
            issues += _doubles(found, unit, taken)
            parts += [_Part(unit, at, min(at + _AT_ONCE, len(found))) for at in range(0, len(found), _AT_ONCE)]
        with progress_bar("lint", shown=self.shown and count > 1) as tick:
            done = 0
            for part, part_issues in zip(parts, self._run(parts), strict=True):
                issues += part_issues
                done += part.last - part.first
                tick(done, count, ())
        _loaded.cache_clear()
        return Checked(count, tuple(issues))

    def _run(self, parts: Sequence[_Part]) -> Iterator[list[LintIssue]]:
        if self.jobs == 1 or len(parts) < 2:
            with _collecting_rarely():
                yield from (_lint(part, self.seeds, self.norms) for part in parts)
            return
        from concurrent.futures import ProcessPoolExecutor
        from itertools import repeat
        from multiprocessing import get_context

        # Spawned, because a fork would copy the thread of the progress bar in whatever state it is.
        with ProcessPoolExecutor(
            min(self.jobs, len(parts)),
            mp_context=get_context("spawn"),
            initializer=gc.set_threshold,
            initargs=(_ALLOCATIONS,),
        ) as pool:
            try:
                yield from pool.map(_lint, parts, repeat(self.seeds), repeat(self.norms))
            except BaseException:
                pool.shutdown(cancel_futures=True)
                raise


def units_of(sources: Sequence[str]) -> tuple[str, ...]:
    """Return the files of folders, the scenarios of packs, and whatever else is named as it stands.

    >>> units_of(["my.yaml", "privacylens:cases.json"])
    ('my.yaml', 'privacylens:cases.json')
    """
    from discretion.scenarios import pack_names
    from discretion.scenarios.packs import pack_files

    units: list[str] = []
    for source in sources:
        path = Path(source)
        if path.is_dir():
            files = [str(file) for file in sorted(path.iterdir()) if file.suffix in _SUFFIXES and file.is_file()]
            if not files:
                raise InputError("holds no scenario", where=source, remedy=f"give {', '.join(_SUFFIXES)} files")
            units += files
        elif not path.exists() and source in pack_names():
            units += [f"{source}/{file.name.partition('.')[0]}" for file in pack_files(source)]
        else:
            units.append(source)
    return tuple(dict.fromkeys(units))


def saved(sources: Sequence[str], *, also: str | None = None) -> Iterator[tuple[str, ...]]:
    """Yield the units of some sources, and then, each time that files are saved, those of them that changed.

    Args:
        sources: Files and folders; whatever is added to a folder is looked at as well.
        also: One more file, whose change concerns all: the norms.

    Raises:
        InputError: If none of the sources is a file or folder.
    """
    if not any(Path(source).exists() for source in sources):
        raise InputError("nothing to watch", where="--watch", remedy="name a file or a folder")
    seen: dict[str, object] = {}
    norms: object = None
    while True:
        try:
            units = units_of(sources)
        except InputError:  # the folder is empty for now
            units = ()
        now = {unit: _state(unit) for unit in units}
        changed = tuple(unit for unit in units if unit not in seen or seen[unit] != now[unit])
        if also is not None and (state := _state(also)) != norms:
            norms, changed = state, units
        seen = now
        if changed:
            yield changed
        time.sleep(_PERIOD)


def _state(unit: str) -> object:
    try:
        found = Path(unit).stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size


def _lint(part: _Part, seeds: tuple[int, ...] | None, norms: str | None) -> list[LintIssue]:
    """Lint some scenarios; each process loads the file itself, so that lines are known there."""
    from discretion.evals import replay_lint
    from discretion.scenarios import lint

    given = given_norms(norms)
    issues: list[LintIssue] = []
    for scenario in _loaded(part.unit)[part.first : part.last]:
        chosen = seeds or default_seeds([scenario])
        try:
            issues += lint(scenario, seeds=chosen, norms=given)
            issues += replay_lint(scenario, seeds=chosen, norms=given)
        except ScenarioError as error:
            issue = _issue(error, scenario.id)
            issues += [] if issue in issues else [issue]
    return sorted(issues, key=lambda issue: issue.severity)


@contextmanager
def _collecting_rarely() -> Iterator[None]:
    """Look for memory in circles rarely meanwhile."""
    before = gc.get_threshold()
    gc.set_threshold(_ALLOCATIONS)
    try:
        yield
    finally:
        gc.set_threshold(*before)


@lru_cache(maxsize=256)
def _loaded(unit: str) -> tuple[Scenario, ...]:
    return load(unit)


def _issue(error: ScenarioError, where: str) -> LintIssue:
    from discretion.scenarios import LintIssue

    return LintIssue("error", error.where or where, error.what, error.remedy or "mend it")


def _doubles(scenarios: Sequence[Scenario], unit: str, taken: dict[str, str]) -> Iterator[LintIssue]:
    from discretion.scenarios import LintIssue
    from discretion.scenarios.loading import place_of

    for scenario in scenarios:
        if scenario.id in taken:
            what = f"the id {scenario.id!r} is taken by a scenario of {taken[scenario.id]}"
            yield LintIssue("error", place_of(scenario, ("id",)), what, "choose another")
        taken.setdefault(scenario.id, unit)
