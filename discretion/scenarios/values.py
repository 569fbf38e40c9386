"""Values that an instance draws for facts and slots: one of given options, or one made afresh."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Final, Literal, NamedTuple

from discretion.scenarios.draws import lots
from discretion.scenarios.locales import LOCALES
from discretion.scenarios.personas import fill_digits

__all__ = ["DRAW_KEYS", "DrawSpec", "day_name", "draw_distinct", "draw_fresh", "parse_draw", "weekday_name"]

_DAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS: Final = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_LETTERS: Final = "ABCDEFGHJKLMNPRSTUVWXYZ"  # without I, O and Q, which read as digits

DrawKind = Literal["money", "date", "time", "phone", "code", "number"]

DRAW_KEYS: Final[dict[DrawKind, tuple[str, ...]]] = {
    "money": ("amount",),
    "date": ("iso", "day", "weekday"),
    "time": (),
    "phone": ("last4",),
    "code": ("last4",),
    "number": (),
}
"""What a drawn value has beside `value`: `{fact_id.iso}` of a date, `{fact_id.last4}` of a number to call."""

_RANGE = re.compile(r"(money|date|time|number) ([+-]?\d{1,9})\.\.([+-]?\d{1,9})")
_CODE = re.compile(r"code ([A-Z0-9][A-Z0-9 ./-]{0,39})")


class DrawSpec(NamedTuple):
    """A parsed `draw`: the kind, and its bounds or pattern."""

    kind: DrawKind
    low: int = 0
    high: int = 0
    pattern: str = ""


def parse_draw(text: str) -> DrawSpec:
    """Parse the `draw` of a fact.

    Raises:
        ValueError: If it has none of the forms.

    >>> parse_draw("money 1200..4800")
    DrawSpec(kind='money', low=1200, high=4800, pattern='')
    """
    if text == "phone":
        return DrawSpec("phone")
    if (code := _CODE.fullmatch(text)) and re.search(r"[A9]", code[1]):
        return DrawSpec("code", pattern=code[1])
    if spec := _RANGE.fullmatch(text):
        low, high = int(spec[2]), int(spec[3])
        limits = {"money": (0, 10**9), "number": (0, 10**9), "date": (-9999, 9999), "time": (0, 23)}[spec[1]]
        if not limits[0] <= low < high <= limits[1]:
            raise ValueError(f"{text!r}: the bounds of {spec[1]} go up, from {limits[0]} to {limits[1]} at most")
        kind: DrawKind = spec[1]  # type: ignore[assignment]  # the pattern admits these kinds only
        return DrawSpec(kind, low, high)
    raise ValueError(f"{text!r} is no draw")


def day_name(day: date) -> str:
    """Return a day as people write it, the year aside.

    >>> day_name(date(2026, 3, 13))
    'Friday 13 March'
    """
    return f"{weekday_name(day)} {day.day} {_MONTHS[day.month - 1]}"


def weekday_name(day: date) -> str:
    """Return the day of the week.

    >>> weekday_name(date(2026, 3, 13))
    'Friday'
    """
    return _DAYS[day.weekday()]


def draw_distinct(options: Sequence[str], lot: int, taken: set[str]) -> int | None:
    """Return the place of the drawn option, or of the next one whose value is not taken yet; `None` where all are.

    >>> draw_distinct(["flu", "gout"], 0, {"flu"})
    1
    """
    for offset in range(len(options)):
        place = (lot + offset) % len(options)
        if options[place].casefold() not in taken:
            taken.add(options[place].casefold())
            return place
    return None


def draw_fresh(spec: DrawSpec, *, key: str, anchor: date, locale: str, taken: set[str]) -> Mapping[str, str] | None:
    """Draw a value that is not taken yet, with the keys that its kind has; `None` where none seems to be left.

    Args:
        spec: What to draw.
        key: Names the value: the same key gives the same value.
        anchor: The scenario's date.
        locale: Decides the currency and the phone numbers.
        taken: Values of other facts, case folded; the new one is added.

    >>> draw_fresh(parse_draw("number 3..40"), key="k", anchor=date(2026, 3, 10), locale="en_US", taken=set())
    {'value': '16'}
    """
    for attempt in range(200):
        drawn = _fresh(spec, lots(f"{key}|{attempt}"), anchor, locale)
        if drawn["value"].casefold() not in taken:
            taken.add(drawn["value"].casefold())
            return drawn
    return None


def _fresh(spec: DrawSpec, lot: tuple[int, ...], anchor: date, locale: str) -> Mapping[str, str]:
    span = spec.high - spec.low
    if spec.kind == "money":
        step = 10 if spec.low % 10 == 0 and spec.high % 10 == 0 else 1
        amount = spec.low + step * (lot[0] % (span // step + 1))
        return {"value": f"{LOCALES[locale].currency}{amount:,}", "amount": str(amount)}
    if spec.kind == "date":
        day = anchor + timedelta(days=spec.low + lot[0] % (span + 1))
        value = f"{day.day} {_MONTHS[day.month - 1]} {day.year}"
        return {"value": value, "iso": day.isoformat(), "day": day_name(day), "weekday": weekday_name(day)}
    if spec.kind == "time":
        quarters = spec.low * 4 + lot[0] % (span * 4 + 1)
        return {"value": f"{quarters // 4:02d}:{quarters % 4 * 15:02d}"}
    if spec.kind == "number":
        return {"value": str(spec.low + lot[0] % (span + 1))}
    if spec.kind == "phone":
        phones = LOCALES[locale].phones
        value = fill_digits(phones[lot[0] % len(phones)], 2 * lot[1] + 1)  # even numbers are people's
    else:
        value = _fill_code(spec.pattern, lot)
    return {"value": value, "last4": re.sub(r"[^A-Z0-9]", "", value)[-4:]}


def _fill_code(pattern: str, lot: tuple[int, ...]) -> str:
    """Fill `A` with letters and `9` with digits; every other sign stands for itself."""
    rest = 0
    for number in lot:
        rest = rest << 32 | number
    signs = []
    for sign in pattern:
        choices = {"A": _LETTERS, "9": "0123456789"}.get(sign, sign)
        rest, index = divmod(rest, len(choices))
        signs.append(choices[index])
    return "".join(signs)
