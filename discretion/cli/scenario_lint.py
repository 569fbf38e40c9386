"""`discretion scenario lint` and `norms`: whether scenarios measure something, and what norms do in them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from discretion.cli.inputs import given_norms, load, parse_seeds
from discretion.cli.options import AsJson, Norms, Quiet, Seeds
from discretion.errors import InputError, ScenarioError

if TYPE_CHECKING:
    from discretion.cli.linting import Linting
    from discretion.scenarios import Scenario
    from discretion.scenarios.norm_use import NormReport

__all__ = ["LINT_EPILOG", "NORMS_EPILOG", "lint_command", "norms_command"]

LINT_EPILOG: Final = """\b
Examples:
  discretion scenario lint my-scenario.yaml
  discretion scenario lint my-scenarios/ --watch
  discretion scenario lint office --seeds 10 --jobs 4
  discretion scenario lint my-scenario.yaml --norms strict.yaml

\b
What it looks for:
  what the file says   unknown names, norms that tie or never decide, secrets that one twin's text marks,
                       forms that would not be found, a task that norms forbid, nothing to leak
  the plan             played without a tool's error, it delivers every required fact and no forbidden one
  telling all          whatever is told to somebody who must not know it is found
  declining, idling    neither leak nor succeed

Norms that decide nothing and flows that stay unregulated: discretion scenario norms
"""
NORMS_EPILOG: Final = """\b
Examples:
  discretion scenario norms
  discretion scenario norms my-scenario.yaml --norms strict.yaml
"""
_LISTED: Final = 20

_Sources = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="SCENARIOS", help="Packs, files or folders; all shipped packs by default.", show_default=False
    ),
]


def lint_command(
    scenarios: _Sources = None,
    seeds: Seeds = None,
    norms: Norms = None,
    watch: Annotated[bool, typer.Option("--watch", "-w", help="Lint again whenever a file is saved.")] = False,
    jobs: Annotated[int, typer.Option("--jobs", "-j", min=1, help="Processes that share the work.")] = 1,
    norm_report: Annotated[
        bool, typer.Option("--norm-report", help="List also what `discretion scenario norms` does.")
    ] = False,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Check that scenarios measure something.

    First what they say, then, with reference agents, how they play. Every issue says file, line, field and what to do.
    Exits 1 if there is an error.
    """
    from discretion.cli.linting import Linting, units_of
    from discretion.scenarios import pack_names

    linting = Linting(parse_seeds(seeds) if seeds else None, norms, jobs, shown=not (quiet or as_json))
    sources = scenarios or list(pack_names())
    if watch:
        if as_json:
            raise InputError("goes with --json only once", where="--watch", remedy="leave one of them out")
        _watch(linting, sources)
        return
    checked = linting.check(units_of(sources))
    if as_json:
        issues = [issue._asdict() for issue in checked.issues]
        data = {"issues": issues, **_as_data(_report(sources, norms)[0])} if norm_report else issues
        typer.echo(json.dumps(data, indent=2, ensure_ascii=False))
    else:
        if norm_report:
            _print(*_report(sources, norms), all_norms=False)
        for issue in checked.issues:
            typer.echo(str(issue))
        typer.echo(str(checked))
    if checked.errors:
        raise typer.Exit(1)


def _watch(linting: Linting, sources: list[str]) -> None:
    """Lint what changed until somebody presses Ctrl-C."""
    from discretion.cli.linting import saved

    try:
        for units in saved(sources, also=linting.norms):
            try:
                checked = linting.check(units)
            except InputError as error:  # a norm file in the middle of an edit
                typer.echo(f"error: {error}")
                continue
            for issue in checked.issues:
                typer.echo(str(issue))
            named = units[0] if len(units) == 1 else f"{len(units)} files"
            typer.echo(f"{named}: {checked.found}; watching")
    except KeyboardInterrupt:
        typer.echo("stopped watching")


def norms_command(
    scenarios: _Sources = None,
    norms: Norms = None,
    all_norms: Annotated[bool, typer.Option("--all", help="List all norms, with how many flows each decides.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show which norms decide flows of some scenarios, which never do, and which flows no norm speaks of.

    Listed are those that never do, or, where most do not because the scenarios are few, those that do.

    A flow is a fact and somebody it may reach, whoever sends it, at the start or after anything that people may grant.
    """
    from discretion.scenarios import pack_names

    report, count = _report(scenarios or pack_names(), norms)
    if as_json:
        typer.echo(json.dumps(_as_data(report), indent=2, ensure_ascii=False))
    else:
        _print(report, count, all_norms)


def _report(sources: Sequence[str], norms: str | None) -> tuple[NormReport, int]:
    """Return what norms do in the scenarios of some sources, and how many these are; files that do not load aside."""
    from discretion.cli.linting import units_of
    from discretion.scenarios import norm_report

    found: list[Scenario] = []
    for unit in units_of(sources):
        try:
            found += load(unit)
        except ScenarioError:
            if not Path(unit).is_file():
                raise
    return norm_report(found, norms=given_norms(norms)), len(found)


def _as_data(report: NormReport) -> dict[str, object]:
    return {
        "norms": [
            {
                "id": use.norm.id,
                "verdict": use.norm.verdict,
                "source": use.norm.source,
                "own": use.own or None,
                "flows": use.flows,
                "scenarios": use.scenarios,
            }
            for use in report.norms
        ],
        "unregulated": [flow._asdict() for flow in report.unregulated],
    }


def _print(report: NormReport, scenarios: int, all_norms: bool) -> None:
    from rich.text import Text

    from discretion.reports import page, plain_table
    from discretion.reports.words import counted

    console = page()
    used = len(report.norms) - len(report.idle)
    listed = report.norms if all_norms else report.idle
    if not all_norms and used < len(report.idle):  # of a few scenarios, those that decide tell more
        listed, all_norms = tuple(use for use in report.norms if use.flows or use.own), True
    hidden = " (the others: --all)" if len(listed) == used and report.idle else ""
    if listed:
        heads = ["says", "flows", "scenarios", "source"] if all_norms else ["says", "of", "source"]
        table = plain_table("norm" if all_norms else "norm that decides no flow", *heads, wordy=["source", "of"])
        for use in sorted(listed, key=lambda use: (-use.flows, use.own, use.norm.id)):
            name = Text(f"{use.norm.id}" + (f" ({use.own})" if use.own else ""))
            source = Text(use.norm.source, "dim" if use.norm.source == "custom" else "")
            if all_norms:
                table.add_row(name, use.norm.verdict, f"{use.flows:,}", f"{len(use.scenarios):,}", source)
            else:
                table.add_row(name, use.norm.verdict, Text(use.norm.attribute, overflow="fold"), source)
        console.print(table)
        console.print()
    if report.unregulated:
        table = plain_table("unregulated flow", "of", "to", "roles", wordy=["roles"])
        for flow in report.unregulated[:_LISTED]:
            table.add_row(
                Text(flow.scenario),
                Text(f"{flow.fact} ({flow.attribute})"),
                flow.recipient,
                Text(", ".join(flow.roles)),
            )
        console.print(table)
        more = len(report.unregulated) - _LISTED
        console.print(f"and {more:,} more (all of them: --json)\n" if more > 0 else "", style="dim")
    left = counted(len(report.unregulated), "unregulated flow")
    console.print(
        f"{counted(scenarios, 'scenario')}: {used:,} of {len(report.norms):,} norms decide a flow{hidden}; {left}",
        highlight=False,
    )
