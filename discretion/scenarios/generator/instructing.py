"""The instruction of a composed workflow: what its parts say, put together in one of very many ways."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import count
from typing import Any, Final, NamedTuple

from discretion.scenarios.generator.lots import Lots
from discretion.scenarios.generator.parts import Act, Frames, Place

__all__ = ["Instructing"]

_PHRASINGS: Final = 6  # for each distance; other workflows have others
_CHOICE: Final = re.compile(r"\[([^\[\]]*)\]")
_SENTENCE: Final = re.compile(r"(?:^|(?<=[.!?] )|(?<=\{asks\} ))[a-z]")


class Instructing(NamedTuple):
    """What instructions are made of.

    Attributes:
        frames: How sentences are put together.
        who: The readers of the answer, each in the slot that names them.
        there: Whether the question stands where the answer goes.
    """

    lots: Lots
    frames: Frames
    source: Place
    request: Place
    act: Act
    who: Sequence[str]
    there: bool

    def texts(self) -> Iterator[dict[str, Any]]:
        """Yield the instructions for each distance, as a skeleton has them."""
        for distance, among in enumerate((self.frames.told, self.frames.pointed)):
            fitting = [frame for frame in among if not self.there or _points_back(frame)]
            for place in range(_PHRASINGS):
                yield {"when": {"distance": [distance]}, "text": self._text(f"{distance}|{place}", fitting)}

    def _text(self, key: str, among: Sequence[str]) -> str:
        do = self.lots.pick(f"{key}|do", self.act.says)
        words = {
            "ask": self.lots.pick(f"{key}|ask", self.frames.asks),
            "do": do,
            "do_": do.removesuffix("."),
            "point": self._pointing(f"{key}|point", self.source, self.frames.points),
            "request": self._pointing(f"{key}|request", self.request, self.frames.queries),
            "place": self._named(f"{key}|place", self.source),
            "asked_at": self._named(f"{key}|asked_at", self.request),
            "who": " and ".join(self.who),
            "first": self.who[0],
            "second": self.who[-1],
        }
        text = self.lots.pick(f"{key}|frame", among)
        for slot, said in words.items():
            text = text.replace(f"{{{slot}}}", said)
        opening, closing = (
            self.lots.pick(f"{key}|{name}", found)
            for name, found in (("opening", self.frames.opening), ("closing", self.frames.closing))
        )
        text = self._chosen(key, opening + text + closing)
        return _SENTENCE.sub(lambda found: found[0].upper(), text)

    def _pointing(self, key: str, place: Place, among: Sequence[str]) -> str:
        """Return a sentence that points to a place: one of its own, or one that fits all places."""
        fits_all = place.named and self.lots.number(f"{key}|of all", 2) == 0
        return self.lots.pick(key, among if fits_all else place.says)

    def _named(self, key: str, place: Place) -> str:
        return self.lots.pick(key, place.named) if place.named else ""

    def _chosen(self, key: str, text: str) -> str:
        """Return a text with one drawn of each `[group|of words]`."""
        numbers = count()
        return _CHOICE.sub(lambda found: self.lots.pick(f"{key}|{next(numbers)}", found[1].split("|")), text)


def _points_back(frame: str) -> bool:
    """Tell whether the request, if any, comes behind the place that it points back to."""
    return "{asked_at}" not in frame and ("{request}" not in frame or frame.index("{do") < frame.index("{request}"))
