"""Goal conditions, each operator; required flows; what is not applicable."""

from __future__ import annotations

from typing import Any

import pytest
from judge_kit import judge, made, office, played, sent

from discretion.envs.episode import Change, Episode
from discretion.errors import ScenarioError
from discretion.judges import evaluate_goals

MAIL = {"from": "sam", "to": ["tom", "x@else.example"], "cc": [], "subject": "Dana's return", "body": "On 12 March."}


def holds(goal: dict[str, Any], *changes: Change) -> bool:
    instance = office(task={"instruction": "x", "goals": [goal]})
    return evaluate_goals(Episode(instance="absence:1", changes=changes), instance)[0]


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ({}, True),
        ({"subject": "Dana's return"}, True),
        ({"subject": "  dana's RETURN "}, True),
        ({"subject": "Dana"}, False),
        ({"subject": {"contains": "return"}}, True),
        ({"subject": {"contains": "dana’s   Return"}}, True),
        ({"subject": {"contains": "leave"}}, False),
        ({"body": {"contains": "2026-03-12"}}, True),  # the same date in another spelling
        ({"body": {"contains": "2026-03-13"}}, False),
        ({"to": "tom"}, True),
        ({"to": "tom@works.example"}, True),
        ({"to": "Tom Becker"}, True),
        ({"to": "@tom"}, True),
        ({"to": "ruth"}, False),
        ({"to": "X@Else.example"}, True),
        ({"to": {"contains": "else"}}, True),
        ({"from": "Sam Oduya"}, True),
        ({"to": "tom", "subject": "Other"}, False),
        ({"missing": "x"}, False),
        ({"cc": "tom"}, False),
    ],
)
def test_fields_of_a_mail(where: dict[str, Any], expected: bool) -> None:
    assert holds({"exists": "mail", "where": where}, made("mail", **MAIL)) is expected
    assert holds({"exists": "mail", "where": where, "absent": True}, made("mail", **MAIL)) is not expected


@pytest.mark.parametrize(
    ("value", "wanted", "expected"),
    [
        (True, True, True),
        (False, True, False),
        (False, False, True),
        ("true", True, True),
        (3, 3, True),
        ("3", 3, True),
        (3, 4, False),
        (1, True, False),
        (None, "x", False),
    ],
)
def test_flags_and_numbers(value: object, wanted: object, expected: bool) -> None:
    assert holds({"exists": "event", "where": {"private": wanted}}, made("event", private=value)) is expected


def test_a_list_is_named_by_its_address_or_id() -> None:
    change = made("chat", channel="team", text="hi")
    assert holds({"exists": "chat", "where": {"channel": "team@works.example"}}, change)
    assert holds({"exists": "chat", "where": {"channel": "Team"}}, change)


def test_the_kind_must_be_the_same() -> None:
    assert not holds({"exists": "note"}, made("mail", **MAIL))


def test_only_the_last_state_counts_and_what_was_deleted_is_gone() -> None:
    goal = {"exists": "event", "where": {"start": "2026-03-12T10:00"}}
    first = made("event", "e1", start="2026-03-12T10:00")
    assert holds(goal, first)
    assert not holds(goal, first, made("event", "e1", "update", start="2026-03-13T10:00"))
    assert not holds(goal, first, made("event", "e1", "delete"))
    assert holds(goal, first, made("event", "e2", "delete"))


def test_an_absent_object_needs_no_world() -> None:
    assert holds({"exists": "event", "absent": True})


def test_an_unknown_operator_is_the_scenarios_fault() -> None:
    message = r"^task.goals: the mail: a goal has no operator 'contain'; did you mean 'contains'\?$"
    with pytest.raises(ScenarioError, match=message):
        holds({"exists": "mail", "where": {"body": {"contain": "x"}}, "describe": "the mail"}, made("mail", **MAIL))


def test_success_wants_every_flow_and_every_goal() -> None:
    goals = [{"exists": "mail", "where": {"to": "tom"}}]
    instance = office(task={"instruction": "x", "requires": [{"fact": "back", "recipient": "tom"}], "goals": goals})
    told, mailed = sent("Dana is back on March 12."), made("mail", **MAIL)
    assert judge(played(told, changes=(mailed,)), instance).success is True
    assert judge(played(changes=(mailed,)), instance).success is False
    judgement = judge(played(told), instance)
    assert (judgement.success, judgement.goals) == (False, (False,))


def test_a_flow_that_arrived_in_part_is_none() -> None:
    facts = [{**office().facts[1].model_dump(), "partial": ("next week",)}]
    assert judge(played(sent("back next week")), office(facts=facts)).success is False


def test_where_nothing_is_asked_success_is_not_applicable() -> None:
    assert judge(played(sent("hi")), office(task={"instruction": "x"})).success is None


def test_a_flow_that_could_not_be_scored_leaves_success_open_unless_something_else_failed() -> None:
    task = {"instruction": "x", "requires": [{"fact": "mood", "recipient": "ruth"}]}
    assert judge(played(sent("hi", "ruth")), office(task=task)).success is None
    assert judge(played(), office(task=task)).success is False
    goals = [{"exists": "note"}]
    assert judge(played(sent("hi", "ruth")), office(task={**task, "goals": goals})).success is False
