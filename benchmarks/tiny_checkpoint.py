"""Trains a tiny checkpoint from nothing on ground-truth episodes of one scenario: enough to act in it, and no more.

    python benchmarks/tiny_checkpoint.py moved-out -o checkpoints/moved-out

It shows that a real model, behind `hf:` or a real server, can act in an office. It is no evidence about large models.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn, track

from discretion.organisms import BaseRecipe, Step, ground_truth, train
from discretion.scenarios import load_scenarios


def main() -> None:
    """Train and save."""
    usual = BaseRecipe()
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument("scenario", help="a scenario of the office pack")
    parser.add_argument("-o", "--output", type=Path, required=True, help="folder of the checkpoint")
    parser.add_argument("--seeds", type=int, default=1000, help="instances to learn from: seeds 1000, 1001, ...")
    parser.add_argument("--tokens", type=int, default=4_000_000, help="to learn from")
    parser.add_argument("--batch-tokens", type=int, default=usual.batch_tokens, help="of a step")
    parser.add_argument("--width", type=int, default=usual.width, help="a multiple of 32")
    parser.add_argument("--layers", type=int, default=usual.layers)
    parser.add_argument("--vocabulary", type=int, default=usual.vocabulary)
    parser.add_argument("--rate", type=float, default=usual.rate, help="peak learning rate")
    asked = parser.parse_args()
    recipe = BaseRecipe(
        tokens=asked.tokens,
        batch_tokens=asked.batch_tokens,
        width=asked.width,
        layers=asked.layers,
        heads=asked.width // 32,
        vocabulary=asked.vocabulary,
        rate=asked.rate,
    )
    scenarios = load_scenarios(f"office/{asked.scenario}")
    seeds = track(range(1000, 1000 + asked.seeds), description="ground truth")
    transcripts = list(ground_truth(scenarios, seeds))
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns) as bar:
        task = bar.add_task("training", total=recipe.tokens)

        def report(step: Step) -> None:
            bar.update(task, completed=step.tokens, description=f"training, loss {step.loss:.3f}")

        losses = train(transcripts, asked.output, recipe, report=report)
    tail = sum(losses[-20:]) / len(losses[-20:])
    print(f"{len(losses)} steps, loss {tail:.4f} nats per assistant token at the end; saved to {asked.output}")


if __name__ == "__main__":
    main()
