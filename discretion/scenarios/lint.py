"""The static linter: whether a scenario that loads also measures something.

What needs a world, such as whether its plan plays, is the replay lint's part.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Literal, NamedTuple

from discretion.errors import ScenarioError
from discretion.scenarios.fields import Loc
from discretion.scenarios.flows import Norm
from discretion.scenarios.instance import Twin
from discretion.scenarios.instantiate import instance_of
from discretion.scenarios.lint_rules import Case, Problem, case_problems, silent_norms, twin_problems, untold_facts
from discretion.scenarios.lint_slips import slips
from discretion.scenarios.loading import place_of
from discretion.scenarios.prepared import prepare
from discretion.scenarios.schema import Scenario
from discretion.scenarios.sibling import origin

__all__ = ["LintIssue", "lint"]

_SILENT: Final = ("the norm decides no flow", "mend its patterns, or leave it out")
_UNTOLD: Final = ("no text of world or task tells it", "tell it, or leave it out")


class LintIssue(NamedTuple):
    """Something about a scenario that an author should look at.

    Attributes:
        severity: `error` where what it measures would be wrong, `warning` where it may be meant.
        where: File, line and field; the scenario's id where it comes from no file.
        what: What is wrong.
        remedy: What to do about it.
    """

    severity: Literal["error", "warning"]
    where: str
    what: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.severity}: {self.where}: {self.what}; {self.remedy}"


def lint(
    scenario: Scenario, *, seeds: Iterable[int] = range(3), norms: tuple[Norm, ...] | None = None
) -> tuple[LintIssue, ...]:
    """Return what is wrong with a scenario and its sibling, errors first.

    Args:
        scenario: The scenario.
        seeds: The instances that are looked at.
        norms: Norms in place of the scenario's norm base.
    """
    found: dict[LintIssue, None] = {}

    def report(problems: Iterable[Problem], twin: Twin) -> None:
        for problem in problems:
            loc: Loc = origin(scenario, problem.loc) if twin == "sibling" else problem.loc
            found[LintIssue(problem.severity, place_of(scenario, loc), problem.what, problem.remedy)] = None

    both: tuple[Twin, ...] = ("base",) if scenario.sibling is None else ("base", "sibling")
    cases: dict[Twin, list[Case]] = {twin: [] for twin in both}
    try:
        for twin in both:
            whole = prepare(scenario).twin(twin).scenario
            cases[twin] = [Case(whole, instance_of(scenario, seed, twin=twin, norms=norms)) for seed in seeds]
    except ScenarioError as error:
        return (LintIssue("error", error.where or scenario.id, error.what, error.remedy or "mend it"),)
    for twin in both:
        for case in cases[twin]:
            report(case_problems(case), twin)
            report(slips(case), twin)
    if scenario.sibling is not None:
        for base, sibling in zip(cases["base"], cases["sibling"], strict=True):
            report(twin_problems(base, sibling, scenario.sibling.fact), "base")
    everything = [case for twin in both for case in cases[twin]]
    silent, untold = silent_norms(everything), untold_facts(everything)
    for twin in both:
        whole = prepare(scenario).twin(twin).scenario
        idle = [place for place, norm in enumerate(whole.norms) if norm.id in silent]
        facts = [place for place, fact in enumerate(whole.facts) if fact.id in untold]
        report([Problem("warning", ("norms", place), *_SILENT) for place in idle], twin)
        report([Problem("warning", ("facts", place), *_UNTOLD) for place in facts], twin)
    return tuple(sorted(found, key=lambda issue: issue.severity))
