"""Where a base goes wrong: how much of the ground truth it would say word for word, by workflow.

    python benchmarks/word_for_word.py base-plain              # or the folder of a checkpoint
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

from discretion.models.organism import find_organism
from discretion.organisms.corpus import played, training_skeletons
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


class Workflow(NamedTuple):
    """What was found in the plots of one workflow."""

    name: str
    episodes: int
    right: int
    tokens: int
    slips: list[Slip]


def look(model: Any, tokenizer: Any, names: tuple[str, ...], plots: int) -> Iterator[Workflow]:
    """Yield each workflow."""
    import torch

    for place, name in enumerate(names):
        found = Workflow(name, 0, 0, 0, [])
        for number in range(plots):
            seed = FIRST_SEED + 1000 * place + number
            scenario = generate(seed, skeletons=[name], brief=True)
            for twin in twins(scenario, 0):
                for transcript in played(twin, seed=seed, plot=scenario.plot):
                    encoded = encode_transcript(tokenizer, transcript)
                    tokens = torch.from_numpy(encoded.tokens.astype("int64"))
                    with torch.inference_mode():
                        likeliest = model(tokens[None]).logits[0, :-1].argmax(-1)
                    wrong = ((likeliest != tokens[1:]).numpy() & encoded.ours[1:]).nonzero()[0].tolist()
                    for at in wrong:
                        before = tokenizer.decode(tokens[max(0, at - 200) : at + 1])
                        wanted = tokenizer.decode(tokens[at + 1 : at + 7])
                        found.slips.append(Slip(name, before, wanted, tokenizer.decode(likeliest[at : at + 1])))
                    found = found._replace(
                        episodes=found.episodes + 1,
                        right=found.right + (not wrong),
                        tokens=found.tokens + int(encoded.ours.sum()),
                    )
        yield found


def main() -> None:
    """Look and print."""
    from transformers import AutoModelForCausalLM, AutoTokenizer

    from discretion.models.weights import loading

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("base", help="base, base-plain, or a folder")
    parser.add_argument("--plots", type=int, default=4, help="of each workflow, both twins of each")
    parser.add_argument("--told", type=int, default=0, help="how many slips are printed")
    asked = parser.parse_args()
    folder = Path(asked.base) if Path(asked.base).is_dir() else Path(find_organism(asked.base))
    tokenizer = AutoTokenizer.from_pretrained(str(folder))
    with loading(folder):
        model = AutoModelForCausalLM.from_pretrained(str(folder), dtype="float32", use_safetensors=True).eval()
    names = training_skeletons()
    console = Console()
    steps = track(look(model, tokenizer, names, asked.plots), total=len(names), console=Console(stderr=True))
    found = list(steps)
    table = Table("workflow", "episodes", "word for word", "tokens", "otherwise")
    for each in found:
        row = (each.episodes, f"{100 * each.right / each.episodes:.0f}%", each.tokens, len(each.slips))
        table.add_row(each.name, *map(str, row))
    console.print(table)
    episodes, tokens = sum(each.episodes for each in found), sum(each.tokens for each in found)
    slips = [slip for each in found for slip in each.slips]
    right = 100 * sum(each.right for each in found) / episodes
    console.print(f"{right:.0f}% of {episodes} episodes word for word, {len(slips)} of {tokens:,} tokens otherwise")
    console.print(", ".join(f"{kind} {count}" for kind, count in Counter(slip.kind for slip in slips).most_common()))
    for slip in slips[: asked.told]:
        console.print(f"{slip.skeleton}: {slip.before[-60:]!r} {slip.wanted!r}, not {slip.likeliest!r}", markup=False)


if __name__ == "__main__":
    main()
