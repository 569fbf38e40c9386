"""`discretion finetune`, for any checkpoint, and `discretion organism finetune`, for a shipped base."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from discretion.cli.options import Quiet
from discretion.cli.progress import learning_bar
from discretion.errors import DiscretionError, InputError, first_fault

if TYPE_CHECKING:
    from discretion.organisms.chats import BadRow, Chat
    from discretion.organisms.finetuning import Tuned

__all__ = [
    "FINETUNE_EPILOG",
    "DataSeed",
    "Output",
    "Rows",
    "draw_losses",
    "finetune_command",
    "last_loss",
    "organism_finetune_command",
]

_SHOWN_BAD: Final = 20

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
    int | None,
    typer.Option("--rows", min=1, help="Conversations: a recipe's own number by default; the first of a file."),
]
DataSeed = Annotated[int, typer.Option("--data-seed", help="Of the recipe's draws.")]
Seed = Annotated[int, typer.Option("--seed", help="Of the adapter's first weights and of the order of conversations.")]
Epochs = Annotated[int | None, typer.Option("--epochs", min=1, help="Passes over the data.")]
Rate = Annotated[float | None, typer.Option("--rate", help="Peak learning rate.")]
Rank = Annotated[int | None, typer.Option("--rank", min=1, help="Of the LoRA adapter.")]
Device = Annotated[str, typer.Option("--device", help="auto, or as torch calls it: cpu, cuda.")]
Strict = Annotated[bool, typer.Option("--strict", help="Stop where a row cannot be learned from.")]


def organism_finetune_command(
    recipe: Annotated[str, typer.Argument(help="A recipe.", show_default=False)],
    output: Output,
    base: Annotated[
        str, typer.Option("--base", help="base, base-prompted, or the folder of another checkpoint.")
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
    from discretion.models.organism import find_base
    from discretion.organisms.recipes import recipe as find

    usual = find(recipe).tuning
    given = _given(epochs, rate, rank, seed)
    _finetune(find_base(base), recipe, output, rows, data_seed, {**usual, **given}, device, quiet=quiet)


def finetune_command(
    base: Annotated[
        str, typer.Argument(help="A folder or hub id of a causal language model; organism:base.", show_default=False)
    ],
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
    from discretion.models.organism import AGENT, find_base
    from discretion.organisms.recipes import RECIPES

    base = find_base(base) if base.startswith(AGENT) else base.removeprefix("hf:")
    organism = data in RECIPES and _exists(Path(base) / "training.json")
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
    from pydantic import ValidationError

    from discretion.organisms.finetuning import Tuning, finetune

    try:
        tuning = Tuning.model_validate(settings)
    except ValidationError as error:
        field, wrong = first_fault(error)
        raise InputError(wrong, where=f"--{field}", remedy="leave it out") from None
    try:
        chats, about, unread = _data(data, rows, data_seed)
        if unread and not chats:
            _list(unread)
            why = "; ".join(f"line {row.line}: {row.why}" for row in unread[:3])
            remedy = "each line is an object with `messages`, as OpenAI's fine-tuning takes it"
            raise InputError(f"no row can be learned from: {why}", where=data, remedy=remedy)
        with learning_bar(f"{Path(base).name} on {data}", "steps", shown=not quiet) as tick:
            tuned = finetune(
                base,
                chats,
                output,
                tuning,
                about=about,
                device=device,
                report=tick,
                unread=unread,
                left_out=_list,
                strict=strict,
            )
    except KeyboardInterrupt:
        raise _Stopped("stopped; an adapter is saved at the end alone, so nothing was") from None
    _tell(tuned, base, output)
    draw_losses(tuned.losses, output, data)


class _Stopped(DiscretionError):
    """The user stopped it."""

    exit_code = 130


def _data(data: str, rows: int | None, seed: int) -> tuple[list[Chat], dict[str, Any], tuple[BadRow, ...]]:
    """Return the conversations that a recipe or a file holds, where they come from, and the rows that are bad."""
    from discretion.organisms.chats import read_chats
    from discretion.organisms.recipes import RECIPES, recipe

    path = Path(data)
    if data in RECIPES or not _exists(path):
        if path.suffix or path.name != data:
            raise InputError("there is no such file", where=data, remedy="give chat JSONL, or a recipe's name")
        found = recipe(data)
        about = {"recipe": data, "rows": rows or found.rows, "seed": seed}
        return list(found.chats(rows, seed=seed)), about, ()
    file = read_chats(path)
    bad = [f"line {row.line}: {row.why}" for row in file.bad]
    taken = file.chats[:rows]
    about = {"file": path.name, "hash": file.digest, "rows": len(taken), "of": len(file.chats), "bad": bad}
    if len(taken) < len(file.chats):
        typer.echo(f"the first {len(taken):,} of {len(file.chats):,} conversations", err=True)
    return list(taken), about, file.bad


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError as error:  # a name too long
        raise InputError(f"no path ({error.strerror})", where=str(path)[:80], remedy="give a shorter one") from None


def _list(bad: Sequence[BadRow]) -> None:
    for row in bad[:_SHOWN_BAD]:
        typer.echo(f"left out, line {row.line}: {row.why}", err=True)
    if len(bad) > _SHOWN_BAD:
        typer.echo(f"left out, {len(bad) - _SHOWN_BAD:,} more; an adapter's finetuning.json lists all", err=True)


def _tell(tuned: Tuned, base: str, output: Path) -> None:
    tokens, ours = tuned.tokens
    typer.echo(
        f"{tuned.chats:,} conversations ({tokens:,} tokens, {ours:,} of the assistant's), {len(tuned.bad):,} left out, "
        f"{len(tuned.losses):,} steps, loss {last_loss(tuned.losses):.4f}; use it as hf:{base}+{output}"
    )


def last_loss(losses: list[float]) -> float:
    """Return the mean loss of the last steps."""
    return sum(losses[-20:]) / len(losses[-20:])


def draw_losses(losses: list[float], folder: Path, title: str) -> None:
    """Draw the loss curve where the means for it are installed; a picture is no reason to lose a training run."""
    from discretion.errors import MissingExtra
    from discretion.organisms.curve import draw_curve

    try:
        draw_curve(losses, folder / "loss.png", title=title)
    except (MissingExtra, OSError) as error:
        typer.echo(f"no loss curve: {error}", err=True)
