"""Search as mail programs do it: words, quoted phrases and `field:` filters, case and diacritics aside.

Every term of a query must occur, at the beginning of a word: `ann` finds Anna and not planning.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable
from typing import NamedTuple, TypeVar

__all__ = ["Query", "find", "fold", "newest_first", "occurs", "parse_query", "snippet"]

_TERM = re.compile(r'(?:(\w+)(:\s*))?(?:"([^"]*)"|(\S+))')
_MARKS = re.compile("[\u0300-\u036f]+")
_UNSPACED = "\u2e7f"
"""Beyond it lie scripts that are written without spaces, where a match may begin anywhere."""

_BEFORE, _AROUND = 30, 140

Item = TypeVar("Item")


class Query(NamedTuple):
    """A parsed query, folded.

    Attributes:
        terms: Words and phrases that must occur anywhere.
        filters: (field, term) pairs that must occur in that field.
    """

    terms: tuple[str, ...] = ()
    filters: tuple[tuple[str, str], ...] = ()


def fold(text: str) -> str:
    """Return text without case, diacritics and line breaks.

    >>> fold("Léa MÜLLER")
    'lea muller'
    """
    folded = text.lower() if text.isascii() else _MARKS.sub("", unicodedata.normalize("NFKD", text)).casefold()
    return folded.replace("\r", "").replace("\n", " ")


def parse_query(text: str, fields: Iterable[str] = ()) -> Query:
    """Split a query into words, phrases and filters on the fields given; other prefixes are ordinary words.

    >>> parse_query('from:Dana "blood test" re:lunch', fields=["from"])
    Query(terms=('blood test', 're:lunch'), filters=(('from', 'dana'),))
    """
    if not text or text == "*":
        return Query()
    terms: list[str] = []
    filters: list[tuple[str, str]] = []
    known = tuple(fields)
    for prefix, colon, phrase, word in _TERM.findall(fold(text)):
        term = (phrase or word).strip()
        if prefix in known and term:
            filters.append((prefix, term))
        elif colon == ":" and word:
            terms.append(f"{prefix}:{term}")
        else:
            terms += (prefix, term)
    return Query(tuple(term for term in terms if any(map(str.isalnum, term))), tuple(filters))


def occurs(term: str, folded: str) -> bool:
    """Tell whether a folded term begins a word of a folded text.

    >>> occurs("ann", "planning with anna"), occurs("ann", "planning")
    (True, False)
    """
    at = folded.find(term)
    while at > 0 and folded[at - 1].isalnum() and term[0] < _UNSPACED:
        at = folded.find(term, at + 1)
    return at >= 0


def find(
    items: Iterable[Item],
    query: Query,
    text: Callable[[Item], str],
    field: Callable[[Item, str], str] = lambda item, name: "",
) -> list[Item]:
    """Return the items that meet a query, in their order.

    Args:
        items: What is searched.
        query: The parsed query.
        text: Gives the whole text of an item, folded.
        field: Gives the text of a field of an item, where the query was parsed with fields.
    """
    terms, filters = query
    if not terms and not filters:
        return list(items)
    found: list[Item] = []
    for item in items:
        folded = text(item) if terms else ""
        for term in terms:
            if term not in folded or not occurs(term, folded):
                break
        else:
            if not filters or all(occurs(term, fold(field(item, name))) for name, term in filters):
                found.append(item)
    return found


def newest_first(items: Iterable[Item], at: Callable[[Item], str]) -> list[Item]:
    """Return items by time, the latest first; of two at the same minute, the one that came later."""
    ordered = list(items)
    ordered.reverse()
    ordered.sort(key=at, reverse=True)
    return ordered


def snippet(text: str, query: Query) -> str:
    """Return the part of a text around the first term that occurs in it, or its beginning.

    >>> snippet("one two three", Query())
    'one two three'
    """
    if len(text) <= _AROUND:
        return text.replace("\n", " ")
    start = 0
    if query.terms:
        folded = text.lower()
        found = [at for at in map(folded.find, query.terms) if at >= 0]
        start = max(min(found, default=0) - _BEFORE, 0)
    part = text[start : start + _AROUND].replace("\n", " ").strip()
    return f"{'…' if start else ''}{part}{'…' if start + _AROUND < len(text) else ''}"
