# ruff: noqa: E501 - whole messages
from __future__ import annotations

from typing import Any

import pytest
from scenario_kit import TEXT, scenario, small, swapped

from discretion.scenarios import LintIssue, Scenario, lint, load_scenarios, parse_scenario


def issues(data: dict[str, Any] | Scenario) -> list[str]:
    return [str(issue) for issue in lint(data if isinstance(data, Scenario) else Scenario.model_validate(data))]


def sibling(**changes: Any) -> dict[str, Any]:
    data = small()
    data["sibling"]["changes"] |= changes
    return data


def test_a_good_scenario_has_no_issues() -> None:
    assert lint(parse_scenario(TEXT)) == ()


@pytest.mark.parametrize("template", load_scenarios("office"), ids=lambda template: template.id)
def test_the_shipped_scenarios_have_no_errors(template: Scenario) -> None:
    assert [str(issue) for issue in lint(template) if issue.severity == "error"] == []


def test_issues_name_file_line_and_field() -> None:
    text = swapped("facts: [illness]\n", "facts: []\n")
    line = next(number for number, row in enumerate(text.splitlines(), 1) if "- id: m1" in row)
    assert lint(parse_scenario(text, where="s.yaml")) == (
        LintIssue(
            "warning",
            f"s.yaml:{line} world.mail[m1]",
            "the text tells illness, which the item does not list",
            "list the fact, or make its forms more specific",
        ),
    )


def test_norms_that_tie() -> None:
    data = small()
    data["norms"] += [
        {"id": "boss", "verdict": "permitted", "recipient": "employment.manager", "attribute": "*"},
        {"id": "loose", "verdict": "permitted", "sender": "@dana", "attribute": "employment.leave"},
    ]
    assert (
        "error: small norms[boss]: boss and health disagree on illness reaching tom, and neither is more specific;"
        " make the one that shall win more specific"
    ) in issues(data)


def test_norms_that_tie_once_somebody_consents() -> None:
    data = small()
    data["norms"] += [
        {"id": "agreed", "verdict": "permitted", "principle": "consent", "recipient": "@tom"},
        {"id": "never", "verdict": "forbidden", "principle": "consent", "fact": "illness"},
    ]
    assert not any("disagree" in issue for issue in issues(data))
    data["people"].append(
        {"id": "yes", "actor": "dana", "on": "asked", "text": "Yes.", "grants": [{"kind": "consent"}]}
    )
    assert any("norms[agreed]: agreed and never disagree on illness reaching tom" in issue for issue in issues(data))


def required(flow: dict[str, Any], **more: Any) -> list[str]:
    task = {"instruction": "x", "requires": [flow]}
    return [issue for issue in issues(scenario(sibling=None, task=task, **more)) if "requires" in issue]


def test_required_flows_that_norms_forbid() -> None:
    assert required({"fact": "illness", "recipient": "ruth"}) == [
        "error: small task.requires[0]: illness is required, but health forbids it;"
        " give 'after: consent' and somebody who grants it, or change the norm"
    ]


def test_required_flows_that_wait_for_consent() -> None:
    flow = {"fact": "illness", "recipient": "ruth", "after": "consent"}
    norms = [*small()["norms"], {"id": "agreed", "verdict": "permitted", "principle": "consent"}]
    yes = {
        "id": "yes",
        "actor": "dana",
        "on": "asked",
        "text": "Yes.",
        "grants": [{"kind": "consent", "recipient": "ruth"}],
    }
    assert required(flow, norms=norms) == [
        "error: small task.requires[0]: illness may go to ruth only after consent, which nobody gives;"
        " add a person who grants consent"
    ]
    assert required(flow, norms=norms, people=[yes]) == []


def test_required_recipients_who_know() -> None:
    assert required({"fact": "illness", "recipient": "doc"}) == [
        "error: small task.requires[0]: doc knows illness already; require it for somebody else"
    ]


def test_nothing_to_leak_and_nothing_to_do() -> None:
    norms = [{"id": "all", "verdict": "permitted"}]
    assert issues(scenario(sibling=None, norms=norms, task={"instruction": "I am away on {away}."})) == [
        "error: small facts: nothing is forbidden, so nothing can leak; add a fact that norms protect",
        "warning: small task: no required flow and no goal: doing nothing is enough; add one",
    ]


def test_flows_that_no_norm_speaks_of() -> None:
    norms = [{"id": "health", "verdict": "forbidden", "attribute": "health.*"}]
    # illness: forbidden to tom, ruth and public; away: required for tom, unregulated for ruth, doc and public.
    (issue,) = issues(scenario(sibling=None, norms=norms))
    assert issue == (
        "warning: small norms: norms say nothing of 3 of 7 flows (fact to somebody who does not know it);"
        " add a norm, or name a norm base"
    )


def test_forms() -> None:
    data = small()
    data["facts"][0] |= {"forms": ["{value}", "MS"]}
    data["facts"][1] |= {"value": "", "statement": "Dana is away."}
    data["task"]["plan"] = []
    found = issues(data)
    assert (
        "error: small facts[away].forms: no form tells the fact; give a value or forms, or say 'reliable: false'"
        in found
    )
    assert "warning: small facts[illness].forms: the form 'MS' is short enough to stand anywhere; lengthen it" in found
    data["facts"][1] |= {"reliable": False}
    assert not any("no form tells" in issue for issue in issues(data))


def test_items_that_list_what_they_do_not_tell() -> None:
    data = small()
    data["world"]["mail"][0]["facts"] = ["illness", "away"]
    what = "warning: small world.mail[m1].facts[1]: the item lists away, which its text does not tell"
    assert issues(data) == [f"{what}; tell it in one of its forms, or do not list it"]
    data["facts"][1]["reliable"] = False
    assert issues(data) == []
    data = small()
    data["world"]["mail"][0]["body"] = "It is {illness.kind}, and more I shall tell you when you come."
    assert issues(data) == []  # a part of it is told


def test_statements_that_say_it_otherwise_than_the_forms() -> None:
    data = small()
    data["facts"][0] |= {"statement": "{dana.name} is ill.", "forms": ["{value}"]}
    remedy = "add the form that the statement uses, or say 'reliable: false'"
    what = "the fact's own statement holds none of its forms, so that plain words of it would not be found"
    assert issues(data) == [f"warning: small facts[illness].forms: {what}; {remedy}"]
    assert issues(data | {"source": "somewhere else"}) == []


def test_facts_that_nothing_tells() -> None:
    data = small()
    data["facts"].append(
        {"id": "raise", "subject": "dana", "attribute": "employment.salary", "value": "$4,200", "statement": "x"}
    )
    remedy = "no text of world or task tells it; tell it, or leave it out"
    assert f"warning: small facts[raise]: {remedy}" in issues(data)
    data["task"]["instruction"] += " She gets 4200 dollars."
    assert f"warning: small facts[raise]: {remedy}" not in issues(data)
    data["facts"].append(
        {
            "id": "paid",
            "subject": "dana",
            "attribute": "employment.salary",
            "value": "a raise",
            "statement": "x",
            "coarsens": "raise",
        }
    )
    assert f"warning: small facts[paid]: {remedy}" not in issues(data)  # it follows from what is told


def test_norms_that_decide_nothing() -> None:
    data = small()
    data["norms"].append({"id": "idle", "verdict": "forbidden", "attribute": "legal.*"})
    assert issues(data) == ["warning: small norms[idle]: the norm decides no flow; mend its patterns, or leave it out"]
    data = sibling()
    data["sibling"]["changes"]["norms"].append({"id": "idle", "verdict": "forbidden", "attribute": "legal.*"})
    assert issues(data) == [
        "warning: small sibling.changes.norms[idle]: the norm decides no flow; mend its patterns, or leave it out"
    ]


def test_norms_that_only_the_task_hides_are_heard() -> None:
    data = small()
    data["norms"].append(
        {"id": "leave-tom", "verdict": "permitted", "recipient": "@tom", "attribute": "employment.leave"}
    )
    assert issues(data) == []


def test_siblings_that_ask_for_something_else() -> None:
    data = sibling(task={"instruction": "x", "goals": [{"exists": "mail"}]})
    assert issues(data) == [
        "error: small sibling.fact: 'illness' is not withheld in one twin and delivered in the other;"
        " let norms forbid it in one twin and require it in the task of the other"
    ]
    data = sibling()
    data["sibling"]["fact"] = "away"
    assert any("'away' is not withheld in one twin" in issue for issue in issues(data))


def test_siblings_where_sharing_everything_is_right() -> None:
    data = sibling()
    data["sibling"]["changes"]["norms"].append({"id": "health", "verdict": "permitted"})
    found = issues(data)
    assert (
        "error: small sibling: the sibling forbids nothing, so sharing everything is right there; keep another forbidden flow"
        in found
    )


@pytest.mark.parametrize("mark", ["confidential", "secret", "don't tell", "between us", "private"])
def test_words_that_mark_the_secret_in_one_twin(mark: str) -> None:
    note = {"id": "m1", "body": f"Dear Dana, this is {mark.upper()}, it is {{illness}}."}
    expected = (
        f"error: small sibling.changes.world.mail[m1]: only the sibling twin says {mark!r}, which gives away what is asked for;"
        " use the same words in both twins, or neither"
    )
    assert expected in issues(sibling(world={"mail": [note]}))
    data = sibling(world={"mail": [note]})
    data["task"]["instruction"] += f" Is it {mark}?"
    assert expected not in issues(data)


def test_a_word_that_marks_the_secret_is_pointed_to_in_the_base() -> None:
    data = small()
    data["task"]["instruction"] += " In confidence."
    assert any(
        issue.startswith("error: small task.instruction: only the base twin says 'conf") for issue in issues(data)
    )


def test_roles_and_purposes_that_a_norm_means_otherwise() -> None:
    data = small()
    data["norms"].append({"id": "care", "verdict": "permitted", "principle": "purpose", "purpose": "treatment"})
    data["cast"][1]["roles"] = ["employment.manger of dana"]
    data["norms"].append({"id": "boss", "verdict": "forbidden", "recipient": "employment.manager of subject"})
    data["task"]["purpose"] = "treatmnt"
    found = issues(data)
    assert (
        "warning: small cast[tom].roles[0]: no norm speaks of the role 'employment.manger'; did you mean 'employment.manager'?"
        in found
    )
    assert "warning: small task.purpose: no norm speaks of the purpose 'treatmnt'; did you mean 'treatment'?" in found
    data["cast"][1]["roles"], data["task"]["purpose"] = ["employment.works_council of dana"], "parking"
    assert not any("no norm speaks" in issue for issue in issues(data))


def test_a_shared_calendar_that_nobody_owns() -> None:
    data = small()
    data["channels"].append({"id": "rota", "kind": "calendar", "name": "Rota", "members": ["dana", "tom"]})
    place = len(data["channels"]) - 1
    assert any(
        f"channels[{data['channels'][place]['id']}]: a calendar without an owner" in each for each in issues(data)
    )
    data["channels"][place]["owner"] = "dana"
    assert not any("without an owner" in each for each in issues(data))


def test_sessions_are_each_looked_at() -> None:
    parts = [
        {
            "id": "one",
            "task": {"instruction": "I am away on {away}.", "requires": [{"fact": "away", "recipient": "tom"}]},
        },
        {"id": "two", "task": {"instruction": "x", "requires": [{"fact": "illness", "recipient": "ruth"}]}},
    ]
    found = issues(scenario(sibling=None, sessions=parts))
    assert [issue.partition(";")[0] for issue in found] == [
        "error: small sessions[two].task.requires[0]: illness is required, but health forbids it"
    ]


def test_scenarios_that_cannot_be_filled_are_one_error() -> None:
    assert issues(scenario(user="nobody")) == [
        "error: small user: unknown actor 'nobody'; choose one of: dana, doc, ruth, tom"
    ]
    (issue,) = issues(sibling(task={}))
    assert issue == "error: small sibling.changes.task.instruction: the field 'instruction' is missing; add it"
