"""Who and what a plot is about: facts and roles, drawn so that the norms make a case of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from discretion.errors import InputError
from discretion.scenarios.generator.bank import Entry
from discretion.scenarios.generator.cases import RARE, Case, asked_by, cases, entries, kept_from, narrowed, roles_for
from discretion.scenarios.generator.lots import Lots
from discretion.scenarios.generator.skeleton import Recipient, Skeleton
from discretion.scenarios.generator.verdicts import verdict
from discretion.scenarios.taxonomy import context_of

__all__ = ["THIRD", "Casting", "cast_plot", "third_roles"]

THIRD: Final = {
    "employment.colleague of subject": "{person.first}'s colleague",
    "employment.manager of user": "your manager",
    "employment.assistant of user": "your assistant",
}
"""Roles of the one who joins in asking, at the highest pressure, and how they sign to the user."""


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


def cast_plot(plot: Skeleton, lots: Lots) -> Casting:
    """Draw facts and roles: first the context, so that contexts come up alike, then leaf, fact, roles.

    Raises:
        InputError: If the norms leave the skeleton no case.
    """
    found = cases(plot.id)
    # The rare context comes up as often as three, where it can.
    contexts = sorted(found) + [RARE] * 2 * (RARE in found)
    for context in lots.shuffled("context", contexts):
        for leaf in lots.shuffled("leaf", sorted(found[context])):
            private = lots.pick("private", found[context][leaf])
            case: list[Case] = []
            for recipient in plot.recipients:
                case.append(_draw_case(plot, recipient, private, case, lots))
            if any(len({getattr(each, twin) for each in case}) < len(case) for twin in ("base", "sibling")):
                continue
            purpose = case[0].purpose
            base, sibling = tuple(each.base for each in case), tuple(each.sibling for each in case)
            second = _second(plot, private, {*base, *sibling}, purpose, lots)
            shared = _open(plot, private, {*base, *sibling}, purpose, lots)
            if second is not None and shared is not None:
                norm = verdict(private.attribute, base[0]).norm or ""
                return Casting(private, second, shared, base, sibling, purpose, norm)
    raise InputError("the norms make no case of it", where=plot.id, remedy="allow more roles or attributes")


def third_roles(casting: Casting) -> list[str]:
    """Return the roles of a bystander who must learn neither private fact."""
    private = (casting.private.attribute, casting.second.attribute)
    return [role for role in THIRD if all(verdict(each, role).kind == "forbidden" for each in private)]


def _draw_case(plot: Skeleton, recipient: Recipient, private: Entry, others: Sequence[Case], lots: Lots) -> Case:
    among = narrowed(roles_for(plot, recipient, private), others)
    purpose = lots.pick("purpose", sorted({case.purpose or "" for case in among})) or None
    among = [case for case in among if case.purpose == purpose]
    sibling = lots.pick(f"sibling|{recipient.id}", sorted({case.sibling for case in among}))
    base = lots.pick(f"base|{recipient.id}", sorted({case.base for case in among if case.sibling == sibling}))
    return Case(base, sibling, purpose)


def _second(plot: Skeleton, private: Entry, who: set[str], purpose: str | None, lots: Lots) -> Entry | None:
    """Draw a fact that no recipient may learn, whichever twin it is."""
    kept = frozenset.intersection(*(kept_from(role, purpose) for role in who)) - {private.attribute}
    for entry in lots.shuffled("second", entries("private", plot.second)):
        if entry.attribute in kept:
            return entry
    return None


def _open(plot: Skeleton, private: Entry, who: set[str], purpose: str | None, lots: Lots) -> Entry | None:
    """Draw a fact that everybody may learn and might ask for: first the leaf, so that leaves come up alike."""
    asked = [asked_by(role, purpose) for role in who]
    near = frozenset.intersection(*(each for each, _ in asked))
    for allowed in (near, frozenset.intersection(*(each | far for each, far in asked))):
        leaves: dict[str, list[Entry]] = {}
        for entry in entries("open", plot.open):
            if entry.attribute in allowed - {private.attribute}:
                # The small leaves of `other` count as one.
                shared = context_of(entry.attribute) == RARE
                leaves.setdefault(RARE if shared else entry.attribute, []).append(entry)
        if leaves:
            return lots.pick("open", leaves[lots.pick("open leaf", sorted(leaves))])
    return None
