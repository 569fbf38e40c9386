"""What else lies in an office: ordinary mails, events, records and notes, some of which look relevant."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from discretion.scenarios.generator.bank import distractors
from discretion.scenarios.generator.lots import Lots
from discretion.scenarios.generator.skeleton import Skeleton

__all__ = ["COLLEAGUES", "clutter"]

COLLEAGUES: Final = {"a": "ann", "b": "ben"}
"""How distractors name the user's colleagues, and what these are called in the cast."""

_TOOLS: Final = {"mail": "mail", "events": "calendar", "crm": "crm", "chat": "chat", "notes": "notes"}
_HOURS: Final = ("08:10", "08:45", "09:20", "10:05", "11:30", "12:50", "13:40", "14:15", "15:35", "16:25", "17:05")


def clutter(plot: Skeleton, lots: Lots, number: int) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield distractors as (kind, item without id); a record of the CRM comes with its account.

    Args:
        plot: Whose tools decide what can lie around.
        lots: Of the plot.
        number: How many.
    """
    kinds = [kind for kind, toolkit in _TOOLS.items() if toolkit in plot.toolkits]
    if not kinds:
        return
    chosen = [lots.pick(f"clutter|{place}", kinds) for place in range(number)]
    for kind in kinds:
        pool: tuple[dict[str, Any], ...] = getattr(distractors(), kind)
        order = lots.shuffled(f"clutter|{kind}", pool)
        for place in range(min(chosen.count(kind), len(pool))):
            yield from _items(kind, _named(next(order), plot), plot, lots, f"{kind}{place}")


def _items(
    kind: str, given: dict[str, Any], plot: Skeleton, lots: Lots, name: str
) -> Iterator[tuple[str, dict[str, Any]]]:
    day = 1 + lots.number(f"day|{name}", 12)
    hour = lots.pick(f"hour|{name}", _HOURS)
    sender = given.get("from", "")
    sender = plot.subject if sender == "subject" else COLLEAGUES.get(sender, sender)
    if sender == plot.user:  # the subject may be the user
        sender = COLLEAGUES["a"]
    at = f"-{day}d {hour}"
    if kind == "mail":
        yield kind, {"sender": sender, "to": [plot.user], "subject": given["subject"], "body": given["body"], "at": at}
    elif kind == "events":
        start = f"{8 + day % 9:02d}:{15 * (day % 4):02d}"
        end = 60 * (8 + day % 9) + 15 * (day % 4) + int(given.get("minutes", 30))
        texts = {key: given[key] for key in ("title", "location", "description") if given.get(key)}
        when = {"start": f"+{day}d {start}", "end": f"+{day}d {end // 60:02d}:{end % 60:02d}"}
        yield kind, {**texts, **when, "attendees": [plot.user, COLLEAGUES["a"]]}
    elif kind == "crm":
        account = f"account {name}"
        yield kind, {"name": account, "kind": "account", "title": given["name"], "at": at}
        text = {"title": f"Note on {given['name']}", "body": given["note"], "at": at}
        yield kind, {"kind": "note", "account": account, "author": plot.user, **text}
    elif kind == "chat":
        channel = next((each["id"] for each in plot.channels if each["kind"] == "chat_channel"), None)
        to = {"channel": channel} if channel else {"to": plot.user}
        yield kind, {"sender": sender, "text": given["text"], "at": at, **to}
    else:
        yield kind, {"title": given["title"], "body": given["body"], "owner": plot.user, "at": at}


def _named(given: dict[str, Any], plot: Skeleton) -> dict[str, Any]:
    """Put the plot's people into a distractor's slots."""
    names = {"user": plot.user, "subject": plot.subject, **COLLEAGUES}

    def named(text: str) -> str:
        for name, member in names.items():
            text = text.replace(f"{{{name}.", f"{{{member}.")
        return text

    return {key: named(value) if isinstance(value, str) else value for key, value in given.items()}
