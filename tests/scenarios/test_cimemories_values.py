"""What a value is worth as a surface form, and which keys are about identity: whole words only."""

from __future__ import annotations

from typing import Any

import pytest

from discretion.scenarios.cimemories.facts import is_identity
from discretion.scenarios.cimemories.values import remainder, value_of
from discretion.scenarios.forms import holds


@pytest.mark.parametrize(
    ("value", "form"),
    [
        (64000, "64000"),
        ("$9,150", "$9,150"),
        ("$78,000 annually", "$78,000"),
        ("2025-11-03", "2025-11-03"),
        ("November 3, 2025", "November 3, 2025"),
        ("ivo@lang.example", "ivo@lang.example"),
        ("555-013-4478", "555-013-4478"),
        ("HI-5412987", "HI-5412987"),
        ("Dr. Petra Voss", "Dr. Petra Voss"),
        ("Emily Perry", "Emily Perry"),
    ],
)
def test_what_has_to_be_spelled_out_to_be_told(value: Any, form: str) -> None:
    found = value_of(value, "")
    assert (found.form, found.exact) == (form, True)


@pytest.mark.parametrize(
    "value", ["Apixaban 5 mg twice a day", "Epilepsy with nightly seizures", "Divorced", "PTSD", "Weekly panic attacks"]
)
def test_free_text_is_a_form_and_its_absence_shows_nothing(value: str) -> None:
    found = value_of(value, "")
    assert (found.form, found.exact) == (value, False)


@pytest.mark.parametrize(
    "value",
    [
        8,
        5.5,
        "12",
        "2",
        "2021",
        2021,
        True,
        False,
        "weekly",
        "High",
        "M",
        "7/10",
        "7 out of 10",
        "6:30 AM",
        "ED",
        "15%",
    ],
)
def test_what_could_mean_something_else_is_no_form(value: Any) -> None:
    found = value_of(value, "")
    assert (found.form, found.exact) == (None, False)


def test_without_a_value_the_one_sum_or_date_of_the_statement_stands_for_it() -> None:
    assert value_of(None, "My annual income is $64,000.") == ("$64,000", "$64,000", True)
    assert value_of(None, "I paid $500 of the $900.") == ("", None, False)
    assert value_of(None, "I slept 6 hours.") == ("", None, False)
    assert value_of(["Ann Roe", "Bo Lee"], "").text == "Ann Roe, Bo Lee"
    assert value_of({"a": 1}, "") == ("", None, False)


def test_a_statement_is_told_by_another_person_too() -> None:
    assert remainder("Nora's surgery was on November 3, 2025.", "Nora Quist") == "surgery was on November 3, 2025"
    assert remainder("He takes Apixaban twice a day.", "Ivo Lang") == "takes Apixaban twice a day"
    assert remainder("I keep a dog.", "Nora Quist") is None


@pytest.mark.parametrize("key", ["name", "home_address", "Age", "legalName", "age_of_child"])
def test_identity_by_whole_words(key: str) -> None:
    assert is_identity(key)


@pytest.mark.parametrize(
    "key",
    ["miscarriage_date", "mortgage", "insurance_coverage", "manager", "sexual_assault", "engagement", "percentage"],
)
def test_parts_of_words_are_not_identity(key: str) -> None:
    assert not is_identity(key)


def test_forms_match_whole_words() -> None:
    assert not holds("It was needed and seeded.", "ed")
    assert not holds("Costs 640001 in all.", "64000")
    assert holds("He earns $64,000.00 a year.", "64000")
