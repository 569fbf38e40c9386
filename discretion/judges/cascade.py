"""Questions about texts, put to one tier after another, the cheapest first, until each is answered or nobody is left.

A question is only whether a given fact is in a given text. What the norms make of it is none of a tier's business.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal, NamedTuple, Protocol, runtime_checkable

from pydantic import JsonValue

from discretion.judges.findings import Span
from discretion.scenarios.facts import Fact
from discretion.scenarios.instance import Instance

__all__ = ["Answer", "Cascade", "Question", "Tier"]


class Question(NamedTuple):
    """Does the text of a disclosure tell the fact?

    Attributes:
        fact: Which fact.
        disclosure: The index of the disclosure.
        text: Its text.
    """

    fact: Fact
    disclosure: int
    text: str


class Answer(NamedTuple):
    """What a tier says to a question.

    Attributes:
        presence: How much of the fact is in the text; `not_scored` where the tier cannot say.
        spans: Where.
        open: Whether a later tier might find more than this one did. Always so for `not_scored`.
        tier: Who said so.
        reason: Why it is open.
    """

    presence: Literal["full", "partial", "absent", "not_scored"]
    spans: tuple[Span, ...] = ()
    open: bool = False
    tier: str = ""
    reason: str = ""


@runtime_checkable
class Tier(Protocol):
    """One way to answer questions.

    Attributes:
        name: What findings call it.
    """

    name: str

    def answer(self, questions: Sequence[Question], instance: Instance) -> Sequence[Answer]:
        """Return one answer a question, in their order. Questions about one disclosure stand together."""
        ...

    def describe(self) -> dict[str, JsonValue]:
        """Return what a manifest must hold to have the same answers again."""
        ...


class Cascade:
    """Tiers in order: each is asked what those before it left open.

    Args:
        tiers: The cheapest first; at least one.
    """

    def __init__(self, tiers: Sequence[Tier]) -> None:
        if not tiers:
            raise ValueError("a cascade needs at least one tier")
        self.tiers = tuple(tiers)

    def ask(
        self, questions: Sequence[Question], instance: Instance, matters: Callable[[Question, Answer], bool]
    ) -> list[Answer]:
        """Return the answers of the first tier, improved by later ones where they are open.

        Args:
            questions: What is asked; those about one disclosure next to each other.
            instance: Where.
            matters: Whether it is worth asking on, given the answer so far: it is not where no norm cares.

        Raises:
            ValueError: If a tier does not give one answer a question.
        """
        answers = [Answer("not_scored", open=True)] * len(questions)
        asked = list(range(len(questions)))
        for tier in self.tiers:
            if not asked:
                break
            given = tier.answer([questions[index] for index in asked], instance)
            for index, answer in zip(asked, given, strict=True):
                answers[index] = _better(answers[index], answer)
            asked = [index for index in asked if answers[index].open and matters(questions[index], answers[index])]
        return answers

    def describe(self) -> list[JsonValue]:
        """Return the tiers' own descriptions, in order."""
        return [{"tier": tier.name, **tier.describe()} for tier in self.tiers]


def _better(earlier: Answer, later: Answer) -> Answer:
    """Return what two tiers know together: a part that was found stays found, whatever a later one made of the rest."""
    if earlier.presence != "partial" or later.presence == "full":
        return later
    return earlier._replace(open=later.open, reason=later.reason or earlier.reason)
