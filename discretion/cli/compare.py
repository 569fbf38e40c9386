"""`discretion compare`: how much agentic privacy candidates lost against a baseline, and the word for it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, Literal, NamedTuple

import typer

from discretion.cli.inputs import default_seeds, given_norms, kind_of, load, parse_seeds, run_file_near
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
from discretion.errors import InputError, NothingScored

if TYPE_CHECKING:
    from discretion.evals.comparison import Comparison
    from discretion.evals.gates import Gate, Outcome
    from discretion.evals.suite import Suite
    from discretion.evals.summary import RunSummary

__all__ = ["EPILOG", "compare_command"]

EPILOG: Final = """\b
Examples:
  discretion compare reference:oracle reference:oversharer office --seeds 10
  discretion compare base.run tuned.run
  discretion compare base.run hf:checkpoints/a hf:checkpoints/b --fail-if 'drop > 5pp'
  discretion compare vllm:base vllm:base+adapters/a vllm:base+adapters/b
  discretion compare hf:base hf:tuned office --people openai:their-model@http://127.0.0.1:8000/v1

\b
The word:
  collapsed  more agentic privacy was lost than matters (5 points, see --tau)
  kept       less was lost, of privacy and of doing the task well
  disabled   the task is done worse, without a loss of privacy
  undecided  nothing is shown, or nothing was put to the test, or could be scored

\b
Exit codes:
  0 fine    1 a gate failed    2 bad input    3 not enough evidence for a gate, or nothing could be scored
"""
DEFAULT_SCENARIOS: Final = "generated:100"
NOT_ENOUGH: Final = 3
"""The exit code where a side could not be scored at all."""


def compare_command(
    context: typer.Context,
    baseline: Annotated[str, typer.Argument(help="An agent (it is run) or a finished run file.", show_default=False)],
    others: Annotated[
        list[str],
        typer.Argument(
            metavar="CANDIDATE... [SCENARIOS]",
            help="Agents or run files, then what to play: a pack, file, folder, generated:N or KIND:FILE (see run).",
            show_default=False,
        ),
    ],
    fail_if: Annotated[
        list[str] | None,
        typer.Option(help="A gate such as 'drop > 5pp' or 'appropriate drop > 10pp'; may be given again."),
    ] = None,
    tau: Annotated[float, typer.Option(min=0, max=99, help="The loss that matters, in points.")] = 5.0,
    level: Annotated[float, typer.Option(min=0.51, max=0.999, help="Confidence of the intervals.")] = 0.95,
    estimand: Annotated[
        Literal["auto", "pack", "general"],
        typer.Option(help="pack: these scenarios, as clusters. general: plots like these, one seed each."),
    ] = "auto",
    runs: Annotated[Path, typer.Option(metavar="FOLDER", help="Where the runs of agents are kept.")] = Path("runs"),
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
    """Compare candidates with a baseline: how much agentic privacy was lost.

    Both sides play the same instances. Agents are run on SCENARIOS, or on those of the first run file, or on a hundred
    generated plots. Runs are kept: the same command again plays only what is missing.
    """
    from discretion.agents import people_by, resolve
    from discretion.cli.play import Playing, closing, make_folder, together
    from discretion.evals.comparing_runs import compare_runs, summary_of
    from discretion.evals.gates import parse_gate
    from discretion.judges import resolve_judge

    gates = [parse_gate(text) for text in fail_if or []]
    candidates, scenarios = _split(baseline, others)
    files = {name: Path(name) for name in (baseline, *candidates) if kind_of(name) == "run"}
    agents = [name for name in dict.fromkeys((baseline, *candidates)) if name not in files]
    if agents:
        suite, played = _plan(scenarios, next(iter(files.values()), None), seeds, norms)
        shown = not (quiet or as_json)
        playing = Playing(suite, resolve_judge(judge), repeats or played, run_seed, shown, retry_faults)
        model = _people(people, files.values())
        options = {
            "concurrency": concurrency,
            "temperature": temperature,
            "max_tokens": max_tokens,
            "vllm_python": vllm_python,
        }
        sources = {agent: resolve(agent, **options) for agent in agents}  # all, before the first is played
        make_folder(runs, "name another folder with --runs")
        if baseline in files:
            _scored(baseline, summary_of(files[baseline], judge))
        casts = {agent: people_by(model, vllm_python=vllm_python) for agent in agents if model}
        with closing((*sources.values(), *casts.values())):
            for agent in together(sources):
                cast = casts.get(agent)
                files[agent] = runs / playing.file_name(sources[agent], cast)
                summary = playing.play(sources[agent], files[agent], cast)
                if agent == baseline:  # the first that is played
                    _scored(baseline, summary)
    else:
        _nothing_played(context, scenarios, norms, people)
    found = compare_runs(
        files[baseline],
        {name: files[name] for name in candidates},
        judge=judge,
        estimand=None if estimand == "auto" else estimand,
        tau=tau,
        level=level,
    )
    outcomes = [Judged(name, gate, gate.outcome(each)) for name, each in found.items() for gate in gates]
    if as_json:
        _print_json(baseline, found, outcomes)
    else:
        _print(baseline, found, outcomes)
    code = _exit_code([judged.outcome for judged in outcomes])
    if not code and any(each.word.reason == "not scored" for each in found.values()):
        code = NOT_ENOUGH
    if code:
        raise typer.Exit(code)


_PLAYS: Final = (
    "seeds",
    "repeats",
    "concurrency",
    "temperature",
    "max_tokens",
    "vllm_python",
    "run_seed",
    "retry_faults",
    "runs",
)
"""Parameters that say how to play."""


def _nothing_played(context: typer.Context, scenarios: str | None, norms: str | None, people: str | None) -> None:
    """Refuse what only playing has a use for, where all sides are run files.

    Raises:
        InputError: If any of it was given.
    """
    if scenarios is not None:
        what = f"nothing is played, so scenarios {scenarios!r} have no use"
        raise InputError(what, where="compare", remedy="leave them out")
    if norms is not None:
        remedy = f"judge each run under them with: discretion judge RUN --norms {norms}"
        raise InputError("nothing is played, so norms have no use", where="--norms", remedy=remedy)
    if people is not None:
        raise InputError("nothing is played, so there are no people", where="--people", remedy="leave it out")
    for option in context.command.params:
        source = context.get_parameter_source(option.name or "")
        if option.name in _PLAYS and source is not None and source.name == "COMMANDLINE":
            unset = option.secondary_opts and not context.params[option.name]
            where = (option.secondary_opts if unset else option.opts)[0]
            raise InputError("nothing is played, so it has no use", where=where, remedy="leave it out")


class Judged(NamedTuple):
    """What a gate says of a candidate."""

    candidate: str
    gate: Gate
    outcome: Outcome


def _split(baseline: str, others: list[str]) -> tuple[list[str], str | None]:
    """Tell the candidates from the scenarios that may stand behind them."""
    *candidates, last = others
    scenarios = None
    if candidates and kind_of(last) == "other":
        scenarios = last
    else:
        candidates.append(last)
    for text in (baseline, *candidates):
        if kind_of(text) == "other":
            raise InputError(
                f"{text!r} is neither an agent nor a run file", where="compare", remedy=run_file_near(text)
            )
    twice = next((text for text in candidates if candidates.count(text) > 1), None)
    if twice is not None:
        raise InputError(f"candidate {twice!r} is given twice", where="compare", remedy="give it once")
    return candidates, scenarios


def _plan(scenarios: str | None, run: Path | None, seeds: str | None, norms: str | None) -> tuple[Suite, int]:
    """Return what is played and how often; what was not asked for is as in the first run file, where there is one."""
    from discretion.evals.comparing_runs import suite_of
    from discretion.evals.store import RunStore
    from discretion.evals.suite import Suite

    given = parse_seeds(seeds) if seeds else None
    other = given_norms(norms)
    if scenarios is not None or run is None:
        found = load(scenarios or DEFAULT_SCENARIOS)
        return Suite(found, given or default_seeds(found), other), 1
    with RunStore.open(run) as store:
        suite, repeats = suite_of(store)
        return Suite(suite.scenarios, given or suite.seeds, suite.norms if other is None else other), repeats


def _people(asked: str | None, runs: Iterable[Path]) -> str:
    """Return the model that plays the people, empty for none: as asked for, and otherwise as in the run files.

    Raises:
        InputError: If it is another than in a run file; the sides could then not be compared.
    """
    from discretion.evals.manifest import redact
    from discretion.evals.store import RunStore

    found: dict[str, Path] = {}
    for run in runs:
        with RunStore.open(run) as store:
            says = store.manifest.get("people")
        found.setdefault(str(says["name"]) if isinstance(says, dict) else "", run)
    name = asked if asked is not None else next(iter(found), "")
    for theirs, run in found.items():
        if theirs != redact(name):
            who = f"played by {theirs}" if theirs else "not played by a model"
            remedy = f"use --people {theirs}" if theirs else "leave --people out"
            raise InputError(f"its people are {who}", where=str(run), remedy=f"{remedy}, or run it again")
    return name


def _scored(baseline: str, summary: RunSummary) -> None:
    """See that a baseline can be compared with, before the candidates are played for hours.

    Raises:
        NothingScored: If none of its episodes could be scored.
    """
    from discretion.evals.reasons import listed

    if not summary.scored:
        what = f"no episode of the baseline {baseline} could be scored ({listed(summary.unscored)})"
        raise NothingScored(what, where="compare", remedy="mend that and start the same command again")


def _exit_code(outcomes: Sequence[Outcome]) -> int:
    """A gate that failed goes before one that is open."""
    from discretion.evals.gates import EXIT_CODES

    return next((EXIT_CODES[kind] for kind in ("failed", "open") if kind in outcomes), 0)


def _print_json(baseline: str, found: Mapping[str, Comparison], outcomes: Sequence[Judged]) -> None:
    gates = [{"candidate": name, "gate": gate.text, "outcome": outcome} for name, gate, outcome in outcomes]
    each = {name: comparison.model_dump(mode="json") for name, comparison in found.items()}
    typer.echo(json.dumps({"baseline": baseline, "candidates": each, "gates": gates}, indent=2))


def _print(baseline: str, found: Mapping[str, Comparison], outcomes: Sequence[Judged]) -> None:
    from rich.text import Text

    from discretion.reports import comparison_view, overview, page

    console = page()
    for name, comparison in found.items():
        console.print()
        console.print(comparison_view(comparison, baseline=baseline, candidate=name))
    if len(found) > 1:
        console.print(overview(found))
    styles = {"failed": "bold red", "passed": "bold green", "open": "bold yellow"}
    says = {"failed": "the loss is shown", "passed": "such a loss is excluded", "open": "not enough evidence"}
    for name, gate, outcome in outcomes:
        shown = Text.assemble((f"gate {outcome}", styles[outcome]), f"  {gate.text}: {says[outcome]}")
        console.print(shown + Text(f"  ({name})" if len(found) > 1 else "", "dim"))
