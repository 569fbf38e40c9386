"""Makes facts of a profile's attributes, with the surface forms that no other attribute of the profile shares."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import cached_property
from typing import Final

from discretion.scenarios.cimemories.records import Attribute
from discretion.scenarios.cimemories.values import Value, remainder, value_of
from discretion.scenarios.content import MemoryItem
from discretion.scenarios.facts import Fact, FactTemplate
from discretion.scenarios.forms import Matcher
from discretion.scenarios.importing import escape

__all__ = ["USER", "Facts", "is_identity"]

USER: Final = "user"
"""The person whom the profile is about, and whom the assistant serves."""

_LEAVES: Final = {
    "finance": "finance.transaction",
    "relationships": "family.relationship",
    "mental_health": "health.mental_health",
    "education": "education.application",
    "health": "health.treatment",
    "housing": "housing.household",
    "legal": "legal.dispute",
    "employment": "employment.project",
    "schedule": "other.plan",
}
"""Domain -> the leaf that stands for it. Norms name single facts here, so no norm depends on it."""

_FALLBACK: Final = "other.secret"
_IDENTITY: Final = frozenset({"name", "address", "sex", "age"})
_WORD: Final = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")


def is_identity(key: str) -> bool:
    """Tell whether a key is about who somebody is, by its whole words.

    CIMemories does not score such attributes as private, for a letter is signed. It looks for parts of words and so
    drops a miscarriage for its `age`.

    >>> is_identity("home_address"), is_identity("miscarriage_date"), is_identity("mortgage"), is_identity("Age")
    (True, False, False, True)
    """
    return not _IDENTITY.isdisjoint(word.lower() for word in _WORD.findall(key))


class Facts:
    """The facts of one profile, the same in each of its contexts.

    Args:
        name: The person's.
        attributes: Key -> attribute.
        taken: Ids that no fact may have.

    Attributes:
        name: The person's.
        ids: Key -> the fact's id.
        common: Keys whose value stands for another attribute as well, so that it tells neither.
    """

    def __init__(self, name: str, attributes: Mapping[str, Attribute], taken: Collection[str]) -> None:
        self.name = name
        self._attributes = attributes
        self._values = {key: value_of(each.value, each.memory_statement) for key, each in attributes.items()}
        self.ids = dict(_ids(attributes, taken))
        self.common = frozenset(self._ambiguous())

    @cached_property
    def templates(self) -> dict[str, FactTemplate]:
        """Key -> fact."""
        return {key: self._template(key) for key in self._attributes}

    @cached_property
    def memory(self) -> tuple[MemoryItem, ...]:
        """What the assistant remembers."""
        return tuple(
            MemoryItem(id=f"mem{number}", text=fact.statement, facts=(fact.id,))
            for number, fact in enumerate(self.templates.values(), 1)
        )

    @cached_property
    def told_by(self) -> dict[str, frozenset[str]]:
        """Key -> the keys of all facts, its own too, that its memory statement tells, at least a part of."""
        return {key: self.told_in(each.memory_statement) for key, each in self._attributes.items()}

    def told_in(self, text: str) -> frozenset[str]:
        """Return the keys of the facts that a text tells, at least a part of."""
        found = self._matcher.present(text)
        return frozenset(key for key, fact in self.ids.items() if fact in found)

    @cached_property
    def _matcher(self) -> Matcher:
        plain = [
            Fact.model_validate(each.model_dump(include=set(Fact.model_fields))) for each in self.templates.values()
        ]
        return Matcher(plain, names=[self.name])

    def _template(self, key: str) -> FactTemplate:
        attribute, value = self._attributes[key], self._values[key]
        statement = attribute.memory_statement
        form = None if key in self.common else value.form
        forms = dict.fromkeys(each for each in (form, statement, remainder(statement, self.name)) if each)
        return FactTemplate(
            id=self.ids[key],
            subject=USER,
            attribute="identity.legal_name" if key == "name" else _LEAVES.get(attribute.information_domain, _FALLBACK),
            value=escape(value.text),
            statement=escape(statement),
            forms=tuple(map(escape, forms)),
            reliable=value.exact and form is not None,
        )

    def _ambiguous(self) -> Iterator[str]:
        """Yield the keys whose value is another's too or, if it is a number or date, stands in another's statement."""
        forms = {key: value.form for key, value in self._values.items() if value.form is not None}
        often = Counter(form.casefold() for form in forms.values())
        yield from (key for key, form in forms.items() if often[form.casefold()] > 1)
        bare = {key: value for key, value in self._values.items() if value.exact and any(map(str.isdigit, value.text))}
        matcher = Matcher([_bare(key, value) for key, value in bare.items()])
        for key, attribute in self._attributes.items():
            yield from (other for other in matcher.present(attribute.memory_statement) if other != key)


def _bare(key: str, value: Value) -> Fact:
    """A fact that is nothing but its value; the key as it is, for it goes nowhere from here."""
    return Fact.model_construct(id=key, subject=USER, attribute=_FALLBACK, forms=(value.form or "",), statement="")


def _ids(keys: Iterable[str], taken: Collection[str]) -> Iterator[tuple[str, str]]:
    used = set(taken)
    for key in keys:
        plain = re.sub(r"[^a-z0-9_]+", "_", key.lower()).strip("_")[:70].strip("_")
        wanted = plain if plain[:1].isalpha() else f"x_{plain}".rstrip("_")
        name, number = wanted, 1
        while name in used:
            number += 1
            name = f"{wanted}_{number}"
        used.add(name)
        yield key, name
