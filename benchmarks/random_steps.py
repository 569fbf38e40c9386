"""Plays random turns, valid and spoilt, in `discretion/Office-v0`, and shows that none of them raises.

python benchmarks/random_steps.py                 # 100,000 steps in the shipped office scenarios
python benchmarks/random_steps.py --steps 5000 --scenarios my_scenarios/
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from typing import Any

import gymnasium
from rich.console import Console
from rich.progress import track
from rich.table import Table

import discretion


def play(steps: int, seed: int, scenarios: str | None) -> tuple[Counter[str], Counter[str], float]:
    """Play random turns.

    Returns:
        How the episodes ended, tallies of their turns and calls, and the seconds that the steps took.
    """
    options: dict[str, Any] = {} if scenarios is None else {"scenarios": scenarios}
    env = gymnasium.make("discretion/Office-v0", **options)
    env.action_space.seed(seed)
    env.reset(seed=seed)
    endings: Counter[str] = Counter()
    tallies: Counter[str] = Counter()
    seconds = 0.0
    for _ in track(range(steps), description="random turns", transient=True):
        action = env.action_space.sample()
        start = time.perf_counter()
        _, _, terminated, truncated, info = env.step(action)
        if terminated or truncated:
            endings[info["ending"]] += 1
            tallies.update({key: info[key] for key in ("turns", "tool_calls", "tool_errors", "format_errors")})
            env.reset()
        seconds += time.perf_counter() - start
    env.close()
    return endings, tallies, seconds


def main() -> None:
    """Play and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--scenarios", help="a pack, file or folder in place of the shipped office scenarios")
    asked = parser.parse_args()
    endings, tallies, seconds = play(asked.steps, asked.seed, asked.scenarios)
    calls = max(tallies["tool_calls"], 1)
    table = Table(title=f"{asked.steps:,} random turns, discretion {discretion.__version__}: nothing raised")
    table.add_column("what")
    table.add_column("how many", justify="right")
    for ending, count in endings.most_common():
        table.add_row(f"episodes that ended: {ending.replace('_', ' ')}", f"{count:,}")
    table.add_row("tool calls in them", f"{tallies['tool_calls']:,}")
    table.add_row("of these refused", f"{tallies['tool_errors'] / calls:.0%}")
    table.add_row("calls that could not be read", f"{tallies['format_errors']:,}")
    table.add_row("a step, with resets and rewards", f"{seconds / asked.steps * 1e6:.0f} us")
    Console().print(table)


if __name__ == "__main__":
    main()
