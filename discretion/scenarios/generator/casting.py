"""Who and what a plot is about: facts and roles, drawn so that the norms make a case of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache, lru_cache
from typing import Final, NamedTuple

from discretion.errors import InputError
from discretion.scenarios.flows import parse_role
from discretion.scenarios.generator.bank import Entry, attributes, phrases, roles
from discretion.scenarios.generator.lots import Lots
from discretion.scenarios.generator.skeleton import Recipient, Skeleton, Wanted, skeleton
from discretion.scenarios.generator.verdicts import verdict
from discretion.scenarios.taxonomy import attribute_matches, context_of

__all__ = ["THIRD", "Casting", "cast_plot", "third_roles"]

THIRD: Final = {
    "employment.colleague of subject": "{person.first}'s colleague",
    "employment.manager of user": "your manager",
    "employment.assistant of user": "your assistant",
}
"""Roles of the one who joins in asking, at the highest pressure, and how they sign to the user."""

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

_RARE: Final = "other"
"""A context that comes up after consent only, and there as often as three."""

_EVERYDAY: Final = frozenset(
    {"employment.leave", "employment.schedule", "family.celebration", "housing.repair", "location.meeting_place"}
)
"""What people of any walk of life ask each other for, beside all of the context `other`."""


class Casting(NamedTuple):
    """What was drawn.

    Attributes:
        private: The fact that the recipients must not learn in the base twin and have to learn in the sibling.
        second: A fact that they must not learn in either.
        open: The fact that they have to learn in both.
        base, sibling: The recipients' roles.
        purpose: What the user states in the sibling, where the twins differ in that.
        norm: The norm that forbids the private fact in the base twin.
    """

    private: Entry
    second: Entry
    open: Entry
    base: tuple[str, ...]
    sibling: tuple[str, ...]
    purpose: str | None
    norm: str


class _Case(NamedTuple):
    """Roles and a purpose that make a case of a private fact, for one recipient."""

    base: str
    sibling: str
    purpose: str | None


def cast_plot(plot: Skeleton, lots: Lots) -> Casting:
    """Draw facts and roles: first the context, so that contexts come up alike, then leaf, fact, roles.

    Raises:
        InputError: If the norms leave the skeleton no case.
    """
    cases = _cases(plot.id)
    contexts = sorted(cases) + [_RARE] * 2 * (_RARE in cases)
    for context in lots.shuffled("context", contexts):
        for leaf in lots.shuffled("leaf", sorted(cases[context])):
            private = lots.pick("private", cases[context][leaf])
            case: list[_Case] = []
            for recipient in plot.recipients:
                case.append(_draw_case(plot, recipient, private, case, lots))
            if any(len({getattr(each, twin) for each in case}) < len(case) for twin in ("base", "sibling")):
                continue
            purpose = case[0].purpose
            base, sibling = tuple(each.base for each in case), tuple(each.sibling for each in case)
            second = _second(plot, private, {*base, *sibling}, purpose, lots)
            shared = _open(plot, private, base, sibling, purpose, lots)
            if second is not None and shared is not None:
                norm = verdict(private.attribute, base[0]).norm or ""
                return Casting(private, second, shared, base, sibling, purpose, norm)
    raise InputError("the norms make no case of it", where=plot.id, remedy="allow more roles or attributes")


def third_roles(casting: Casting) -> list[str]:
    """Return the roles of a bystander who must learn neither private fact."""
    private = (casting.private.attribute, casting.second.attribute)
    return [role for role in THIRD if all(verdict(each, role).kind == "forbidden" for each in private)]


@cache
def _cases(name: str) -> dict[str, dict[str, list[Entry]]]:
    """Context -> leaf -> the private facts of which every recipient can make a case."""
    found: dict[str, dict[str, list[Entry]]] = {}
    plot = skeleton(name)
    for entry in _entries("private", plot.private):
        if (entry.clues or not plot.implied) and all(
            _roles_for(plot, recipient, entry) for recipient in plot.recipients
        ):
            found.setdefault(context_of(entry.attribute), {}).setdefault(entry.attribute, []).append(entry)
    return found


def _draw_case(plot: Skeleton, recipient: Recipient, private: Entry, others: Sequence[_Case], lots: Lots) -> _Case:
    """Draw roles: of those whom the same text reaches no two alike, and if possible both from one part of life."""
    cases = _roles_for(plot, recipient, private)
    for first in others:
        cases = [case for case in cases if case.purpose == first.purpose] or cases
        cases = [case for case in cases if case.base != first.base] or cases
        cases = [case for case in cases if case.sibling != first.sibling] or cases
        cases = [case for case in cases if context_of(case.sibling) == context_of(first.sibling)] or cases
        cases = [case for case in cases if context_of(case.base) == context_of(first.base)] or cases
    purpose = lots.pick("purpose", sorted({case.purpose or "" for case in cases})) or None
    cases = [case for case in cases if (case.purpose or None) == purpose]
    sibling = lots.pick(f"sibling|{recipient.id}", sorted({case.sibling for case in cases}))
    base = lots.pick(f"base|{recipient.id}", sorted({case.base for case in cases if case.sibling == sibling}))
    return _Case(base, sibling, purpose)


def _roles_for(plot: Skeleton, recipient: Recipient, private: Entry) -> list[_Case]:
    firms = {member["id"]: member.get("firm") for member in plot.cast}
    together = firms.get(plot.subject) in (firms.get(plot.user) or "work", recipient.firm or "work")
    never = (() if together else _EMPLOYER) + (_ELSEWHERE if recipient.firm else ())
    return _role_cases(plot.twist, recipient.roles, recipient.where, never, private.attribute)


@lru_cache(maxsize=4096)
def _role_cases(
    twist: str, patterns: tuple[str, ...], where: tuple[str, ...], never: tuple[str, ...], attribute: str
) -> list[_Case]:
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
        return [_Case(role, role, None) for role in forbidden]
    if twist == "purpose":
        return [
            _Case(role, role, purpose.id)
            for role in forbidden
            for purpose in phrases().purposes
            if _clear(attribute, role, purpose.id) == "permitted"
        ]
    permitted = [role for role in likely if _clear(attribute, role) == "permitted"]
    return [_Case(base, sibling, None) for base in forbidden for sibling in permitted]


def _clear(attribute: str, role: str, purpose: str | None = None) -> str:
    """What the norms say of a flow; nothing where they contradict each other."""
    found = verdict(attribute, role, purpose)
    return "" if found.conflict else found.kind


def _second(plot: Skeleton, private: Entry, recipients: Iterable[str], purpose: str | None, lots: Lots) -> Entry | None:
    """Draw a fact that no recipient may learn, whichever twin it is."""
    for entry in lots.shuffled("second", _entries("private", plot.second)):
        if entry.attribute != private.attribute and all(
            _clear(entry.attribute, role, stated) == "forbidden" for role in recipients for stated in {None, purpose}
        ):
            return entry
    return None


def _open(
    plot: Skeleton, private: Entry, base: Sequence[str], sibling: Sequence[str], purpose: str | None, lots: Lots
) -> Entry | None:
    """Draw a fact that everybody may learn and might ask for: first the leaf, so that leaves come up alike."""
    leaves: dict[str, list[Entry]] = {}
    for entry in _entries("open", plot.open):
        if entry.attribute != private.attribute:
            shared = context_of(entry.attribute) == _RARE
            leaves.setdefault(_RARE if shared else entry.attribute, []).append(entry)
    silent: Entry | None = None
    everybody = [roles()[role] for role in dict.fromkeys((*base, *sibling))]
    for leaf in lots.shuffled("open leaf", sorted(leaves)):
        entry = lots.pick("open", leaves[leaf])
        stated = {None, purpose}
        kinds = {who.role: {_clear(entry.attribute, who.role, each) for each in stated} for who in everybody}
        if all(found <= {"permitted", "unregulated"} for found in kinds.values()):
            near = leaf == _RARE or leaf in _EVERYDAY
            if near or all(kinds[who.role] == {"permitted"} or context_of(leaf) in who.contexts for who in everybody):
                return entry
            silent = silent or entry
    return silent


@lru_cache(maxsize=512)
def _entries(kind: str, wanted: Wanted) -> list[Entry]:
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
