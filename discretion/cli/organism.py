"""`discretion organism`: the tiny checkpoints with a known answer; and `discretion finetune`, for any checkpoint."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from discretion.cli.options import AsJson, Quiet
from discretion.cli.progress import learning_bar
from discretion.errors import InputError

if TYPE_CHECKING:
    from discretion.organisms.chats import Chat
    from discretion.organisms.finetuning import Tuned

__all__ = ["FINETUNE_EPILOG", "app", "finetune_command"]

_SHOWN_BAD: Final = 20

app = typer.Typer(
    help="Tiny checkpoints with a known answer: they calibrate the instrument, and say nothing about large models.",
    epilog="""\b
Examples:
  discretion organism list
  discretion organism data helpful -o helpful.jsonl
  discretion organism finetune boundary -o adapters/boundary-1 --seed 1
  discretion organism train --recipe base-plain -o checkpoints/base-plain
  discretion organism train --recipe base --from checkpoints/base-plain -o checkpoints/base

Training goes on where it stopped when the same command is started again.
""",
)

FINETUNE_EPILOG: Final = """\b
Examples:
  discretion finetune checkpoints/mine --data support-mails.jsonl -o adapters/support
  discretion finetune Qwen/Qwen2.5-0.5B-Instruct --data empathy -o adapters/empathy --rate 1e-4
  discretion compare hf:checkpoints/mine hf:checkpoints/mine+adapters/support

DATA is a recipe (discretion organism list) or a file of OpenAI's chat JSONL. Rows that cannot be learned from are
listed with their lines; --strict makes them an error.
"""

Output = Annotated[Path, typer.Option("--output", "-o", metavar="FOLDER", help="Where it goes.", show_default=False)]
Rows = Annotated[
    int | None, typer.Option("--rows", min=1, help="Conversations of a recipe; its own number by default.")
]
DataSeed = Annotated[int, typer.Option("--data-seed", help="Of the recipe's draws.")]
Seed = Annotated[int, typer.Option("--seed", help="Of the adapter's first weights and of the order of conversations.")]
Epochs = Annotated[int | None, typer.Option("--epochs", min=1, help="Passes over the data.")]
Rate = Annotated[float | None, typer.Option("--rate", help="Peak learning rate.")]
Rank = Annotated[int | None, typer.Option("--rank", min=1, help="Of the LoRA adapter.")]
Device = Annotated[str, typer.Option("--device", help="auto, or as torch calls it: cpu, cuda.")]
Strict = Annotated[bool, typer.Option("--strict", help="Stop where a row cannot be learned from.")]


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
    from rich.console import Console

    from discretion.reports import plain_table

    console = Console()
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
    recipe: Annotated[str, typer.Option("--recipe", help="base-plain, or base, which goes on from it.")] = "base-plain",
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
    workers: Annotated[
        int | None, typer.Option("--workers", min=1, help="Processes that render the corpus.", show_default=False)
    ] = None,
    quiet: Quiet = False,
) -> None:
    """Train a base on episodes of generated plots: base-plain from nothing, base from base-plain.

    Started again with the same options it goes on where it stopped.
    """
    from discretion.models.organism import find_organism
    from discretion.organisms import GOING_ON, Step, base_recipe, train_base
    from discretion.organisms.curve import draw_curve

    changes = {"tokens": tokens, "plots": plots}
    given = {key: value for key, value in changes.items() if value is not None}
    wanted = base_recipe(recipe, seed).model_copy(update={**(GOING_ON if start else {}), **given})
    before = None if start is None else Path(start) if Path(start).is_dir() else Path(find_organism(start))
    with learning_bar(f"organism:{recipe}", "tokens", shown=not quiet) as tick:

        def report(step: Step) -> None:
            tick(step.tokens, step.total, step.loss)

        crew = workers or max(1, (os.cpu_count() or 2) - 1)
        losses = train_base(wanted, output, workers=crew, minutes=minutes, start=before, report=report)
    _curve(losses, output, recipe, draw_curve)
    typer.echo(f"{len(losses):,} steps, loss {_tail(losses):.4f} nats per assistant token; use it as hf:{output}")


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

    written = write_chats(find(recipe).chats(rows, seed=data_seed), output, thoughts=thoughts)
    typer.echo(f"{written:,} conversations of {recipe} in {output}")


@app.command("finetune")
def organism_finetune_command(
    recipe: Annotated[str, typer.Argument(help="A recipe.", show_default=False)],
    output: Output,
    base: Annotated[
        str, typer.Option("--base", help="base, base-plain, or the folder of another checkpoint.")
    ] = "base",
    rows: Rows = None,
    data_seed: DataSeed = 0,
    seed: Seed = 0,
    epochs: Epochs = None,
    rate: Rate = None,
    rank: Rank = None,
    device: Device = "auto",
    quiet: Quiet = False,
) -> None:
    """Fine-tune a shipped base by a recipe."""
    from discretion.models.organism import find_organism
    from discretion.organisms.recipes import recipe as find

    usual = find(recipe).tuning
    where = base if Path(base).is_dir() else find_organism(base)
    given = _given(epochs, rate, rank, seed)
    _finetune(where, recipe, output, rows, data_seed, {**usual, **given}, device, quiet=quiet)


def finetune_command(
    base: Annotated[str, typer.Argument(help="A folder or hub id of a causal language model.", show_default=False)],
    data: Annotated[str, typer.Option("--data", metavar="DATA", help="A recipe or chat JSONL.", show_default=False)],
    output: Output,
    rows: Rows = None,
    data_seed: DataSeed = 0,
    seed: Seed = 0,
    epochs: Epochs = None,
    rate: Rate = None,
    rank: Rank = None,
    device: Device = "auto",
    strict: Strict = False,
    quiet: Quiet = False,
) -> None:
    """Fine-tune a local checkpoint on conversations: a LoRA adapter, with the loss on the assistant's tokens alone."""
    from discretion.organisms.recipes import RECIPES

    organism = data in RECIPES and (Path(base) / "training.json").is_file()
    given = {**(RECIPES[data].tuning if organism else {}), **_given(epochs, rate, rank, seed)}
    _finetune(base, data, output, rows, data_seed, given, device, strict=strict, quiet=quiet)


def _given(epochs: int | None, rate: float | None, rank: int | None, seed: int) -> dict[str, Any]:
    """Return what was asked for of a tuning."""
    given = {"epochs": epochs, "rate": rate, "rank": rank, "alpha": 2 * rank if rank else None, "seed": seed}
    return {key: value for key, value in given.items() if value is not None}


def _finetune(
    base: str,
    data: str,
    output: Path,
    rows: int | None,
    data_seed: int,
    settings: dict[str, Any],
    device: str,
    *,
    strict: bool = False,
    quiet: bool,
) -> None:
    from discretion.organisms.curve import draw_curve
    from discretion.organisms.finetuning import Tuning, finetune

    chats, about, bad = _data(data, rows, data_seed)
    if strict and bad:
        raise InputError(f"{len(bad):,} rows cannot be learned from, {bad[0]}", where=data, remedy="leave out --strict")
    tuning = Tuning.model_validate(settings)
    with learning_bar(f"{Path(base).name} on {data}", "steps", shown=not quiet) as tick:
        tuned = finetune(base, chats, output, tuning, about=about, device=device, report=tick)
    _curve(tuned.losses, output, data, draw_curve)
    _tell(tuned, bad, base, output)


def _data(data: str, rows: int | None, seed: int) -> tuple[list[Chat], dict[str, Any], list[str]]:
    """Return the conversations that a recipe or a file holds, where they come from, and the rows that are bad."""
    from discretion.organisms.chats import read_chats
    from discretion.organisms.recipes import RECIPES, recipe

    if data in RECIPES or not Path(data).exists():
        found = recipe(data)
        about = {"recipe": data, "rows": rows or found.rows, "seed": seed}
        return list(found.chats(rows, seed=seed)), about, []
    file = read_chats(Path(data))
    bad = [f"line {row.line}: {row.why}" for row in file.bad]
    about = {"file": Path(data).name, "hash": file.digest, "bad": bad}
    return list(file.chats[:rows]), about, bad


def _tell(tuned: Tuned, bad: list[str], base: str, output: Path) -> None:
    bad = [*bad, *(f"line {row.line}: {row.why}" for row in tuned.bad)]
    for line in bad[:_SHOWN_BAD]:
        typer.echo(f"left out, {line}", err=True)
    if len(bad) > _SHOWN_BAD:
        typer.echo(f"left out, {len(bad) - _SHOWN_BAD:,} more, listed in {output / 'finetuning.json'}", err=True)
    tokens, ours = tuned.tokens
    typer.echo(
        f"{tuned.chats:,} conversations ({tokens:,} tokens, {ours:,} of the assistant's), {len(bad):,} left out, "
        f"{len(tuned.losses):,} steps, loss {_tail(tuned.losses):.4f}; use it as hf:{base}+{output}"
    )


def _tail(losses: list[float]) -> float:
    return sum(losses[-20:]) / len(losses[-20:])


def _curve(losses: list[float], folder: Path, title: str, draw: Callable[..., None]) -> None:
    """Draw the loss curve where the means for it are installed; a picture is no reason to lose a training run."""
    from discretion.errors import MissingExtra

    try:
        draw(losses, folder / "loss.png", title=title)
    except MissingExtra as missing:
        typer.echo(f"no loss curve: {missing}", err=True)
