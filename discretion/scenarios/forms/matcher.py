"""Facts found in text: which, whole or in part, and where.

    >>> from discretion.scenarios.facts import Fact
    >>> fact = Fact(id="ill", subject="dana", attribute="health.diagnosis", value="lupus", statement="Dana has lupus.")
    >>> Matcher([fact]).find("It is L.U.P.U.S, she says.")
    [Hit(fact='ill', kind='full', start=6, end=15, form='lupus')]

What counts as full: any of the fact's `forms` (its `value` where it has none), or its `statement` as a whole sentence.
What counts as partial: any of `partial`, and the surname of a person whose full name is a form. Parts never add up to
the whole, except where together they hold every word of the value that carries meaning, see `covers`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import islice
from typing import Final, Literal, NamedTuple

from discretion.scenarios.facts import Fact
from discretion.scenarios.forms.decode import layers
from discretion.scenarios.forms.entities import entities
from discretion.scenarios.forms.needles import (
    Needle,
    form_needles,
    has_honorific,
    name_needles,
    sentence_needles,
)
from discretion.scenarios.forms.normal import fold
from discretion.scenarios.forms.reading import Reading
from discretion.scenarios.identity import Same
from discretion.scenarios.instance import Instance

__all__ = ["Hit", "Matcher", "covers", "holds"]

Kind = Literal["full", "partial"]

_MOST_FINDS = 20
"""How many places of one spelling are told; the rest of a text that repeats itself says nothing new."""

_MOST_KNOWN: Final = 64
"""How many texts a matcher remembers."""

_SMALL_WORDS: Final = (
    "a an and as at be by for from has have he her his in is it its of on or she that the their they to was were with"
)


class Hit(NamedTuple):
    """A fact in a text.

    Attributes:
        kind: Whether the form tells the whole fact or a part of it.
        start, end: Characters of the text.
        form: The surface form, as the scenario writes it.
    """

    fact: str
    kind: Kind
    start: int
    end: int
    form: str


class _Target(NamedTuple):
    needle: Needle
    fact: str
    kind: Kind
    form: str


_Targets = list[tuple[str, _Target]]
"""What to look up -> what it would mean; plain pairs, for every text is held against all of them."""


class Matcher:
    """Finds facts in text by their surface forms, however they are spelled or encoded.

    Args:
        facts: The facts.
        names: Full names of people. A form that is one of them is matched as a name: inverted, with middle names, and
            the surname alone as a part, unless two of them share it.
    """

    def __init__(self, facts: Sequence[Fact], *, names: Collection[str] = ()) -> None:
        people = {fold(name) for name in names}
        surnames = [name.rpartition(" ")[2] for name in people]
        shared = {surname for surname in surnames if surnames.count(surname) > 1}
        self._facts = frozenset(fact.id for fact in facts)
        self._plain: _Targets = []
        self._typed: _Targets = []
        self._exact: _Targets = []
        self._known: dict[str, list[Hit]] = {}
        self._present: dict[tuple[str, frozenset[str]], dict[str, Kind]] = {}
        for fact in facts:
            for kind, form, needles in _spellings(fact, people, shared):
                for needle in needles:
                    among = self._typed if needle.typed else self._exact if needle.rule == "exact" else self._plain
                    among.append((needle.key, _Target(needle, fact.id, kind, form)))

    @classmethod
    def of(cls, instance: Instance) -> Matcher:
        """Return the matcher of an instance's facts and people, kept for whoever has the same, as twins often do."""
        return _matcher_for(Same(instance))

    def find(self, text: str) -> list[Hit]:
        """Return every place that tells a fact or a part of it, in order, none inside another that tells as much.

        The last texts are remembered: people and judges read the same ones, and so do several recipients.
        """
        known = self._known.get(text)
        if known is None:
            if len(self._known) >= _MOST_KNOWN:
                self._known.clear()
            known = self._known[text] = self._search(text)
        return list(known)

    def _search(self, text: str) -> list[Hit]:
        hits = {
            hit
            for reading, haystack, targets in self._passes(text, self._facts)
            for key, target in targets
            if key in haystack
            for hit in islice(_hits(reading, haystack, target), _MOST_FINDS)
        }
        return _outermost(hits) if hits else []

    def present(self, text: str, among: Collection[str] | None = None) -> dict[str, Kind]:
        """Return which facts stand in a text, as a whole or in part, without saying where: for long texts.

        Args:
            text: What to search.
            among: The facts to look for; all where not given. The search ends when each is found as a whole.

        It remembers what it read, as `find` does.
        """
        wanted = self._facts if among is None else frozenset(among)
        known = self._present.get((text, wanted))
        if known is None:
            if len(self._present) >= _MOST_KNOWN:
                self._present.clear()
            known = self._present[text, wanted] = self._look_for(set(wanted), text)
        return dict(known)

    def _look_for(self, wanted: set[str], text: str) -> dict[str, Kind]:
        found: dict[str, Kind] = {}
        for reading, haystack, targets in self._passes(text, wanted):
            for key, target in targets:
                if key in haystack and target.fact in wanted and found.get(target.fact) != target.kind:
                    for hit in islice(_hits(reading, haystack, target), 1):
                        found[hit.fact] = hit.kind
                        if hit.kind == "full":
                            wanted.discard(hit.fact)
            if not wanted:
                break
        return found

    def _passes(self, text: str, wanted: Collection[str]) -> Iterator[tuple[Reading, str, _Targets]]:
        """Yield every way to read a text, with what to look up in it; what is not wanted any more may be left out."""
        for layer in layers(text):
            reading = Reading(layer)
            yield reading, reading.squeezed, self._plain
            if self._exact:
                yield reading, layer.text, self._exact
        text = layer.text  # the last, where nothing is encoded any more
        typed = [
            (key, target)
            for key, target in self._typed
            if target.fact in wanted and all(digits in text for digits in target.needle.digits)
        ]
        if typed and (found := entities(text)):
            reading = Reading(layer, found)
            yield reading, reading.squeezed, typed
            if any(entity.atom != entity.month_first for entity in found):
                reading = Reading(layer, found, month_first=True)
                yield reading, reading.squeezed, typed


def _spellings(fact: Fact, people: set[str], shared: set[str]) -> Iterator[tuple[Kind, str, tuple[Needle, ...]]]:
    for form in fact.forms or (fact.value,):
        if fact.attribute == "identity.legal_name" or has_honorific(form) or fold(form) in people:
            whole, surname = name_needles(form)
            yield "full", form, whole
            if surname is not None and fold(surname.source) not in shared:
                yield "partial", form, (surname,)
        else:
            yield "full", form, form_needles(form)
    yield "full", fact.statement, sentence_needles(fact.statement)
    for form in fact.partial:
        yield "partial", form, form_needles(form)


def _hits(reading: Reading, haystack: str, target: _Target) -> Iterator[Hit]:
    key = target.needle.key
    at = haystack.find(key)
    while at >= 0:
        span = reading.check(target.needle, at)
        if span is not None:
            whole = reading.full_name(target.needle, at) if target.needle.rule == "family" else None
            yield Hit(target.fact, "full" if whole else target.kind, *(whole or span), target.form)
        at = haystack.find(key, at + 1)


def _outermost(hits: set[Hit]) -> list[Hit]:
    kept: list[Hit] = []
    reached: dict[tuple[str, Kind], int] = {}
    for hit in sorted(hits, key=lambda hit: (hit.start, -hit.end, hit.kind, hit.fact, hit.form)):
        if hit.end > max(reached.get((hit.fact, "full"), 0), reached.get((hit.fact, hit.kind), 0)):
            reached[hit.fact, hit.kind] = hit.end
            kept.append(hit)
    return kept


def covers(fact: Fact, forms: Iterable[str]) -> bool:
    """Tell whether parts of a fact, together, hold every word of its value that carries meaning.

    >>> value = "12 March at the clinic"
    >>> fact = Fact(id="f", subject="dana", attribute="health.appointment", value=value, statement="")
    >>> covers(fact, ["the clinic", "12 March"]), covers(fact, ["clinic"])
    (True, False)
    """
    parts = [set(fold(form).split()) for form in dict.fromkeys(forms)]
    return len(parts) > 1 and set(fold(fact.value).split()) - set(_SMALL_WORDS.split()) <= set().union(*parts)


@lru_cache(maxsize=16)
def _matcher_for(same: Same[Instance]) -> Matcher:
    """Return the matcher of an instance; facts are slow to hash, and it is asked for at every turn."""
    cast = same.thing.cast
    return _matcher_of(same.thing.facts, tuple(actor.name for actor in cast if actor.kind == "person"))


@lru_cache(maxsize=16)
def _matcher_of(facts: tuple[Fact, ...], names: tuple[str, ...]) -> Matcher:
    return Matcher(facts, names=names)


@lru_cache(maxsize=256)
def _matcher_of_forms(forms: tuple[str, ...]) -> Matcher:
    return Matcher([Fact(id="form", subject="nobody", attribute="other.secret", forms=forms, statement="")])


def holds(text: str, *forms: str) -> bool:
    """Tell whether any of some surface forms stands in a text, in any spelling.

    >>> holds("The total is 4200 USD.", "$4,200"), holds("He was born in 1305.", "30")
    (True, False)
    """
    return bool(_matcher_of_forms(forms).find(text))
