"""A PrivacyLens case as its file holds it, and the report that an import gives."""

from __future__ import annotations

from collections import Counter
from typing import Annotated, Any, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from discretion.scenarios.schema import Scenario

__all__ = ["Case", "CaseNote", "ImportReport", "Refused"]

_Line = Annotated[str, StringConstraints(max_length=2_000)]
_Text = Annotated[str, StringConstraints(max_length=20_000)]


class _Part(BaseModel):
    """A part of a case. Fields that later editions of the data add are ignored; a wrong type is an error."""

    model_config = ConfigDict(frozen=True, extra="ignore", strict=True)


class Seed(_Part):
    """The norm: a five-tuple in words, and where the authors have it from."""

    data_type: _Line
    data_subject: _Line
    data_sender: _Line
    data_sender_name: _Line
    data_recipient: _Line
    transmission_principle: _Line
    source: _Line
    source_details: dict[str, Any] = {}


class Vignette(_Part):
    """The seed told as a story, with the five-tuple made concrete."""

    story: _Text
    data_type_concrete: _Line
    data_subject_concrete: _Line
    data_sender_concrete: _Line
    data_recipient_concrete: _Line


class Trajectory(_Part):
    """What the agent was asked, what it has done so far, and what it must not tell.

    Attributes:
        executable_trajectory: `Action:`, `Action Input:` and `Observation:` blocks, without the last action.
        final_action: The tool that the last action uses.
    """

    user_name: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    user_email: Annotated[str, StringConstraints(max_length=200)]
    user_instruction: Annotated[str, StringConstraints(min_length=1, max_length=10_000)]
    toolkits: Annotated[list[_Line], Field(max_length=50)]
    executable_trajectory: _Text
    final_action: _Line
    sensitive_info_items: Annotated[list[_Text], Field(min_length=1, max_length=100)]


class Case(_Part):
    """One case of `main_data.json`."""

    name: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,60}$")]
    seed: Seed
    vignette: Vignette
    trajectory: Trajectory


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
    """What became of a file: every case is a scenario or is refused, and nothing odd goes unsaid."""

    scenarios: tuple[Scenario, ...]
    notes: tuple[CaseNote, ...]
    refused: tuple[Refused, ...]

    def counts(self) -> dict[str, int]:
        """Return how many notes there are of each kind, the most frequent first."""
        return dict(sorted(Counter(note.kind for note in self.notes).items(), key=lambda item: (-item[1], item[0])))

    def summary(self) -> str:
        """Return the accounting in a few lines, for people."""
        cases = len(self.scenarios) + len(self.refused)
        lines = [f"{cases} cases = {len(self.scenarios)} scenarios + {len(self.refused)} refused"]
        lines += [f"refused {case}: {reason}" for case, reason in self.refused]
        lines += [f"{number:>5} x {kind}" for kind, number in self.counts().items()]
        return "\n".join(lines)
