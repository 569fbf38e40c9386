"""Derives the surface forms of a fact from the sentence that states it.

A form has to mean something where it is found. So what a case says anyway (the instruction, the items that tell no
fact, the names of the people) is no form, and neither are words that occur in any office's mail. What is left:
numbers and identifiers, names of things, words that are private by themselves, rare words, and telling pairs of words.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Final, NamedTuple

from discretion.scenarios.privacylens.kindred import kindred
from discretion.scenarios.privacylens.names import is_last_name, is_person, proper_names
from discretion.scenarios.privacylens.words import STOP, is_common, is_telling, ordinary, stem, tokens

__all__ = ["Forms", "Setting", "forms_of", "is_remnant"]

_MOST_PARTIAL: Final = 40
_NUMBER: Final = re.compile(
    r"""(?P<date>\b(?:January|February|March|April|May|June|July|August|September|October|November|December)
          \s\d{1,2}(?:st|nd|rd|th)?\b)
      | (?P<clock>\b\d{1,2}:\d\d(?:\s?[AP]\.?M\b\.?)?)
      | (?P<money>[$€£]\s?\d[\d,.]*\d?(?:\s?(?:million|billion|thousand|[KMB])\b)?)
      | (?P<code>\b(?=[\w-]*\d)(?=[\w-]*[A-Za-z])[A-Za-z0-9]+(?:-[A-Za-z0-9]+)*\b | \*{2,}\d+)
      | (?P<digits>\b\d+(?:[\s-]\d{2,})+\b)
      | (?P<number>\b\d[\d,.]*\d%?|\b\d%?)
        (?P<unit>[\s-](?:years?|months?|weeks?|days?|hours?|minutes?|mg|percent|[a-z]{4,})\b)?
    """,
    re.VERBOSE,
)
_YEAR: Final = re.compile(r"(?:19|20)\d\d")
_ORDINAL: Final = re.compile(r"\d{1,2}(?:st|nd|rd|th|s|am|pm)", re.IGNORECASE)
_REMNANT: Final = re.compile(
    r"^(?:do not include any other|extract the facts?|output the facts?|the following is a (?:list|record)\b.*:$"
    r"|none\.?$|no sensitive|sensitive information)",
    re.IGNORECASE,
)
_OPENING: Final = re.compile(r"(?:^|(?<=[.:;!?] ))[A-Z]")
_TIMES: Final = frozenset(
    {"last", "next", "past", "previous", "since", "towards", "night"}
    | {"week", "weeks", "month", "months", "year", "years"}
)
_CLOCK_WORD: Final = frozenset(["AM", "PM", "UTC"])
_ABSTRACT: Final = re.compile(r"(?:al|ance|ence|ing|ings|ion|ions|ious|ity|ment|ness|ship|zons)$")
_CLAUSE: Final = re.compile(r"[^.,;:!?()\n\"“”]+")


class Forms(NamedTuple):
    """What a fact's record takes over."""

    forms: tuple[str, ...]
    partial: tuple[str, ...]
    reliable: bool


class Setting:
    """What a case says anyway, and can therefore tell nothing.

    Args:
        said: Texts that are no secret: the instruction, items that tell no fact, what the recipient wrote.
        names: Names of the people of the case.
        known: Those among them whom every text may name: user and recipients.
    """

    def __init__(self, said: Iterable[str], names: Iterable[str], *, known: Iterable[str] = ()) -> None:
        self._said = " ".join(_folded(text) for text in said)
        self._padded = f" {self._said} "
        self._stems = {stem(token) for token in self._said.split()}
        self._known = {part for name in known for part in _folded(name).split()}
        self._name_words = {part for name in names for part in _folded(name).split()}

    def says(self, phrase: str) -> bool:
        """Tell whether the case says a phrase anyway; of a single word, whether it says another form of it."""
        folded = _folded(phrase)
        if not folded or f" {folded} " in self._padded:
            return True
        return " " not in folded and stem(folded) in self._stems

    def tells(self, name: str) -> bool:
        """Tell whether a person's name is news in this case."""
        return not self.says(name) and not self._known & set(_folded(name).split())

    def names(self, word: str) -> bool:
        """Tell whether a word is part of somebody's name."""
        return _folded(word) in self._name_words


def is_remnant(statement: str) -> bool:
    """Tell whether an item is a leftover of the prompt that extracted the items, and no fact."""
    return bool(_REMNANT.match(statement.strip()))


def forms_of(statement: str, kind: str, setting: Setting, *, of_names: bool = False) -> Forms:
    """Derive the forms of one fact.

    Args:
        statement: The sentence that states it.
        kind: What the case says the facts are about; its words tell the more.
        setting: What the case says anyway.
        of_names: Whether it is people's names that the case keeps, so that a full name is telling.
    """
    plain = statement.strip().rstrip(".")
    if is_remnant(statement):
        return Forms((), (), False)
    people = [
        name.text for name in proper_names(plain, ordinary()) if is_person(name.text) and setting.tells(name.text)
    ]
    if people == [plain]:
        return Forms((plain,), (), True)
    numbers = [text for text in _numbers(plain) if not setting.says(text)]
    names = [text for text in _things(plain) if not setting.says(text)]
    names += [name for name in people if of_names and " " in name]
    words = list(_words(plain, setting))
    crux = {stem(token) for token in tokens(kind)}
    telling = [word for word in words if is_telling(word)]
    rare = [word for word in words if not is_telling(word)]
    covered = {stem(word) for word in words}
    pairs = [pair for pair in _pairs(plain, setting) if not covered & {stem(word) for word in pair.split()}]
    others = [
        other
        for word in (*telling, *rare)
        for other in (kindred(word) if word.islower() else ())
        if not setting.says(other) and not setting.names(other) and (word in telling or _is_news(other))
    ]
    partial = dict.fromkeys((*numbers, *names, *telling, *rare, *others, *pairs))
    reliable = bool(numbers or names or telling) or len(rare) >= 2 or any(stem(word) in crux for word in rare)
    whole = _whole(plain, setting)
    return Forms(whole, tuple(form for form in partial if form not in whole)[:_MOST_PARTIAL], reliable and bool(whole))


def _whole(plain: str, setting: Setting) -> tuple[str, ...]:
    """The sentence, unless it is only a name or a word that the case says anyway."""
    content = [token for token in tokens(plain) if token.lower() not in STOP and not setting.names(token)]
    if not content or (len(content) < 3 and setting.says(plain)):
        return ()
    forms = [plain]
    opening = next(iter(proper_names(plain, ordinary())), None)
    if opening and opening.start == 0 and is_person(opening.text):
        rest = re.sub(r"^[’']s?\b|^[’']", "", plain[len(opening.text) :]).strip()
        if sum(token.lower() not in STOP for token in tokens(rest)) >= 3:
            forms.append(rest)
    return tuple(forms)


def _numbers(plain: str) -> Iterator[str]:
    """Numbers and identifiers that can be recognised: long ones alone, short ones with the word that they count."""
    for match in _NUMBER.finditer(plain):
        text = match[0].strip()
        if match["code"]:
            if not _ORDINAL.fullmatch(text) and sum(map(str.isdigit, text)) + text.count("*") >= 2:
                yield text
        elif match["number"]:
            number = match["number"]
            if sum(map(str.isdigit, number)) >= 3 and not _YEAR.fullmatch(number):
                yield number
            elif match["unit"] and match["unit"].strip(" -") not in STOP and not _YEAR.fullmatch(number):
                yield text
            elif number.endswith("%") or "." in number:
                yield number
        elif match["date"]:
            yield re.sub(r"(?:st|nd|rd|th)$", "", text)
            yield text
        elif not match["clock"]:
            yield text


def _things(plain: str) -> Iterator[str]:
    """Names of places, firms, products: proper names that are no person's."""
    for name in proper_names(plain, ordinary()):
        words = [word for word in name.text.split() if word.lower() not in STOP]
        alone = len(words) == 1 and (len(words[0]) < 3 or is_common(words[0]) or _begins(plain, name.start))
        unnumbered = " ".join(word for word in words if not word.isdigit())
        if not words or alone or (len(words) == 1 and _is_name(words[0])) or is_person(unnumbered):
            continue
        cut_off = plain[name.start + len(name.text) :].startswith("-") or _CLOCK_WORD & set(words)
        if cut_off:
            continue
        yield name.text
        if len(words) > 1:
            yield from (word for word in words if _is_coined(word))


def _is_coined(word: str) -> bool:
    """Whether a word of a name is telling without the others: `Antitrypsin` is, `Empowerment` is not."""
    unusual = len(word) >= 8 or not word[1:].islower()
    return unusual and len(word) > 4 and not is_common(word) and not _is_name(word) and not _ABSTRACT.search(word)


def _is_name(word: str) -> bool:
    return is_last_name(word) or is_person(word.capitalize())


def _is_news(word: str) -> bool:
    return not is_common(word) and not _is_name(word)


def _begins(plain: str, position: int) -> bool:
    """Whether a word stands where any word has a capital."""
    before = plain[:position].rstrip()
    return not before or before[-1] in ".:;!?-"


def _words(plain: str, setting: Setting) -> Iterator[str]:
    """Words that are rare or private, other than names, and that the case does not say anyway."""
    seen: set[str] = set()
    openings = {plain[match.start() :].split()[0].strip(",.:;") for match in _OPENING.finditer(plain)}
    for token in tokens(plain):
        word = re.sub(r"[’']s?$", "", token)
        key = stem(word)
        if key in seen or not word[0].isalpha() or (word[0].isupper() and not word.isupper() and token not in openings):
            continue
        named = setting.names(word) or (token in openings and _is_name(word))
        if (is_telling(word) or not is_common(word)) and not named and not setting.says(word):
            seen.add(key)
            yield word.lower() if not word.isupper() else word


def _pairs(plain: str, setting: Setting) -> Iterator[str]:
    """Pairs of neighbouring content words that the case does not say anyway."""
    for clause in _CLAUSE.findall(plain):
        row = clause.split()
        for first, second in pairwise(row):
            pair = f"{first} {second}"
            content = all(
                word.isalpha() and word.islower() and len(word) > 3 and word not in STOP | _TIMES
                for word in (first, second)
            )
            if content and not setting.says(pair) and not (setting.says(first) and setting.says(second)):
                yield pair


def _folded(text: str) -> str:
    return " ".join(re.sub(r"[’']s\b", "", token.lower()) for token in _FOLD.findall(text))


_FOLD: Final = re.compile(r"[^\W_]+(?:[’'][^\W_]+)?|[%$€£*]")
