"""Numbers, money, dates and times in text, each as one canonical atom whatever its spelling.

An atom is upper-case ASCII, which squeezed text never holds, so that atoms and squeezed words can stand in one
string: `$4,200 a month` becomes `N4200;amonth`, `12th of March` `D0312;`, `3:30 pm` `T0330;`. What a spelling may leave
out goes into a *qualifier* (the currency, the year, am or pm): two entities with the same atom agree unless both have
a qualifier and these differ.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Final, NamedTuple

from discretion.scenarios.forms.normal import squeeze
from discretion.scenarios.forms.vocabulary import CURRENCIES, MONTHS, SCALES, any_of

__all__ = ["Entity", "canonical", "entities"]


class Entity(NamedTuple):
    """A number, date or time at characters `start..end`.

    Attributes:
        atom: Its canonical spelling, the day before the month where both could be (`3/4`).
        month_first: The same with the month before the day.
        qualifier: Currency, year, or `am`/`pm`; empty where the text does not say.
    """

    start: int
    end: int
    atom: str
    month_first: str
    qualifier: str


_FLAGS: Final = re.IGNORECASE | re.ASCII  # ASCII: only 0-9 are digits; those of other scripts are rewritten before
_MONTH = f"(?P<month>{any_of(MONTHS)})"
_YEAR = r"(?:,?[\s'’-]+(?:del?\s+)?(?P<year>(?:19|20)\d\d|(?<=['’-])\d\d)(?!\d))?"
_GROUPED = r"[1-9]\d{0,2}(?:(?:,\d{3})+(?:\.\d+)?|(?:\.\d{3})+(?:,\d+)?|(?:['’ \u00a0\u2009\u202f]\d{3})+(?:[.,]\d+)?)"

_DIGITS = re.compile(r"[0-9]+")
_RUN = re.compile(r"\w*(?:[.,]?\d\w*)*", _FLAGS)
_ISO = re.compile(r"(?P<year>\d{4})(?P<sep>[-/.])(?P<month>\d{1,2})(?P=sep)(?P<day>\d{1,2})(?!\d)", _FLAGS)
_NUMERIC = re.compile(
    r"(?P<a>\d{1,2})(?P<sep>[./-])\s?(?P<b>\d{1,2})(?P=sep)\s?(?P<year>\d{4}|\d\d)(?![\w/]|[.,-]\d)", _FLAGS
)
_SLASHED = re.compile(r"(?P<a>\d{1,2})/(?P<b>\d{1,2})(?P<year>)(?![\w/])", _FLAGS)
_DAY_MONTH = re.compile(
    rf"(?P<day>\d{{1,2}})(?:st|nd|rd|th|er|\.|º|ª)?(?:\s+of|\s+de)?[\s-]*{_MONTH}(?!\w)\.?{_YEAR}", re.IGNORECASE
)
_DAY = re.compile(rf"(?P<day>\d{{1,2}})(?:st|nd|rd|th)?(?![\w:%]|[.,]\d){_YEAR}", _FLAGS)
_TIME = re.compile(
    r"(?P<hour>\d{1,2})(?:(?P<sep>[:h.])(?P<minute>[0-5]\d)(?::[0-5]\d(?:\.\d+)?)?)?"
    r"(?:\s?(?:(?P<half>[ap])(?:\.\s?m\.|m\b)|(?P<clock>uhr|o['’]?clock)\b))?(?![\w:])",
    _FLAGS,
)
_NUMBER = re.compile(rf"(?:{_GROUPED}|\d+(?:[.,]\d+)?)(?![.,]?\d)", _FLAGS)
_SYMBOLS = ("$", "€", "£", "¥", "₹")
_UNIT = re.compile(r"\s?(per\s?cent\b|[^\W\d_]{1,8}\$?|[$€£¥₹%])(?!\w)")


def entities(text: str) -> list[Entity]:
    """Return the numbers, dates and times of a text, in order, none overlapping.

    >>> [(entity.atom, entity.qualifier) for entity in entities("by March 12th for 4.200,00 €")]
    [('D0312;', ''), ('N4200;', 'euro')]
    """
    found: list[Entity] = []
    at = 0
    while (run := _DIGITS.search(text, at)) is not None:
        entity = _read(text, *run.span()) if _may_start(text, run.start()) else None
        if entity is not None:
            found.append(entity)
            at = entity.end
        elif (rest := _RUN.match(text, run.end())) is not None:
            at = rest.end()
    return found


def canonical(text: str, found: list[Entity], *, month_first: bool = False) -> str:
    """Return the squeezed text with an atom in the place of each entity.

    >>> canonical(text := "$4,200 a month", entities(text))
    'N4200;amonth'
    """
    parts: list[str] = []
    done = 0
    for entity in found:
        parts += (squeeze(text[done : entity.start]), entity.month_first if month_first else entity.atom)
        done = entity.end
    parts.append(squeeze(text[done:]))
    return "".join(parts)


def _may_start(text: str, at: int) -> bool:
    before = text[at - 1 : at]
    if before == "T":
        return text[at - 2 : at - 1].isdigit()  # 2026-03-12T15:30
    return not (before.isalnum() or before == "_" or (before in (".", ",") and text[at - 2 : at - 1].isdigit()))


def _read(text: str, at: int, end: int) -> Entity | None:
    """Return the entity whose first digits stand at `at..end`; these alone rule out most kinds."""
    follower = text[end : end + 1]
    if end - at <= 2:
        word = follower.isspace() or follower.isalpha()
        return (
            (_numeric_date(text, at) if follower in ("/", ".", "-") else None)
            or (_day_month(text, at) if word or follower in (".", "-", "º", "ª") else None)
            or _month_day(text, at)
            or (_time(text, at) if word or follower in (":", ".") else None)
            or _number(text, at)
        )
    if end - at == 4 and follower in ("-", "/", ".") and (match := _ISO.match(text, at)):
        return _dated(at, match.end(), int(match["day"]), int(match["month"]), match["year"])
    return _number(text, at)


def _numeric_date(text: str, at: int) -> Entity | None:
    match = _NUMERIC.match(text, at) or _SLASHED.match(text, at)
    if match is None:
        return None
    a, b = int(match["a"]), int(match["b"])
    day_first = _dated(at, match.end(), a, b, match["year"])
    month_first = _dated(at, match.end(), b, a, match["year"])
    return day_first._replace(month_first=month_first.atom) if day_first and month_first else day_first or month_first


def _day_month(text: str, at: int) -> Entity | None:
    match = _DAY_MONTH.match(text, at)
    if match is None:
        return None
    return _dated(at, match.end(), int(match["day"]), MONTHS[match["month"].lower()], match["year"] or "")


def _month_day(text: str, at: int) -> Entity | None:
    start, word = _word_before(text, at)
    if word == "the":
        start, word = _word_before(text, start)
    month = MONTHS.get(word.rstrip("."))
    match = _DAY.match(text, at) if month else None
    return _dated(start, match.end(), int(match["day"]), month, match["year"] or "") if month and match else None


def _word_before(text: str, at: int) -> tuple[int, str]:
    """Return where the word before a position starts, and the word in lower case."""
    if not text[at - 1 : at].isspace() and text[at - 1 : at] not in _SYMBOLS:
        return at, ""
    words = text[max(0, at - 16) : at].split()
    word = words[-1].lstrip("([\"'“‘*_") if words else ""
    return text.rfind(word, 0, at), word.lower()


def _dated(start: int, end: int, day: int, month: int, year: str) -> Entity | None:
    if not (1 <= month <= 12 and 1 <= day <= 31):
        return None
    if len(year) == 2:
        year = ("20" if int(year) < 70 else "19") + year
    atom = f"D{month:02}{day:02};"
    return Entity(start, end, atom, atom, year)


def _time(text: str, at: int) -> Entity | None:
    match = _TIME.match(text, at)
    if match is None or (hour := int(match["hour"])) > 24:
        return None
    if not (match["half"] or match["clock"] or match["sep"] in (":", "h")):  # 3 and 3.30 are numbers
        return None
    half = (match["half"] or "").lower()
    if not half and (hour >= 12 or match["hour"][0] == "0"):  # only a 24-hour clock writes these
        half = "a" if hour == 24 or hour < 12 else "p"
    atom = f"T{hour % 12:02}{match['minute'] or '00'};"
    return Entity(at, match.end(), atom, atom, f"{half}m" if half else "")


def _number(text: str, at: int) -> Entity | None:
    number = _NUMBER.match(text, at)
    if number is None:
        return None
    start, word = _word_before(text, at)
    currency = CURRENCIES.get(word, "")
    end, factor, percent = number.end(), 1, ""
    while unit := _UNIT.match(text, end):
        word = unit[1].lower()
        if word in SCALES and factor == 1 and (currency or word not in ("m", "b")):
            factor = SCALES[word]
        elif word in CURRENCIES and not currency:
            currency, start = CURRENCIES[word], at
        elif word == "%" or (word.startswith("per") and word.endswith("cent")):
            percent = "percent"
        else:
            break
        end = unit.end()
    if end == number.end() and text[end : end + 1].isalnum():  # 30mg, 5th
        return None
    atom = f"N{_value(number[0], factor)};{percent}"
    return Entity(start if currency else at, end, atom, atom, currency)


def _value(written: str, factor: int) -> str:
    """Return a number's canonical spelling; a leading zero makes it a code, which stays as it is.

    >>> _value("4.200,50", 1), _value("1.500", 1), _value("1.500", 1000), _value("0042", 1)
    ('4200.5', '1500', '1500', '0042')
    """
    number = re.sub(r"[^\d.,]", "", written)
    if number.isdigit() and (factor == 1 or number[0] == "0"):
        return number
    marks = [char for char in number if char in ".,"]
    if marks:
        last = marks[-1]
        whole, _, rest = number.rpartition(last)
        thousands = len(rest) == 3 and whole.lstrip("0") != "" and factor == 1
        grouping = len(set(marks)) == 1 and (len(marks) > 1 or thousands)
        plain = re.sub(r"[.,]", "", number) if grouping else re.sub(r"[.,]", "", whole) + "." + rest
    else:
        plain = number
    return f"{(Decimal(plain) * factor).normalize():f}"
