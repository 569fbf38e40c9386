"""Which names are free: no two of one instance may be mistaken for each other, by a reader or by a judge."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Final

from discretion.scenarios.draws import from_place

__all__ = ["NameBook", "fold", "name_parts", "words_of"]

_HONORIFICS: Final = frozenset({"dr", "mr", "mrs", "ms", "miss", "prof", "professor", "sir", "rev", "judge"})
_WORD = re.compile(r"[^\W\d_]{3,}")
_ASCII_WORD = re.compile(r"[a-z]{3,}")  # the same in folded ASCII, found several times as fast
_FOREIGN = re.compile(r"[^\x00-\x7f]+")


class NameBook:
    """The names of an instance so far, and what a further one may not be.

    A name is free when it is no reserved word, no word of somebody's address, not within one slip of the pen of
    another name, and neither begins another name nor begins with one.

    Args:
        reserved: Folded words that no drawn name may be.

    >>> book = NameBook()
    >>> book.take(["jana"])
    >>> [book.pick([name], 0) for name in ("Jan", "Jana", "Jane", "Hanna")]
    [None, None, None, 'Hanna']
    """

    def __init__(self, reserved: frozenset[str] = frozenset()) -> None:
        self._reserved = reserved
        self._names: set[str] = set()
        self._slips: set[str] = set()
        self._beginnings: set[str] = set()
        self._places: set[str] = set()

    def take(self, words: Iterable[str]) -> None:
        """Record folded words as the names of somebody."""
        for word in words:
            self._names.add(word)
            self._slips |= _slips(word)
            self._beginnings |= _beginnings(word)

    def take_place(self, words: Iterable[str]) -> None:
        """Record folded words as part of an address."""
        self._places.update(words)

    def names_none_of(self, words: Iterable[str]) -> bool:
        """Tell whether nobody is called like one of these folded words."""
        return self._names.isdisjoint(words)

    def pick(self, names: Sequence[str], lot: int) -> str | None:
        """Take the first free name, from the drawn one on; `None` where none is free."""
        for name in from_place(names, lot):
            word = _folded(name)
            if (
                word not in self._reserved
                and word not in self._places
                and word not in self._beginnings
                and self._slips.isdisjoint(_slips(word))
                and self._names.isdisjoint(_beginnings(word))
            ):
                self.take((word,))
                return name
        return None


def fold(text: str) -> str:
    """Return text in lower case without diacritics: what a mail address makes of a name.

    >>> fold("Jürgen Weiß"), fold("Benoît")
    ('jurgen weiss', 'benoit')
    """
    if text.isascii():
        return text.casefold()
    return _FOREIGN.sub(_without_marks, unicodedata.normalize("NFKD", text.casefold()))


def _without_marks(match: re.Match[str]) -> str:
    return "".join([sign for sign in match[0] if not unicodedata.combining(sign)])


def words_of(text: str) -> frozenset[str]:
    """Return the folded words of three letters or more.

    >>> sorted(words_of("12 rue de Béziers"))
    ['beziers', 'rue']
    """
    folded = fold(text)
    return frozenset((_ASCII_WORD if folded.isascii() else _WORD).findall(folded))


def name_parts(name: str) -> tuple[str, str]:
    """Return first name and surname of a full name.

    >>> name_parts("Dr. Emily Jane Rossi"), name_parts("Cher")
    (('Emily', 'Rossi'), ('Cher', ''))
    """
    words = [word for word in name.split() if word.strip(".,").lower() not in _HONORIFICS] or name.split() or [name]
    return words[0], words[-1] if len(words) > 1 else ""


_folded = lru_cache(maxsize=16_384)(fold)


@lru_cache(maxsize=16_384)
def _slips(word: str) -> frozenset[str]:
    """The word and all that is left of it when one letter is dropped.

    Two words that differ by one slip (a letter more, less or other, or two swapped) share one of these.
    """
    return frozenset((word, *(word[:i] + word[i + 1 :] for i in range(len(word)))))


@lru_cache(maxsize=16_384)
def _beginnings(word: str) -> frozenset[str]:
    """The word and all its beginnings of three letters or more."""
    return frozenset((word, *(word[:end] for end in range(3, len(word)))))
