"""Slots in texts: parsed and checked once per scenario, filled by plain joins for every instance.

A text is never handed to `str.format`: a slot is a name, at most one part, and nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Final, NamedTuple

from discretion.errors import nearest
from discretion.scenarios.fields import quoted
from discretion.scenarios.fills import Text, TextFill
from discretion.scenarios.values import day_name, weekday_name

__all__ = ["PERSON_PARTS", "RESERVED", "Scope", "SlotError", "compile_text"]

PERSON_PARTS: Final = frozenset(
    {"name", "first", "last", "email", "phone", "handle", "street", "city", "address", "title", "firm"}
    | {"they", "them", "their", "theirs", "They", "Them", "Their", "Theirs"}
)
RESERVED: Final = frozenset({"date", "day", "weekday", "value", "public", "subject", "self", "sender", "recipient"})
"""Names that mean something else wherever ids stand, so nothing in a scenario may be called so."""

_TOKEN = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")
_SLOT = re.compile(r"([a-z][a-z0-9_-]*)(?:\.([A-Za-z][A-Za-z0-9_-]*))?")
_DAY = re.compile(r"(date|day|weekday)([+-]\d{1,4})?")
_MOMENT = re.compile(r"(?:([+-]\d{1,4})d |(\d{4}-\d\d-\d\d)T)(\d\d):(\d\d)")
_MOMENT_STARTS = frozenset("+-0123456789")


class SlotError(ValueError):
    """A text whose slots cannot be filled.

    Args:
        what: What is wrong.
        remedy: What to do about it.
    """

    def __init__(self, what: str, remedy: str) -> None:
        super().__init__(what)
        self.what = what
        self.remedy = remedy


class Scope(NamedTuple):
    """What the slots of a text may name.

    Attributes:
        parts: Name -> its parts; the empty part where the bare name stands for a text.
        anchor: The date that `{date+3}` counts from.
    """

    parts: Mapping[str, frozenset[str]]
    anchor: date

    def slot(self, text: str, own: str | None) -> str:
        """Return the name under which the values hold a slot.

        Args:
            text: What stands between the braces.
            own: The fact that `value` means, inside a fact's own texts.

        Raises:
            SlotError: If nothing is called so.
        """
        match = _SLOT.fullmatch(text)
        if match is None:
            raise SlotError(f"{quoted('{' + text + '}')} is no slot", "write {{ and }} for plain braces")
        name, part = match[1], match[2] or ""
        if name == "value" and own is not None:
            name = own
        if name not in self.parts:
            remedy = nearest(name, self.parts)
            close = next((each for each in self.parts if remedy == f"did you mean {each!r}?"), "")
            whole = part and part in self.parts.get(close, ())
            raise SlotError(
                f"unknown slot {quoted('{' + text + '}')}", f"did you mean {f'{close}.{part}'!r}?" if whole else remedy
            )
        if part == "value" and "" in self.parts[name]:
            part = ""
        if part not in self.parts[name]:
            known = [f"{name}.{known}" if known else name for known in self.parts[name]]
            raise SlotError(f"unknown slot {quoted('{' + text + '}')}", nearest(f"{name}.{part}", known))
        return f"{name}.{part}" if part else name


def compile_text(text: str, scope: Scope, own: str | None = None) -> Text:
    """Return a text ready to fill, or the finished text where nothing in it depends on the instance.

    A text that is a moment as a whole (`-3d 09:15`) becomes ISO minutes.

    Args:
        text: As the scenario gives it.
        scope: What slots may name.
        own: The fact whose text it is, if it is one.

    Raises:
        SlotError: If a slot is unknown, a brace stands alone, or a moment does not exist.
    """
    if text[:1] in _MOMENT_STARTS and (moment := _MOMENT.fullmatch(text)):
        return _moment(moment, scope.anchor)
    if "{" not in text and "}" not in text:
        return text
    parts: list[str] = []
    places: list[tuple[int, str]] = []
    end = 0
    for token in _TOKEN.finditer(text):
        parts.append(text[end : token.start()])
        end = token.end()
        if token[0] in ("{{", "}}"):
            parts.append(token[0][0])
        elif token[1] is None:
            raise SlotError(f"a single {token[0]!r} in {quoted(text)}", "write {{ and }} for plain braces")
        elif day := _DAY.fullmatch(token[1]):
            parts.append(_day(day[1], int(day[2] or 0), scope.anchor))
        else:
            places.append((len(parts), scope.slot(token[1], own)))
            parts.append("")
    parts.append(text[end:])
    return TextFill(parts, places) if places else "".join(parts)


def _day(form: str, offset: int, anchor: date) -> str:
    try:
        day = anchor + timedelta(days=offset)
    except OverflowError:
        raise SlotError(f"no day lies {offset} days from {anchor}", "count from a date that is nearer") from None
    return day.isoformat() if form == "date" else day_name(day) if form == "day" else weekday_name(day)


def _moment(moment: re.Match[str], anchor: date) -> str:
    offset, day, hour, minute = moment.groups()
    try:
        start = date.fromisoformat(day) if day else anchor + timedelta(days=int(offset))
        at = datetime(start.year, start.month, start.day, int(hour), int(minute))  # noqa: DTZ001 - office time has no zone
    except (ValueError, OverflowError):
        raise SlotError(f"{moment[0]!r} is no moment", "write a day and a time that exist, -3d 09:15") from None
    return at.isoformat(timespec="minutes")
