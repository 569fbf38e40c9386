"""Imports a file of PrivacyLens cases."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from pathlib import Path

from pydantic import ValidationError

from discretion.errors import InputError, ScenarioError, first_fault, nearest
from discretion.scenarios.importing import CaseNote, ImportReport, Refused
from discretion.scenarios.privacylens.build import scenario_of
from discretion.scenarios.privacylens.load import read_cases
from discretion.scenarios.privacylens.records import Case
from discretion.scenarios.privacylens.tasks import PLAYS, Play
from discretion.scenarios.schema import Scenario

__all__ = ["import_cases"]


def import_cases(
    path: str | Path, *, play: Play = "replay", limit: int | None = None, names: Iterable[str] | None = None
) -> ImportReport:
    """Import a file of PrivacyLens cases.

    A case gives the same scenario whatever else the file holds.

    Args:
        path: A JSON list of cases in the form of PrivacyLens' `main_data.json`.
        play: `replay`: the trajectory is the agent's own history, the tools are PrivacyLens' own, the next actions are
            free. `live`: what the observations held lies in an office, and the agent finds it itself.
        limit: How many cases at most, from the first; all where not given.
        names: Only the cases of these names.

    Returns:
        The scenarios, what was odd, and the cases that could not be used: every case asked for is one or the other.

    Raises:
        ScenarioError: If the file as a whole cannot be used.
        InputError: If `play` or `limit` has no meaning, or the file has no case of a name asked for.
    """
    if play not in PLAYS:
        raise InputError(f"unknown way to play {play!r}", where="play", remedy=nearest(str(play), PLAYS))
    if limit is not None and limit < 1:
        raise InputError(f"a limit of {limit} leaves no case", where="limit", remedy="give at least 1")
    cases, refused = read_cases(Path(path))
    if names is not None:
        cases, refused = _only(cases, refused, list(names), str(path))
    scenarios: list[Scenario] = []
    notes: list[CaseNote] = []
    for case in islice(cases, limit):
        try:
            built = scenario_of(case, play)
        except ScenarioError as error:
            refused.append(Refused(case.name, str(error)))
        except ValidationError as error:
            field, why = first_fault(error)
            refused.append(Refused(case.name, f"no scenario can hold its {field or 'content'}: {why}"))
        else:
            scenarios.append(built.scenario)
            notes += built.notes
    return ImportReport(tuple(scenarios), tuple(notes), tuple(refused))


def _only(cases: list[Case], refused: list[Refused], names: list[str], where: str) -> tuple[list[Case], list[Refused]]:
    known = {case.name for case in cases} | {case for case, _ in refused}
    for name in names:
        if name not in known:
            raise InputError(f"has no case {name!r}", where=where, remedy=nearest(name, known))
    return [case for case in cases if case.name in names], [each for each in refused if each.case in names]
