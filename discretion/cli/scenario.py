"""`discretion scenario`: look at scenarios, check them, and make them of imported cases."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, Literal

import typer

from discretion.cli.inputs import IMPORTED, given_norms, load
from discretion.cli.options import AsJson, Norms
from discretion.cli.progress import working
from discretion.cli.scenario_lint import LINT_EPILOG, NORMS_EPILOG, lint_command, norms_command
from discretion.cli.scenario_new import EPILOG as NEW_EPILOG
from discretion.cli.scenario_new import new_command
from discretion.cli.vocabulary import Vocabulary, list_vocabulary
from discretion.errors import InputError, nearest

if TYPE_CHECKING:
    from discretion.scenarios.importing import ImportReport
    from discretion.scenarios.schema import Scenario

__all__ = ["app"]

LIST_EPILOG: Final = """\b
Examples:
  discretion scenario list
  discretion scenario list --context health --channel mail
  discretion scenario list office --attribute 'finance.*' --json
  discretion scenario list --tools
"""
SHOW_EPILOG: Final = """\b
Examples:
  discretion scenario show leave-handover
  discretion scenario show leave-handover --twin sibling --picture flows.svg
  discretion scenario show my-scenario.yaml --norms strict.yaml
"""
SCHEMA_EPILOG: Final = """\b
Examples:
  discretion scenario schema -o scenario.schema.json

An editor with a YAML language server (VS Code with the YAML extension, Neovim, JetBrains, ...) then completes every
field of a file whose first line is:  # yaml-language-server: $schema=scenario.schema.json
"""

_VOCABULARIES: Final[tuple[Vocabulary, ...]] = ("taxonomy", "roles", "tools")

app = typer.Typer(
    help="Write scenarios, look at them, check them, import cases.",
    epilog="""\b
Examples:
  discretion scenario list
  discretion scenario new
  discretion scenario show office/exam-plan --picture flows.svg
  discretion scenario lint my-scenarios/
  discretion scenario schema -o scenario.schema.json
  discretion scenario import privacylens main_data.json -o cases/
  discretion scenario import cimemories profiles.json --labels labels.parquet -o memories/
""",
)


@app.command("list", epilog=LIST_EPILOG)
def list_command(
    scenarios: Annotated[
        str | None, typer.Argument(help="A pack, a file or a folder; all shipped packs by default.", show_default=False)
    ] = None,
    context: Annotated[str | None, typer.Option(help="Only those that play in it: health.")] = None,
    channel: Annotated[
        str | None, typer.Option(help="Only those with such a channel or toolkit: mail, feed, memory.")
    ] = None,
    attribute: Annotated[
        str | None, typer.Option(help="Only those with a fact about it: health.diagnosis, or 'finance.*'.")
    ] = None,
    taxonomy: Annotated[bool, typer.Option("--taxonomy", help="List what a fact can be about instead.")] = False,
    roles: Annotated[
        bool, typer.Option("--roles", help="List the roles and purposes that the norm base speaks of instead.")
    ] = False,
    tools: Annotated[bool, typer.Option("--tools", help="List the tools that a plan can call instead.")] = False,
    as_json: AsJson = False,
) -> None:
    """List scenarios, or the words that they are written with: attributes, roles, tools."""
    if kind := next((kind for kind, asked in zip(_VOCABULARIES, (taxonomy, roles, tools), strict=True) if asked), None):
        list_vocabulary(kind, as_json)
        return
    from discretion.scenarios import pack_names

    sources = [scenarios] if scenarios else list(pack_names())
    found = [(source, scenario) for source in sources for scenario in load(source)]
    found = _chosen(found, context, channel, attribute)
    if as_json:
        rows = [{"source": source, **_row(scenario)} for source, scenario in found]
        typer.echo(json.dumps(rows, indent=2, ensure_ascii=False))
        return
    from rich.text import Text

    from discretion.reports import page, plain_table

    table = plain_table("scenario", "context", "twins", "facts", "people", "title", wordy=["context", "title"])
    for source, scenario in found:
        table.add_row(
            Text(f"{source}/{scenario.id}" if source in pack_names() else scenario.id),
            Text(scenario.context),
            "no" if scenario.sibling is None else "yes",
            str(len(scenario.facts)),
            str(len(scenario.cast)),
            Text(_title(scenario)),
        )
    page().print(table)


def _title(scenario: Scenario) -> str:
    """A title as people read it: of the first instance where it names somebody."""
    if "{" not in scenario.title:
        return scenario.title
    from discretion.scenarios import instantiate

    return instantiate(scenario, 0).title


Found = list[tuple[str, "Scenario"]]


def _chosen(found: Found, context: str | None, channel: str | None, attribute: str | None) -> Found:
    """Return the scenarios that pass the filters; a filter that no scenario could pass is an error."""
    from discretion.scenarios.taxonomy import ATTRIBUTES, CONTEXTS, attribute_matches, is_pattern

    if context is not None:
        _known("--context", context, {scenario.context for _, scenario in found})
        found = [each for each in found if each[1].context == context]
    if channel is not None:
        _known("--channel", channel, {name for _, scenario in found for name in _channels(scenario)})
        found = [each for each in found if channel in _channels(each[1])]
    if attribute is not None:
        pattern = f"{attribute}.*" if attribute in CONTEXTS else attribute
        if not is_pattern(pattern):
            close = nearest(attribute, ATTRIBUTES)
            remedy = close if close.startswith("did") else "list them with: discretion scenario list --taxonomy"
            raise InputError(f"{attribute!r} is no attribute or context", where="--attribute", remedy=remedy)
        found = [each for each in found if any(attribute_matches(pattern, fact.attribute) for fact in each[1].facts)]
    return found


def _known(option: str, given: str, names: set[str]) -> None:
    if given not in names:
        raise InputError(f"no scenario has {given!r}", where=option, remedy=nearest(given, names))


def _channels(scenario: Scenario) -> list[str]:
    """What text can leave by: the toolkits that the agent may use, and the kinds of shared channels."""
    return list(dict.fromkeys((*scenario.toolkits, *(channel.kind for channel in scenario.channels))))


def _row(scenario: Scenario) -> dict[str, str | int | bool | list[str]]:
    return {
        "id": scenario.id,
        "title": _title(scenario),
        "context": scenario.context,
        "channels": _channels(scenario),
        "attributes": sorted({fact.attribute for fact in scenario.facts}),
        "twins": scenario.sibling is not None,
        "facts": len(scenario.facts),
        "people": len(scenario.cast),
    }


@app.command("show", epilog=SHOW_EPILOG)
def show_command(
    scenario: Annotated[str, typer.Argument(help="PACK/ID, or a scenario file.", show_default=False)],
    seed: Annotated[int, typer.Option(min=0, help="Of the instance that is shown.")] = 0,
    twin: Annotated[Literal["base", "sibling"], typer.Option(help="Which of the twins.")] = "base",
    session: Annotated[
        int | None, typer.Option(min=1, help="Only this one of several sessions, from 1.", show_default=False)
    ] = None,
    norms: Norms = None,
    picture: Annotated[
        Path | None,
        typer.Option(
            "--picture", "-p", metavar="FILE", help="Draw the flows: FILE.svg or FILE.png.", show_default=False
        ),
    ] = None,
) -> None:
    """Show a scenario: its story, its people, who may learn what, and what may change that."""
    from discretion.scenarios import instantiate, sessions

    chosen = _one(scenario)
    if twin == "sibling" and chosen.sibling is None:
        raise InputError(f"scenario {chosen.id!r} has no sibling", where="--twin", remedy="leave it out")
    instance = instantiate(chosen, seed, twin=twin, norms=given_norms(norms))
    parts = sessions(instance)
    if session is not None:
        if session > len(parts):
            raise InputError(
                f"there is no session {session}", where="--session", remedy=f"give one of 1 to {len(parts)}"
            )
        instance = parts[session - 1].model_copy(update={"sessions": ()})
    if picture is not None:
        from discretion.reports import draw_flows

        drawn = parts[-1] if session is None else instance
        draw_flows(drawn, picture)
        typer.echo(f"drawn to {picture}" + (f": session {len(parts)}" if len(parts) > 1 and session is None else ""))
        return
    from discretion.cli.scenario_view import instance_view
    from discretion.reports import page

    page().print(instance_view(instance, story=chosen.story))


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


app.command("new", epilog=NEW_EPILOG)(new_command)
app.command("lint", epilog=LINT_EPILOG)(lint_command)
app.command("norms", epilog=NORMS_EPILOG)(norms_command)


@app.command("schema", epilog=SCHEMA_EPILOG)
def schema_command(
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write it there.", show_default=False)
    ] = None,
) -> None:
    """Print the JSON Schema of scenario files, by which editors complete and check them."""
    from discretion.cli.play import write_text
    from discretion.scenarios import json_schema

    text = json.dumps(json_schema(), indent=2)
    if output is None:
        typer.echo(text)
    else:
        write_text(output, f"{text}\n")
        typer.echo(
            f"written to {output}; a scenario names it in its first line: # yaml-language-server: $schema={output}"
        )


@app.command("import")
def import_command(
    kind: Annotated[
        Literal["privacylens", "cimemories"], typer.Argument(help="Where the cases come from.", show_default=False)
    ],
    file: Annotated[Path, typer.Argument(help="The file of cases.", show_default=False)],
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FOLDER", help="Where the scenarios go.")],
    play: Annotated[
        Literal["replay", "live"] | None,
        typer.Option(
            help="privacylens: replay (the trajectory is the agent's past; the default) or live (it finds it all).",
            show_default=False,
        ),
    ] = None,
    labels: Annotated[
        Path | None,
        typer.Option(help="cimemories: a file of labels, where FILE holds profiles without.", show_default=False),
    ] = None,
) -> None:
    """Make scenarios of cases that others collected, and account for every case."""
    from discretion.cli.play import make_folder, write_text

    with working(f"reading {file}"):
        report = _import(kind, file, play, labels)
    make_folder(output)
    for scenario in report.scenarios:
        text = scenario.model_dump_json(by_alias=True, indent=1, exclude_defaults=True)
        write_text(output / f"{scenario.id}.json", f"{text}\n")
    typer.echo(report.summary())
    typer.echo(f"{len(report.scenarios)} files written to {output}")


def _import(
    kind: Literal["privacylens", "cimemories"], file: Path, play: Literal["replay", "live"] | None, labels: Path | None
) -> ImportReport:
    if kind == "cimemories":
        from discretion.scenarios.cimemories import import_profiles

        if play is not None:
            raise InputError("profiles are played in one way", where="--play", remedy="leave it out")
        return import_profiles(file, labels=labels)
    from discretion.scenarios.privacylens import import_cases

    if labels is not None:
        raise InputError("PrivacyLens cases hold their norms", where="--labels", remedy="leave it out")
    return import_cases(file, play=play or "replay")
