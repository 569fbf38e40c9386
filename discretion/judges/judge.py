"""The judge that tiers make: questions from an episode, answers from the tiers, findings from the norms."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import JsonValue

from discretion.envs.episode import Episode
from discretion.judges.cascade import Answer, Cascade, Question, Tier
from discretion.judges.cases import Case, case_of
from discretion.judges.exposure import exposed
from discretion.judges.findings import Judgement
from discretion.judges.ledger import findings, verdict_of
from discretion.judges.rules import RuleTier
from discretion.judges.success import evaluate_goals, succeeded
from discretion.scenarios.instance import Instance

__all__ = ["CascadeJudge", "RuleJudge"]


class CascadeJudge:
    """Judges episodes by asking tiers, the cheapest first, about each fact in each text that reached somebody.

    Args:
        name: What manifests and judgements call it.
        tiers: The cheapest first.
    """

    def __init__(self, name: str, tiers: Sequence[Tier]) -> None:
        self.name = name
        self.cascade = Cascade(tiers)

    def describe(self) -> dict[str, JsonValue]:
        """Return what a manifest holds of this judge: its name, and its tiers in order with their settings."""
        return {"name": self.name, "tiers": self.cascade.describe()}

    def judge(self, episode: Episode, instance: Instance) -> Judgement:
        """Return what the judge says of the episode.

        Args:
            episode: What happened.
            instance: Where; with sessions, the one of the episode's session.
        """
        case = case_of(instance)
        answers = self._answers(episode, case)
        by_agent = [disclosure for disclosure in episode.disclosures if disclosure.by_agent]
        passed_on = [disclosure for disclosure in episode.disclosures if not disclosure.by_agent]
        found = findings(case, by_agent, answers)
        goals = evaluate_goals(episode, instance)
        return Judgement(
            judge=self.name,
            findings=found,
            onward=findings(case, passed_on, answers),
            exposed=exposed(case, episode),
            success=succeeded(case, found, goals),
            goals=goals,
            unscored=_unscored(episode),
        )

    def _answers(self, episode: Episode, case: Case) -> dict[int, dict[str, Answer]]:
        disclosures = {disclosure.index: disclosure for disclosure in episode.disclosures}

        def matters(question: Question, answer: Answer) -> bool:
            """Whether some recipient must have, or must not have, more of the fact than was found."""
            disclosure, fact = disclosures[question.disclosure], question.fact.id
            wanted = ("required",) if answer.presence == "partial" else ("required", "forbidden")
            return any(
                verdict_of(case, fact, recipient, disclosure).kind in wanted and not case.graph.knows(fact, recipient)
                for recipient in map(case.actor, disclosure.recipients)
            )

        questions = [
            Question(fact, disclosure.index, disclosure.text)
            for disclosure in disclosures.values()
            for fact in case.instance.facts
        ]
        answers: dict[int, dict[str, Answer]] = {}
        for question, answer in zip(questions, self.cascade.ask(questions, case.instance, matters), strict=True):
            if answer.presence != "absent":
                answers.setdefault(question.disclosure, {})[question.fact.id] = answer
        return answers


class RuleJudge(CascadeJudge):
    """The rule tier alone: exact, fast, and silent about facts that have no reliable surface form."""

    def __init__(self) -> None:
        super().__init__("rules", [RuleTier()])


def _unscored(episode: Episode) -> str:
    ending = episode.ending
    return ending.fault or ("the episode is not over" if ending.kind == "running" else "")
