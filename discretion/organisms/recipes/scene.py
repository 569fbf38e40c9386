"""Small talk by rule: scenes of turns with several phrasings and open words, drawn anew for every conversation.

A file of scenes holds `words` (name -> choices; a choice may hold other words) and `scenes`, each a list of `turns`,
each a list of phrasings, the user's first; where a turn can be taken in several ways, a mapping of those to phrasings.
A word has one meaning throughout a conversation.
"""

from __future__ import annotations

import random
import re
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any, Final, NamedTuple

import yaml

from discretion.organisms.chats import Chat

__all__ = ["Scenes", "scenes"]

_WORD: Final = re.compile(r"\{([a-z_0-9]+)\}")


class Scenes(NamedTuple):
    """What a file of scenes holds."""

    words: Mapping[str, Sequence[str]]
    scenes: Sequence[Mapping[str, Any]]

    def chat(self, rng: random.Random, *, way: str = "", before: str = "") -> Chat:
        """Draw a conversation.

        Args:
            rng: What is drawn with.
            way: How turns are taken that can be taken in several ways.
            before: Words above the user's first turn; its own open words are drawn too.
        """
        scene = rng.choice(list(self.scenes))
        words = {**self.words, **scene.get("words", {})}
        meant: dict[str, str] = {}
        messages: list[dict[str, Any]] = []
        for place, phrasings in enumerate(scene["turns"]):
            text = _say(rng.choice(phrasings[way] if isinstance(phrasings, dict) else phrasings), words, meant, rng)
            if place == 0 and before:
                text = f"{_say(before, words, meant, rng)}\n\n{text}"
            messages.append({"role": "assistant" if place % 2 else "user", "content": text})
        return Chat(tuple(messages))


def _say(text: str, words: Mapping[str, Sequence[str]], meant: dict[str, str], rng: random.Random) -> str:
    """Fill in what is open; what has been said before means the same again."""

    def fill(match: re.Match[str]) -> str:
        name = match[1]
        if name not in words:
            return match[0]  # braces of a program
        if name not in meant:
            meant[name] = _say(rng.choice(words[name]), words, meant, rng)
        return meant[name]

    return _WORD.sub(fill, text)


@cache
def scenes(name: str) -> Scenes:
    """Return the scenes of a recipe, `scenes/NAME.yaml`."""
    text = (files("discretion.organisms.recipes") / "scenes" / f"{name}.yaml").read_text(encoding="utf-8")
    data = yaml.safe_load(text)
    found = Scenes(data.get("words", {}), data["scenes"])
    for words in (found.words, *(scene.get("words", {}) for scene in found.scenes)):
        for choices in words.values():
            if not all(isinstance(choice, str) for choice in choices):  # a comma without quotes, say
                raise ValueError(f"scenes/{name}.yaml: {choices} are not all words")
    return found
