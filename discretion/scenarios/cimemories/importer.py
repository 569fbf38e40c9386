"""Imports profiles of CIMemories with their labels, or the export of the data set by itself."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from itertools import count
from pathlib import Path

from pydantic import ValidationError

from discretion.errors import ScenarioError
from discretion.scenarios.cimemories.build import SORTS, actor_of, scenario_of
from discretion.scenarios.cimemories.facts import USER, Facts
from discretion.scenarios.cimemories.labels import Labels, of_profile, read_labels, reason_of
from discretion.scenarios.cimemories.people import Person, read_people
from discretion.scenarios.importing import CaseNote, ImportReport, Refused, slug
from discretion.scenarios.schema import Scenario

__all__ = ["import_profiles"]


def import_profiles(path: str | Path, *, labels: str | Path | None = None) -> ImportReport:
    """Import profiles of CIMemories: one scenario for every profile and context.

    Args:
        path: Profiles (JSON or JSONL), or the export of the data set (JSON, JSONL, CSV, Parquet), which holds labels.
        labels: A file of labels for the profiles: the export, or profiles that hold them. Without it the profiles'
            own are taken.

    Returns:
        The scenarios, what was odd, and the contexts that could not be used; `tally` says what became of every pair of
        an attribute and a context.

    Raises:
        ScenarioError: If a file as a whole cannot be used, or there is no label for any context.
        MissingExtra: If a file is Parquet and pyarrow is not installed.
    """
    found = read_people(Path(path))
    given = read_labels(Path(labels)) if labels is not None else found.labels if found.labels.count else None
    importing = _Import(given)
    for person in found.people:
        importing.take(person)
    refused = (*found.refused, *importing.refused)
    if not importing.scenarios:
        first = f" (the first: {refused[0].reason})" if refused else ""
        remedy = "name a file of labels" if labels is None else "see that both files are of the same edition"
        raise ScenarioError(f"holds no context that can be used{first}", where=str(path), remedy=remedy)
    return ImportReport(
        tuple(importing.scenarios),
        (*found.notes, *importing.notes, *_label_notes(given)),
        refused,
        {sort: importing.tally[sort] for sort in SORTS},
    )


class _Import:
    """The contexts of all people, one after another.

    Args:
        labels: Where labels are looked up; `None` for those that the profiles hold.
    """

    def __init__(self, labels: Labels | None) -> None:
        self._labels = labels
        self.scenarios: list[Scenario] = []
        self.notes: list[CaseNote] = []
        self.refused: list[Refused] = []
        self.tally: Counter[str] = Counter()

    def take(self, person: Person) -> None:
        """Make the scenarios of a person."""
        if not person.attributes:
            self.refused.append(Refused(person.name, "none of its attributes can be read"))
            return
        facts = Facts(person.name, person.attributes, {USER, *map(actor_of, person.contexts)})
        self.notes += [CaseNote(person.name, "value-of-several", key) for key in sorted(facts.common)]
        loose = sum(not fact.reliable for fact in facts.templates.values())
        self.notes.append(CaseNote(person.name, "for-a-reader", f"{loose} of {len(person.attributes)} attributes"))
        names: set[str] = set()
        for context in person.contexts:
            case = f"{person.name}, {context.name}"
            labels = self._labels.of(person.name, context, person.attributes) if self._labels else None
            if labels is None:
                labels = of_profile(context, person.attributes)
            if not labels:
                self.refused.append(Refused(case, "no label says what may be told there"))
                self.tally["without label"] += len(person.attributes)
                continue
            name = _free(slug(context.recipient, 25), names)
            names.add(name)
            try:
                built = scenario_of(person.id, name, context, facts, labels)
            except ValidationError as error:
                self.refused.append(Refused(case, f"no scenario can hold it: {reason_of(error)}"))
                continue
            self.scenarios.append(built.scenario)
            self.tally.update({sort: len(keys) for sort, keys in built.sorts.items()})
            self.notes += [
                CaseNote(case, f"nothing-{sort}", "") for sort in ("required", "forbidden") if not built.sorts[sort]
            ]
            self.notes += [CaseNote(case, "told-by-required", key) for key in built.sorts["told by what is required"]]


def _free(name: str, taken: Collection[str]) -> str:
    """Return a name that is not taken: itself, or the first free one with a number behind it."""
    numbered = (f"{name}-{number}" for number in count(2))
    return name if name not in taken else next(each for each in numbered if each not in taken)


def _label_notes(labels: Labels | None) -> list[CaseNote]:
    """What became of the labels that no context used."""
    if labels is None:
        return []
    notes = [CaseNote("labels", "label-unreadable", f"{rows} x {why}") for why, rows in labels.refused.most_common()]
    if labels.clashes:
        notes.append(CaseNote("labels", "labels-contradict", f"{labels.clashes} pairs, left without label"))
    unused = labels.count - labels.clashes - labels.used
    if unused > 0:
        fit = "fit no profile, context or memory statement"
        notes.append(CaseNote("labels", "label-unused", f"{unused} of {labels.count} {fit}"))
    return notes
