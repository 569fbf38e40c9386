"""Normalised text: what stays of a spelling when case, accents, spacing and punctuation do not matter.

Two strengths. `fold` keeps words apart and is for comparing and searching by people's measure; `squeeze` keeps letters
and digits only, so that one substring search sees through spacing, hyphens, line wraps, zero-width and look-alike
characters, and `origins` leads every squeezed character back to where it stood. What may not be seen through (`the
rapist` is no `therapist`) is decided on the original text, by whoever searched.
"""

from __future__ import annotations

import re
import unicodedata
from itertools import compress
from typing import Final

__all__ = ["fold", "is_word", "origins", "squeeze"]

_TWINS: Final = {
    **dict(zip("аеорсухіјѕһԁԛԝвнкмт", "aeopcyxijshdqwbhkmt", strict=True)),  # Cyrillic
    **dict(zip("οαρνικυχγβετζ", "oapvikuxybetz", strict=True)),  # Greek
    **dict(zip("øłđðıħ", "olddih", strict=True)),
    "æ": "ae",
    "œ": "oe",
    "þ": "th",
}
"""Letters that NFKD leaves alone -> the Latin letters that a reader takes them for."""

_TABLE_LIMIT = 20_000


def _letters(char: str) -> str:
    """Return the letters and digits that one character stands for, folded."""
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", char).casefold())
    kept = (c for c in folded if c.isalnum() and not unicodedata.combining(c))
    return "".join(str(unicodedata.decimal(c)) if c.isdecimal() else _TWINS.get(c, c) for c in kept)


class _Letters(dict[int, str]):
    """A translation table that grows with the characters that it meets, up to a limit."""

    def __missing__(self, code: int) -> str:
        letters = _letters(chr(code))
        if len(self) < _TABLE_LIMIT:
            self[code] = letters
        return letters


class _Folded(dict[int, str]):
    """The same for `fold`: what is no letter or digit becomes a space, or nothing where it is invisible."""

    def __missing__(self, code: int) -> str:
        char = chr(code)
        invisible = unicodedata.combining(char) or unicodedata.category(char) in ("Cf", "Mn")
        folded = _LETTERS[code] or ("" if invisible or char in "'’‘ʼ´`" else " ")
        if len(self) < _TABLE_LIMIT:
            self[code] = folded
        return folded


_LETTERS: Final = _Letters()
_FOLDED: Final = _Folded()
_FOREIGN: Final = re.compile(r"[^\x00-\x7f]")
_ASCII_LOWER: Final = bytes(range(256)).lower()
_ASCII_DROPPED: Final = bytes(code for code in range(128) if not chr(code).isalnum())
_ASCII_KEPT: Final = bytes(int(chr(code).isalnum()) if code < 128 else 0 for code in range(256))


def fold(text: str) -> str:
    """Return the words of a text: folded, single spaces between them, apostrophes gone.

    >>> fold("  Crohn’s   DISEASE, naïve—Ωmega ")
    'crohns disease naive ωmega'
    """
    return " ".join(text.translate(_FOLDED).split())


def squeeze(text: str) -> str:
    """Return the letters and digits of a text, folded, and nothing else.

    >>> squeeze("Crohn’s dis-ease: ﬁnal №7")
    'crohnsdiseasefinalno7'
    """
    if not text.isascii():
        text = _FOREIGN.sub(lambda match: _LETTERS[ord(match[0])], text)
        if not text.isascii():  # letters of another script stay, folded
            return text.translate(_LETTERS)
    return text.encode().translate(_ASCII_LOWER, _ASCII_DROPPED).decode()


def origins(text: str) -> list[int]:
    """Return where each character of `squeeze(text)` stands in `text`.

    >>> origins("a-ß")
    [0, 2, 2]
    """
    sizes = bytearray(text.encode("ascii", "replace").translate(_ASCII_KEPT))
    if not text.isascii():
        for match in _FOREIGN.finditer(text):
            sizes[match.start()] = len(_LETTERS[ord(match[0])])
        if max(sizes) > 1:  # ligatures and fractions; few, so sorting them in is next to nothing
            further = [at for at, size in enumerate(sizes) if size > 1 for _ in range(size - 1)]
            return sorted([*compress(range(len(text)), sizes), *further])
    return list(compress(range(len(text)), sizes))


def is_word(char: str) -> bool:
    """Tell whether a character is a letter or digit of a script that sets words apart by spaces.

    >>> [is_word(char) for char in "a7-é狼"]
    [True, True, False, True, False]
    """
    return char.isalnum() and not ("\u2e80" <= char <= "\u9fff" or "\u0e00" <= char <= "\u0eff" or char >= "\U00020000")
