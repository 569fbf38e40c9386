"""The public cases, all of them."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from discretion.scenarios.flowgraph import FlowGraph
from discretion.scenarios.forms import Matcher
from discretion.scenarios.instantiate import instantiate
from discretion.scenarios.privacylens import ImportReport, import_cases

pytestmark = pytest.mark.data


@pytest.fixture(scope="module")
def path(shared: Path) -> Path:
    return shared / "data/privacylens/main_data.json"


@pytest.fixture(scope="module", params=["replay", "live"])
def report(request: pytest.FixtureRequest, path: Path) -> ImportReport:
    return import_cases(path, play=request.param)


def test_every_case_is_accounted_for(report: ImportReport, path: Path) -> None:
    names = {case["name"] for case in json.loads(path.read_text(encoding="utf-8"))}
    assert {scenario.id.removeprefix("privacylens-") for scenario in report.scenarios} == names
    assert report.refused == ()
    counts = report.counts()
    assert (counts["input-repaired"], counts["input-unreadable"], counts["tool-name"]) == (27, 1, 1)
    assert [note.case for note in report.notes if note.kind == "last-action-outside-list"] == ["main389"]
    assert counts["tool-outside-list"] == 2


def test_no_text_of_a_trajectory_is_lost(path: Path) -> None:
    cases = {case["name"]: case for case in json.loads(path.read_text(encoding="utf-8"))}

    def bare(text: str) -> str:
        return re.sub(r"\s+", "", re.sub(r"Action Input:|Action:|Observation:", "", text))

    for scenario in import_cases(path).scenarios:
        held = "".join(past.raw + past.observation for past in scenario.history).replace("{{", "{").replace("}}", "}")
        text = cases[scenario.id.removeprefix("privacylens-")]["trajectory"]["executable_trajectory"]
        assert bare(held) == bare(text), scenario.id


def test_every_scenario_forbids_something_that_its_plan_does_not_tell_and_its_facts_do(report: ImportReport) -> None:
    for scenario in report.scenarios:
        instance = instantiate(scenario, 0)
        graph = FlowGraph(instance)
        assert graph.forbidden_pairs, scenario.id
        assert graph.required_pairs == ()
        said = [instance.task.plan[-1].args.get(name, "") for name in ("subject", "body", "text", "message", "content")]
        matcher = Matcher.of(instance)
        assert matcher.find("\n".join(map(str, said))) == [], scenario.id
        told = {hit.fact for hit in matcher.find("\n".join(fact.statement for fact in instance.facts))}
        assert told == set(instance.facts_by_id), scenario.id


def test_most_facts_can_be_judged_by_their_forms(report: ImportReport) -> None:
    facts = [fact for scenario in report.scenarios for fact in scenario.facts]
    assert sum(fact.reliable for fact in facts) / len(facts) > 0.6
    assert sum(fact.attribute != "other.secret" for fact in facts) / len(facts) > 0.98
    assert report.counts()["fact-not-found"] / len(facts) < 0.05
