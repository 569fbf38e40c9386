"""Finds proper names in text and tells people from everything else, by first names, titles and how names are built."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final, NamedTuple

from discretion.scenarios.privacylens.lexicon import lexicon

__all__ = [
    "EMAIL",
    "ProperName",
    "is_last_name",
    "is_person",
    "is_title",
    "name_parts",
    "proper_names",
    "same_person",
    "spelled_name",
]

EMAIL: Final = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_TITLES: Final = lexicon("titles")
_KIN: Final = frozenset(["mom", "dad", "mother", "father", "grandma", "grandpa"])
_ORGANISATION: Final = lexicon("organisations")
_STREETS: Final = lexicon("streets")
_MORE_FIRST_NAMES: Final = lexicon("first_names")
_NOT_FIRST_NAMES: Final = frozenset(["april", "august", "christian", "dawn", "faith", "hope", "june", "may", "summer"])

_WORD: Final = r"(?:(?:Mr|Mrs|Ms|Dr|Prof|Rev|St|Jr|Sr|[A-Z])\.|[A-Z][\w&’'-]*)"
_NAME: Final = re.compile(rf"{_WORD}(?:[ \t]+(?:(?:of|the|for|de|la|van|al|&)[ \t]+)?(?:{_WORD}|\d+\b))*")
_CONNECTIVES: Final = frozenset(["of", "the", "for", "de", "la", "van", "al", "&"])
_ENDS = re.compile(r"[’']s$|[’']$")


class ProperName(NamedTuple):
    """A run of capitalised words."""

    text: str
    start: int


@lru_cache(maxsize=1)
def _known_names() -> tuple[frozenset[str], frozenset[str]]:
    """First and last names, in lower case."""
    from faker.providers.person.en_US import Provider

    first = {str(name).lower() for name in Provider.first_names} | _MORE_FIRST_NAMES
    return frozenset(first - _NOT_FIRST_NAMES), frozenset(str(name).lower() for name in Provider.last_names) | {"doe"}


def is_title(word: str) -> bool:
    """Tell whether a word is how somebody is addressed: `Dr.`, `Aunt`."""
    return word.strip(".").lower() in _TITLES


def is_last_name(word: str) -> bool:
    """Tell whether a word is a common last name."""
    return word.lower() in _known_names()[1]


def proper_names(text: str, ordinary: frozenset[str] = frozenset()) -> list[ProperName]:
    """Return the proper names of a text in order.

    Args:
        text: Running text.
        ordinary: Words in lower case that are no name where they begin a sentence.

    >>> [name.text for name in proper_names("The client, Mr. Lee, works for Acme Corp in Rome.", frozenset({"the"}))]
    ['Mr. Lee', 'Acme Corp', 'Rome']
    """
    found: list[ProperName] = []
    for match in _NAME.finditer(text):
        begin, words = match.start(), match[0].split()
        while words and words[0].strip(".'’").lower() in ordinary and _sentence_begins(text, begin):
            begin += len(words.pop(0)) + 1
        while words and words[0].lower() in _CONNECTIVES:
            begin += len(words.pop(0)) + 1
        while words and words[-1].lower() in _CONNECTIVES:
            words.pop()
        run: list[str] = []
        for word in words:  # a possessive ends a name: `Emily's Notion`
            run.append(word)
            if _ENDS.search(word):
                found.append(ProperName(_ENDS.sub("", " ".join(run)), begin))
                begin, run = begin + len(" ".join(run)) + 1, []
        if run:
            found.append(ProperName(" ".join(run).rstrip("."), begin))
    return [name for name in found if name.text not in ("", "I", "A")]


def _sentence_begins(text: str, position: int) -> bool:
    before = text[:position].rstrip(" \t'\"“‘(")
    return not before or before[-1] in ".!?:;\n-•"


def is_person(name: str) -> bool:
    """Tell whether a proper name is plainly that of one person.

    >>> is_person("Mr. Thompson"), is_person("Emily"), is_person("Emily Davis Foundation"), is_person("Rome")
    (True, True, False, False)
    """
    words = [_ENDS.sub("", word).strip(".,").lower() for word in name.split()]
    if not words or any(word in _ORGANISATION or word.isdigit() or "&" in word for word in words[-3:]):
        return False
    if words[0] in _TITLES:
        return words[0] in _KIN if len(words) == 1 else len(words) <= 5
    known = words[0] in _known_names()[0]
    if len(words) == 2 and not known and words[1] not in _STREETS and is_last_name(words[1]):
        return words[0].isalpha()
    return known and len(words) <= 4


def name_parts(name: str) -> tuple[str, str]:
    """Return first and last name in lower case, empty where not known; titles are dropped.

    >>> name_parts("Mr. Thompson"), name_parts("Emily"), name_parts("Emily Rose Davis")
    (('', 'thompson'), ('emily', ''), ('emily', 'davis'))
    """
    words = [_ENDS.sub("", word).strip(".,").lower() for word in name.split()]
    titled = False
    while len(words) > 1 and words[0] in _TITLES:
        titled = True
        words = words[1:]
    if not words:
        return "", ""
    if len(words) == 1:
        return ("", words[0]) if titled and words[0] not in _known_names()[0] else (words[0], "")
    return words[0], words[-1]


def same_person(one: str, other: str) -> bool:
    """Tell whether two names may be those of one person: no part contradicts and one is shared.

    >>> same_person("Dave", "Dave Thompson"), same_person("Mr. Thompson", "Dave Thompson"), same_person("Dave", "Mark")
    (True, True, False)
    """
    (first, last), (other_first, other_last) = name_parts(one), name_parts(other)
    if first and other_first and first != other_first:
        return False
    if last and other_last and last != other_last:
        return False
    return bool((first and first == other_first) or (last and last == other_last))


def spelled_name(written: str) -> str:
    """The person's name that a name, handle or address spells, or an empty string.

    >>> spelled_name("dave_thompson_857"), spelled_name("MaxJordan_2345"), spelled_name("hr@globaldynamics.com")
    ('Dave Thompson', 'Max Jordan', '')
    """
    plain = re.sub(r"\s*[<(].*$", "", written).strip() if re.match(r"\s*[^<(@]+[<(]", written) else written
    if is_person(plain) and "@" not in plain and "_" not in plain:
        return plain.strip() if plain.strip() != plain.strip().lower() else plain.strip().title()
    local = plain.strip().lstrip("@#").partition("@")[0]
    split = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", local)
    words = [word for word in re.split(r"[^A-Za-z'’]+", split) if len(word) > 1]
    titled = bool(words) and words[0].lower() in ("mr", "mrs", "ms", "dr", "prof", "nurse", "pastor", "aunt", "uncle")
    if len(words) > 1 and not titled and not is_last_name(words[1]):
        words = words[:1]
    name = " ".join(word[:1].upper() + word[1:] for word in words[:2])
    return name if words and is_person(name) else ""
