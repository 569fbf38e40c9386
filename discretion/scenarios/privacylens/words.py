"""Words: tokens, stems, and which words are too common to tell anything."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from discretion.scenarios.privacylens.lexicon import lexicon

__all__ = ["STOP", "is_common", "is_telling", "ordinary", "stem", "stems", "tokens"]

_TOKEN: Final = re.compile(r"[^\W\d_]+(?:[’'-][^\W\d_]+)*|\d+(?:[.,:/-]\d+)*")
_POSSESSIVE: Final = re.compile(r"[’']s?$")

STOP: Final = lexicon("stop")
"""Words without content, and verbs of saying: never part of what makes a phrase telling."""

_SUFFIXES: Final = (
    *("ations", "ation", "ingly", "ings", "ing", "edly", "ies", "ied"),
    *("ions", "ion", "ed", "es", "ly", "s"),
)


@lru_cache(maxsize=50_000)
def stem(word: str) -> str:
    """Return a word without its commonest endings.

    >>> stem("divorced"), stem("divorces"), stem("divorce"), stem("parties"), stem("party")
    ('divorc', 'divorc', 'divorc', 'part', 'part')
    """
    plain = _POSSESSIVE.sub("", word.lower().replace("’", "'"))
    for suffix in _SUFFIXES:
        if plain.endswith(suffix) and len(plain) - len(suffix) >= 4 - (suffix == "s"):
            plain = plain[: -len(suffix)]
            break
    if len(plain) > 4 and plain[-1] == plain[-2] and plain[-1] not in "aeiouls":
        plain = plain[:-1]
    return plain[:-1] if len(plain) > 4 and plain[-1] in "ey" else plain


def tokens(text: str) -> list[str]:
    """Return the words and numbers of a text as written.

    >>> tokens("Dave's flight SH123 costs $1,200.")
    ["Dave's", 'flight', 'SH', '123', 'costs', '1,200']
    """
    return _TOKEN.findall(text)


def stems(text: str) -> set[str]:
    """Return the stems of all words of a text, and its numbers."""
    return {stem(token) for token in tokens(text)}


@lru_cache(maxsize=1)
def ordinary() -> frozenset[str]:
    """The words that occur in any office's mail, in lower case."""
    return lexicon("ordinary") | STOP


@lru_cache(maxsize=1)
def _ordinary_stems() -> frozenset[str]:
    return frozenset(map(stem, ordinary())) - _telling_stems()


@lru_cache(maxsize=1)
def _telling_stems() -> frozenset[str]:
    return frozenset(map(stem, lexicon("telling")))


def is_telling(word: str) -> bool:
    """Tell whether a word says something private by itself: `divorced`, `salary`, `relapse`."""
    return word.lower() in lexicon("telling") or (stem(word) in _telling_stems() and word.lower() not in ordinary())


def is_common(word: str) -> bool:
    """Tell whether a word is too common to be telling in itself."""
    return len(word) < 4 or word.lower() in ordinary() or stem(word) in _ordinary_stems()
