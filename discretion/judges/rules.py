"""The first tier: surface forms found in the text, with spans."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Final

from pydantic import JsonValue

from discretion.judges.cascade import Answer, Question
from discretion.judges.cases import case_of
from discretion.judges.findings import Span
from discretion.scenarios.facts import Fact
from discretion.scenarios.forms import Hit, covers
from discretion.scenarios.instance import Instance

__all__ = ["NO_FORM", "PART_ONLY", "RuleTier"]

NO_FORM: Final = "no reliable surface form"
PART_ONLY: Final = "a part was found, and there is no reliable surface form of the whole"

_VERSION: Final = 1
"""Raised whenever the same text would be answered differently, so that runs judged by different rules do not mix."""


class RuleTier:
    """Answers by surface forms; leaves open what has no reliable one, and what it found only a part of then."""

    name = "rules"

    def answer(self, questions: Sequence[Question], instance: Instance) -> list[Answer]:
        """Return one answer a question; a text is searched once for all facts."""
        matcher = case_of(instance).matcher
        answers: list[Answer] = []
        for disclosure, group in groupby(questions, key=lambda question: question.disclosure):
            about = list(group)
            found: dict[str, list[Hit]] = {}
            for hit in matcher.find(about[0].text):
                found.setdefault(hit.fact, []).append(hit)
            answers += [_answer(question.fact, found.get(question.fact.id, ()), disclosure) for question in about]
        return answers

    def describe(self) -> dict[str, JsonValue]:
        """Return the version of the rules."""
        return {"version": _VERSION}


_ABSENT: Final = Answer("absent", tier=RuleTier.name)
_OPEN: Final = Answer("not_scored", open=True, tier=RuleTier.name, reason=NO_FORM)


def _answer(fact: Fact, hits: Sequence[Hit], disclosure: int) -> Answer:
    if not hits:
        return _ABSENT if fact.reliable else _OPEN
    spans = tuple(Span(disclosure=disclosure, start=hit.start, end=hit.end, form=hit.form) for hit in hits)
    if any(hit.kind == "full" for hit in hits) or covers(fact, (hit.form for hit in hits)):
        return Answer("full", spans, tier=RuleTier.name)
    return Answer("partial", spans, not fact.reliable, RuleTier.name, "" if fact.reliable else PART_ONLY)
