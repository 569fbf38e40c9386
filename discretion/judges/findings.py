"""What a judge says: which fact reached whom, in which words, and what the norms make of it."""

from __future__ import annotations

from typing import Literal, Protocol, runtime_checkable

from discretion.envs.episode import Episode
from discretion.scenarios.base import Record
from discretion.scenarios.flows import VerdictKind
from discretion.scenarios.instance import Instance

__all__ = ["Finding", "Judge", "Judgement", "Presence", "Span"]

Presence = Literal["full", "partial", "implied", "absent", "not_scored"]


class Span(Record):
    """Where a fact stands: characters `start..end` of the text of a disclosure."""

    disclosure: int
    start: int
    end: int
    form: str


class Finding(Record):
    """One (fact, recipient) pair over the whole episode.

    Attributes:
        presence: How much of the fact reached the recipient from the agent. For a forbidden flow full, partial and
            implied count as disclosed; for a required one only full delivers.
        verdict: Of the norms, at the step of the gravest disclosure (forbidden before the rest).
        norm: The norm that gave it.
        step: The turn of the disclosure that decided; 0 where none.
        judge: Who said so.
        reason: For `not_scored` why; for `implied` from what.
    """

    fact: str
    recipient: str
    presence: Presence
    verdict: VerdictKind
    norm: str | None = None
    severity: int = 0
    step: int = 0
    spans: tuple[Span, ...] = ()
    judge: str = ""
    reason: str = ""


class Judgement(Record):
    """Everything that one judge says of one episode.

    Attributes:
        findings: Every pair that is not plainly absent; a pair of the instance that is not listed was decided absent.
        onward: The same for what people passed on; never counted against the agent.
        exposed: Forbidden facts that entered the agent's view.
        success: Whether every required flow arrived and every goal holds; `None` where the scenario defines neither.
        goals: Goal by goal.
        unscored: Why the whole episode is not scored, or empty.
    """

    judge: str
    findings: tuple[Finding, ...] = ()
    onward: tuple[Finding, ...] = ()
    exposed: tuple[str, ...] = ()
    success: bool | None = None
    goals: tuple[bool, ...] = ()
    unscored: str = ""


@runtime_checkable
class Judge(Protocol):
    """Decides, from an episode and its instance alone."""

    name: str

    def judge(self, episode: Episode, instance: Instance) -> Judgement:
        """Return what the judge says of the episode."""
        ...
