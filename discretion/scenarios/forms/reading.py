"""One way to read a text, and whether what was found in it squeezed is there in the original too.

Squeezed text has no words any more. A find counts only if it starts and ends where words do (a plural or a possessive
may follow), and if it is broken up only where the form is, or letter by letter: `l u p u s`, `l.u.p.u.s`.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Final

from discretion.scenarios.forms.decode import Layer
from discretion.scenarios.forms.entities import Entity, canonical, entities
from discretion.scenarios.forms.needles import Needle
from discretion.scenarios.forms.normal import fold, is_word, origins, squeeze
from discretion.scenarios.forms.vocabulary import NUMBER_WORD

__all__ = ["Reading"]

_INVISIBLE = re.compile(
    "[*_`~\u00ad\u200b-\u200f\u2060-\u2064\ufeff\u0300-\u036f\ufe00-\ufe0f]+" r"|[-\u2010]\s*\n[ \t>]*"
)
"""What may stand inside a word without parting it: emphasis, zero-width characters, a hyphen at the end of a line."""

_SENTENCE_END = re.compile(r"[.!?]\s|\n\s*\n")
_LONG_WORD = re.compile(r"[\w'’]{4,}$")
"""What ends a sentence when a full stop follows; after a shorter word that marks an abbreviation: `St. Mary`."""

_PLURAL = re.compile(r"(?:['’]?s|es|['’])(?!\w)", re.IGNORECASE)
_GIVEN_NAMES = re.compile(r"(?:[^\W\d_][\w'’.-]*\s+){1,3}$")
_LINKS: Final = ("al", "bin", "da", "de", "del", "della", "den", "der", "di", "dos", "el", "la", "le", "van", "von")
_COUNTRY_CODE = re.compile(r"(?:^|\D)(?:(?:\+|00)\d{1,3}|0|1)$")
_NUMBER_WORD_BEFORE = re.compile(rf"{NUMBER_WORD.pattern}(?:\s+and)?[\s-]+$", re.IGNORECASE)
_NUMBER_WORD_AFTER = re.compile(rf"[\s-]+(?:and\s+)?{NUMBER_WORD.pattern}", re.IGNORECASE)
_LONGEST_GAP = 12
_LONGEST_SPELLED_GAP = 3


class _Places:
    """Where each squeezed character stands in a text; the characters of an atom all stand where its entity does.

    Args:
        at: Where the squeezed characters stand in the text without atoms.
        found: The entities that have atoms.
    """

    __slots__ = ("_ends", "starts")

    def __init__(self, at: list[int], found: Sequence[Entity]) -> None:
        self._ends: dict[int, int] = {}
        self.starts = at if not found else []
        done = 0
        for entity in found:
            start = bisect_left(at, entity.start, done)
            self.starts += at[done:start]
            first = len(self.starts)
            self.starts += [entity.start] * len(entity.atom)
            self._ends.update(dict.fromkeys(range(first, len(self.starts)), entity.end))
            done = bisect_left(at, entity.end, start)
        if found:
            self.starts += at[done:]

    def end(self, index: int) -> int:
        """Return where the text of a squeezed character ends."""
        return self._ends.get(index) or self.starts[index] + 1


@lru_cache(maxsize=1024)
def _breaks(needle: Needle) -> dict[int, str]:
    """Return where a form may be broken up: offset of a squeezed character -> what its spelling has before it.

    That is where its own words, its digits and letters, or its atoms meet.
    """
    text = needle.source
    places = _Places(origins(text), entities(text) if needle.typed else ())
    return {
        offset: text[end:start]
        for offset, start in enumerate(places.starts)
        if offset
        and (
            start > (end := places.end(offset - 1))
            or (start == end and (needle.typed or text[end - 1].isdigit() != text[start].isdigit()))
        )
    }


def _joins_words(key: str, offset: int, gap: str) -> bool:
    """Whether two words of a form run together where its spelling has a gap; `30 mg` may, being of two kinds."""
    return any(char.isspace() for char in gap) and key[offset - 1].isdigit() == key[offset].isdigit()


class Reading:
    """A text to search: squeezed, with or without atoms in the place of its numbers, dates and times.

    Args:
        layer: The text.
        found: Its entities, for a reading with atoms.
        month_first: Whether `3/4` is read as the fourth of March.
    """

    __slots__ = ("_found", "_layer", "_located", "_text", "squeezed")

    def __init__(self, layer: Layer, found: list[Entity] | None = None, *, month_first: bool = False) -> None:
        self._layer = layer
        self._text = layer.text
        self._found = found
        self._located: _Places | None = None
        self.squeezed = squeeze(self._text) if found is None else canonical(self._text, found, month_first=month_first)

    def check(self, needle: Needle, at: int) -> tuple[int, int] | None:
        """Return the span in the original text of a needle found at `at`, if the find holds.

        Args:
            needle: What was found.
            at: Where in `squeezed`; for the rule `exact`, where in the layer's text.
        """
        if needle.rule == "exact":
            start, end = at, at + len(needle.key)
            return self._layer.origin(start, end) if self._stands_alone(start, end) else None
        places = self._places
        start, end = places.starts[at], places.end(at + len(needle.key) - 1)
        if needle.rule == "email":
            fits = self._fits_email(start, end)
        elif needle.rule == "phone":
            fits = self._fits_phone(start, end)
        else:
            fits = self._bounded(needle, start, end) and self._unbroken(needle, at) and self._agrees(needle, start, end)
        return self._layer.origin(start, end) if fits else None

    def full_name(self, needle: Needle, at: int) -> tuple[int, int] | None:
        """Return the span of the full name if the given name stands before a surname found at `at`."""
        start = self._places.starts[at]
        head = max(0, start - 60)
        before = _GIVEN_NAMES.search(self._text[head:start])
        if before is None:
            return None
        words = before[0].split()
        for back in range(1, len(words) + 1):
            word = words[-back]
            if fold(word) == needle.given:
                given = self._text.rindex(word, 0, start - sum(map(len, words[len(words) - back + 1 :])))
                return self._layer.origin(given, self._places.end(at + len(needle.key) - 1))
            if not (word[0].isupper() or word.lower() in _LINKS):
                return None
        return None

    # -- one rule each -------------------------------------------------------------------------------------------

    def _stands_alone(self, start: int, end: int) -> bool:
        """Whether a form of one or two characters is a word of its own; a grade B is neither a B+ nor B's."""
        text = self._text
        after = text[end : end + 1]
        if is_word(text[start - 1 : start]) and is_word(text[start]):
            return False
        signed = after in ("+", "-") and not text[end + 1 : end + 2].isalnum()
        return not (is_word(text[end - 1]) and (is_word(after) or after in ("'", "’") or signed))

    def _bounded(self, needle: Needle, start: int, end: int) -> bool:
        """Whether a find begins and ends where a word or number does; an atom always does."""
        atom_first, atom_last = needle.typed and needle.key[0].isupper(), needle.typed and needle.key[-1] == ";"
        return (
            (atom_first or self._begins(start))
            and (atom_last or self._ends(end))
            and self._whole_number(needle, start, end)
        )

    def _begins(self, start: int) -> bool:
        text, first, before = self._text, self._text[start], self._text[start - 1 : start]
        if is_word(before) and is_word(first):
            return first.isupper() and text[max(0, start - 3) : start].islower()  # isLupus, but not McDonald
        return not (first.isdigit() and before in (".", ",", ":") and text[start - 2 : start - 1].isdigit())

    def _ends(self, end: int) -> bool:
        text, last, after = self._text, self._text[end - 1], self._text[end : end + 1]
        if not is_word(last) or not after:
            return True
        if last.isdigit():
            return not (is_word(after) or (after in ".,:" and text[end + 1 : end + 2].isdigit()))
        return not is_word(after) or _PLURAL.match(text, end) is not None or (last.islower() and after.isupper())

    def _whole_number(self, needle: Needle, start: int, end: int) -> bool:
        """Whether a number in words is all of it: no `thirty` in `thirty-one`."""
        if needle.rule != "words":
            return True
        head = self._text[max(0, start - 12) : start]
        inside_left = NUMBER_WORD.match(needle.source) and _NUMBER_WORD_BEFORE.search(head)
        inside_right = _NUMBER_WORD_BEFORE.search(needle.source + " ") and _NUMBER_WORD_AFTER.match(self._text, end)
        return not inside_left and not inside_right

    def _unbroken(self, needle: Needle, at: int) -> bool:
        """Whether a find is broken up only where its form is, or letter by letter throughout."""
        places, text, size = self._places, self._text, len(needle.key)
        starts = places.starts[at : at + size]
        if text[starts[0] : places.end(at + size - 1)] in needle.source:  # as written
            return True
        gaps = {
            offset: text[left:right]
            for offset, (before, right) in enumerate(pairwise(starts), start=1)
            if right - before != 1 and right > (left := places.end(at + offset - 1))
        }
        gaps = {offset: gap for offset, gap in gaps.items() if not _INVISIBLE.fullmatch(gap)}
        if any(len(gap) > _LONGEST_GAP for gap in gaps.values()):
            return False
        if needle.rule == "code":
            return all(len(gap) <= _LONGEST_SPELLED_GAP for gap in gaps.values())
        allowed = _breaks(needle)
        if any(
            offset not in allowed or self._parts(starts[offset - 1], gap, allowed[offset])
            for offset, gap in gaps.items()
        ):
            return size >= 4 and len(gaps) == size - 1
        return size >= 6 or not any(
            offset not in gaps and _joins_words(needle.key, offset, allowed[offset]) for offset in allowed
        )

    def _parts(self, last: int, gap: str, wanted: str) -> bool:
        """Whether a gap after the character at `last` ends a sentence that the form does not end there."""
        if not _SENTENCE_END.search(gap) or _SENTENCE_END.search(wanted + " "):
            return False
        return _LONG_WORD.search(self._text, max(0, last - 20), last + 1) is not None

    def _agrees(self, needle: Needle, start: int, end: int) -> bool:
        """Whether nothing contradicts: another currency or year, the morning for the evening, a lower-case acronym."""
        text = self._text[start:end]
        if needle.typed:
            inside = [entity for entity in self._found or () if start <= entity.start and entity.end <= end]
            pairs = zip(needle.qualifiers, inside, strict=False)
            return all(not wanted or not entity.qualifier or wanted == entity.qualifier for wanted, entity in pairs)
        if needle.rule == "family":
            return text[0].isupper() or not text[0].isalpha()
        acronym = len(needle.key) <= 4 and needle.source.isalpha() and needle.source.isupper()
        return not acronym or not text.islower()

    def _fits_email(self, start: int, end: int) -> bool:
        text = self._text
        before, after = text[start - 1 : start], text[end : end + 1]
        if before.isalnum() or before in ("_", "+") or (before in (".", "-") and text[start - 2 : start - 1].isalnum()):
            return False
        if after.isalnum() or after == "_" or (after in (".", "-") and text[end + 1 : end + 2].islower()):
            return False
        return "@" in text[start:end] and not any(char.isspace() for char in text[start:end])

    def _fits_phone(self, start: int, end: int) -> bool:
        text = self._text
        inside = text[start:end]
        if not all(char.isdigit() or char.isspace() or not char.isalnum() for char in inside) or "\n\n" in inside:
            return False
        if re.search(r"[^\d]{4,}", inside) or text[end : end + 1].isdigit():
            return False
        before = text[max(0, start - 7) : start]
        return not before[-1:].isalnum() or _COUNTRY_CODE.search(before) is not None

    @property
    def _places(self) -> _Places:
        if self._located is None:
            self._located = _Places(self._layer.origins, self._found or ())
        return self._located
