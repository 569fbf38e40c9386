"""The day of a conversation: told to the agent in one sentence, and read from it for chat templates that ask."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime, time
from typing import Final

from discretion.models.chat import Message

__all__ = ["asks_for_day", "day_setting", "today_is", "without_clock"]

_DAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS: Final = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_TOLD: Final = re.compile(
    rf"\bToday is (?:(?:\w+day,? )?(\d{{1,2}}) ({'|'.join(_MONTHS)}),? (\d{{4}})|(\d{{4}}-\d\d-\d\d))(?!\d)"
)
_UNTOLD: Final = date(2025, 1, 1)
_NUMBERS: Final = tuple(f"%{letter}" for letter in "demYyjHIMSuwUWVGf")
"""Directives of `strftime` that say the same in every locale."""

_CLOCK: Final = """\
{%- macro strftime_now(form) -%}
{%- set said = namespace(text=form) -%}
{%- for mark, word in told_day.items() -%}{%- set said.text = said.text | replace(mark, word) -%}{%- endfor -%}
{{- said.text -}}
{%- endmacro -%}
{{- "" }}"""


def today_is(day: date) -> str:
    """Return the sentence that tells an agent the day; in English whatever the locale.

    >>> today_is(date(2026, 3, 7))
    'Today is Saturday 7 March 2026.'
    """
    return f"Today is {_DAYS[day.weekday()]} {day.day} {_MONTHS[day.month - 1]} {day.year}."


def asks_for_day(template: str) -> bool:
    """Tell whether a chat template writes the day that it is."""
    return "strftime_now" in template


def without_clock(template: str) -> str:
    """Return a chat template that reads the day from its setting `told_day`, where it would look at the clock.

    By the clock of the machine, the same episode would read otherwise tomorrow, and contradict its own world.
    """
    return f"{_CLOCK}{template}"


def day_setting(messages: Sequence[Message]) -> dict[str, dict[str, str]]:
    """Return that setting: the day that a conversation tells, at noon, and always the same one where it tells none.

    >>> told = [Message(role="system", content=f"You help. {today_is(date(2026, 3, 7))}")]
    >>> day_setting(told)["told_day"]["%B"]
    'March'
    """
    first = messages[0].content if messages and messages[0].role == "system" else ""
    noon = datetime.combine(_read(first) or _UNTOLD, time(12))
    month, day = _MONTHS[noon.month - 1], _DAYS[noon.weekday()]
    words = {"%B": month, "%b": month[:3], "%h": month[:3], "%A": day, "%a": day[:3], "%p": "PM", "%P": "pm"}
    short = {f"%-{mark[1]}": noon.strftime(mark).lstrip("0 ") or "0" for mark in _NUMBERS}
    whole = {"%F": f"{noon.date()}", "%T": "12:00:00", "%X": "12:00:00", "%R": "12:00", "%r": "12:00:00 PM"}
    whole |= {mark: noon.strftime("%m/%d/%y") for mark in ("%D", "%x")}
    whole["%c"] = f"{day[:3]} {month[:3]} {noon.day:2} 12:00:00 {noon.year}"
    zone = {"%Z": "UTC", "%z": "+0000", "%%": "%"}
    return {"told_day": words | short | whole | zone | {mark: noon.strftime(mark) for mark in _NUMBERS}}


def _read(text: str) -> date | None:
    told = _TOLD.search(text)
    if told is None:
        return None
    try:
        if told[4]:
            return date.fromisoformat(told[4])
        return date(int(told[3]), _MONTHS.index(told[2]) + 1, int(told[1]))
    except ValueError:
        return None
