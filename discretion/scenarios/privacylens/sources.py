"""Finds out which items of a case tell which facts, by the share of a fact's rarer words that an item has."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from discretion.scenarios.privacylens.items import Item
from discretion.scenarios.privacylens.times import read_moment
from discretion.scenarios.privacylens.words import STOP, is_common, stem, stems, tokens

__all__ = ["Sources", "sources_of"]

_FOUND: Final = 0.4
_NEAR: Final = 0.8
_SAID: Final = 0.35
_SHORTEST, _LONGEST, _WORDS = 20, 400, 3
_SENTENCE: Final = re.compile(r"(?<=[.!?])\s+(?=[A-Z\"'])|\n+")


class Sources(NamedTuple):
    """Where the facts of a case stand.

    Attributes:
        found: For each fact the indices of the items that tell it, the best first; empty where none does.
        shares: For each fact the share of its words that the best item has, 0 to 1.
        sentences: For each fact the sentences of these items that tell it, each with its share.
        innocuous: Indices of the items that tell no fact.
    """

    found: tuple[tuple[int, ...], ...]
    shares: tuple[float, ...]
    sentences: tuple[tuple[tuple[str, float], ...], ...]
    innocuous: tuple[int, ...]


def sources_of(statements: Sequence[str], items: Sequence[Item]) -> Sources:
    """Find the items that tell each statement.

    An item's words are those of its text, of the names of its sender and attendees, and of its day in words.
    A word counts the more the fewer items have it, and common words count little.
    """
    bags = [_bag(item) for item in items]
    spread = Counter(word for bag in bags for word in bag)

    def share(statement: str, bag: frozenset[str]) -> float:
        return _share(statement, bag, spread, len(items))

    found: list[tuple[int, ...]] = []
    shares: list[float] = []
    sentences: list[tuple[tuple[str, float], ...]] = []
    touched: set[int] = set()
    for statement in statements:
        held = [share(statement, bag) for bag in bags]
        best = max(held, default=0.0)
        threshold = max(_FOUND, _NEAR * best)
        hits = [index for index in range(len(items)) if held[index] >= threshold]
        found.append(tuple(sorted(hits, key=lambda index: -held[index])))
        shares.append(best)
        spoken = {text: share(statement, frozenset(stems(text))) for index in hits for text in _spoken(items[index])}
        most = max(spoken.values(), default=0.0)
        sentences.append(tuple((t, part) for t, part in spoken.items() if part >= max(_SAID, _NEAR * most)))
        touched.update(index for index in range(len(items)) if held[index] >= _FOUND)
    innocuous = tuple(index for index in range(len(items)) if index not in touched)
    return Sources(tuple(found), tuple(shares), tuple(sentences), innocuous)


def _spoken(item: Item) -> Iterator[str]:
    """The sentences of an item that are neither too short to mean something nor too long to be repeated."""
    for sentence in _SENTENCE.split(item.text):
        plain = sentence.strip(" \t.!-•*\"'")
        if _SHORTEST <= len(plain) <= _LONGEST and plain.count(" ") >= _WORDS:
            yield plain


def _bag(item: Item) -> frozenset[str]:
    people = " ".join((item.sender, *item.to)).replace("_", " ")
    moments = [read_moment(text) for text in (item.at, item.end) if text]
    days = " ".join(f"{moment:%B} {moment.day} {moment.year}" for moment in moments if moment)
    return frozenset(stems(f"{item.full_text}\n{people}\n{days}"))


def _share(statement: str, bag: frozenset[str], spread: Counter[str], items: int) -> float:
    whole = held = 0.0
    for word in {token for token in tokens(statement) if token.lower() not in STOP}:
        key = stem(word)
        kind = 2.0 if word[0].isdigit() else 0.4 if is_common(word) else 1.0
        weight = kind * (0.5 + math.log((1 + items) / (1 + spread[key])))
        whole += weight
        held += weight * (key in bag)
    return held / whole if whole else 0.0
