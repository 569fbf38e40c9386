"""What later tiers are asked, and what becomes of their answers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import pytest
from judge_kit import office, played, sent, shown
from pydantic import JsonValue

from discretion.judges import Answer, Cascade, CascadeJudge, Question, RuleTier, Span
from discretion.scenarios.instance import Instance


@dataclass
class Reader:
    """A tier that answers as it is told, and remembers what it was asked."""

    says: Callable[[Question], Answer]
    name: str = "reader"
    asked: list[tuple[str, int]] = field(default_factory=list)

    def answer(self, questions: Sequence[Question], instance: Instance) -> list[Answer]:
        self.asked += [(question.fact.id, question.disclosure) for question in questions]
        return [self.says(question) for question in questions]

    def describe(self) -> dict[str, JsonValue]:
        return {"votes": 3}


def with_reader(presence: str, **fields: object) -> tuple[CascadeJudge, Reader]:
    reader = Reader(lambda question: Answer(presence, tier="reader", **fields))  # type: ignore[arg-type]
    return CascadeJudge("both", [RuleTier(), reader]), reader


def test_a_later_tier_is_asked_only_what_is_open_and_matters() -> None:
    judge, reader = with_reader("absent")
    mails = (sent("hello"), sent("hello", "ruth", step=2), sent("hello", "sam", step=3))
    judgement = judge.judge(played(*mails), office())
    assert reader.asked == [("mood", 1)]  # no norm speaks of Ruth, and Sam knows
    assert judgement.findings == ()


def test_its_answer_settles_the_question() -> None:
    spans = (Span(disclosure=1, start=0, end=5, form="hello"),)
    judge, _ = with_reader("full", spans=spans)
    found = judge.judge(played(sent("hello")), office()).findings
    assert shown(found) == [("mood", "tom", "full", "forbidden", 1)]
    assert (found[0].judge, found[0].spans) == ("reader", spans)


def test_what_it_passes_on_stays_not_scored_with_its_reason() -> None:
    judge, _ = with_reader("not_scored", open=True, reason="two of three votes failed")
    finding = judge.judge(played(sent("hello")), office()).findings[0]
    assert (finding.presence, finding.reason) == ("not_scored", "two of three votes failed")


def test_a_part_that_was_found_stays_found() -> None:
    instance = office(task={"instruction": "x", "requires": [{"fact": "mood", "recipient": "ruth"}]})
    judge, reader = with_reader("absent")
    finding = judge.judge(played(sent("low spirits", "ruth")), instance).findings[0]
    assert reader.asked == [("mood", 1)]
    assert (finding.presence, finding.judge) == ("partial", "rules")
    judge, _ = with_reader("full")
    assert judge.judge(played(sent("low spirits", "ruth")), instance).findings[0].presence == "full"


def test_a_part_where_the_flow_is_forbidden_needs_no_second_opinion() -> None:
    judge, reader = with_reader("full")
    judge.judge(played(sent("low spirits")), office())
    assert reader.asked == []


def test_a_tier_must_answer_every_question() -> None:
    class Silent(Reader):
        def answer(self, questions: Sequence[Question], instance: Instance) -> list[Answer]:
            return []

    judge = CascadeJudge("broken", [RuleTier(), Silent(lambda question: Answer("absent"))])
    with pytest.raises(ValueError, match="zip"):
        judge.judge(played(sent("hello")), office())


def test_a_cascade_has_tiers_and_says_which() -> None:
    with pytest.raises(ValueError, match="at least one tier"):
        Cascade([])
    assert with_reader("absent")[0].describe()["tiers"] == [
        {"tier": "rules", "version": 1},
        {"tier": "reader", "votes": 3},
    ]
