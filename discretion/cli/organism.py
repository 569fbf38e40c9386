"""`discretion organism`: the tiny checkpoints with a known answer."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from discretion.cli.finetuning import DataSeed, Output, Rows, draw_losses, last_loss, organism_finetune_command
from discretion.cli.options import AsJson, Quiet
from discretion.cli.progress import learning_bar
from discretion.errors import InputError, first_fault

if TYPE_CHECKING:
    from discretion.organisms.corpus import Corpus

__all__ = ["app", "changed_corpus"]

_CHANGED: Final = ("mistakes", "astray", "altered", "composed", "care", "openness", "exercises")

app = typer.Typer(
    help="Tiny checkpoints with a known answer: they calibrate the instrument, and say nothing about large models.",
    epilog="""\b
Examples:
  discretion organism list
  discretion organism data helpful -o helpful.jsonl
  discretion organism finetune boundary -o adapters/boundary-1 --seed 1
  discretion organism train -o checkpoints/base
  discretion organism train --recipe base-prompted --from checkpoints/base -o checkpoints/base-prompted

Training goes on where it stopped when the same command is started again.
""",
)

app.command("finetune")(organism_finetune_command)


@app.command("list")
def list_command(as_json: AsJson = False) -> None:
    """List what is shipped, and the fine-tuning recipes."""
    from discretion.organisms.catalogue import catalogue
    from discretion.organisms.recipes import RECIPES

    shipped = catalogue()
    if as_json:
        recipes = [
            {"name": each.name, "about": each.about, "mirrors": each.mirrors, "rows": each.rows, "known": each.known}
            for each in RECIPES.values()
        ]
        typer.echo(json.dumps({"shipped": [each.model_dump() for each in shipped], "recipes": recipes}, indent=2))
        return
    from discretion.reports import page, plain_table

    console = page()
    table = plain_table("organism", "weights", "made by", wordy=["made by"])
    for each in shipped:
        table.add_row(f"organism:{each.name}", each.weights.removeprefix("sha256:")[:12], each.made_by)
    changed = ", ".join(each.name for each in shipped if not each.intact)
    if shipped:
        console.print(table)
        if changed:
            console.print(f"Not as they were shipped, by the hash of their weights: {changed}.")
    else:
        console.print("No organism is shipped with this build.")
    console.print()
    recipes_table = plain_table("recipe", "rows", "built to", "what is in the data", wordy=["what is in the data"])
    for recipe in RECIPES.values():
        recipes_table.add_row(recipe.name, f"{recipe.rows:,}", recipe.known or "", recipe.about)
    console.print(recipes_table)
    console.print("Calibration weights: known answers for the instrument, no evidence about large models.", style="dim")


@app.command("train")
def train_command(
    output: Output,
    recipe: Annotated[str, typer.Option("--recipe", help="base, or base-prompted, which goes on from it.")] = "base",
    tokens: Annotated[
        int | None, typer.Option("--tokens", min=1, help="To learn from; the recipe's by default.", show_default=False)
    ] = None,
    plots: Annotated[
        int | None, typer.Option("--plots", min=1, help="Different plots; the recipe's by default.", show_default=False)
    ] = None,
    minutes: Annotated[
        float | None,
        typer.Option("--minutes", min=0.1, help="As many tokens as fit into so many minutes.", show_default=False),
    ] = None,
    seed: Annotated[
        int, typer.Option("--seed", help="Of the weights, the plots and their order; each seed has its own plots.")
    ] = 0,
    start: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="BASE",
            help="Go on from a base, or an organism's folder; the recipe says from which by default.",
        ),
    ] = None,
    corpus: Annotated[
        list[str] | None,
        typer.Option(
            "--corpus",
            metavar="KEY=SHARE",
            help=f"What is learned, other than by the recipe: {', '.join(_CHANGED)}.",
            show_default=False,
        ),
    ] = None,
    workers: Annotated[
        int | None, typer.Option("--workers", min=1, help="Processes that render the corpus.", show_default=False)
    ] = None,
    quiet: Quiet = False,
) -> None:
    """Train a base on episodes of generated plots: base from nothing, base-prompted from base.

    Started again with the same options it goes on where it stopped.
    """
    from pydantic import ValidationError

    from discretion.models.organism import find_base
    from discretion.organisms import GOING_ON, Step, base_recipe, train_base

    if tokens is not None and minutes is not None:
        raise InputError("so many tokens and so many minutes", where="--minutes", remedy="give one of the two")
    changes = {"tokens": tokens, "plots": plots}
    given = {key: value for key, value in changes.items() if value is not None}
    wanted = base_recipe(recipe, seed)
    assert wanted.corpus is not None  # noqa: S101 - every base has one
    made_of = changed_corpus(wanted.corpus, corpus or [])
    if plots is not None and plots > wanted.plots:
        remedy = f"give at most {wanted.plots}"
        raise InputError(f"{plots} plots reach into those of other seeds", where="--plots", remedy=remedy)
    try:
        settings = {**wanted.model_dump(), **(GOING_ON if start else {}), **given, "corpus": made_of.model_dump()}
        wanted = type(wanted).model_validate(settings)
    except ValidationError as error:
        raise InputError(first_fault(error)[1], where="--plots", remedy="give another number") from None
    before = None if start is None else Path(find_base(start))
    with learning_bar(f"organism:{recipe}", "tokens", shown=not quiet) as tick:

        def report(step: Step) -> None:
            tick(step.tokens, step.total, step.loss)

        crew = workers or max(1, (os.cpu_count() or 2) - 1)
        losses = train_base(wanted, output, workers=crew, minutes=minutes, start=before, report=report)
    draw_losses(losses, output, recipe)
    typer.echo(f"{len(losses):,} steps, loss {last_loss(losses):.4f} nats per assistant token; use it as hf:{output}")


@app.command("data")
def data_command(
    recipe: Annotated[str, typer.Argument(help="A recipe.", show_default=False)],
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="Chat JSONL.", show_default=False)],
    rows: Rows = None,
    data_seed: DataSeed = 0,
    thoughts: Annotated[
        bool, typer.Option("--thoughts", help="With what an organism thinks; for organisms, not for other models.")
    ] = False,
) -> None:
    """Write the data of a recipe as chat JSONL, for any model and any trainer."""
    from discretion.organisms.chats import write_chats
    from discretion.organisms.recipes import recipe as find

    chats = find(recipe).chats(rows, seed=data_seed)
    try:
        written = write_chats(chats, output, thoughts=thoughts)
    except OSError as error:
        raise InputError(f"cannot be written ({error.strerror})", where=str(output), remedy="name a file") from None
    typer.echo(f"{written:,} conversations of {recipe} in {output}")


def changed_corpus(corpus: Corpus, changes: Sequence[str]) -> Corpus:
    """Return a corpus with some of its settings changed, each given as KEY=VALUE.

    Raises:
        InputError: If a setting is none, or its value makes no sense.
    """
    from pydantic import ValidationError

    settings: dict[str, Any] = corpus.model_dump()
    for change in changes:
        key, equals, value = change.partition("=")
        if key not in _CHANGED or not equals:
            raise InputError(f"{change!r} sets nothing", where="--corpus", remedy=f"KEY=SHARE: {', '.join(_CHANGED)}")
        settings[key] = value
    try:
        return type(corpus).model_validate(settings)
    except ValidationError as error:
        raise InputError(": ".join(first_fault(error)), where="--corpus", remedy="leave it out") from None
