"""What importers share: identifiers and texts that no scenario misreads, and the report that an import gives."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from typing import NamedTuple

from discretion.scenarios.schema import Scenario

__all__ = ["CaseNote", "ImportReport", "Refused", "escape", "slug"]


def slug(text: str, limit: int = 60) -> str:
    """Return text as an identifier.

    >>> slug("Dr. Lee O'Neil"), slug("12 Elm")
    ('dr-lee-o-neil', 'x-12-elm')
    """
    plain = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:limit].strip("-")
    return plain if plain[:1].isalpha() else f"x-{plain}".rstrip("-")


def escape(text: str) -> str:
    """Return text in which no brace opens a slot.

    >>> escape('{"n": 1}')
    '{{"n": 1}}'
    """
    return text.replace("{", "{{").replace("}", "}}")


class CaseNote(NamedTuple):
    """Something odd about a case that became a scenario.

    Attributes:
        case: The case's name.
        kind: A word to count by (`input-repaired`, `fact-not-found`, ...).
        detail: What exactly.
    """

    case: str
    kind: str
    detail: str


class Refused(NamedTuple):
    """A case that did not become a scenario, and why."""

    case: str
    reason: str


class ImportReport(NamedTuple):
    """What became of a file: every case is a scenario or is refused, and nothing odd goes unsaid.

    Attributes:
        tally: What became of the parts of all cases: a word to count by -> how many.
    """

    scenarios: tuple[Scenario, ...]
    notes: tuple[CaseNote, ...]
    refused: tuple[Refused, ...]
    tally: Mapping[str, int] = {}

    def counts(self) -> dict[str, int]:
        """Return how many notes there are of each kind, the most frequent first."""
        return dict(sorted(Counter(note.kind for note in self.notes).items(), key=lambda item: (-item[1], item[0])))

    def summary(self) -> str:
        """Return the accounting in a few lines, for people."""
        cases = len(self.scenarios) + len(self.refused)
        lines = [f"{cases} cases = {len(self.scenarios)} scenarios + {len(self.refused)} refused"]
        if self.tally:
            parts = " + ".join(f"{number:,} {what}" for what, number in self.tally.items())
            lines.append(f"{sum(self.tally.values()):,} facts in cases = {parts}")
        lines += [f"refused {case}: {reason}" for case, reason in self.refused]
        lines += [f"{number:>5} x {kind}" for kind, number in self.counts().items()]
        return "\n".join(lines)
