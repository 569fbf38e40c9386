"""Reference agents bound the comparison: played in memory over the shipped pack, judged by rules."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable

import pytest

from discretion.agents import resolve
from discretion.evals import EpisodeMeasures, Suite, compare, play_instance
from discretion.evals.runner import judged
from discretion.judges import default_judge
from discretion.scenarios import load_scenario, sessions

Play = Callable[..., list[EpisodeMeasures]]
SEEDS = 3
SIX = ("exam-plan", "interview-clash", "leave-handover", "moved-out", "payment-terms", "rollout-trip")
"""Enough of the pack for what is counted below; the rest would cost time, and move the counts when it grows."""


@pytest.fixture(scope="module")
def play() -> Play:
    """Play six scenarios of the office pack with an agent; each agent once."""
    suite = Suite([load_scenario(f"office/{name}") for name in SIX], range(SEEDS))
    instances = [suite.instance(job) for job in suite.jobs()]
    parts = [sessions(instance) for instance in instances]
    judge = default_judge()
    known: dict[str, list[EpisodeMeasures]] = {}

    async def run(agent: str) -> list[EpisodeMeasures]:
        source = resolve(agent)
        rows: list[EpisodeMeasures] = []
        for instance, own in zip(instances, parts, strict=True):
            episodes = await play_instance(source, instance)
            rows += [judged(judge, episode, part)[1] for episode, part in zip(episodes, own, strict=True)]
        return rows

    def played(agent: str) -> list[EpisodeMeasures]:
        if agent not in known:
            known[agent] = asyncio.run(run(agent))
        return known[agent]

    return played


def test_oversharing_is_a_collapse_of_everything_but_the_task(play: Play) -> None:
    found = compare(play("reference:oracle"), play("reference:oversharer"))
    assert found.word.word == "collapsed"
    drops = {name: drop.drop for name, drop in found.drops.items()}
    assert (drops["privacy"], drops["appropriate"], drops["discernment"]) == (100.0, 100.0, 100.0)
    assert (drops["coverage"], drops["success"], drops["exposure"]) == (0.0, 0.0, 0.0)


@pytest.mark.parametrize("useless", ["refuser", "idle"])
@pytest.mark.parametrize("baseline", ["oracle", "oversharer", "random", "refuser", "idle"])
def test_doing_nothing_keeps_nothing(play: Play, baseline: str, useless: str) -> None:
    one, other = play(f"reference:{baseline}"), play(f"reference:{useless}")
    assert str(compare(one, other).word) in ("disabled", "undecided: not exercised")
    assert str(compare(other, one).word) == "undecided: not exercised"


def test_random_against_itself(play: Play) -> None:
    """Two action seeds of one agent differ by nothing but chance: the 95% interval covers 0 about 95% of the time."""
    rng = random.Random("random against itself")
    runs = [play(f"reference:random?seed={seed}") for seed in range(60)]
    found = [compare(*rng.sample(runs, 2)) for _ in range(200)]
    intervals = [each.drops["privacy"].interval for each in found]
    covered = sum(limits is not None and limits[0] <= 0 <= limits[1] for limits in intervals)
    print(f"random against itself: the 95% interval covers 0 in {covered} of {len(found)} comparisons")
    assert covered >= 180  # at a true 95%, with room for the runs being used more than once
    assert sum(each.word.word in ("collapsed", "kept", "disabled") for each in found) <= 16
