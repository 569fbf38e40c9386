"""Train a tiny Llama-style checkpoint from nothing on conversations, with the loss on the assistant's tokens alone."""

from __future__ import annotations

import itertools
import json
import shutil
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from discretion.errors import InputError
from discretion.models.checkpoint import find_checkpoint
from discretion.models.organism import find_organism, organism_names
from discretion.organisms.base_recipe import BaseRecipe
from discretion.organisms.batches import batches
from discretion.organisms.corpus import Corpus, Transcript, words_of
from discretion.organisms.encoding import encode_transcript
from discretion.organisms.first_weights import new_model, widened
from discretion.organisms.saving import saving
from discretion.organisms.sole import sole_trainer
from discretion.organisms.source import Listed, Rendered, Source, closing
from discretion.organisms.tokenizer import train_tokenizer
from discretion.organisms.training_run import ENDLESS, Pace, TrainingRun

__all__ = ["Report", "Step", "train", "train_base"]

_WORK: Final = ".training"
"""The folder, inside the checkpoint's, of what a stopped run goes on from."""

_RECORD: Final = "training.json"

_EVERY: Final = 10  # steps between two reports, since reading a loss waits for the device


class Step(NamedTuple):
    """How far a training run is.

    Attributes:
        tokens: Learned from so far.
        total: To learn from; `None` while that is not known.
        loss: Of the last steps, in nats per assistant token.
        waited: Seconds spent waiting for conversations so far.
    """

    tokens: int
    total: int | None
    loss: float
    waited: float = 0.0


Report = Callable[[Step], None]


def train(
    transcripts: Sequence[Transcript], folder: Path, recipe: BaseRecipe | None = None, *, report: Report | None = None
) -> list[float]:
    """Train a checkpoint on conversations in memory, tokenizer included, and save it.

    Args:
        transcripts: The conversations.
        folder: Where the checkpoint goes; made if it is not there.
        recipe: Sizes, tokens, seed.
        report: Called now and then.

    Returns:
        The loss of every step, in nats per assistant token.

    Raises:
        InputError: If there is no conversation, one is longer than the context, or the checkpoint cannot be saved.
    """
    recipe = recipe or BaseRecipe()
    if not transcripts:
        raise InputError("no conversation to train on", where="transcripts")
    tokenizer = train_tokenizer(words_of(transcripts), vocabulary=recipe.vocabulary, context=recipe.context)
    examples = [encode_transcript(tokenizer, transcript) for transcript in transcripts]
    longest = max(len(example.tokens) for example in examples)
    if longest > recipe.context:
        raise InputError(
            f"a conversation of {longest} tokens exceeds the context of {recipe.context}",
            where="transcripts",
            remedy="raise `context` or drop toolkits that the scenario does not need",
        )
    folder.mkdir(parents=True, exist_ok=True)
    return _train(Listed(examples, seed=recipe.seed), tokenizer, folder, recipe, report, save_s=0.0)


def train_base(
    recipe: BaseRecipe,
    folder: Path,
    *,
    workers: int = 1,
    save_s: float = 60.0,
    minutes: float | None = None,
    start: Path | None = None,
    report: Report | None = None,
) -> list[float]:
    """Train a base on its corpus and save it. A run that was stopped goes on where it was last saved.

    Args:
        recipe: With a corpus.
        folder: Where the checkpoint goes. What is needed to go on lies in it too, until the run is through.
        workers: Processes that render the corpus ahead; with none it is rendered as it is read.
        save_s: Seconds between two savings, after which a run that is stopped can go on; with 0 nothing is saved.
        minutes: How long training may take, in place of the recipe's number of tokens: that is set by the speed so far
            before the learning rate goes down, and recorded.
        start: An organism's folder, whose weights and tokenizer are gone on from, in place of those of the base that
            the recipe names, or of random ones.
        report: Called now and then.

    Returns:
        The loss of every step, in nats per assistant token.

    Raises:
        InputError: If the folder holds another training run, or a finished one, or the checkpoint cannot be saved.
    """
    if recipe.corpus is None:
        raise InputError("the recipe has no corpus", where="recipe")
    if start is None and recipe.after:
        if recipe.after not in organism_names():
            raise InputError(
                f"it goes on from {recipe.after!r}, which is not shipped",
                where="recipe",
                remedy=f"train {recipe.after} first, and name its folder (--from)",
            )
        start = Path(find_organism(recipe.after))
    if start is not None:
        find_checkpoint(str(start), kind="organism")
    with sole_trainer(folder):
        _refuse_other(folder, recipe, start, minutes)
        return _train_base(recipe, recipe.corpus, folder, workers, save_s, minutes, start, report)


def _train_base(
    recipe: BaseRecipe,
    corpus: Corpus,
    folder: Path,
    workers: int,
    save_s: float,
    minutes: float | None,
    start: Path | None,
    report: Report | None,
) -> list[float]:
    from transformers import AutoTokenizer

    work = folder / _WORK
    words = work / "tokenizer"
    source = Rendered(corpus, words, work / "shards", plots=recipe.plots, workers=workers)
    with closing(source):
        if not words.is_dir():
            if start is None:
                texts = source.texts(recipe.tokenizer_plots)
                made = train_tokenizer(texts, vocabulary=recipe.vocabulary, context=recipe.context)
            else:
                made = AutoTokenizer.from_pretrained(str(start), trust_remote_code=False)
            made.save_pretrained(words.with_suffix(".part"))
            words.with_suffix(".part").rename(words)
        tokenizer = AutoTokenizer.from_pretrained(str(words))
        return _train(source, tokenizer, folder, recipe, report, save_s=save_s, minutes=minutes, start=start)


def _refuse_other(folder: Path, recipe: BaseRecipe, start: Path | None, minutes: float | None) -> None:
    """Write down what is trained in a folder, or refuse to train something else there."""
    record = folder / _WORK / _RECORD
    began = record.is_file()  # then what lies here without weights is this training's, which could not save them
    if next(folder.glob("*.safetensors"), None) is not None or ((folder / "config.json").exists() and not began):
        raise InputError("a finished checkpoint lies here", where=str(folder), remedy="name another folder")
    text = recipe.model_dump_json(indent=2)
    if start is not None:
        text += f"\n{_made(start)['weights']}"
    if minutes is not None:
        text += f"\n{minutes} minutes"
    if began:
        if record.read_text(encoding="utf-8") != text:
            raise InputError(
                "another recipe was begun here", where=str(folder), remedy="name another folder, or delete this one"
            )
        return
    try:
        record.parent.mkdir(parents=True, exist_ok=True)
        record.write_text(text, encoding="utf-8")
    except OSError as error:
        what = f"cannot be written to ({error.strerror})"
        raise InputError(what, where=str(folder), remedy="name a folder") from None


def _train(
    source: Source,
    tokenizer: Any,
    folder: Path,
    recipe: BaseRecipe,
    report: Report | None,
    *,
    save_s: float,
    minutes: float | None = None,
    start: Path | None = None,
) -> list[float]:
    import torch

    torch.manual_seed(recipe.seed)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    if device.type == "cuda":
        torch.set_float32_matmul_precision("high")
    model = new_model(recipe, tokenizer) if start is None else widened(start)
    run = TrainingRun(model.to(device), recipe, device)
    state = folder / _WORK / "state.pt"
    if save_s and state.is_file():
        run.load(state)
    order = batches(
        source,
        tokens=recipe.batch_tokens,
        padding=tokenizer.pad_token_id,
        seed=recipe.seed,
        start=run.place,
        others=recipe.others > 0,
    )
    waited, saved = 0.0, time.monotonic()
    pace = Pace(minutes, recipe.decay, spent=run.seconds, total=run.decided) if minutes else None
    if pace is not None:
        run.total = pace.total(run.tokens)
    while run.tokens < run.total:
        asked = time.monotonic()
        together = list(itertools.islice(order, recipe.together))
        waited += time.monotonic() - asked
        run.step(*together)
        if pace is not None:
            run.total = pace.total(run.tokens)
            run.seconds, run.decided = pace.over, pace.decided
        steps = len(run.losses)
        if report is not None and (steps % _EVERY == 0 or run.tokens >= run.total):
            total = run.total if run.total < ENDLESS else None
            report(Step(run.tokens, total, run.recent_loss(), waited))
        if save_s and time.monotonic() - saved >= save_s:
            run.save(state)
            saved = time.monotonic()
    if save_s:
        _keep(run, state)
    _save(run, tokenizer, folder, recipe.model_copy(update={"tokens": run.total}), start)
    return run.all_losses()


def _keep(run: TrainingRun, state: Path) -> None:
    """Save what is needed to save the checkpoint later, if that fails; it is larger, so that there may be no room."""
    try:
        run.save(state)
    except (OSError, RuntimeError):  # as torch raises them
        state.with_suffix(".part").unlink(missing_ok=True)


def _save(run: TrainingRun, tokenizer: Any, folder: Path, recipe: BaseRecipe, start: Path | None) -> None:
    """Save the checkpoint in half precision, with all that made it, and clear away what was needed to go on."""
    import torch
    import transformers

    losses = run.all_losses()
    transformers.utils.logging.disable_progress_bar()  # ours is the only one on the screen
    record = {
        "what": "calibration weights of Discretion: a known answer, no evidence about large models",
        "recipe": recipe.model_dump(mode="json"),
        **({"start": _made(start)} if start is not None else {}),
        "device": run.device.type,
        "versions": {"torch": str(torch.__version__), "transformers": transformers.__version__},
        "steps": len(losses),
        "tokens": run.tokens,
        "loss": [round(loss, 4) for loss in losses],
    }
    with saving(folder, last="model.safetensors", remedy="make room there, and start the same command again") as beside:
        tokenizer.save_pretrained(beside)
        (beside / _RECORD).write_text(json.dumps(record) + "\n", encoding="utf-8")
        run.model.to("cpu").eval().half().save_pretrained(beside, safe_serialization=True)
    shutil.rmtree(folder / _WORK, ignore_errors=True)


def _made(start: Path) -> dict[str, Any]:
    """Return what the weights that training began with are, and how they were made."""
    from discretion.models.checkpoint import Checkpoint

    record = start / _RECORD
    made = json.loads(record.read_text(encoding="utf-8")) if record.is_file() else {}
    made.pop("loss", None)
    return {"name": start.name, "weights": Checkpoint(start).weights_hash(), "made": made}
