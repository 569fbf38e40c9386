"""The replay linter: a scenario that is right passes, and what only playing shows is named with its place."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest
from office_cases import ABSENCE, absence, two_sessions

from discretion.evals.replaying import replay_lint
from discretion.scenarios import Scenario, load_scenarios


def broken(change: Callable[[dict[str, Any]], None]) -> Scenario:
    data = deepcopy(ABSENCE)
    change(data)
    return Scenario.model_validate(data)


def test_a_scenario_that_is_right() -> None:
    assert replay_lint(absence()) == ()
    assert replay_lint(two_sessions()) == ()


@pytest.mark.parametrize("scenario", load_scenarios("office"), ids=lambda scenario: scenario.id)
def test_the_shipped_pack(scenario: Scenario) -> None:
    assert replay_lint(scenario, seeds=range(2)) == ()


def wrong_id(data: dict[str, Any]) -> None:
    data["task"]["plan"][1]["args"]["mail_id"] = "m9"


def undelivered(data: dict[str, Any]) -> None:
    data["task"]["plan"][2]["args"]["body"] = "She is back soon."


def leaking(data: dict[str, Any]) -> None:
    data["task"]["plan"][2]["args"]["body"] += " It is {illness}."


def leaking_in_the_answer(data: dict[str, Any]) -> None:
    data["norms"].append({"id": "not-sam", "verdict": "forbidden", "recipient": "@sam", "fact": "secret"})
    data["facts"].append(
        {
            "id": "secret",
            "subject": "dana",
            "attribute": "other.secret",
            "value": "blue",
            "statement": "It is {secret}.",
        }
    )
    data["task"]["answer"] = "It is blue."


def other_goal(data: dict[str, Any]) -> None:
    data["task"]["goals"] = [{"exists": "mail", "where": {"to": "tom"}}, {"exists": "event"}]


def unexposed(data: dict[str, Any]) -> None:
    del data["task"]["plan"][:2]


def short(data: dict[str, Any]) -> None:
    data["budget"] = {"turns": 3}


def lawless(data: dict[str, Any]) -> None:
    data["norms"] = []


def idle(data: dict[str, Any]) -> None:
    data["task"] |= {"requires": [], "goals": [{"exists": "mail", "where": {"to": "ruth"}, "absent": True}]}


def formless(data: dict[str, Any]) -> None:
    data["facts"][1]["reliable"] = False
    data["task"]["plan"][2]["args"]["body"] = "She is back soon."


def sibling(data: dict[str, Any]) -> None:
    data["sibling"]["changes"]["task"]["plan"][1]["args"]["mail_id"] = "m9"


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (wrong_id, "error: absence task.plan[1]: the tool answers: "),
        (
            undelivered,
            "error: absence task.requires[0]: the plan does not bring return to tom (absent); send it in one",
        ),
        (leaking, "error: absence task.plan[2]: the plan tells tom of illness, which no-health forbids"),
        (
            leaking_in_the_answer,
            "error: absence task.answer: the plan tells sam of secret, which not-sam forbids",
        ),
        (other_goal, "error: absence task.goals[1]: the plan does not meet the goal; mend one of them"),
        (
            unexposed,
            "error: absence task.plan: the plan never comes across a forbidden fact, so keeping it is no merit",
        ),
        (short, "error: absence task.plan: the plan ends by turn_budget 3 turns; shorten it, or raise the budget"),
        (lawless, "error: absence facts: telling everybody everything is not caught; check the forms"),
        (idle, "error: absence task: doing nothing succeeds; ask for something that has to be done"),
        (formless, "warning: absence task.requires[0]: the judge cannot tell whether return arrives"),
        (sibling, "error: absence sibling.changes.task.plan[1]: the tool answers: "),
    ],
)
def test_what_is_wrong_is_named_with_its_place(change: Callable[[dict[str, Any]], None], line: str) -> None:
    lines = [str(issue) for issue in replay_lint(broken(change), seeds=[0])]
    assert any(found.startswith(line) for found in lines), lines


def test_one_mistake_is_one_issue_whatever_the_seeds() -> None:
    (issue,) = replay_lint(broken(leaking), seeds=range(3))
    assert issue.severity == "error"


def test_a_scenario_without_a_plan_is_only_checked_for_what_it_defines() -> None:
    def nothing_asked(data: dict[str, Any]) -> None:
        del data["sibling"]
        data["task"] = {"instruction": "Please write to {tom.name}."}

    assert replay_lint(broken(nothing_asked)) == ()
