"""Words that stand for months, currencies, sizes and numbers."""

from __future__ import annotations

import re
from typing import Final

__all__ = [
    "CURRENCIES",
    "MONTHS",
    "NUMBER_WORD",
    "SCALES",
    "any_of",
    "has_number_words",
    "number_words",
    "read_number_words",
]

_MONTH_NAMES: Final = (
    "january jan januar jänner janvier janv enero gennaio januari",
    "february feb februar février fevrier févr febrero febbraio februari",
    "march mar märz maerz mars marzo maart",
    "april apr avril avr abril aprile",
    "may mai mayo maggio mei",
    "june jun juni juin junio giugno",
    "july jul juli juillet juil julio luglio",
    "august aug août aout agosto augustus",
    "september sep sept septembre septiembre settembre",
    "october oct oktober okt octobre octubre ottobre",
    "november nov novembre noviembre",
    "december dec dezember dez décembre diciembre dicembre",
)
_CURRENCY_WORDS: Final = {
    "dollar": "$ us$ usd dollars dollar bucks cad ca$ aud a$ nzd",
    "euro": "€ eur euro euros",
    "pound": "£ gbp pounds pound quid",
    "yen": "¥ jpy yen cny rmb yuan",
    "franc": "chf francs franken",
    "krona": "sek nok dkk kronor kroner",
    "rupee": "₹ inr rupees rupee",
    "zloty": "pln zł",
}
_SCALE_WORDS: Final = {
    1_000: "k thousand grand tsd",
    1_000_000: "million mn mio m",
    1_000_000_000: "billion bn b",
}
_UNIT_WORDS: Final = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen"
)
_TEN_WORDS: Final = "- - twenty thirty forty fifty sixty seventy eighty ninety"

MONTHS: Final = {name: number for number, names in enumerate(_MONTH_NAMES, start=1) for name in names.split()}
"""Month names in English, German, French, Spanish, Italian and Dutch, in lower case -> 1 to 12."""

CURRENCIES: Final = {word: code for code, words in _CURRENCY_WORDS.items() for word in words.split()}
"""Symbol, code or word -> currency. All dollars are one: who writes `$` does not say which."""

SCALES: Final = {word: factor for factor, words in _SCALE_WORDS.items() for word in words.split()}

_UNITS: Final = _UNIT_WORDS.split()
_TENS: Final = _TEN_WORDS.split()
_UNDER_100: Final = {word: number for number, word in enumerate(_UNITS)}
for _ten in range(2, 10):
    _UNDER_100[_TENS[_ten]] = 10 * _ten
    for _unit in range(1, 10):
        for _joint in ("-", " "):
            _UNDER_100[f"{_TENS[_ten]}{_joint}{_UNITS[_unit]}"] = 10 * _ten + _unit


def any_of(words: dict[str, int]) -> str:
    """Return a regular expression for any of some words, the longest first."""
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))


NUMBER_WORD: Final = re.compile(
    rf"\b(?:{'|'.join([*_UNITS, *_TENS[2:], 'hundred', 'thousand', 'million'])})\b", re.IGNORECASE
)
"""A word that a number in words is made of."""

_PARTS: Final = frozenset([*_UNITS, *_TENS[2:], "hundred", "thousand", "million"])
_UP_TO_99: Final = re.compile(rf"\b(?:{any_of(_UNDER_100)})\b", re.IGNORECASE)


def number_words(number: int) -> list[str]:
    """Return how people write a number in words; nothing from a million up.

    >>> number_words(4200)
    ['four thousand two hundred', 'forty-two hundred']
    >>> number_words(250)
    ['two hundred fifty', 'two hundred and fifty']
    """
    if not 0 <= number < 1_000_000:
        return []
    spelled = [_in_words(number, ""), _in_words(number, "and ")]
    if 1_100 <= number < 10_000 and number % 100 == 0 and number % 1_000:
        spelled.append(f"{_in_words(number // 100, '')} hundred")
    return list(dict.fromkeys(spelled))


def _in_words(number: int, joint: str) -> str:
    if number < 20:
        return _UNITS[number]
    if number < 100:
        tens, unit = divmod(number, 10)
        return f"{_TENS[tens]}-{_UNITS[unit]}" if unit else _TENS[tens]
    size, name = (1000, "thousand") if number >= 1000 else (100, "hundred")
    head, rest = divmod(number, size)
    tail = f" {joint if rest < 100 else ''}{_in_words(rest, joint)}" if rest else ""
    return f"{_in_words(head, joint)} {name}{tail}"


def has_number_words(text: str) -> bool:
    """Tell whether some word of a text stands for a number.

    >>> has_number_words("in Twenty-five days"), has_number_words("someone")
    (True, False)
    """
    return not _PARTS.isdisjoint(text.lower().replace("-", " ").split())


def read_number_words(text: str) -> str:
    """Return the text with its number words under 100 written in digits.

    >>> read_number_words("in three weeks, or twenty-five days")
    'in 3 weeks, or 25 days'
    """
    if not has_number_words(text):
        return text
    return _UP_TO_99.sub(lambda match: str(_UNDER_100[match[0].lower()]), text)
