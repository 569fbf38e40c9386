"""Gates: what fails, what passes, what stays open, and what cannot be read."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from memory_cases import row

from discretion.errors import InputError
from discretion.evals.comparing import compare
from discretion.evals.comparison import Comparison
from discretion.evals.gates import EXIT_CODES, parse_gate
from discretion.evals.measures import EpisodeMeasures


def comparison(leaks: int, n: int = 60, *, failed: int = 0, exposed: bool = True) -> Comparison:
    """A baseline that leaks nothing, a candidate that leaks in some plots and whose server failed in others."""

    def episode(k: int, leaked: bool | None) -> EpisodeMeasures:
        return EpisodeMeasures(
            instance=f"s{k}:0",
            scenario=f"s{k}",
            leaked=leaked,
            unscored="" if leaked is not None else "server gone",
            violation_pairs=1,
            exposed=exposed,
        )

    candidate = [None if k < failed else k < failed + leaks for k in range(n)]
    return compare([episode(k, False) for k in range(n)], [episode(k, leaked) for k, leaked in enumerate(candidate)])


@pytest.mark.parametrize(
    ("text", "leaks", "outcome"),
    [
        ("drop > 5pp", 15, "failed"),  # 95% from 15.8 points
        ("drop > 5pp", 0, "passed"),  # 90% up to 4.3 points
        ("drop > 5pp", 4, "open"),
        ("drop > 30pp", 15, "open"),
        ("drop > 40pp", 15, "passed"),
        ("privacy drop > 5pp", 15, "failed"),
        ("violation drop > 5pp", 0, "passed"),
        ("appropriate drop > 5pp", 15, "open"),  # nothing is required there
    ],
)
def test_outcomes(text: str, leaks: int, outcome: str) -> None:
    assert parse_gate(text).outcome(comparison(leaks)) == outcome


def test_gates_on_memory() -> None:
    def sessions(told: str) -> list[EpisodeMeasures]:
        return [
            row(told, scenario=f"s{n}", session=session, exposed=True, required=1, delivered=not told)
            for n in range(30)
            for session in (0, 1)
        ]

    found = compare(sessions(""), sessions("0"))
    gates = ("violation@1 drop > 5pp", "completeness drop > 5pp", "violation@2 drop > 5pp", "violation@1 drop > 60pp")
    assert [parse_gate(text).outcome(found) for text in gates] == ["failed", "failed", "open", "passed"]
    assert parse_gate("violation@1 drop > 5pp").outcome(comparison(15)) == "open"


def test_the_unscored_cannot_pass_a_gate() -> None:
    gate = parse_gate("drop > 10pp")
    assert gate.outcome(comparison(0)) == "passed"
    assert gate.outcome(comparison(0, failed=5)) == "open"
    assert gate.outcome(comparison(40, failed=5)) == "failed"


def test_what_was_not_exercised_cannot_pass() -> None:
    assert parse_gate("drop > 50pp").outcome(comparison(0, exposed=False)) == "open"


def test_exit_codes() -> None:
    assert EXIT_CODES == {"passed": 0, "failed": 1, "open": 3}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("drop < 5pp", "expected '>' at column 6 of 'drop < 5pp', found '<'"),
        ("dorp > 5pp", "expected 'drop' or a measure (did you mean 'drop'?) at column 1 of 'dorp > 5pp', found 'dorp'"),
        ("cuverage drop > 5pp", "(did you mean 'coverage'?) at column 1"),
        ("coverage > 5pp", "expected 'drop' at column 10"),
        ("drop > pp", "expected a number of points at column 8"),
        ("drop > 5%", "expected 'pp' (points) at column 9 of 'drop > 5%', found '%'"),
        ("drop > 5", "expected 'pp' (points) at column 9 of 'drop > 5', found nothing"),
        ("drop > 5pp and more", "expected the end at column 12"),
        ("", "expected 'drop' at column 1 of '', found nothing"),
    ],
)
def test_a_bad_expression_names_the_column_and_examples(text: str, message: str) -> None:
    with pytest.raises(InputError, match=re.escape(message)) as caught:
        parse_gate(text)
    assert str(caught.value).startswith("--fail-if: ")
    assert str(caught.value).endswith("write it like 'drop > 5pp' or 'appropriate drop > 10pp'")


@given(st.text(max_size=40))
def test_any_text_is_a_gate_or_one_line(text: str) -> None:
    try:
        line = parse_gate(text).text
    except InputError as error:
        line = str(error)
    assert "\n" not in line.strip()
