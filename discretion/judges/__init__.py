"""Who decides, from an episode and its instance alone: which fact reached whom, and what the norms make of it.

A judge is a cascade of tiers. `rules`, the first, finds surface forms; what it leaves open stays not scored until a
later tier can say. `resolve_judge` gives the judge of a name.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from discretion.errors import InputError, nearest
from discretion.judges.cascade import Answer, Cascade, Question, Tier
from discretion.judges.cases import Case, case_of
from discretion.judges.findings import Finding, Judge, Judgement, Presence, Span
from discretion.judges.judge import CascadeJudge, RuleJudge
from discretion.judges.rules import RuleTier
from discretion.judges.success import evaluate_goals

__all__ = [
    "JUDGES",
    "Answer",
    "Cascade",
    "CascadeJudge",
    "Case",
    "Finding",
    "Judge",
    "Judgement",
    "Presence",
    "Question",
    "RuleJudge",
    "RuleTier",
    "Span",
    "Tier",
    "case_of",
    "default_judge",
    "evaluate_goals",
    "resolve_judge",
]

JUDGES: Final[dict[str, Callable[[], CascadeJudge]]] = {"rules": RuleJudge}
"""Name -> what makes the judge of that name."""


def default_judge() -> CascadeJudge:
    """Return the judge that a run uses unless told otherwise."""
    return RuleJudge()


def resolve_judge(name: str) -> CascadeJudge:
    """Return the judge of a name.

    Raises:
        InputError: If there is none of that name.

    >>> resolve_judge("rules").name
    'rules'
    """
    if name not in JUDGES:
        raise InputError(f"unknown judge {name!r}", where="--judge", remedy=nearest(name, JUDGES))
    return JUDGES[name]()
