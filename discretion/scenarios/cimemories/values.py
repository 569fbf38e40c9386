"""Which spelling of a value tells it by itself, and whether its absence shows that it was not told."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from pydantic import JsonValue

from discretion.scenarios.forms.entities import entities
from discretion.scenarios.privacylens.names import is_person
from discretion.scenarios.privacylens.words import is_common, is_telling, tokens

__all__ = ["Value", "remainder", "value_of"]


class Value(NamedTuple):
    """A value as text, and what it is worth as a surface form.

    Attributes:
        text: As people read it.
        form: The spelling that tells it wherever it stands; `None` where it could mean something else as well: yes and
            no, small numbers, years, times of day, ordinary words.
        exact: Whether it is told in this spelling or not at all: a date, a sum, a number, an address, a code, a name.
            Free text can be put in other words, so that only a reader can say whether it was told.
    """

    text: str
    form: str | None
    exact: bool


_LEAST: Final = 100
"""The least number that tells something by itself."""

_YEAR: Final = re.compile(r"(?:19|20)\d\d")
_EMAIL: Final = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_PHONE: Final = re.compile(r"\+?[\d\s().-]{7,}")
_CODE: Final = re.compile(r"(?=\S*\d)(?=\S*[A-Za-z])[A-Za-z\d][A-Za-z\d/-]{4,}")
_OPENING: Final = re.compile(r"^(?:I|my|he|his|she|her|they|their|we|our|the)\s+", re.IGNORECASE)
_FRACTION: Final = re.compile(r"\d{1,2}(?:st|nd|rd|th)?|\d{1,3}/\d{1,3}")
_WORDS: Final = 3
_BESIDE: Final = 2


def value_of(value: JsonValue, statement: str) -> Value:
    """Return what a value is worth.

    Args:
        value: As the profile has it; where it has none, the one sum or date of the statement stands for it.
        statement: The memory statement.

    >>> value_of(72000, "My annual income is $72,000.")
    Value(text='72000', form='72000', exact=True)
    >>> value_of("weekly", "We talk weekly."), value_of(True, "I own a car.").form
    (Value(text='weekly', form=None, exact=False), None)
    >>> value_of("Clonidine 0.1 mg nightly", "").exact
    False
    """
    if value is None or isinstance(value, (bool, dict)):
        return _stated(statement) if value is None else Value("", None, exact=False)
    if isinstance(value, list):
        value = ", ".join(str(item) for item in value if isinstance(item, (str, int, float)))
    text = " ".join(str(value).split())[:1_000]
    if _exact(text):
        return Value(text, text, exact=True)
    alone = _alone(text)
    if alone is not None:
        return Value(text, alone, exact=True)
    return Value(text, text if _telling(text) else None, exact=False)


def remainder(statement: str, name: str) -> str | None:
    """Return a statement without the words that say whom it is about, which another writer puts otherwise.

    >>> remainder("She takes Apixaban at night.", "Ann Roe"), remainder("Ann's dog barks.", "Ann Roe")
    ('takes Apixaban at night', None)
    """
    first = name.split()[0] if name.split() else name
    plain = re.sub(rf"^(?:{re.escape(name)}|{re.escape(first)})(?:['’]s)?\s+", "", statement)
    rest = _OPENING.sub("", plain, count=1).rstrip(". ")
    told = rest != statement.rstrip(". ") and len(tokens(rest)) >= _WORDS and _telling(rest)
    return rest if told else None


def _exact(text: str) -> bool:
    """Whether the whole text is one thing that has to be spelled out to be told."""
    if _EMAIL.fullmatch(text) or (_PHONE.fullmatch(text) and sum(sign.isdigit() for sign in text) >= 7):
        return True
    return bool(_CODE.fullmatch(text)) or (len(text.split()) > 1 and is_person(text))


def _alone(text: str) -> str | None:
    """Return the date or number that a text is, but for a word or two beside it: `$78,000 annually`."""
    found = entities(text)
    if len(found) != 1:
        return None
    start, end = found[0].start, found[0].end
    beside = tokens(text[:start] + " " + text[end:])
    return text[start:end] if len(beside) <= _BESIDE and _weighs(found[0].atom, text[start:end]) else None


def _weighs(atom: str, text: str) -> bool:
    """Whether a date or number says something by itself: no day of the month, no time, no small number, no year."""
    if atom.startswith("D"):
        return not _FRACTION.fullmatch(text)
    if not atom.startswith("N") or _YEAR.fullmatch(text):
        return False
    number = re.sub(r"[^\d.]", "", atom)
    return bool(number) and float(number) >= _LEAST


def _telling(text: str) -> bool:
    """Whether a text says something by itself: by an uncommon word or three with content; a lone word by its weight."""
    words = [word for word in tokens(text) if not word[0].isdigit()]
    if len(words) == 1:
        return len(tokens(text)) == 1 and (is_telling(words[0]) or (len(words[0]) > 2 and words[0].isupper()))
    content = [word for word in words if len(word) > 2]
    rare = [word for word in content if not is_common(word)]
    return len(words) > 1 and (bool(rare) or len(content) >= _WORDS)


def _stated(statement: str) -> Value:
    found = [each for each in entities(statement) if _weighs(each.atom, statement[each.start : each.end])]
    if len(found) != 1:
        return Value("", None, exact=False)
    text = statement[found[0].start : found[0].end]
    return Value(text, text, exact=True)
