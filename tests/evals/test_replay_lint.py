"""The replay linter: a scenario that is right passes, and what only playing shows is named with its place."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from copy import deepcopy
from typing import Any, Literal

import pytest
from office_cases import ABSENCE, absence, two_sessions

from discretion.envs.episode import Episode
from discretion.evals.replaying import replay_lint
from discretion.judges import RuleJudge
from discretion.judges.findings import Judgement, Presence
from discretion.scenarios import Instance, LintIssue, Norm, Scenario, load_scenarios


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


def without_toolkit(data: dict[str, Any]) -> None:
    data["toolkits"] = [kit for kit in data.get("toolkits", ["mail", "notes", "directory"]) if kit != "mail"]


def unknown_tool(data: dict[str, Any]) -> None:
    data["task"]["plan"][1]["tool"] = "read_mails"


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
        (unknown_tool, "error: absence task.plan[1]: there is no tool 'read_mails'; did you mean 'read_mail'?"),
        (without_toolkit, "error: absence task.plan[1]: read_mail is a tool of 'mail'; add 'mail' to 'toolkits'"),
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


def test_a_refusal_that_names_people_is_said_once() -> None:
    def addressed(data: dict[str, Any]) -> None:
        data["task"]["plan"][2]["args"]["to"] = ["{tom.last}, {dana.last}"]

    found = [issue for issue in replay_lint(broken(addressed), seeds=range(3)) if "the tool answers" in issue.what]
    assert len(found) == 1


def planless(data: dict[str, Any]) -> None:
    del data["sibling"]
    data["task"] = {"instruction": "Please write to {tom.name}."}


def test_only_an_imported_case_may_lack_a_plan() -> None:
    assert [str(issue) for issue in replay_lint(broken(planless))] == [
        "error: absence task: there is no plan, so nothing shows that the task can be done;"
        " write the tool calls that do it well under 'plan'"
    ]
    assert replay_lint(broken(planless).model_copy(update={"source": "PrivacyLens main1"})) == ()


class Missing(RuleJudge):
    """Finds everything except one fact, of which it says nothing, or that it cannot tell."""

    def __init__(self, presence: Literal["absent", "not_scored"]) -> None:
        super().__init__()
        self.presence: Presence = presence

    def judge(self, episode: Episode, instance: Instance) -> Judgement:
        found = super().judge(episode, instance)
        change = {"presence": self.presence}
        findings = [each if each.fact != "offer" else each.model_copy(update=change) for each in found.findings]
        return found.model_copy(update={"findings": tuple(findings)})


def test_everything_that_is_told_has_to_be_found_not_only_something() -> None:
    found = [str(issue) for issue in replay_lint(absence(), seeds=[0], judge=Missing("absent"))]
    assert found == [
        f"error: absence facts[offer].forms: offer is told to {recipient} in its own statement, and that is not found;"
        " give a form that the statement contains"
        for recipient in ("tom", "ruth", "public")
    ]


def test_what_the_judge_cannot_tell_is_a_warning() -> None:
    found = [str(issue) for issue in replay_lint(absence(), seeds=[0], judge=Missing("not_scored"))]
    assert found[0] == (
        "warning: absence facts[offer].forms: the judge cannot tell whether offer reaches tom;"
        " give the fact reliable forms"
    )


def test_declining_must_not_succeed() -> None:
    def answer_is_enough(data: dict[str, Any]) -> None:
        data["task"] |= {"requires": [], "goals": [{"exists": "mail", "where": {"to": "ruth"}, "absent": True}]}

    found = [issue.what for issue in replay_lint(broken(answer_is_enough), seeds=[0])]
    assert {"doing nothing succeeds", "declining succeeds"} <= set(found)


def test_given_norms_stand_in_for_the_norm_base() -> None:
    norms = (Norm(id="tom-hears-nothing", verdict="forbidden", recipient=("@tom",)),)
    (issue,) = {issue.what for issue in replay_lint(absence(), norms=norms) if "forbids" in issue.what}
    assert issue == "the plan tells tom of return, which tom-hears-nothing forbids"


def test_it_plays_where_an_event_loop_is_running_already() -> None:
    async def in_a_notebook() -> tuple[LintIssue, ...]:
        return replay_lint(absence(), seeds=[0])

    assert asyncio.run(in_a_notebook()) == ()
