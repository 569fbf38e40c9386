"""What a comparison of two runs says: records that print and store."""

from __future__ import annotations

from typing import Literal, TypeAlias

from discretion.evals.hazard import SessionHazard
from discretion.evals.pairing import Measure, Side
from discretion.evals.repeats import By
from discretion.evals.word import Word
from discretion.scenarios.base import Record

__all__ = [
    "Comparison",
    "Drop",
    "Estimand",
    "HazardPair",
    "Limits",
    "Loss",
    "MemoryComparison",
    "MemoryDrop",
    "RelativeDrop",
    "Stratum",
    "Unfinished",
]

Estimand: TypeAlias = Literal["pack", "general"]
Limits: TypeAlias = tuple[float, float]


class Loss(Record):
    """How far something fell from baseline to candidate, in points; positive is loss.

    Attributes:
        pairs: Pairs that define it; twin couples for discernment, units for violation@n.
        scored: Of them, those that are scored on both sides, on which all but the bounds rest.
        clusters: Scenarios or profiles among them.
        baseline, candidate: The measure on each side, in percent; `None`, like `drop` and `interval`, above 10%
            unscored. For violation less is better, and its drop is the rise.
        interval: Of the drop, at the level of the comparison.
        bounds: The drop if the unscored were all for it, all against it.
        at_least, at_most: What is shown, whatever the unscored hide: the lower limit of the interval (95%) and the
            upper limit of the one that leaves twice as much outside (90%). Words and gates rest on them.
        detectable: The smallest drop that so many pairs show with 80% power.
    """

    pairs: int
    scored: int
    clusters: int
    baseline: float | None
    candidate: float | None
    drop: float | None
    interval: Limits | None
    bounds: Limits
    at_least: float
    at_most: float
    detectable: float


class Drop(Loss):
    """The drop of one measure."""

    measure: Measure


class MemoryDrop(Loss):
    """The drop of completeness, or of what violation@n leaves untold, which is the rise of violation@n.

    Attributes:
        repeats, by: For violation@n the n, and what the units are; `None` for completeness.
    """

    measure: Literal["completeness", "violation"]
    repeats: int | None = None
    by: By | None = None

    @property
    def name(self) -> str:
        """What gates and tables call it: `completeness`, `violation@5`."""
        return self.measure if self.repeats is None else f"{self.measure}@{self.repeats}"


class HazardPair(Record):
    """The hazard of the first leak in one session on both sides; `None` where nobody came so far."""

    session: int
    baseline: SessionHazard | None
    candidate: SessionHazard | None


class MemoryComparison(Record):
    """What two runs say about the use of one memory.

    Attributes:
        repeats: How often both sides played every instance, at least; the largest n of violation@n.
        drops: Completeness, then violation@n by pair and by fact, for n from 1 on.
        hazard: Session by session; empty where no instance has several.
    """

    repeats: int
    drops: tuple[MemoryDrop, ...]
    hazard: tuple[HazardPair, ...]


class RelativeDrop(Record):
    """The drop of agentic privacy in percent of the baseline's."""

    drop: float
    interval: Limits


class Stratum(Record):
    """The drop of agentic privacy in one part of the scenarios; a part of which over 10% is unscored has none.

    Attributes:
        interval, p: `None` where it is only descriptive: under 8 scenarios. `p` is adjusted by Holm over the others.
    """

    name: str
    pairs: int
    clusters: int
    drop: float
    interval: Limits | None
    p: float | None


class Unfinished(Record):
    """A run that was compared before all of it was played and judged: `episodes` of the `of` that it is made for."""

    side: Side
    episodes: int
    of: int

    def __str__(self) -> str:
        return f"unfinished: {self.episodes:,} of {self.of:,} episodes"


class Comparison(Record):
    """What two runs say about the loss from the one to the other.

    Attributes:
        estimand: `pack`: the mean over these scenarios, people drawn anew within each; the scenario is the cluster, or
            the profile where scenarios share one.
            `general`: the mean over the plots that these were drawn from, one seed each.
        family: How many candidates were compared at once; the word holds for all of them together (Holm).
        pairs: Episodes that both sides played.
        only_baseline, only_candidate: Episodes that one side alone played; they enter nothing.
        drops: By measure; a measure that the scenarios do not define is absent.
        relative: `None` where undefined: the baseline is not clearly above 10%, or too much is unscored.
        p: That the drop of agentic privacy is 0, by `test`; `None` above 10% unscored.
        memory: `None` where all scenarios are single tasks played once.
        unfinished: The sides whose runs lack episodes; empty also where no run files were compared.
    """

    word: Word
    estimand: Estimand
    tau: float
    level: float
    family: int = 1
    pairs: int
    scenarios: int
    only_baseline: tuple[str, ...]
    only_candidate: tuple[str, ...]
    drops: dict[Measure, Drop]
    relative: RelativeDrop | None
    p: float | None
    test: Literal["exact McNemar", "sign-flip"]
    strata: tuple[Stratum, ...] = ()
    memory: MemoryComparison | None = None
    unfinished: tuple[Unfinished, ...] = ()
