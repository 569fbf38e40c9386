"""Trains a tiny checkpoint from nothing on ground-truth episodes of one scenario: enough to act in it, and no more.

    python benchmarks/tiny_checkpoint.py moved-out -o checkpoints/moved-out

It shows that a real model, behind `hf:` or a real server, can act in an office. It is no evidence about large models.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn, track

from discretion.organisms import Recipe, ground_truth, train
from discretion.scenarios import load_scenarios


def main() -> None:
    """Train and save."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("scenario", help="a scenario of the office pack")
    parser.add_argument("-o", "--output", type=Path, required=True, help="folder of the checkpoint")
    parser.add_argument("--seeds", type=int, default=1000, help="instances to learn from: seeds 1000, 1001, ...")
    parser.add_argument("--steps", type=int, default=Recipe().steps)
    parser.add_argument("--batch", type=int, default=Recipe().batch)
    parser.add_argument("--width", type=int, default=Recipe().width)
    parser.add_argument("--layers", type=int, default=Recipe().layers)
    parser.add_argument("--vocabulary", type=int, default=Recipe().vocabulary)
    parser.add_argument("--rate", type=float, default=Recipe().rate)
    asked = parser.parse_args()
    recipe = Recipe(
        steps=asked.steps,
        batch=asked.batch,
        width=asked.width,
        layers=asked.layers,
        heads=asked.width // 32,
        vocabulary=asked.vocabulary,
        rate=asked.rate,
    )
    scenarios = [scenario for scenario in load_scenarios("office") if scenario.id == asked.scenario]
    seeds = track(range(1000, 1000 + asked.seeds), description="ground truth")
    transcripts = list(ground_truth(scenarios, seeds))
    start = time.perf_counter()
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns) as bar:
        task = bar.add_task("training", total=recipe.steps)

        def progress(step: int, steps: int, loss: float) -> None:
            bar.update(task, completed=step, description=f"training, loss {loss:.3f}")
            if step % 25 == 0:
                print(f"step {step} loss {loss:.4f} {time.perf_counter() - start:.0f} s", flush=True)

        losses = train(transcripts, asked.output, recipe, progress=progress)
    tail = sum(losses[-20:]) / len(losses[-20:])
    print(f"loss {tail:.4f} nats per assistant token over the last 20 steps; saved to {asked.output}")


if __name__ == "__main__":
    main()
