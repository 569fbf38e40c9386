"""Slips of the pen that load: a role or purpose that no norm hears, a shared calendar that nobody can write into."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from functools import lru_cache
from typing import Final

from discretion.scenarios.fields import Loc
from discretion.scenarios.flows import Principle
from discretion.scenarios.lint_rules import Case, Problem

__all__ = ["slips"]

_CLOSE: Final = 0.9
"""How alike two names are of which one is the other misspelt."""


def slips(case: Case) -> Iterator[Problem]:
    """Yield what an author of this twin most likely meant otherwise."""
    yield from _ownerless(case)
    if not case.instance.source:
        yield from _misheard(case)


def _ownerless(case: Case) -> Iterator[Problem]:
    """Shared calendars that the user's assistant can read, and whose entries it would put elsewhere."""
    for place, channel in enumerate(case.instance.channels):
        if channel.kind == "calendar" and channel.owner is None and "calendar" in case.instance.toolkits:
            what = "a calendar without an owner: what the assistant enters goes to the user's own, which is not shared"
            yield Problem(
                "warning", ("channels", place), what, f"give it an owner, {case.instance.user!r} for the user's"
            )


def _misheard(case: Case) -> Iterator[Problem]:
    """Roles and purposes that no norm speaks of, and that look like one that some norm does."""
    norms = case.instance.norms
    patterns = [pattern for norm in norms for pattern in (*norm.sender, *norm.recipient, *norm.subject)]
    roles = {pattern.partition(" of ")[0] for pattern in patterns if "." in pattern and "*" not in pattern}
    for place, member in enumerate(case.instance.cast):
        for number, text in enumerate(member.roles):
            yield from _close(text.partition(" of ")[0], roles, "role", ("cast", place, "roles", number))
    purposes = {norm.purpose for norm in norms if norm.purpose is not None}
    for task, graph in zip(case.tasks, case.graphs, strict=True):
        if graph.instance.task.purpose:
            yield from _close(graph.instance.task.purpose, purposes, "purpose", (*task, "purpose"))
    stated: list[tuple[Loc, Iterable[Principle]]] = [(("principles",), case.instance.principles)]
    stated += [(("people", place, "grants"), each.grants) for place, each in enumerate(case.instance.people)]
    for loc, principles in stated:
        for place, principle in enumerate(principles):
            if principle.purpose:
                yield from _close(principle.purpose, purposes, "purpose", (*loc, place, "purpose"))


def _close(name: str, heard: Iterable[str], kind: str, loc: Loc) -> Iterator[Problem]:
    if found := _closest(name, frozenset(heard)):
        yield Problem("warning", loc, f"no norm speaks of the {kind} {name!r}", f"did you mean {found!r}?")


@lru_cache(maxsize=1024)
def _closest(name: str, known: frozenset[str]) -> str | None:
    """Return the word that a name is a slip of; remembered, for the norms of many scenarios speak of the same words."""
    close = () if name in known else get_close_matches(name, known, n=1, cutoff=_CLOSE)
    return next(iter(close), None)
