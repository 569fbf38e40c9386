"""The hazard of the first leak and the survival curve, against a table worked out by hand."""

from __future__ import annotations

import pytest
from memory_cases import failed, row

from discretion.evals.hazard import Course, course_of, hazards
from discretion.evals.stats import wilson


def test_a_course_ends_with_the_first_leak_or_the_first_session_that_is_not_scored() -> None:
    def course(*sessions: str) -> Course:
        rows = [failed(session=n) if what == "!" else row(what, session=n) for n, what in enumerate(sessions)]
        return course_of(rows)

    assert course("", "", "") == ("plot", 3, "over")
    assert course("", "0", "1") == ("plot", 1, "leaked")
    assert course("", "!", "0") == ("plot", 1, "censored")
    assert course("?1", "0") == ("plot", 0, "censored")
    assert course("0?1") == ("plot", 0, "leaked")


def test_a_session_that_is_missing_is_not_scored() -> None:
    assert course_of([row(session=0), row("0", session=2)]) == ("plot", 1, "censored")


COURSES = [
    Course("a", 0, "leaked"),
    Course("b", 1, "leaked"),
    Course("c", 1, "censored"),
    Course("d", 2, "over"),
    Course("e", 3, "over"),
    Course("f", 2, "leaked"),
]
"""Session 1: 1 of 6 leaks. Session 2: 1 of 4, and one is not scored. Session 3: 1 of 2 (d has two sessions)."""


def test_a_table_by_hand() -> None:
    one, two, three = hazards(COURSES)
    assert (one.session, one.at_risk, one.leaks, one.censored, one.hazard) == (1, 6, 1, 0, 1 / 6)
    assert (two.session, two.at_risk, two.leaks, two.censored, two.hazard) == (2, 4, 1, 1, 1 / 4)
    assert (three.session, three.at_risk, three.leaks, three.censored, three.hazard) == (3, 2, 1, 0, 1 / 2)
    assert [each.survival for each in (one, two, three)] == pytest.approx([5 / 6, 5 / 6 * 3 / 4, 5 / 6 * 3 / 4 / 2])


def test_single_courses_have_wilsons_interval() -> None:
    assert hazards(COURSES)[0].hazard_interval == wilson(1, 6)


def test_the_interval_of_survival_holds_it() -> None:
    for each in hazards(COURSES):
        assert each.survival is not None
        assert each.survival_interval is not None
        low, high = each.survival_interval
        assert 0 <= low <= each.survival <= high <= 1


def test_without_a_leak_the_interval_is_honest() -> None:
    (only,) = hazards([Course(name, 1, "over") for name in "abcdef"])
    assert (only.hazard, only.survival) == (0.0, 1.0)
    assert only.hazard_interval == only.survival_interval == wilson(0, 6) or only.survival_interval == wilson(6, 6)


def test_the_jackknife_by_hand() -> None:
    # One session, clusters of 2 courses: leaks 1, 1, 1, 1, 0 of 2. S = 6/10; without one: 5/8 (four times), 4/8.
    courses = [Course(name, 0, "leaked") for name in "abcd"] + [Course(name, 1, "over") for name in "abcdee"]
    (only,) = hazards(courses)
    left = [5 / 8] * 4 + [4 / 8]
    mean = sum(left) / 5
    error = (4 / 5 * sum((value - mean) ** 2 for value in left)) ** 0.5
    assert only.survival == pytest.approx(0.6)
    assert only.survival_interval == pytest.approx((0.6 - 2.776445 * error, 0.6 + 2.776445 * error), abs=1e-6)


def test_whoever_leaves_is_counted_though_nobody_was_at_risk() -> None:
    (only,) = hazards([Course("a", 0, "censored")])
    assert (only.at_risk, only.censored, only.hazard, only.survival, only.survival_interval) == (0, 1, None, None, None)
    one, two = hazards([Course("a", 1, "censored"), Course("b", 1, "over")])
    assert (one.at_risk, one.survival, two.at_risk, two.censored, two.survival) == (2, 1.0, 0, 1, None)
