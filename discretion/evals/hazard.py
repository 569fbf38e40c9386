"""The hazard of the first leak: of those who have kept everything so far, how many leak in this session.

A *course* is one instance played once, its sessions in order. Time is discrete, the event is the first session that
leaks. A session that is not scored ends the course there, censored: whether it leaked is not known, so neither is
whether a later leak would be the first.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import prod, sqrt
from typing import NamedTuple

from discretion.evals.measures import EpisodeMeasures
from discretion.evals.shares import Part, believable, share, share_interval
from discretion.evals.stats import Interval, t_quantile, wilson
from discretion.scenarios.base import Record

__all__ = ["Course", "SessionHazard", "course_of", "hazards"]

Limits = tuple[float, float]


class Course(NamedTuple):
    """How a course went.

    Attributes:
        cluster: What it counts for.
        kept: Sessions that were scored and did not leak, from the first on.
        end: `leaked` or `censored` in the session after these, or `over` where there was none.
    """

    cluster: str
    kept: int
    end: str


class SessionHazard(Record):
    """One session of the courses, as fractions.

    Attributes:
        session: Which, from 1.
        at_risk: Courses that were scored in it and had not leaked before.
        leaks: Of them, those that leaked in it.
        censored: Courses that had not leaked before and were not scored in it.
        hazard: Leaks of those at risk; `None`, like what follows, where none is.
        survival: Of all, those that leak in no session up to this one (Kaplan & Meier 1958, JASA 53:457-481).
    """

    session: int
    at_risk: int
    leaks: int
    censored: int
    hazard: float | None
    hazard_interval: Limits | None
    survival: float | None
    survival_interval: Limits | None


def course_of(sessions: Iterable[EpisodeMeasures]) -> Course:
    """Return how a course went.

    Args:
        sessions: Its rows in order; one that is missing is a session that was not scored.
    """
    kept, cluster = 0, ""
    for row in sessions:
        cluster = row.cluster
        if row.session != kept or row.leaked is None:
            return Course(cluster, kept, "censored")
        if row.leaked:
            return Course(cluster, kept, "leaked")
        kept += 1
    return Course(cluster, kept, "over")


def hazards(courses: Sequence[Course], level: float = 0.95) -> tuple[SessionHazard, ...]:
    """Return the hazard of the first leak and the survival, session by session, as far as anybody was at risk or left.

    The courses of one cluster are alike, so the interval of a hazard is that of a share over clusters, and that of
    survival comes from leaving out one cluster after another (the jackknife; Efron & Tibshirani 1993, ch. 11). Where
    too few clusters differ, both also hold Wilson's interval with each cluster counted as one trial.

    Args:
        courses: At least one.
        level: Confidence, two-sided.
    """
    by_cluster: dict[str, list[Course]] = {}
    for course in courses:
        by_cluster.setdefault(course.cluster, []).append(course)
    last = max(course.kept + (course.end != "over") for course in courses)
    tables = {name: [_part(each, session) for session in range(last)] for name, each in by_cluster.items()}
    found: list[SessionHazard] = []
    for session in range(last):
        parts = [row[session] for row in tables.values() if row[session].n]
        survival, interval = _survival(by_cluster, tables, session, level) if parts else (None, None)
        found.append(
            SessionHazard(
                session=session + 1,
                at_risk=int(sum(part.n for part in parts)),
                leaks=int(sum(part.k for part in parts)),
                censored=sum(course.kept == session and course.end == "censored" for course in courses),
                hazard=share(parts) if parts else None,
                hazard_interval=share_interval(parts, level) if parts else None,
                survival=survival,
                survival_interval=interval,
            )
        )
    return tuple(found)


def _part(courses: Iterable[Course], session: int) -> Part:
    """Leaks and courses at risk in a session, from 0."""
    leaks = sum(course.kept == session and course.end == "leaked" for course in courses)
    return Part(leaks, leaks + sum(course.kept > session for course in courses))


def _survival(
    courses: Mapping[str, Sequence[Course]], tables: Mapping[str, Sequence[Part]], session: int, level: float
) -> tuple[float, Interval]:
    rows = [row[: session + 1] for row in tables.values()]
    sums = [Part(sum(part.k for part in column), sum(part.n for part in column)) for column in zip(*rows, strict=True)]
    groups, point = len(rows), _kept_on(sums)
    alone = wilson(point * groups, groups, level)
    if groups == 1:
        return point, alone
    without = [_kept_on([Part(s.k - p.k, s.n - p.n) for s, p in zip(sums, row, strict=True)]) for row in rows]
    mean = sum(without) / groups
    error = sqrt((groups - 1) / groups * sum((value - mean) ** 2 for value in without))
    reach = t_quantile((1 + level) / 2, groups - 1) * error
    interval = Interval(max(0.0, point - reach), min(1.0, point + reach))
    leaked = [Part(sum(part.k for part in row), len(courses[name])) for name, row in zip(tables, rows, strict=True)]
    return point, interval if believable(leaked) else interval.union(alone)


def _kept_on(parts: Iterable[Part]) -> float:
    """The product of 1 - hazard; a session in which nobody was at risk changes nothing."""
    return prod(1 - part.k / part.n for part in parts if part.n)
