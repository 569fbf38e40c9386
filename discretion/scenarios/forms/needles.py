"""What to search for: a surface form as a few strings to look up in squeezed text, each with the rule that checks it.

A form is read once. An e-mail address, a phone or account number, a code, a number, a date and a time each vary in
their own way; everything else is a phrase. A phrase is also looked for backwards and in rot13, with umlauts written
out, without its possessive, and with its numbers in words or in digits.
"""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import product
from typing import Final, Literal, NamedTuple

from discretion.scenarios.forms.entities import Entity, canonical, entities
from discretion.scenarios.forms.normal import fold, squeeze
from discretion.scenarios.forms.vocabulary import has_number_words, number_words, read_number_words

__all__ = ["Needle", "Rule", "form_needles", "has_honorific", "name_needles", "sentence_needles"]

Rule = Literal["phrase", "words", "code", "phone", "email", "exact", "family"]


class Needle(NamedTuple):
    """A string to search for.

    Attributes:
        key: The string, squeezed; with atoms in it where `typed`; as written for the rule `exact`.
        source: The spelling that it was squeezed from: where it has gaps a find may have gaps.
        rule: How a find is checked against the original text.
        typed: Whether it is looked for among atoms, see `entities`.
        qualifiers: Of its atoms, in order.
        digits: What every spelling of its atoms has in it, so that most texts need not be read for atoms.
        given: For `family`, the given name that makes a full name of it, folded.
    """

    key: str
    source: str
    rule: Rule
    typed: bool = False
    qualifiers: tuple[str, ...] = ()
    digits: tuple[str, ...] = ()
    given: str = ""


_DIGIT = re.compile(r"\d")
_EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_PHONE = re.compile(r"\+?[\d\s().\-/]{7,}(?:\s?(?:x|ext\.?)\s?\d+)?", re.IGNORECASE)
_EXTENSION = re.compile(r"\s?(?:x|ext\.?)\s?\d+$", re.IGNORECASE)
_CODE = re.compile(r"#?(?:[A-Z]{1,4}|[A-Z]*\d[A-Z\d]*)(?:[\s\-_./:#]+(?:[A-Z]{1,4}|[A-Z]*\d[A-Z\d]*))*")
_WEEKDAY = re.compile(r"(?:mon|tues|wednes|thurs|fri|satur|sun)day,?\s+(?:the\s+)?", re.IGNORECASE)
_DATE_TIME = re.compile(r"\s*(?:,|T|at|on|um|am)?\s*")
_HONORIFIC = re.compile(r"^(?:(?:Mr|Mrs|Ms|Miss|Mx|Dr|Prof|Professor|Sir|Dame|Herr|Frau|Mme|Sra?)\.?\s+)+(?=[^\W\d_])")
_SUFFIX = re.compile(r",?\s+(?:jr|sr|ii|iii|iv|md|phd|dds|dvm|esq)\.?$", re.IGNORECASE)
_UMLAUTS: Final = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue"})
_ROT13: Final = str.maketrans(
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ", "nopqrstuvwxyzabcdefghijklmNOPQRSTUVWXYZABCDEFGHIJKLM"
)
_DISGUISED: Final = range(5, 41)
"""Lengths, squeezed, of the phrases that are also looked for backwards and in rot13."""

_COUNTRY_CODE = re.compile(
    r"[17]|2[07]|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58]|\d{3}"  # one, two, else three digits (ITU-T E.164)
)


@lru_cache(maxsize=1024)
def form_needles(form: str) -> tuple[Needle, ...]:
    """Return what to search for to find a surface form.

    Args:
        form: As the scenario writes it; a blank one gives nothing.

    >>> [(needle.key, needle.rule) for needle in form_needles("AB-1234")]
    [('ab1234', 'code'), ('4321ba', 'code')]
    >>> [needle.key for needle in form_needles("$4,200")]
    ['N4200;', 'fourthousandtwohundred', 'fortytwohundred']
    """
    form = form.strip()
    key = squeeze(form)
    if not key:
        return (Needle(form, form, "exact"),) if form else ()
    if _EMAIL.fullmatch(form):
        return _email(form, key)
    if not _DIGIT.search(form):
        return (Needle(form, form, "exact"),) if len(key) <= 2 else _phrase(form, [])
    bare = _WEEKDAY.sub("", form, count=1)
    found = entities(bare)
    alone = len(found) == 1 and found[0].end - found[0].start == len(bare.rstrip(". "))
    digits = len(_DIGIT.findall(form))
    phone = digits >= 7 and _PHONE.fullmatch(form) is not None
    if alone and not (phone and found[0].atom[0] == "N"):
        return (*_typed(bare, found), *_spelled(found[0]))
    if phone:
        significant = _significant(form)
        # What reads like a phone number may be a file's number, in which a leading 1 or 0 is no prefix.
        number = (Needle(key, form, "code"),) if key != significant and form[0] != "+" else ()
        return (Needle(significant, form, "phone"), *number, *(_typed(bare, found) if alone else ()))
    if len(key) <= 2:
        return (Needle(form, form, "exact"),)
    if digits >= 2 and _CODE.fullmatch(form) and not any(entity.atom[0] in "DT" for entity in found):
        return Needle(key, form, "code"), Needle(squeeze(form[::-1]), form[::-1], "code")
    return _phrase(form, found if bare == form else entities(form))


@lru_cache(maxsize=1024)
def sentence_needles(sentence: str) -> tuple[Needle, ...]:
    """Return what to search for to find a whole sentence as it stands, its numbers, dates and times in any spelling."""
    key = squeeze(sentence)
    return (Needle(key, sentence, "phrase"), *_typed(sentence, entities(sentence))) if len(key) > 2 else ()


@lru_cache(maxsize=1024)
def name_needles(name: str) -> tuple[tuple[Needle, ...], Needle | None]:
    """Return what to search for to find a person's full name, and the surname alone, if there are two names.

    >>> full, surname = name_needles("Dr. Dana Weiss")
    >>> [needle.key for needle in full], surname.key
    (['danaweiss', 'ssiewanad', 'qnanjrvff', 'weissdana', 'drdanaweiss', 'ssiewanadrd', 'qeqnanjrvff'], 'weiss')
    """
    plain = _SUFFIX.sub("", _HONORIFIC.sub("", name.strip()))
    *given, surname = plain.split() or [""]
    if not given or len(surname) < 2:
        return form_needles(name), None
    inverted = f"{surname}, {' '.join(given)}"
    family = Needle(squeeze(surname), surname, "family", given=fold(given[0]))
    return (*form_needles(plain), *form_needles(inverted)[:1], *(form_needles(name) if name != plain else ())), family


def has_honorific(form: str) -> bool:
    """Tell whether a form begins as a person is addressed: `Dr. Roth`."""
    return _HONORIFIC.match(form.strip()) is not None


def _email(form: str, key: str) -> tuple[Needle, ...]:
    spoken = form.replace("@", " at ").replace(".", " dot ")
    half_spoken = form.replace("@", " at ")
    return (
        Needle(key, form, "email"),
        Needle(squeeze(spoken), spoken, "phrase"),
        Needle(squeeze(half_spoken), half_spoken, "phrase"),
        Needle(squeeze(form[::-1]), form[::-1], "email"),
        Needle(squeeze(form.translate(_ROT13)), form.translate(_ROT13), "email"),
    )


def _typed(text: str, found: list[Entity]) -> list[Needle]:
    """Return the needles that look for a form's numbers, dates and times in any spelling."""
    if not found:
        return []
    qualifiers = tuple(entity.qualifier for entity in found)
    digits = tuple(filter(None, (_digits_of(entity.atom) for entity in found)))
    needles = [Needle(canonical(text, found), text, "phrase", True, qualifiers, digits)]
    if any(entity.atom != entity.month_first for entity in found):
        swapped = tuple(filter(None, (_digits_of(entity.month_first) for entity in found)))
        needles.append(needles[0]._replace(key=canonical(text, found, month_first=True), digits=swapped))
    if {entity.atom[0] for entity in found} == {"D", "T"} and len(found) == 2:
        first, second = found
        if _DATE_TIME.fullmatch(text[first.end : second.start]) and second.end - first.start >= len(text.rstrip(". ")):
            for one, joint, other in product((first, second), ("", "at", "on"), (first, second)):
                if one is not other:
                    spelling = f"{text[one.start : one.end]} {joint} {text[other.start : other.end]}"
                    key = one.atom + joint + other.atom
                    needles.append(Needle(key, spelling, "phrase", True, (one.qualifier, other.qualifier), digits))
    return needles


def _digits_of(atom: str) -> str:
    """Return digits that stand together in every spelling of an atom, none where there is no such thing.

    >>> [_digits_of(atom) for atom in ("N84200;", "N100;percent", "D0312;", "T0330;", "T0300;")]
    ['84', '1', '12', '30', '']
    """
    kind, value = atom[0], atom[1:].partition(";")[0]
    if kind == "D":
        return value[2:].lstrip("0")
    if kind == "T":
        return value[2:].replace("00", "")
    whole = value.partition(".")[0]
    lead = whole[: len(whole) % 3 or 3]  # 84200, 84,200, 84.2k
    return whole if whole[0] == "0" else lead.rstrip("0")


def _spelled(entity: Entity) -> list[Needle]:
    value = entity.atom[1:].partition(";")[0]
    if entity.atom[0] != "N" or not value.isdigit() or (value[0] == "0" and value != "0"):
        return []
    unit = " per cent" if entity.atom.endswith("percent") else ""
    return [Needle(squeeze(words + unit), words + unit, "words") for words in number_words(int(value))]


def _significant(form: str) -> str:
    """Return a phone number's digits without extension, country code and trunk zero.

    >>> _significant("+49 (0)30 123-4567"), _significant("030 1234567"), _significant("001-555-010-1234x56")
    ('301234567', '301234567', '5550101234')
    """
    plain = _EXTENSION.sub("", form)
    digits = squeeze(plain)
    international = plain.lstrip().startswith("+") or digits.startswith("00")
    if international and len(digits) >= 9:
        digits = digits.removeprefix("00")
        digits = _COUNTRY_CODE.sub("", digits, count=1)
    elif len(digits) == 11 and digits[0] == "1":
        digits = digits[1:]
    return digits[1:] if digits[0] == "0" and digits[1] != "0" else digits


def _phrase(form: str, found: list[Entity]) -> tuple[Needle, ...]:
    spellings = [form]
    if form.translate(_UMLAUTS) != form:
        spellings.append(form.translate(_UMLAUTS))
    if (without := re.sub(r"['’]s\b", "", form)) != form:
        spellings.append(without)
    if (in_digits := read_number_words(form)) != form:
        spellings.append(in_digits)
        found = entities(in_digits)
    elif len(found) == 1:
        head, tail = form[: found[0].start], form[found[0].end :]
        spellings += [head + needle.source + tail for needle in _spelled(found[0])]
    if len(squeeze(form)) in _DISGUISED:
        spellings += [form[::-1], form.translate(_ROT13)]
    literal = [
        Needle(squeeze(spelling), spelling, "words" if has_number_words(spelling) else "phrase")
        for spelling in spellings
    ]
    return (*literal, *_typed(in_digits, found))  # in_digits is the form itself where it has no number words
