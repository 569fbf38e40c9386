"""What the norms make of a skeleton: which facts and roles make a case, who may learn what else, and how many plots."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cache, lru_cache
from typing import Final, Literal, NamedTuple

from discretion.scenarios.flows import parse_role
from discretion.scenarios.generator.bank import Entry, attributes, phrases, roles
from discretion.scenarios.generator.skeleton import Recipient, Skeleton, Wanted, skeleton
from discretion.scenarios.generator.verdicts import verdict
from discretion.scenarios.taxonomy import attribute_matches, context_of

__all__ = ["RARE", "Case", "asked_by", "cases", "distinct_plots", "entries", "kept_from", "narrowed", "roles_for"]

_EMPLOYER: Final = (
    *("employment.manager of subject", "employment.colleague of subject", "employment.assistant of subject"),
    *("employment.hr", "immigration.employer of subject"),
)
"""Roles at the subject's place of work: nobody at the user's firm has them where the subject works elsewhere."""

_ELSEWHERE: Final = (
    *("employment.client", "legal.opposing_party", "legal.court", "immigration.authority", "health.patient"),
    *("finance.customer", "legal.client", "housing.tenant", "immigration.applicant", "education.student"),
)
"""Roles that nobody has towards people whom their own firm deals with."""

RARE: Final = "other"
"""A context of which everything private is kept from everybody: it comes up after consent only."""

_EVERYDAY: Final = frozenset(
    {"employment.leave", "employment.schedule", "family.celebration", "housing.repair", "location.meeting_place"}
)
"""What people of any walk of life ask each other for, beside all of the context `other`."""


class Case(NamedTuple):
    """Roles and a purpose that make a case of a private fact, for one recipient."""

    base: str
    sibling: str
    purpose: str | None


@lru_cache(maxsize=1024)
def cases(name: str) -> dict[str, dict[str, list[Entry]]]:
    """Context -> leaf -> the private facts of which every recipient can make a case."""
    found: dict[str, dict[str, list[Entry]]] = {}
    plot = skeleton(name)
    for entry in entries("private", plot.private):
        if (entry.clues or not plot.implied) and all(
            roles_for(plot, recipient, entry) for recipient in plot.recipients
        ):
            found.setdefault(context_of(entry.attribute), {}).setdefault(entry.attribute, []).append(entry)
    return found


def narrowed(found: Sequence[Case], others: Iterable[Case]) -> list[Case]:
    """Return the cases that suit those of the other recipients of the same text.

    No two of them are alike, and if possible they come from one part of life.
    """
    left = list(found)
    for first in others:
        left = [case for case in left if case.purpose == first.purpose] or left
        left = [case for case in left if case.base != first.base] or left
        left = [case for case in left if case.sibling != first.sibling] or left
        left = [case for case in left if context_of(case.sibling) == context_of(first.sibling)] or left
        left = [case for case in left if context_of(case.base) == context_of(first.base)] or left
    return left


def roles_for(plot: Skeleton, recipient: Recipient, private: Entry) -> list[Case]:
    """Return what makes a case of a fact for a recipient."""
    firms = {member["id"]: member.get("firm") for member in plot.cast}
    together = firms.get(plot.subject) in (firms.get(plot.user) or "work", recipient.firm or "work")
    never = (() if together else _EMPLOYER) + (_ELSEWHERE if recipient.firm else ())
    return _role_cases(plot.twist, recipient.roles, recipient.where, never, private.attribute)


@lru_cache(maxsize=4096)
def _role_cases(
    twist: str, patterns: tuple[str, ...], where: tuple[str, ...], never: tuple[str, ...], attribute: str
) -> list[Case]:
    context = context_of(attribute)
    likely = [
        role.role
        for role in roles().values()
        if context in role.contexts
        and role.role not in never
        and (not where or role.where in where)
        and (not patterns or any(_matches(pattern, role.role) for pattern in patterns))
    ]
    forbidden = [role for role in likely if _clear(attribute, role) == "forbidden"]
    if twist == "consent":
        return [Case(role, role, None) for role in forbidden]
    if twist == "purpose":
        return [
            Case(role, role, purpose.id)
            for role in forbidden
            for purpose in phrases().purposes
            if _clear(attribute, role, purpose.id) == "permitted"
        ]
    permitted = [role for role in likely if _clear(attribute, role) == "permitted"]
    return [Case(base, sibling, None) for base in forbidden for sibling in permitted]


def _clear(attribute: str, role: str, purpose: str | None = None) -> str:
    """What the norms say of a flow; nothing where they contradict each other."""
    found = verdict(attribute, role, purpose)
    return "" if found.conflict else found.kind


@cache
def kept_from(role: str, purpose: str | None) -> frozenset[str]:
    """Return the private attributes that a role must not learn, whether the purpose is stated or not."""
    return frozenset(
        attribute
        for attribute in {entry.attribute for entry in attributes().values() if entry.kind == "private"}
        if all(_clear(attribute, role, stated) == "forbidden" for stated in (None, purpose))
    )


@cache
def asked_by(role: str, purpose: str | None) -> tuple[frozenset[str], frozenset[str]]:
    """Return the open attributes that a role may learn and might ask for, and those that it may learn besides."""
    near: set[str] = set()
    far: set[str] = set()
    for attribute in {entry.attribute for entry in attributes().values() if entry.kind == "open"}:
        kinds = {_clear(attribute, role, stated) for stated in (None, purpose)}
        if kinds <= {"permitted", "unregulated"}:
            context = context_of(attribute)
            usual = context == RARE or attribute in _EVERYDAY or context in roles()[role].contexts
            (near if usual or kinds == {"permitted"} else far).add(attribute)
    return frozenset(near), frozenset(far)


def distinct_plots(name: str) -> int:
    """Return how many plots a skeleton gives that differ in attributes, roles or purpose, whatever people and words.

    Every combination is counted that can be drawn: for each private attribute and each case that the norms make of it,
    the second attributes times the open ones that go with these roles.
    """
    plot = skeleton(name)
    second = {entry.attribute for entry in entries("private", plot.second)}
    shared = {entry.attribute for entry in entries("open", plot.open)}
    return sum(
        _rest(frozenset(each for case in drawn for each in case[:2]), drawn[0].purpose, leaf, second, shared)
        for found in cases(name).values()
        for leaf, among in found.items()
        for drawn in set(_combined(plot, among[0], ()))
    )


def _combined(plot: Skeleton, private: Entry, drawn: tuple[Case, ...]) -> Iterator[tuple[Case, ...]]:
    if len(drawn) == len(plot.recipients):
        if all(len({getattr(case, twin) for case in drawn}) == len(drawn) for twin in ("base", "sibling")):
            yield drawn
        return
    for case in narrowed(roles_for(plot, plot.recipients[len(drawn)], private), drawn):
        yield from _combined(plot, private, (*drawn, case))


def _rest(who: frozenset[str], purpose: str | None, leaf: str, second: set[str], shared: set[str]) -> int:
    kept, near, far = _towards(who, purpose)
    shares = len((near & shared) - {leaf}) or bool((far & shared) - {leaf})
    return len((kept & second) - {leaf}) * shares


@lru_cache(maxsize=100_000)
def _towards(who: frozenset[str], purpose: str | None) -> tuple[frozenset[str], frozenset[str], frozenset[str]]:
    """What must be kept from all of some roles, what all might ask for, and what all may learn."""
    asked = [asked_by(role, purpose) for role in who]
    kept = frozenset.intersection(*(kept_from(role, purpose) for role in who))
    near = frozenset.intersection(*(each for each, _ in asked))
    return kept, near, frozenset.intersection(*(each | far for each, far in asked))


@lru_cache(maxsize=512)
def entries(kind: Literal["private", "open"], wanted: Wanted) -> list[Entry]:
    """Return the facts of a kind that a skeleton wants."""
    return [
        entry
        for entry in attributes().values()
        if entry.kind == kind
        and "person" in entry.about
        and (not wanted.entries or entry.id in wanted.entries)
        and (not wanted.attributes or any(attribute_matches(each, entry.attribute) for each in wanted.attributes))
    ]


def _matches(pattern: str, role: str) -> bool:
    """Tell whether a role fits a pattern: itself, with or without `of subject`, or its whole context."""
    wanted, given = parse_role(pattern), parse_role(role)
    return wanted.context in ("*", given.context) and wanted.name in ("*", given.name) and wanted.of in (None, given.of)
