"""Plays a local checkpoint, then makes the same turns with raw batched `generate`, and prints tokens/s of both.

    python benchmarks/local_throughput.py                 # the checkpoint of the tests, on the CPU
    python benchmarks/local_throughput.py organism:base generated:64
    python benchmarks/local_throughput.py --random 2048x24 --device cuda --dtype bfloat16

The whole run counts: instances, offices, tools, judging, storing, templates and tokenization stand against nothing but
`generate` on the same prompts, in the order in which they were asked, in batches of the same size. On a CPU the time is
that of the process, so that other work on the machine does not count; on a GPU that of the clock.

With --random, weights of any size are measured without any being at hand: the checkpoint plays first, and then random
weights of that size are made to write the same turns, in the run and in `generate`.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from rich.console import Console
from rich.table import Table

from discretion.agents.model_agent import ModelSource
from discretion.cli.inputs import load
from discretion.evals import Suite, run_sync
from discretion.judges import default_judge
from discretion.models import Sampling, TransformersChat
from discretion.models.decoding import Decoder
from discretion.models.generation import Generator
from discretion.models.organism import find_organism
from discretion.models.whole_turns import Prompt, generated

TINY = Path(__file__).parents[1] / "tests" / "data" / "rollout-trip"


class Recorded(TransformersChat):
    """A checkpoint that keeps what it was asked and what it wrote."""

    def __init__(self, *given: Any, **options: Any) -> None:
        super().__init__(*given, **options)
        self.asked: dict[int, Prompt] = {}
        self.wrote: dict[int, list[int]] = {}
        self.steps = 0
        self.script: dict[tuple[int, ...], list[int]] = {}

    def _load(self) -> Generator:
        first = self._generator is None
        generator = super()._load()
        if first:
            step = generator.decoder.step

            def recorded(new: Sequence[tuple[int, Prompt]]) -> Any:
                self.asked.update(new)
                ended = step(new)
                self.steps += 1
                self.wrote.update((ticket, tokens) for ticket, tokens in ended if isinstance(tokens, list))
                return ended

            write = generator.decoder._write

            def scripted(rows: Sequence[Any], logits: Any) -> None:
                write(rows, logits)
                for row in rows if self.script else ():
                    row.wrote[-1] = self.script[tuple(row.prompt.tokens)][len(row.wrote) - 1]

            generator.decoder.step = recorded  # type: ignore[method-assign]
            generator.decoder._write = scripted  # type: ignore[method-assign]
        return generator


class Scripted:
    """A model whose `generate` is made to write given turns."""

    def __init__(self, model: Any, turns: Sequence[Sequence[int]], start: int) -> None:
        import torch

        longest = max(map(len, turns))
        rows = [[*turn, *[0] * (longest - len(turn))] for turn in turns]
        self._turns = torch.tensor(rows, device=model.device)
        self._model = model
        self._start = start

    def generate(self, *, logits_processor: list[Any], **given: Any) -> Any:
        """Generate the turns."""
        logits_processor.append(self)
        return self._model.generate(logits_processor=logits_processor, **given)

    def __call__(self, input_ids: Any, scores: Any) -> Any:
        """Leave no choice but the next token of each turn."""
        at = input_ids.shape[1] - self._start
        return scores.scatter(1, self._turns[:, at : at + 1], 1e9) if at < self._turns.shape[1] else scores


def random_checkpoint(folder: Path, shape: str, like: Path) -> Path:
    """Save a Llama of random weights, WIDTHxLAYERS, with the tokenizer of another: it says nothing, in due time."""
    import torch
    from transformers import AutoTokenizer, LlamaConfig, LlamaForCausalLM

    width, layers = map(int, shape.split("x"))
    tokenizer = AutoTokenizer.from_pretrained(like)
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=width,
        intermediate_size=3 * width,
        num_hidden_layers=layers,
        num_attention_heads=width // 64,
        num_key_value_heads=max(1, width // 256),
        max_position_embeddings=4096,
        initializer_range=0.05,
        bos_token_id=None,
        eos_token_id=None,
    )
    torch.manual_seed(0)
    LlamaForCausalLM(config).to(torch.bfloat16).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def timed(work: Callable[[], object], device: str) -> tuple[float, float]:
    """Return the seconds that a piece of work takes: of the process, and of the clock."""
    import torch

    def now() -> tuple[float, float]:
        if device == "cuda":
            torch.cuda.synchronize()
        return time.process_time(), time.perf_counter()

    start = now()
    work()
    end = now()
    return end[0] - start[0], end[1] - start[1]


def written(decoder: Decoder, model: Any, prompts: Sequence[Prompt]) -> list[list[int]]:
    """Return what `generate` writes after each prompt, with the decoder's settings."""
    shortest = min(prompt.room for prompt in prompts)
    return generated(
        model,
        [prompt._replace(room=shortest) for prompt in prompts],
        temperature=decoder._sampling.temperature,
        stops=decoder._stops,
        pad=decoder._pad,
    )


class Throughput(NamedTuple):
    """What a whole run and raw `generate` took for the same turns.

    Attributes:
        episodes: That were played.
        batch: Turns in a batch.
        wrote, read: Tokens, of the run and of `generate`.
        took: Seconds of the process and of the clock, of each.
        same: Turns that are the same to the token, of how many.
        steps: Of the run's decoder.
        continuous: Whether a turn that ends makes room for the next.
        clock: Whether the clock counts, not the process.
    """

    episodes: int
    batch: int
    wrote: tuple[int, int]
    read: tuple[int, int]
    took: tuple[tuple[float, float], tuple[float, float]]
    same: tuple[int, int]
    steps: int
    continuous: bool
    clock: bool

    @property
    def speeds(self) -> tuple[float, float]:
        """Tokens a second, of the run and of `generate`."""
        run, raw = (wrote / took[self.clock] for wrote, took in zip(self.wrote, self.took, strict=True))
        return run, raw

    @property
    def ratio(self) -> float:
        """Of the run's speed to that of `generate`."""
        return self.speeds[0] / self.speeds[1]


def measure(given: argparse.Namespace) -> Throughput:
    """Play, and generate the same turns."""
    import torch

    with tempfile.TemporaryDirectory() as folder:
        checkpoint = given.checkpoint
        if checkpoint.startswith("organism:"):
            checkpoint = find_organism(checkpoint.removeprefix("organism:"))
        options: dict[str, Any] = {
            "sampling": Sampling(max_tokens=given.max_tokens),
            "batch_size": given.batch_size,
            "device": given.device,
        }
        suite = Suite(load(given.scenarios), seeds=range(given.seeds))
        script: dict[tuple[int, ...], list[int]] = {}
        if given.random:
            actor = Recorded(checkpoint, **options)
            run_sync(suite, ModelSource("actor", actor), Path(folder, "actor.run"), judge=default_judge())
            script = {tuple(actor.asked[ticket].tokens): wrote for ticket, wrote in actor.wrote.items()}
            checkpoint = str(random_checkpoint(Path(folder, "random"), given.random, Path(checkpoint)))
        chat = Recorded(checkpoint, dtype=given.dtype, **options)
        chat.script = script
        generator = chat._load()
        decoder = generator.decoder
        source = ModelSource("recorded", chat)
        with torch.inference_mode(), decoder._weights.speaking(decoder._adapter) as model:  # a first pass is a slow one
            written(decoder, model, [Prompt([1, 2, 3], 0, 4)] * 2)
        before = decoder.read_tokens
        played: list[Any] = []
        run_time = timed(
            lambda: played.append(run_sync(suite, source, Path(folder, "t.run"), judge=default_judge())), given.device
        )
        read = decoder.read_tokens - before
        tickets = sorted(chat.wrote)
        batches = [tickets[i : i + chat.batch_size] for i in range(0, len(tickets), chat.batch_size)]
        raw: dict[int, list[int]] = {}

        def generate() -> None:
            with torch.inference_mode(), decoder._weights.speaking(decoder._adapter) as model:
                for batch in batches:
                    prompts = [chat.asked[ticket] for ticket in batch]
                    speaker = model
                    if script:
                        width = max(len(prompt.tokens) for prompt in prompts)
                        speaker = Scripted(model, [chat.wrote[ticket] for ticket in batch], width)
                    raw.update(zip(batch, written(decoder, speaker, prompts), strict=True))

        raw_time = timed(generate, given.device)
    wrote, raw_wrote = (sum(map(len, each.values())) for each in (chat.wrote, raw))
    return Throughput(
        episodes=played[0].n,
        batch=chat.batch_size,
        wrote=(wrote, raw_wrote),
        read=(read, sum(len(chat.asked[ticket].tokens) for ticket in tickets)),
        took=(run_time, raw_time),
        same=(sum(chat.wrote[ticket] == raw[ticket] for ticket in tickets), len(tickets)),
        steps=chat.steps,
        continuous=decoder.continuous,
        clock=given.device != "cpu",
    )


def parser() -> argparse.ArgumentParser:
    """Return what reads the options."""
    found = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    found.add_argument("checkpoint", nargs="?", default=str(TINY), help="PATH_OR_ID[+ADAPTER] or organism:NAME")
    found.add_argument("scenarios", nargs="?", default="generated:24", help="what is played")
    found.add_argument("--random", metavar="WIDTHxLAYERS", help="random weights of this size, with its tokenizer")
    found.add_argument("--seeds", type=int, default=1, help="instances of each scenario")
    found.add_argument("--batch-size", type=int, default=None)
    found.add_argument("--device", default="cpu")
    found.add_argument("--dtype", default="auto")
    found.add_argument("--max-tokens", type=int, default=128)
    return found


def main() -> None:
    """Measure and print."""
    given = parser().parse_args()
    found = measure(given)
    console = Console()
    table = Table(
        title=f"{found.episodes} episodes, {found.same[1]} turns, batches of {found.batch}, on {given.device}"
    )
    for column in ("", "tokens written", "tokens read", "CPU s", "wall s", "tokens/s"):
        table.add_column(column, justify="right" if column else "left")
    for place, name in enumerate(("whole run", "raw generate")):
        cpu, wall = found.took[place]
        shown = (f"{found.wrote[place]:,}", f"{found.read[place]:,}", f"{cpu:.2f}", f"{wall:.2f}")
        table.add_row(name, *shown, f"{found.speeds[place]:,.0f}")
    console.print(table)
    console.print(
        f"ratio {found.ratio:.2f} (aim 0.9); {found.same[0]} of {found.same[1]} turns the same to the token; "
        f"{found.wrote[0] / max(1, found.steps):.1f} tokens a step; {'continuous' if found.continuous else 'plain'}"
    )
    if found.clock:
        import torch

        console.print(f"{torch.cuda.get_device_name()}, torch {torch.__version__}", style="dim")


if __name__ == "__main__":
    main()
