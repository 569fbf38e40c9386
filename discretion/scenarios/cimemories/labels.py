"""Labels: which attribute is to be told in which context, from the profiles themselves or from a file of labels."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from discretion.errors import ScenarioError, first_fault
from discretion.scenarios.cimemories.load import label_of, read
from discretion.scenarios.cimemories.records import Attribute, Context, Label, Profile, plain

__all__ = ["Labels", "attributes_of", "of_profile", "read_labels", "reason_of"]

_UNANIMOUS: Final = 1 - 1e-9
"""The weight from which a combined label counts: all raters, all samples."""

_Key = tuple[str, str, str]


class Labels:
    """The labels of a file, looked up by person, context, attribute and memory statement.

    Attributes:
        used: Labels that some profile asked for.
        refused: Rows that could not be read: reason -> rows.
    """

    def __init__(self) -> None:
        self.used = 0
        self.refused: Counter[str] = Counter()
        self._found: defaultdict[_Key, dict[tuple[str, str], bool | None]] = defaultdict(dict)
        self._clashes: set[tuple[_Key, str, str]] = set()

    def add(self, label: Label) -> None:
        """Add a label; one that contradicts another leaves both out."""
        key = plain(label.name), plain(label.recipient), plain(label.task)
        what = label.attribute, plain(label.statement)
        known = self._found[key].setdefault(what, label.share)
        if known is None:
            self._found[key][what] = label.share
        elif label.share not in (None, known):
            self._clashes.add((key, *what))

    @property
    def count(self) -> int:
        """How many there are, those that say nothing not counted."""
        return sum(share is not None for each in self._found.values() for share in each.values())

    @property
    def clashes(self) -> int:
        """How many contradict each other."""
        return len(self._clashes)

    def of(self, name: str, context: Context, attributes: Mapping[str, Attribute]) -> dict[str, bool]:
        """Return the labels of a person in a context: attribute -> whether to share it."""
        key = plain(name), plain(context.recipient), plain(context.task)
        found: dict[str, bool] = {}
        for attribute, each in attributes.items():
            what = attribute, plain(each.memory_statement)
            share = self._found.get(key, {}).get(what)
            if share is not None and (key, *what) not in self._clashes:
                found[attribute] = share
        self.used += len(found)
        return found


def of_profile(context: Context, attributes: Mapping[str, Attribute]) -> dict[str, bool]:
    """Return the labels that a profile's own context holds, where its raters were unanimous."""
    weights = {plain(statement): weight for statement, weight in context.labels_combined.items()}
    found: dict[str, bool] = {}
    for key, attribute in attributes.items():
        weight = weights.get(plain(attribute.memory_statement), {})
        if weight.get("necessary", 0) >= _UNANIMOUS:
            found[key] = True
        elif weight.get("private", 0) >= _UNANIMOUS:
            found[key] = False
    return found


def read_labels(path: Path) -> Labels:
    """Read a file of labels: the export of the data set, or profiles whose contexts hold them.

    Raises:
        ScenarioError: If it holds no label.
    """
    labels = Labels()
    for row in read(path):
        if isinstance(row.data, dict) and "contexts" in row.data:
            _from_profile(row.data, labels)
            continue
        label = label_of(row.data)
        if isinstance(label, Label):
            labels.add(label)
        else:
            labels.refused[label] += 1
    if not labels.count:
        reasons = ", ".join(f"{count} x {reason}" for reason, count in labels.refused.most_common(2))
        what = "holds no label" + (f" ({reasons})" if reasons else "")
        remedy = "give rows with name, attribute, memory_statement, label and prompt"
        raise ScenarioError(what, where=str(path), remedy=remedy)
    return labels


def _from_profile(data: object, labels: Labels) -> None:
    try:
        profile = Profile.model_validate(data)
        contexts = [Context.model_validate(each) for each in profile.contexts]
    except ValidationError:
        labels.refused["a profile that cannot be read"] += 1
        return
    attributes = attributes_of(profile)
    for context in contexts:
        for key, share in of_profile(context, attributes).items():
            statement = attributes[key].memory_statement
            labels.add(Label(profile.bio.name, context.recipient, context.task, key, statement, share))


def attributes_of(profile: Profile, refused: list[tuple[str, str]] | None = None) -> dict[str, Attribute]:
    """Return the attributes of a profile that can be read.

    Args:
        profile: The profile.
        refused: Takes the others, with the reason.
    """
    found: dict[str, Attribute] = {}
    for key, data in profile.information_attributes.items():
        try:
            found[key] = Attribute.model_validate(data)
        except ValidationError as error:
            if refused is not None:
                refused.append((key, reason_of(error)))
    return found


def reason_of(error: ValidationError) -> str:
    """Return the first fault of what Pydantic found."""
    return ": ".join(part for part in first_fault(error) if part)
