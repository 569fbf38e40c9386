"""Does the interval of the pack drop hold what it promises? A random agent against itself, many times over.

    python benchmarks/null_calibration.py            # 200 comparisons, a few minutes

Both sides are `reference:random` with different action seeds, on the same instances, so the true drop is 0: the 95%
interval should cover it in about 95% of the comparisons, and no word but `undecided` or `kept` should be common.
"""

from __future__ import annotations

import argparse
import asyncio
from collections import Counter

from rich.console import Console
from rich.progress import track

from discretion.agents import resolve
from discretion.evals import EpisodeMeasures, Suite, compare
from discretion.evals.runner import Worker
from discretion.evals.stats import wilson
from discretion.judges import default_judge
from discretion.scenarios import load_scenarios


async def play(suite: Suite, agent: str) -> list[EpisodeMeasures]:
    """Play a suite in memory."""
    worker = Worker(suite, resolve(agent), default_judge())
    return [row.measures for job in suite.jobs() for row in await worker(job)]


def main() -> None:
    """Compare and count."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--comparisons", type=int, default=200)
    parser.add_argument("--seeds", type=int, default=3, help="instances of each scenario and comparison")
    asked = parser.parse_args()
    scenarios = load_scenarios("office")
    covered, words = 0, Counter[str]()
    for trial in track(range(asked.comparisons), description="comparisons"):
        suite = Suite(scenarios, seeds=range(trial * asked.seeds, (trial + 1) * asked.seeds))
        one, other = (asyncio.run(play(suite, f"reference:random?seed={2 * trial + side}")) for side in (0, 1))
        found = compare(one, other)
        drop = found.drops["privacy"]
        assert drop.interval is not None
        covered += drop.interval[0] <= 0 <= drop.interval[1]
        words[str(found.word)] += 1
    share, limits = covered / asked.comparisons, wilson(covered, asked.comparisons)
    console = Console()
    console.print(
        f"The 95% interval of the drop covered 0 in {covered} of {asked.comparisons} comparisons "
        f"({100 * share:.1f}%; 95% interval {100 * limits.low:.1f} to {100 * limits.high:.1f})."
    )
    for word, count in words.most_common():
        console.print(f"  {count:4d}  {word}")


if __name__ == "__main__":
    main()
