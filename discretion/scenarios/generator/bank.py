"""What plots are made of, read once: attributes, roles, purposes, everyday phrases and distractors."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from importlib import resources
from typing import Any, Final, Literal, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from discretion.errors import ScenarioError
from discretion.scenarios.base import Prose, Record, Slug
from discretion.scenarios.facts import Options
from discretion.scenarios.flows import Attribute, RoleText
from discretion.scenarios.taxonomy import context_of
from discretion.scenarios.validation import complaints

__all__ = [
    "Clue",
    "Distractors",
    "Entry",
    "Phrases",
    "Purpose",
    "RoleEntry",
    "attributes",
    "distractors",
    "phrases",
    "read",
    "roles",
]

_PRIVATE: Final = frozenset(
    {"health.patient", "finance.customer", "legal.client", "education.student", "education.parent"}
    | {"education.classmate", "housing.tenant", "housing.neighbour", "housing.roommate", "immigration.applicant"}
    | {"location.companion", "beliefs.fellow"}
)
"""Roles of people as private people, families aside."""

_Model = TypeVar("_Model", bound=BaseModel)
_SAFE: Final[type[yaml.SafeLoader]] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Loader(_SAFE):  # type: ignore[misc,valid-type]  # C where PyYAML was built with it
    """Reads YAML in which `on`, `yes` and dates are text, and only `true` and `false` are not."""


_Loader.yaml_implicit_resolvers = {
    sign: [(tag, pattern) for tag, pattern in found if not tag.endswith((":bool", ":timestamp"))]
    for sign, found in _SAFE.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile("^(?:true|false)$"), list("tf"))


class Clue(Record):
    """One of two facts, harmless alone, from which a private fact follows; `{key}` is what its options say of `key`.

    Attributes:
        attribute, noun, statement, forms, told_self, told_other, asked, passed: As of an entry.
    """

    attribute: Attribute
    noun: str
    statement: Prose
    forms: tuple[Prose, ...]
    told_self: tuple[Prose, ...]
    told_other: tuple[Prose, ...]
    asked: tuple[Prose, ...]
    passed: tuple[Prose, ...]


class Entry(Record):
    """A fact that plots can be about, with the ways in which people speak of it.

    Attributes:
        kind: `private` if some role must not know it, `open` for logistics that a task is there to pass on.
        about: What the subject can be.
        noun: `{subject.first}'s diagnosis`.
        choose, draw, statement, forms, partial, topics: As in a fact's template.
        told_self: The subject tells it.
        told_other: Somebody else, or a record, tells it.
        asked: Somebody asks for it.
        passed: The assistant passes it on.
        clues: Two facts that together give it away; none where nothing does.
    """

    id: Slug
    attribute: Attribute
    kind: Literal["private", "open"]
    about: tuple[Literal["person", "organisation"], ...] = ("person",)
    noun: str
    choose: Options = ()
    draw: str | None = None
    statement: Prose
    forms: tuple[Prose, ...]
    partial: tuple[Prose, ...] = ()
    topics: tuple[str, ...] = ()
    told_self: tuple[Prose, ...]
    told_other: tuple[Prose, ...]
    asked: tuple[Prose, ...]
    passed: tuple[Prose, ...]
    clues: tuple[Clue, Clue] | None = None


class RoleEntry(Record):
    """A role that recipients can have; `{self.name}` in its texts is who holds it.

    Attributes:
        role: `employment.manager of subject`, as norms name it.
        works: Whether they have a place in the directory of the user's firm.
        titles: Job titles; what a private person is to the subject is no title.
        signature: What stands below their name in a mail; it shows the tie to the subject.
        who: How the user names them, with the tie in it.
        other: What they are to the subject, without the name.
        reasons: Why they write.
        contexts: Of the facts that they would plausibly ask for.
    """

    role: RoleText
    works: bool
    titles: tuple[str, ...] = ()
    signature: tuple[str, ...]
    who: tuple[str, ...]
    other: tuple[str, ...]
    reasons: tuple[str, ...]
    contexts: tuple[str, ...]

    @property
    def where(self) -> Literal["work", "outside", "private"]:
        """Where they belong: at the user's firm, at another, or nowhere but at home."""
        private = context_of(self.role) == "family" or self.role.partition(" of ")[0] in _PRIVATE or not self.titles
        return "work" if self.works else "private" if private else "outside"


class Purpose(Record):
    """A purpose under which a flow is proper that is not so otherwise.

    Attributes:
        id: As the norms name it.
        says: How the user states it.
    """

    id: Slug
    says: tuple[str, ...]


class Phrases(Record):
    """What any plot may say.

    Attributes:
        texts: Name -> phrasings, for workflows that models may be trained on.
        held_out: The same names for the workflows that are kept from training.
        purposes: Purposes that norms know.
        other_purposes: What a thing may be wanted for that no norm speaks of.
        titles: Job titles of colleagues.
    """

    texts: dict[str, tuple[str, ...]]
    held_out: dict[str, tuple[str, ...]]
    purposes: tuple[Purpose, ...]
    other_purposes: tuple[str, ...]
    titles: tuple[str, ...]


class Distractors(Record):
    """Ordinary content, by kind."""

    mail: tuple[dict[str, str], ...]
    events: tuple[dict[str, Any], ...]
    crm: tuple[dict[str, str], ...]
    chat: tuple[dict[str, str], ...]
    notes: tuple[dict[str, str], ...]


@lru_cache(maxsize=1)
def attributes() -> dict[str, Entry]:
    """Return the attribute bank: id -> entry.

    Raises:
        ScenarioError: If an entry is broken, or two have one id.
    """
    entries: dict[str, Entry] = {}
    for file in files("attributes"):
        for row in read(f"attributes/{file}"):
            entry = record(Entry, row, f"attributes/{file}")
            if entry.id in entries:
                raise ScenarioError(f"the id {entry.id!r} is taken", where=f"attributes/{file}", remedy="rename one")
            entries[entry.id] = entry
    return entries


@lru_cache(maxsize=1)
def roles() -> dict[str, RoleEntry]:
    """Return the roles that recipients can have: id -> role."""
    return {role.role: role for role in (record(RoleEntry, row, "roles.yaml") for row in read("roles.yaml"))}


@lru_cache(maxsize=1)
def phrases() -> Phrases:
    """Return what any plot may say."""
    return record(Phrases, read("phrases.yaml"), "phrases.yaml")


@lru_cache(maxsize=1)
def distractors() -> Distractors:
    """Return ordinary content."""
    return record(Distractors, read("distractors.yaml"), "distractors.yaml")


def read(name: str) -> Any:
    """Return what a file of the generator's own folder holds."""
    return yaml.load(_folder().joinpath(name).read_bytes(), _Loader)  # noqa: S506 - a safe loader


def files(folder: str) -> Sequence[str]:
    """Return the names of the YAML files in one of the generator's folders, sorted."""
    return sorted(file.name for file in _folder().joinpath(folder).iterdir() if file.name.endswith(".yaml"))


def record(model: type[_Model], data: Any, where: str) -> _Model:
    """Return data as a record.

    Raises:
        ScenarioError: If it is none; with file and field.
    """
    try:
        return model.model_validate(data)
    except ValidationError as error:
        first = complaints(error, model, data)[0]
        name = data.get("id", data.get("role", "")) if isinstance(data, dict) else ""
        field = ".".join(map(str, first.loc))
        raise ScenarioError(first.what, where=f"{where} {name} {field}".strip(), remedy=first.remedy) from None


def _folder() -> Any:
    return resources.files("discretion.scenarios") / "generator"
