"""Reads the times of the trajectories: ISO, `11:15 AM UTC-05:00, Tuesday, February 22, 2022`, `Yesterday 04:45 PM`."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta
from typing import Final

__all__ = ["DEFAULT_DATE", "iso_minutes", "read_moment"]

DEFAULT_DATE: Final = date(2022, 2, 22)
"""The day that the trajectories play on where they do not say otherwise."""

_ISO = re.compile(r"(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d))?")
_CLOCK = re.compile(r"\b(\d{1,2}):(\d\d)(?::\d\d)?\s*([AaPp])?\.?[Mm]?")
_MONTHS: Final = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
_DATE = re.compile(
    rf"\b({'|'.join(month[:3] for month in _MONTHS)})[a-z]*\.? (\d{{1,2}})(?:st|nd|rd|th)?,? (\d{{4}})", re.I
)


def read_moment(text: str, today: date = DEFAULT_DATE) -> datetime | None:
    """Read a moment, without its time zone.

    Args:
        text: As written.
        today: What a bare time of day and `yesterday` count from.

    Returns:
        The moment in minutes, at noon where only a day is given; `None` where nothing can be read.

    >>> read_moment("04:45 PM UTC-05:00, Monday, February 21, 2022")
    datetime.datetime(2022, 2, 21, 16, 45)
    >>> read_moment("Yesterday 07:30 AM")
    datetime.datetime(2022, 2, 21, 7, 30)
    """
    try:
        if iso := _ISO.search(text):
            clock = time(int(iso[4]), int(iso[5])) if iso[4] else time(12)
            return datetime.combine(date(int(iso[1]), int(iso[2]), int(iso[3])), clock)
        day = today - timedelta(days=1) if "yesterday" in text.lower() else today
        if named := _DATE.search(text):
            month = next(number for number, name in enumerate(_MONTHS, 1) if name.startswith(named[1].lower()))
            day = date(int(named[3]), month, int(named[2]))
        if clocked := _CLOCK.search(text):
            hour = int(clocked[1]) % 12 + 12 * (clocked[3] in "Pp") if clocked[3] else int(clocked[1])
            return datetime.combine(day, time(hour, int(clocked[2])))
    except (ValueError, OverflowError):  # a month 13, an hour 25
        return None
    return datetime.combine(day, time(12)) if named or day != today else None


def iso_minutes(moment: datetime) -> str:
    """Return a moment as the world writes it.

    >>> iso_minutes(datetime(2022, 2, 22, 9, 5))
    '2022-02-22T09:05'
    """
    return moment.isoformat(timespec="minutes")
