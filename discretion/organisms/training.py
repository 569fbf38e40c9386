"""Train a tiny Llama-style checkpoint from nothing on conversations, with the loss on the assistant's tokens alone."""

from __future__ import annotations

import json
import math
import shutil
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from discretion.errors import InputError
from discretion.organisms.base_recipe import BaseRecipe
from discretion.organisms.batches import Batch, Place, batches
from discretion.organisms.corpus import Transcript, words_of
from discretion.organisms.encoding import encode_transcript
from discretion.organisms.muon import Muon
from discretion.organisms.source import Listed, Rendered, Source, closing
from discretion.organisms.tokenizer import train_tokenizer

if TYPE_CHECKING:
    import torch

__all__ = ["Report", "Step", "train", "train_base"]

_WORK: Final = ".training"
"""The folder, inside the checkpoint's, of what a stopped run goes on from."""

_RECORD: Final = "training.json"

_WARMUP: Final = 1_000_000  # tokens
_EVERY: Final = 10  # steps between two reports, since reading a loss waits for the device
_ENDLESS: Final = 10**12
_MARGIN: Final = 1.0  # seconds
_DECAY: Final = 0.3  # share of the tokens on the way down


class Step(NamedTuple):
    """How far a training run is.

    Attributes:
        tokens: Learned from so far.
        total: To learn from.
        loss: Of the last steps, in nats per assistant token.
        waited: Seconds spent waiting for conversations so far.
    """

    tokens: int
    total: int
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
        InputError: If there is no conversation, or one is longer than the context.
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
    return _train(Listed(examples, seed=recipe.seed), tokenizer, folder, recipe, report, save_every=0)


def train_base(
    recipe: BaseRecipe,
    folder: Path,
    *,
    workers: int = 1,
    save_every: int = 50,
    minutes: float | None = None,
    report: Report | None = None,
) -> list[float]:
    """Train a base on its corpus and save it. A run that was stopped goes on where it was last saved.

    Args:
        recipe: With a corpus.
        folder: Where the checkpoint goes. What is needed to go on lies in it too, until the run is through.
        workers: Processes that render the corpus ahead; with none it is rendered as it is read.
        save_every: Steps between two savings.
        minutes: How long training may take, in place of the recipe's number of tokens: that is set by the speed so far
            before the learning rate goes down, and recorded.
        report: Called now and then.

    Returns:
        The loss of every step, in nats per assistant token.

    Raises:
        InputError: If the folder holds another training run, or a finished one.
    """
    from transformers import AutoTokenizer

    if recipe.corpus is None:
        raise InputError("the recipe has no corpus", where="recipe")
    _refuse_other(folder, recipe)
    work = folder / _WORK
    words = work / "tokenizer"
    source = Rendered(recipe.corpus, words, work / "shards", plots=recipe.plots, workers=workers)
    with closing(source):
        if not words.is_dir():
            texts = source.texts(recipe.tokenizer_plots)
            made = train_tokenizer(texts, vocabulary=recipe.vocabulary, context=recipe.context)
            made.save_pretrained(words.with_suffix(".part"))
            words.with_suffix(".part").rename(words)
        tokenizer = AutoTokenizer.from_pretrained(str(words))
        return _train(source, tokenizer, folder, recipe, report, save_every=save_every, minutes=minutes)


def _refuse_other(folder: Path, recipe: BaseRecipe) -> None:
    """Write down what is trained in a folder, or refuse to train something else there."""
    if (folder / "model.safetensors").exists():
        raise InputError("a finished checkpoint lies here", where=str(folder), remedy="name another folder")
    record = folder / _WORK / _RECORD
    text = recipe.model_dump_json(indent=2)
    if record.is_file():
        if record.read_text(encoding="utf-8") != text:
            raise InputError(
                "another recipe was begun here", where=str(folder), remedy="name another folder, or delete this one"
            )
        return
    record.parent.mkdir(parents=True, exist_ok=True)
    record.write_text(text, encoding="utf-8")


def _train(
    source: Source,
    tokenizer: Any,
    folder: Path,
    recipe: BaseRecipe,
    report: Report | None,
    *,
    save_every: int,
    minutes: float | None = None,
) -> list[float]:
    import torch

    torch.manual_seed(recipe.seed)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    if device.type == "cuda":
        torch.set_float32_matmul_precision("high")
    run = _Run(_model(recipe, tokenizer).to(device), recipe, device)
    state = folder / _WORK / "state.pt"
    if save_every and state.is_file():
        run.load(state)
    order = batches(
        source,
        tokens=recipe.batch_tokens,
        padding=tokenizer.pad_token_id,
        seed=recipe.seed,
        start=run.place,
        others=recipe.others > 0,
    )
    waited = 0.0
    pace = _Pace(minutes) if minutes else None
    while run.tokens < run.total:
        asked = time.monotonic()
        batch = next(order)
        waited += time.monotonic() - asked
        run.step(batch)
        if pace is not None:
            run.total = pace.total(run.tokens)
        steps = len(run.losses)
        if report is not None and (steps % _EVERY == 0 or run.tokens >= run.total):
            report(Step(run.tokens, run.total, run.recent_loss(), waited))
        if save_every and steps % save_every == 0:
            run.save(state)
    _save(run, tokenizer, folder, recipe.model_copy(update={"tokens": run.total}))
    return run.all_losses()


class _Pace:
    """Decides how many tokens can be learned from in a given time: by the speed so far, before the way down begins."""

    def __init__(self, minutes: float) -> None:
        self._seconds = 60 * minutes
        self._start = time.monotonic()
        self._mark: tuple[float, int] | None = None
        self._total = 0

    def total(self, tokens: int) -> int:
        """Return the number of tokens; more than there ever are while it is open."""
        over = time.monotonic() - self._start
        if self._mark is None and over > self._seconds / 4:
            self._mark = (over, tokens)
        elif self._mark is not None and not self._total and over > (1 - _DECAY) * self._seconds - _MARGIN:
            speed = (tokens - self._mark[1]) / (over - self._mark[0])
            self._total = max(round(tokens + speed * (self._seconds - over)), math.ceil(tokens / (1 - _DECAY)))
        return self._total or _ENDLESS


def _model(recipe: BaseRecipe, tokenizer: Any) -> Any:
    from transformers import LlamaConfig, LlamaForCausalLM

    return LlamaForCausalLM(
        LlamaConfig(
            vocab_size=len(tokenizer),
            hidden_size=recipe.width,
            intermediate_size=recipe.width * 8 // 3,
            num_hidden_layers=recipe.layers,
            num_attention_heads=recipe.heads,
            num_key_value_heads=recipe.shared_heads or recipe.heads,
            max_position_embeddings=recipe.context,
            tie_word_embeddings=True,
            bos_token_id=tokenizer.bos_token_id,
            eos_token_id=tokenizer.eos_token_id,
            pad_token_id=tokenizer.pad_token_id,
            attn_implementation="sdpa",
        )
    )


class _Run:
    """A model in training: weights, optimiser, and the place in the sequence of batches."""

    def __init__(self, model: Any, recipe: BaseRecipe, device: torch.device) -> None:
        import torch

        self.model = model
        self.recipe = recipe
        self.device = device
        self.tokens = 0
        self.place = Place()
        self.losses: list[Any] = []
        self.total = recipe.tokens
        layers = {id(weight) for weight in model.model.layers.parameters() if weight.ndim == 2}
        inner = [weight for weight in model.parameters() if id(weight) in layers and recipe.optimiser == "muon"]
        outer = [weight for weight in model.parameters() if id(weight) not in {id(weight) for weight in inner}]
        self._muon = Muon(inner, rate=recipe.rate) if inner else None
        self._adamw = torch.optim.AdamW(
            outer, lr=recipe.rate, betas=(0.9, 0.98), weight_decay=0.01, fused=device.type == "cuda"
        )
        model.train()

    def step(self, batch: Batch) -> None:
        """Learn from one batch."""
        import torch

        rate = self.recipe.rate * _scale(self.tokens, self.total)
        tokens, before, wanted = (each.to(self.device, non_blocking=True) for each in batch[:3])
        with torch.autocast(self.device.type, dtype=torch.bfloat16, enabled=self.device.type == "cuda"):
            hidden = self.model.model(input_ids=tokens, use_cache=False).last_hidden_state
            logits = self.model.lm_head(hidden.flatten(0, 1)[before])  # of what is learned alone
        each = torch.nn.functional.cross_entropy(logits.float(), wanted, reduction="none")
        ours, others = each[: batch.ours].sum(), each[batch.ours :].sum()
        loss = ours + self.recipe.others * others
        (loss / (batch.ours + self.recipe.others * (len(each) - batch.ours))).backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        for group in self._adamw.param_groups:
            group["lr"] = rate
        self._adamw.step()
        if self._muon is not None:
            self._muon.rate = rate
            self._muon.step()
        self.model.zero_grad(set_to_none=True)
        self.losses.append(ours.detach() / batch.ours)  # read later: reading waits for the device
        self.tokens += batch.size
        self.place = batch.following

    def recent_loss(self) -> float:
        """Return the mean loss of the last ten steps."""
        return sum(float(loss) for loss in self.losses[-10:]) / len(self.losses[-10:])

    def all_losses(self) -> list[float]:
        """Return the loss of every step."""
        import torch

        if any(isinstance(loss, torch.Tensor) for loss in self.losses):
            self.losses = [float(loss) for loss in self.losses]
        return self.losses

    def save(self, path: Path) -> None:
        """Save what is needed to go on; an older saving is replaced when the new one is whole."""
        import torch

        beside = path.with_suffix(".part")
        state = {
            "model": self.model.state_dict(),
            "adamw": self._adamw.state_dict(),
            "muon": self._muon.state_dict() if self._muon is not None else {},
            "tokens": self.tokens,
            "place": list(self.place),
            "losses": self.all_losses(),
        }
        torch.save(state, beside)
        beside.replace(path)

    def load(self, path: Path) -> None:
        """Go on from a saving."""
        import torch

        state = torch.load(path, map_location=self.device, weights_only=True)
        self.model.load_state_dict(state["model"])
        self._adamw.load_state_dict(state["adamw"])
        if self._muon is not None:
            self._muon.load_state_dict(state["muon"])
        self.tokens = state["tokens"]
        self.place = Place(*state["place"])
        self.losses = state["losses"]


def _scale(tokens: int, total: int) -> float:
    """Return the share of the peak learning rate: a warm-up, a plateau, and a straight way down at the end.

    Up to the way down it does not depend on how long training goes on, which may be decided on the way.
    """
    left = 1.0 - tokens / total
    return min(max(0.01, tokens / min(_WARMUP, total / 20)), 1.0, max(0.01, left / _DECAY))


def _save(run: _Run, tokenizer: Any, folder: Path, recipe: BaseRecipe) -> None:
    """Save the checkpoint in half precision, with all that made it, and clear away what was needed to go on."""
    import torch
    import transformers

    losses = run.all_losses()
    transformers.utils.logging.disable_progress_bar()  # ours is the only one on the screen
    tokenizer.save_pretrained(folder)
    record = {
        "what": "calibration weights of Discretion: a known answer, no evidence about large models",
        "recipe": recipe.model_dump(mode="json"),
        "device": run.device.type,
        "versions": {"torch": str(torch.__version__), "transformers": transformers.__version__},
        "steps": len(losses),
        "tokens": run.tokens,
        "loss": [round(loss, 4) for loss in losses],
    }
    (folder / _RECORD).write_text(json.dumps(record) + "\n", encoding="utf-8")
    run.model.to("cpu").eval().half().save_pretrained(folder, safe_serialization=True)
    shutil.rmtree(folder / _WORK, ignore_errors=True)
