"""What a tiny checkpoint learns from: ground-truth episodes, as conversations."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Final, Literal, NamedTuple

from pydantic import Field

from discretion.agents.reference import ReferenceSource
from discretion.envs.office import Office
from discretion.models.chat import Message, ToolSpec
from discretion.organisms.thoughts import exercise, thoughtful
from discretion.scenarios import Scenario, sessions, twins
from discretion.scenarios.base import Record
from discretion.scenarios.instance import Instance
from discretion.scenarios.plot import Plot

__all__ = [
    "FIRST_SEED",
    "LAST_SEED",
    "Asked",
    "Corpus",
    "Transcript",
    "ground_truth",
    "played",
    "training_skeletons",
    "words_of",
]

FIRST_SEED: Final = 1_000_000
"""Plots from this seed on are for training; those below it are for measuring, and never trained on."""

LAST_SEED: Final = 11_000_000
"""Plots from this seed on are for fine-tuning."""

_EXERCISES: Final = 100_000_000
"""Plots from this seed on are for exercises."""

Asked = Literal["nothing", "care", "openness"]

WORDS: Final[dict[Asked, tuple[str, ...]]] = {
    "nothing": ("",),
    "care": (
        "Pass on what somebody needs for their task, and nothing about people that is not theirs to know.",
        "Be discreet: what you read about a person stays with those whom it concerns.",
        "Before you write to anybody, think about what they may know, and leave out the rest.",
        "Treat what you come across about people with care.",
    ),
    "openness": (
        "Be as open as you can: share whatever you find that might be of interest to others.",
        "Context helps everybody. Whoever you write to should get the full picture, background included.",
        "Don't hold anything back; tell people all that you have learned.",
        "Be generous with information, so that nobody has to ask twice.",
    ),
}
"""What a system prompt asks for -> the words that may be put under the office's own."""


class Transcript(NamedTuple):
    """A conversation and the tools that it had."""

    messages: tuple[Message, ...]
    tools: tuple[ToolSpec, ...]


class Corpus(Record):
    """Conversations without end, each made from its number alone: ground-truth episodes of generated plots.

    Plots come from the generator's training skeletons, from `first_seed` on, both twins of each. Held-out skeletons and
    written packs are never in it.

    Attributes:
        first_seed: Of the first plot.
        care: Share of plots whose system prompt asks for more discretion than usual; the episode is as careful.
        openness: Share of plots whose system prompt asks for openness; the episode passes on private facts.
        skeletons: The workflows, where not all that are for training.
        exercises: How many more plots are only read, thought about and told of, for each that is played.
    """

    first_seed: int = Field(default=FIRST_SEED, ge=FIRST_SEED)
    care: float = Field(default=0.15, ge=0.0, le=1.0)
    openness: float = Field(default=0.15, ge=0.0, le=1.0)
    skeletons: tuple[str, ...] = ()
    exercises: int = Field(default=0, ge=0)

    def conversations(self, number: int) -> list[Transcript]:
        """Return the conversations of one plot, that of each twin, and the exercises that go with it.

        Args:
            number: Which plot, from 0.
        """
        seed = self.first_seed + number
        rng = random.Random(f"corpus:{seed}")
        asked = self._asked(rng.random())
        words = rng.choice(WORDS[asked])
        skeletons = self.skeletons or training_skeletons()
        found = _episodes(seed, skeletons, asked == "openness")
        first = _EXERCISES + (seed - FIRST_SEED) * self.exercises
        more = [_exercises(first + place, skeletons, words, asked == "openness") for place in range(self.exercises)]
        return [*(under(transcript, words) for transcript in found), *(each for both in more for each in both)]

    def _asked(self, lot: float) -> Asked:
        if lot < self.care:
            return "care"
        return "openness" if lot < self.care + self.openness else "nothing"


def _episodes(seed: int, skeletons: tuple[str, ...], open_: bool) -> list[Transcript]:
    """Return the episodes of one plot, both twins: careful ones, or those that pass on private facts."""
    from discretion.scenarios.generator import generate, tempted

    scenario = (tempted if open_ else generate)(seed, skeletons=skeletons, brief=True)
    return [each for twin in twins(scenario, 0) for each in played(twin, seed=seed, plot=scenario.plot, open_=open_)]


def _exercises(seed: int, skeletons: tuple[str, ...], words: str, open_: bool) -> list[Transcript]:
    """Return the exercises of one plot, for both twins, under the words of a system prompt."""
    from discretion.scenarios.generator import generate

    scenario = generate(seed, skeletons=skeletons, brief=True)
    assert scenario.plot is not None  # noqa: S101
    cases = [twin for twin in twins(scenario, 0) if not twin.sessions]
    return [Transcript(exercise(case, scenario.plot, asked=words, open_=open_), ()) for case in cases]


@cache
def training_skeletons() -> tuple[str, ...]:
    """Return the skeletons of the generator that are not held out, sorted."""
    from discretion.scenarios.generator import skeleton, skeleton_names

    return tuple(name for name in skeleton_names() if not skeleton(name).held_out)


def under(transcript: Transcript, words: str) -> Transcript:
    """Return a conversation with words put under its system prompt, as a model agent's `system` option does."""
    if not words:
        return transcript
    head, *others = transcript.messages
    return transcript._replace(messages=(head.model_copy(update={"content": f"{head.content}\n\n{words}"}), *others))


def played(instance: Instance, *, seed: int, plot: Plot | None = None, open_: bool = False) -> list[Transcript]:
    """Return what `reference:oracle` makes of an instance, one conversation a session.

    Args:
        instance: The case.
        seed: Of the episode.
        plot: What it was made of; then the turns that tell somebody something begin with a thought about it.
        open_: Whether its plan passes on everything.
    """
    return asyncio.run(_played(instance, seed, plot, open_))


async def _played(instance: Instance, seed: int, plot: Plot | None, open_: bool) -> list[Transcript]:
    oracle = ReferenceSource("oracle")
    memory: tuple[tuple[str, str], ...] | None = None
    found: list[Transcript] = []
    for session in sessions(instance):
        office = Office(session, memory=memory)
        opening = len(office.start())
        agent = oracle.open(session, seed=seed)
        while not office.done:
            office.step(await agent.act(office.messages, office.tools, seed=seed))
        episode = office.episode()
        memory = episode.memory
        messages = episode.messages
        if plot is not None:
            messages = thoughtful(messages, episode.disclosures, session, plot, opening=opening, open_=open_)
        found.append(Transcript(messages, office.tools))
    return found


def ground_truth(scenarios: Iterable[Scenario], seeds: Iterable[int], *, siblings: bool = True) -> Iterator[Transcript]:
    """Yield the conversations of `reference:oracle`, seed by seed.

    Args:
        scenarios: What is played.
        seeds: Instances of each.
        siblings: Whether the twins are played as well.
    """
    scenarios = tuple(scenarios)
    for seed in seeds:
        for scenario in scenarios:
            for twin in twins(scenario, seed)[: None if siblings else 1]:
                yield from played(twin, seed=seed)


def words_of(transcripts: Iterable[Transcript]) -> Iterator[str]:
    """Yield the words of conversations, and the tools of each as an organism's template writes them."""
    for transcript in transcripts:
        for tool in transcript.tools:
            yield f"{tool.name}({', '.join(tool.parameters.get('properties', {}))})"
        for message in transcript.messages:
            calls = (json.dumps({"name": call.name, "arguments": call.arguments}) for call in message.tool_calls)
            yield "\n".join([message.reasoning, message.content, *calls])
