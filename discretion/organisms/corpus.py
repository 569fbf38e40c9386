"""What a tiny checkpoint learns from: ground-truth episodes, as conversations."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from discretion.agents.reference import ReferenceSource
from discretion.envs.office import Office
from discretion.models.chat import Message, ToolSpec
from discretion.scenarios import Scenario, sessions, twins

__all__ = ["Transcript", "ground_truth"]


class Transcript(NamedTuple):
    """A finished conversation and the tools that it had."""

    messages: tuple[Message, ...]
    tools: tuple[ToolSpec, ...]


def ground_truth(scenarios: Iterable[Scenario], seeds: Iterable[int], *, siblings: bool = True) -> Iterator[Transcript]:
    """Yield the conversations of `reference:oracle`, seed by seed.

    Args:
        scenarios: What is played.
        seeds: Instances of each.
        siblings: Whether the twins are played as well.
    """
    scenarios = tuple(scenarios)
    oracle = ReferenceSource("oracle")
    for seed in seeds:
        for scenario in scenarios:
            for twin in twins(scenario, seed)[: None if siblings else 1]:
                memory: tuple[tuple[str, str], ...] = ()
                for instance in sessions(twin):
                    office = Office(instance, memory=memory)
                    office.start()
                    agent = oracle.open(instance, seed=seed)
                    while not office.done:
                        office.step(asyncio.run(agent.act(office.messages, office.tools, seed=seed)))
                    memory = office.episode().memory
                    yield Transcript(tuple(office.messages), office.tools)
