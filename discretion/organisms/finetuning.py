"""Fine-tune a local causal model on conversations: a LoRA adapter, with the loss on the assistant's tokens alone."""

from __future__ import annotations

import importlib.util
import json
import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from pydantic import Field

from discretion.errors import InputError, MissingExtra
from discretion.models.checkpoint import Checkpoint, find_checkpoint
from discretion.models.reading_weights import read_model
from discretion.models.weights import quiet_peft
from discretion.organisms.batches import Place, batches
from discretion.organisms.chats import BadRow, Chat
from discretion.organisms.encoding import Encoded
from discretion.organisms.examples import encoded_chats, unloaded
from discretion.organisms.learned import learned_logits
from discretion.organisms.precision import ready
from discretion.organisms.saving import saving
from discretion.organisms.sole import sole_trainer
from discretion.organisms.source import Listed
from discretion.scenarios.base import Record

if TYPE_CHECKING:
    import torch

__all__ = ["Tuned", "Tuning", "finetune"]

_SMALL: Final = 2_000_000_000  # bytes of weights up to which a GPU holds them in float32 as well


class Tuning(Record):
    """How a model is fine-tuned.

    Attributes:
        epochs: Passes over the data.
        rate: Peak learning rate; linear warm-up over 5% of the steps, cosine decay to nothing.
        rank, alpha: Of the LoRA adapter on every linear layer.
        batch_tokens: The most tokens of a step, padding included.
        longest: Conversations of more tokens are left out, and named.
        seed: Of the adapter's first weights and of the order of conversations.
    """

    epochs: int = Field(default=1, ge=1, le=1000)
    rate: float = Field(default=1e-3, gt=0.0, le=10.0)
    rank: int = Field(default=8, ge=1, le=1024)
    alpha: int = Field(default=16, ge=1)
    batch_tokens: int = Field(default=8192, ge=1)
    longest: int = Field(default=4096, ge=2)
    seed: int = Field(default=0, ge=0, lt=2**63)


class Tuned(NamedTuple):
    """What came of it.

    Attributes:
        losses: Of every step, in nats per assistant token.
        chats: Conversations that were learned from.
        tokens: In one pass, and how many of them are learned. A template that writes a turn otherwise once another
            follows has what stands before it read again for each turn.
        bad: Rows that were not, in the order of their lines.
    """

    losses: list[float]
    chats: int
    tokens: tuple[int, int]
    bad: tuple[BadRow, ...]


def finetune(
    base: str,
    chats: Sequence[Chat],
    folder: Path,
    tuning: Tuning | None = None,
    *,
    about: dict[str, Any] | None = None,
    device: str = "auto",
    report: Callable[[int, int, float], None] | None = None,
    unread: Sequence[BadRow] = (),
    left_out: Callable[[tuple[BadRow, ...]], None] | None = None,
    strict: bool = False,
) -> Tuned:
    """Train a LoRA adapter and save it, with a record of all that made it.

    Args:
        base: A folder or hub id of a causal language model with a chat template; safetensors only.
        chats: The conversations.
        folder: Where the adapter goes.
        tuning: How.
        about: Where the data come from, for the record.
        device: `auto`, or as torch calls it.
        report: Called now and then with (step, steps, loss).
        unread: Rows of the same file that are no conversation.
        left_out: Called before training with them and every other row that cannot be learned from, if there are any.
        strict: Whether such a row is an error.

    Raises:
        InputError: If the base or the folder cannot be used, no conversation is left, an adapter lies in the folder
            already, or training ran away.
        MissingExtra: If PEFT is not installed.
    """
    for package in ("torch", "transformers", "peft"):
        if importlib.util.find_spec(package) is None:
            raise MissingExtra(package, "local")
    tuning = tuning or Tuning()
    checkpoint = find_checkpoint(base)
    if checkpoint.adapter is not None:
        remedy = "merge it into its base (merge_and_unload), save that, and name it"
        raise InputError("an adapter cannot be fine-tuned on", where=base, remedy=remedy)
    place = _place(device)
    with sole_trainer(folder):
        _refuse_other(folder)
        return _trained(
            base,
            checkpoint,
            chats,
            folder,
            tuning,
            about or {},
            place,
            report,
            unread=unread,
            left_out=left_out,
            strict=strict,
        )


def _trained(
    base: str,
    checkpoint: Checkpoint,
    chats: Sequence[Chat],
    folder: Path,
    tuning: Tuning,
    about: dict[str, Any],
    place: torch.device,
    report: Callable[[int, int, float], None] | None,
    *,
    unread: Sequence[BadRow],
    left_out: Callable[[tuple[BadRow, ...]], None] | None,
    strict: bool,
) -> Tuned:
    import torch

    tokenizer, encoded, bad = encoded_chats(checkpoint, chats, tuning.longest)
    every = sorted([*unread, *bad])
    if every and left_out is not None:
        left_out(tuple(every))
    first = f"line {every[0].line}: {every[0].why}" if every else ""
    if strict and every:
        raise InputError(
            f"{len(every):,} rows cannot be learned from, {first}", where="data", remedy="leave out strict"
        )
    if not encoded:
        what = f"no conversation to learn from{'; ' if first else ''}{first}"
        raise InputError(what, where="data", remedy="see `messages` of chat JSONL")
    examples = [each for chat in encoded for each in chat]
    torch.manual_seed(tuning.seed)
    model = _adapted(checkpoint, tuning, place, len(tokenizer))
    steps = _steps(examples, tuning)
    losses = _learn(model, examples, tuning, tokenizer.pad_token_id or 0, place, steps, report)
    model.peft_config["default"].base_model_name_or_path = _known_as(base)
    sizes = (sum(len(each.tokens) for each in examples), sum(int(each.ours.sum()) for each in examples))
    record = {
        "base": _known_as(base),
        "base_weights": Checkpoint(checkpoint.folder).weights_hash(),
        "data": about,
        "tuning": tuning.model_dump(),
        "conversations": len(encoded),
        "examples": len(examples),
        "tokens": {"all": sizes[0], "assistant": sizes[1]},
        "left_out": [{"line": row.line, "why": row.why} for row in bad],
        "device": place.type,
        "versions": _versions("torch", "transformers", "peft"),
        "loss": [round(loss, 4) for loss in losses],
    }
    _save(model.half(), folder, record)
    return Tuned(losses, len(encoded), sizes, tuple(every))


def _refuse_other(folder: Path) -> None:
    """Refuse a folder in which an adapter has no place, before hours of training rather than after."""
    where = str(folder)
    if (folder / "adapter_config.json").exists():
        raise InputError("an adapter lies here already", where=where, remedy="name another folder")
    if (folder / "config.json").exists():
        remedy = "name another folder: transformers puts an adapter beside weights onto them"
        raise InputError("a checkpoint lies here", where=where, remedy=remedy)


def _place(device: str) -> torch.device:
    import torch

    name = ("cuda" if torch.cuda.is_available() else "cpu") if device == "auto" else device
    try:
        place = torch.device(name)
        torch.zeros(1, device=place)
    except (RuntimeError, AssertionError, NotImplementedError) as error:  # as torch raises them
        reason = str(error).partition("\n")[0][:120]
        raise InputError(f"cannot be used ({reason})", where=f"device {device!r}", remedy="cpu, cuda or auto") from None
    return place


def _save(model: Any, folder: Path, record: dict[str, Any]) -> None:
    """Save the adapter and its record alone: PEFT writes a blank form beside it, over whatever has its name.

    Raises:
        InputError: If training ran away, and there is nothing to save, or it cannot be saved.
    """
    if not all(weight.isfinite().all() for weight in model.parameters() if weight.requires_grad):
        raise InputError("training ran away: the weights are no numbers", where="rate", remedy="lower the rate")
    with saving(folder, last="adapter_config.json", remedy="make room there, and start again") as beside:
        model.save_pretrained(beside, save_embedding_layers=False)  # else it asks the hub about the base
        (beside / "README.md").unlink(missing_ok=True)
        (beside / "finetuning.json").write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


def _known_as(base: str) -> str:
    """Return what a base is called: of a folder the name alone, since where it lies says nothing; the hash tells it."""
    folder = Path(base).expanduser()
    return folder.resolve().name if folder.is_dir() else base


def _adapted(checkpoint: Checkpoint, tuning: Tuning, place: torch.device, words: int) -> Any:
    """Return the model with a new adapter; `words` is the size of the tokenizer."""
    import torch
    from peft import LoraConfig, get_peft_model

    quiet_peft()
    kind = torch.float32 if place.type == "cpu" or checkpoint.weights_size() < _SMALL else torch.bfloat16
    try:
        model: Any = read_model(checkpoint, dtype=kind)
    except Exception as error:  # from half a dozen libraries, for as many reasons
        raise unloaded(checkpoint, error) from error
    if words > (rows := int(model.get_input_embeddings().weight.shape[0])):
        what = f"the tokenizer has {words:,} tokens, the model {rows:,}"
        raise InputError(what, where=str(checkpoint.folder), remedy="name a checkpoint with its own tokenizer")
    model = model.to(place)
    config = LoraConfig(
        r=tuning.rank, lora_alpha=tuning.alpha, target_modules="all-linear", task_type="CAUSAL_LM", lora_dropout=0.0
    )
    return get_peft_model(model, config)


def _steps(examples: Sequence[Encoded], tuning: Tuning) -> int:
    """Return how many batches all passes have; each pass has as many."""
    order = batches(Listed(examples, seed=tuning.seed), tokens=tuning.batch_tokens, padding=0, seed=0, start=Place())
    return tuning.epochs * next(number for number, batch in enumerate(order, start=1) if batch.following.batch == 0)


def _learn(
    model: Any,
    examples: Sequence[Encoded],
    tuning: Tuning,
    padding: int,
    place: torch.device,
    steps: int,
    report: Callable[[int, int, float], None] | None,
) -> list[float]:
    import torch

    weights = [weight for weight in model.parameters() if weight.requires_grad]
    optimiser = torch.optim.AdamW(weights, lr=tuning.rate, betas=(0.9, 0.98), weight_decay=0.0)
    order = batches(
        Listed(examples, seed=tuning.seed),
        tokens=tuning.batch_tokens,
        padding=padding,
        seed=tuning.seed,
        start=Place(),
    )
    half = ready(model.get_base_model(), place)
    model.train()
    found: list[Any] = []
    for step in range(steps):
        optimiser.param_groups[0]["lr"] = tuning.rate * _scale(step, steps)
        tokens, before, wanted = (each.to(place) for each in next(order)[:3])
        loss = torch.nn.functional.cross_entropy(learned_logits(model, tokens, before, half=half), wanted)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(weights, 1.0)
        optimiser.step()
        optimiser.zero_grad(set_to_none=True)
        found.append(loss.detach())
        if report is not None and (step % 10 == 9 or step + 1 == steps):
            report(step + 1, steps, sum(float(each) for each in found[-10:]) / len(found[-10:]))
    model.eval()
    return [float(each) for each in found]


def _scale(step: int, steps: int) -> float:
    warmup = max(1, steps // 20)
    if step < warmup:
        return (step + 1) / warmup
    return 0.5 * (1 + math.cos(math.pi * (step - warmup) / max(1, steps - warmup)))


def _versions(*packages: str) -> dict[str, str]:
    from importlib.metadata import version

    return {package: version(package) for package in packages}
