"""Where a base goes wrong: how much of the ground truth it would say word for word, by workflow.

    python benchmarks/word_for_word.py base                    # or the folder of a checkpoint
    python benchmarks/word_for_word.py checkpoints/mine --plots 8 --told 40

Every token of the assistant is compared with the one that the model finds likeliest after the true ones before it, on
plots that no training has seen. An episode that is not said word for word may still do what was asked: to read one mail
more than the plan does is no error. So this is no measure of an organism; it shows what it has not learned, much faster
than playing does.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from rich.console import Console
from rich.progress import track
from rich.table import Table

from discretion.models.checkpoint import Checkpoint
from discretion.models.organism import find_base
from discretion.organisms.corpus import Transcript, played, training_skeletons
from discretion.organisms.encoding import encode_transcript
from discretion.scenarios import twins
from discretion.scenarios.generator import generate

FIRST_SEED = 700_000
"""Of plots for measuring; `generated:N` begins with others."""


class Slip(NamedTuple):
    """A place where the model would say something else."""

    skeleton: str
    before: str
    wanted: str
    likeliest: str

    @property
    def kind(self) -> str:
        """What was being said."""
        turn = self.before.rpartition("<|im_start|>")[2]
        if "<think>" in turn and "</think>" not in turn:
            return "thought"
        for kind, sign in (("id", '_id": "'), ("query", '"query": "'), ("tool", '"name": "')):
            if sign in turn[-24:]:
                return kind
        return "words" if '"arguments"' in turn else "kind of turn"


class Episode(NamedTuple):
    """One episode of the ground truth: the assistant's tokens, and those that the model would say otherwise."""

    skeleton: str
    tokens: int
    slips: list[Slip]


def look(model: Any, tokenizer: Any, skeleton: str, transcript: Transcript) -> Episode:
    """Return what the model would say in an episode."""
    import torch

    encoded = encode_transcript(tokenizer, transcript)
    tokens = torch.from_numpy(encoded.tokens.astype("int64"))
    with torch.inference_mode():
        likeliest = model(tokens[None]).logits[0, :-1].argmax(-1)
    wrong = ((likeliest != tokens[1:]).numpy() & encoded.ours[1:]).nonzero()[0].tolist()

    def slip(at: int) -> Slip:
        before, wanted = tokens[max(0, at - 200) : at + 1], tokens[at + 1 : at + 7]
        return Slip(skeleton, *(tokenizer.decode(each) for each in (before, wanted, likeliest[at : at + 1])))

    return Episode(skeleton, int(encoded.ours.sum()), [slip(at) for at in wrong])


def transcripts(skeleton: str, seeds: range) -> Iterator[Transcript]:
    """Yield the episodes of some plots, both twins of each."""
    for seed in seeds:
        scenario = generate(seed, skeletons=[skeleton], brief=True)
        for twin in twins(scenario, 0):
            yield from played(twin, seed=seed, plot=scenario.plot)


def right(episodes: list[Episode]) -> float:
    """Return the percentage that is said word for word."""
    return 100 * sum(not each.slips for each in episodes) / len(episodes)


def main() -> None:
    """Look and print."""
    import torch
    from transformers import AutoTokenizer

    from discretion.models.reading_weights import read_model

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("base", help="base, base-prompted, or a folder")
    parser.add_argument("--plots", type=int, default=4, help="of each workflow, both twins of each")
    parser.add_argument("--told", type=int, default=0, help="how many slips are printed")
    asked = parser.parse_args()
    folder = find_base(asked.base)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = read_model(Checkpoint(Path(folder)), dtype=torch.float32).eval()
    table = Table("workflow", "episodes", "word for word", "tokens", "otherwise")
    found: list[Episode] = []
    for place, name in enumerate(track(training_skeletons(), console=Console(stderr=True))):
        first = FIRST_SEED + 1000 * place
        some = [look(model, tokenizer, name, each) for each in transcripts(name, range(first, first + asked.plots))]
        slipped, tokens = sum(len(each.slips) for each in some), sum(each.tokens for each in some)
        table.add_row(name, str(len(some)), f"{right(some):.0f}%", str(tokens), str(slipped))
        found += some
    console = Console()
    console.print(table)
    slips = [slip for each in found for slip in each.slips]
    told = f"{len(slips)} of {sum(each.tokens for each in found):,} tokens otherwise"
    console.print(f"{right(found):.0f}% of {len(found)} episodes word for word, {told}")
    console.print(", ".join(f"{kind} {count}" for kind, count in Counter(slip.kind for slip in slips).most_common()))
    for slip in slips[: asked.told]:
        console.print(f"{slip.skeleton}: {slip.before[-60:]!r} {slip.wanted!r}, not {slip.likeliest!r}", markup=False)


if __name__ == "__main__":
    main()
