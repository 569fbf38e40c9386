"""Who the files are about: profiles as they lie there, or put together from the rows of an export."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import ValidationError

from discretion.scenarios.cimemories.labels import Labels, attributes_of, reason_of
from discretion.scenarios.cimemories.load import is_export, label_of, read
from discretion.scenarios.cimemories.records import Attribute, Context, Label, Profile
from discretion.scenarios.importing import CaseNote, Refused, slug

__all__ = ["Person", "read_people"]


class Person(NamedTuple):
    """A person with what is remembered of them and the contexts that they write in.

    Attributes:
        id: A slug, different for every person of a file.
    """

    id: str
    name: str
    attributes: Mapping[str, Attribute]
    contexts: tuple[Context, ...]


class Read(NamedTuple):
    """What a file holds.

    Attributes:
        labels: Those of its export rows; empty where it holds profiles.
    """

    people: tuple[Person, ...]
    labels: Labels
    notes: tuple[CaseNote, ...]
    refused: tuple[Refused, ...]


def read_people(path: Path) -> Read:
    """Read the people of a file.

    Args:
        path: Profiles, or rows of the export, which hold labels and no values.

    Raises:
        ScenarioError: If it cannot be read.
    """
    reading = _Reading()
    for place, data in read(path):
        if is_export(data):
            reading.row(data)
        else:
            reading.profile(place, data)
    return reading.done()


class _Reading:
    def __init__(self) -> None:
        self.labels = Labels()
        self._people: list[Person] = []
        self._ids: Counter[str] = Counter()
        self._notes: list[CaseNote] = []
        self._refused: list[Refused] = []
        self._rows: dict[str, tuple[dict[str, Attribute], dict[tuple[str, str], Context]]] = {}

    def profile(self, place: str, data: Any) -> None:
        """Take a profile; what cannot be read of it is a note (an attribute) or a refusal (a context, or all of it)."""
        try:
            profile = Profile.model_validate(data)
        except ValidationError as error:
            self._refused.append(Refused(f"profile {place}", reason_of(error)))
            return
        name = profile.bio.name
        broken: list[tuple[str, str]] = []
        attributes = attributes_of(profile, broken)
        self._notes += [CaseNote(name, "attribute-unreadable", f"{key}: {reason}") for key, reason in broken]
        contexts: list[Context] = []
        for number, each in enumerate(profile.contexts, 1):
            try:
                contexts.append(Context.model_validate(each))
            except ValidationError as error:
                self._refused.append(Refused(f"{name}, context {number}", reason_of(error)))
        self._add(name, attributes, contexts)

    def row(self, data: Any) -> None:
        """Take a row of the export."""
        label = label_of(data)
        if not isinstance(label, Label):
            self.labels.refused[label] += 1
            return
        self.labels.add(label)
        attributes, contexts = self._rows.setdefault(label.name, ({}, {}))
        known = attributes.setdefault(label.attribute, Attribute(memory_statement=label.statement))
        if known.memory_statement != label.statement:
            self.labels.refused["an attribute has two memory statements; the first is taken"] += 1
        where = label.recipient, label.task
        contexts.setdefault(where, Context(recipient=label.recipient, task=label.task))

    def done(self) -> Read:
        """Return all that was read."""
        for name, (attributes, contexts) in self._rows.items():
            self._add(name, attributes, list(contexts.values()))
        return Read(tuple(self._people), self.labels, tuple(self._notes), tuple(self._refused))

    def _add(self, name: str, attributes: Mapping[str, Attribute], contexts: list[Context]) -> None:
        plain = slug(name, 30)
        self._ids[plain] += 1
        number = self._ids[plain]
        unique = plain if number == 1 else f"{plain}-{number}"
        self._people.append(Person(unique, name, attributes, tuple(contexts)))
