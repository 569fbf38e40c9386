"""`discretion run`: one agent, some scenarios, one run file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from discretion.cli.inputs import default_seeds, given_norms, load, parse_seeds
from discretion.cli.options import (
    AsJson,
    Concurrency,
    JudgeName,
    MaxTokens,
    Norms,
    PeopleOption,
    Quiet,
    Repeats,
    RetryFaults,
    RunSeed,
    Seeds,
    Temperature,
    VLLMPython,
)

if TYPE_CHECKING:
    from discretion.evals.suite import Suite
    from discretion.evals.summary import RunSummary

__all__ = ["EPILOG", "run_command"]

NOT_ENOUGH: Final = 3
"""The exit code where nothing could be scored."""

EPILOG: Final = """\b
Examples:
  discretion run office --agent reference:oversharer -o oversharer.run --seeds 10
  discretion run office -a openai:my-model@http://127.0.0.1:8000/v1 -o mine.run --concurrency 32
  discretion run office -a 'hf:checkpoints/tuned+adapters/a?temperature=0.7' -o tuned.run --repeats 5
  discretion run office -a vllm:checkpoints/tuned -o tuned.run --vllm-python ~/vllm/bin/python
  discretion run office -a reference:oracle -o strict.run --norms strict.yaml
  discretion run office -a openai:a@http://127.0.0.1:8000/v1 --people openai:b@http://127.0.0.1:8001/v1 -o talk.run
  discretion run 'privacylens:main_data.json?play=live' -a reference:idle -o idle.run

\b
Agents that need no model:
  reference:oracle      plays the scenario's plan
  reference:oversharer  plays it and tells everybody everything
  reference:refuser     declines
  reference:idle        does nothing
  reference:random      does half of the plan and tells a third of what it knows

A run that was cut short goes on where it stopped when the same command is started again. Episodes in which the agent
itself failed are then played again too, unless --keep-faults.
"""


def run_command(
    scenarios: Annotated[
        str,
        typer.Argument(
            help="A pack, file or folder, generated:200, privacylens:FILE[?play=live], cimemories:FILE[?labels=FILE].",
            show_default=False,
        ),
    ],
    agent: Annotated[
        str,
        typer.Option(
            "--agent",
            "-a",
            help="reference:NAME, openai:MODEL[@URL], hf: or vllm:PATH[+ADAPTER], python:module:attribute.",
            show_default=False,
        ),
    ],
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="RUN", help="The run file: one SQLite file.", show_default=False)
    ],
    seeds: Seeds = None,
    repeats: Repeats = None,
    concurrency: Concurrency = None,
    temperature: Temperature = None,
    max_tokens: MaxTokens = None,
    vllm_python: VLLMPython = None,
    run_seed: RunSeed = 0,
    retry_faults: RetryFaults = True,
    norms: Norms = None,
    people: PeopleOption = None,
    judge: JudgeName = "rules",
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Let an agent act in simulated offices, and judge what it discloses.

    Every episode is written to the run file as it ends. Scenarios with a sibling are always played with it.
    The exit code is 3 where no episode could be scored.
    """
    from discretion.agents import people_by, resolve
    from discretion.cli.play import Playing
    from discretion.evals.suite import Suite
    from discretion.judges import resolve_judge

    played = load(scenarios)
    suite = Suite(played, parse_seeds(seeds) if seeds else default_seeds(played), given_norms(norms))
    cast = people_by(people, vllm_python=vllm_python) if people else None
    playing = Playing(suite, resolve_judge(judge), repeats or 1, run_seed, not (quiet or as_json), retry_faults)
    source = resolve(
        agent, concurrency=concurrency, temperature=temperature, max_tokens=max_tokens, vllm_python=vllm_python
    )
    summary = playing.play(source, output, cast)
    if as_json:
        typer.echo(summary.model_dump_json(indent=2))
    else:
        _print(summary, suite, scenarios, agent, judge, output)
    if not summary.scored:
        raise typer.Exit(NOT_ENOUGH)


def _print(summary: RunSummary, suite: Suite, scenarios: str, agent: str, judge: str, output: Path) -> None:
    from discretion.reports import page, run_view
    from discretion.reports.words import counted

    of = f"{counted(len(suite.scenarios), 'scenario')} of {scenarios}"
    played = f"{of}, {counted(summary.n, 'episode')}, judged by {judge}"
    console = page()
    console.print()
    console.print(run_view(summary, title=agent, subtitle=played))
    console.print(f"Written to {output}", style="dim", highlight=False, markup=False)
