"""`discretion scenario`: look at scenarios, check them, and make them of imported cases."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from discretion.cli.inputs import IMPORTED, load
from discretion.cli.options import AsJson
from discretion.cli.scenario_lint import LINT_EPILOG, NORMS_EPILOG, lint_command, norms_command
from discretion.errors import InputError

if TYPE_CHECKING:
    from discretion.scenarios.schema import Scenario

__all__ = ["app"]

app = typer.Typer(
    help="Look at scenarios, check them, import cases.",
    epilog="""\b
Examples:
  discretion scenario list
  discretion scenario show office/exam-plan
  discretion scenario lint my-scenarios/
  discretion scenario schema > scenario.schema.json
  discretion scenario import privacylens main_data.json -o cases/
""",
)


@app.command("list")
def list_command(
    scenarios: Annotated[
        str | None, typer.Argument(help="A pack, a file or a folder; all shipped packs by default.", show_default=False)
    ] = None,
    taxonomy: Annotated[bool, typer.Option("--taxonomy", help="List what a fact can be about instead.")] = False,
    as_json: AsJson = False,
) -> None:
    """List scenarios, or the taxonomy of attributes."""
    if taxonomy:
        _list_taxonomy(as_json)
        return
    from discretion.scenarios import pack_names

    sources = [scenarios] if scenarios else list(pack_names())
    found = [(source, scenario) for source in sources for scenario in load(source)]
    if as_json:
        rows = [{"source": source, **_row(scenario)} for source, scenario in found]
        typer.echo(json.dumps(rows, indent=2, ensure_ascii=False))
        return
    from rich.console import Console
    from rich.text import Text

    from discretion.reports import plain_table

    heads = ["context", "twins", "facts", "people", "title"]
    table = plain_table("scenario", *heads, wordy=["context", "title"])
    for source, scenario in found:
        row = _row(scenario)
        twins = "yes" if row["twins"] else "no"
        table.add_row(
            Text(f"{source}/{scenario.id}" if source in pack_names() else scenario.id),
            Text(scenario.context),
            twins,
            str(row["facts"]),
            str(row["people"]),
            Text(scenario.title),
        )
    Console().print(table)


def _row(scenario: Scenario) -> dict[str, str | int | bool]:
    return {
        "id": scenario.id,
        "title": scenario.title,
        "context": scenario.context,
        "twins": scenario.sibling is not None,
        "facts": len(scenario.facts),
        "people": len(scenario.cast),
    }


def _list_taxonomy(as_json: bool) -> None:
    from discretion.scenarios.taxonomy import TAXONOMY

    if as_json:
        typer.echo(json.dumps(TAXONOMY, indent=2))
        return
    from rich.console import Console

    from discretion.reports import plain_table

    table = plain_table("context", "attributes", wordy=["attributes"])
    for context, leaves in TAXONOMY.items():
        table.add_row(context, ", ".join(leaves))
    Console().print(table)


@app.command("show")
def show_command(
    scenario: Annotated[str, typer.Argument(help="PACK/ID, or a scenario file.", show_default=False)],
    seed: Annotated[int, typer.Option(min=0, help="Of the instance that is shown.")] = 0,
    twin: Annotated[Literal["base", "sibling"], typer.Option(help="Which of the twins.")] = "base",
) -> None:
    """Show a scenario: its story, its people, and who may learn what."""
    from rich.console import Console

    from discretion.cli.scenario_view import instance_view
    from discretion.scenarios import instantiate

    chosen = _one(scenario)
    if twin == "sibling" and chosen.sibling is None:
        raise InputError(f"scenario {chosen.id!r} has no sibling", where="--twin", remedy="leave it out")
    Console().print(instance_view(instantiate(chosen, seed, twin=twin), story=chosen.story))


def _one(text: str) -> Scenario:
    from discretion.scenarios import pack_names

    found = load(text)
    if len(found) == 1:
        return found[0]
    what = f"{text!r} holds {len(found)} scenarios"
    remedy = "import them first" if text.startswith(IMPORTED) else "name one of its files"
    if text in pack_names():
        remedy = f"name one: {', '.join(f'{text}/{scenario.id}' for scenario in found[:3])}, ..."
    raise InputError(what, where="show", remedy=remedy)


app.command("lint", epilog=LINT_EPILOG)(lint_command)
app.command("norms", epilog=NORMS_EPILOG)(norms_command)


@app.command("schema")
def schema_command() -> None:
    """Print the JSON Schema of scenario files, for editors."""
    from discretion.scenarios.schema import json_schema

    typer.echo(json.dumps(json_schema(), indent=2))


@app.command("import")
def import_command(
    kind: Annotated[Literal["privacylens"], typer.Argument(help="Where the cases come from.", show_default=False)],
    file: Annotated[Path, typer.Argument(help="The file of cases.", show_default=False)],
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FOLDER", help="Where the scenarios go.")],
    play: Annotated[
        Literal["replay", "live"],
        typer.Option(help="replay: the trajectory is the agent's past. live: it finds everything itself."),
    ] = "replay",
) -> None:
    """Make scenarios of cases that others collected, and account for every case."""
    from discretion.cli.play import make_folder
    from discretion.scenarios.privacylens import import_cases

    report = import_cases(file, play=play)
    make_folder(output)
    for scenario in report.scenarios:
        text = scenario.model_dump_json(by_alias=True, indent=1, exclude_defaults=True)
        (output / f"{scenario.id}.json").write_text(text + "\n", encoding="utf-8")
    typer.echo(report.summary())
    typer.echo(f"{len(report.scenarios)} files written to {output}")
