"""What somebody's words may change."""

from __future__ import annotations

from scenario_kit import scenario, small

from discretion.scenarios import FlowGraph, instantiate
from discretion.scenarios.changes import principles_after, verdict_changes

AGREED = {"id": "agreed", "verdict": "permitted", "principle": "consent", "recipient": "@tom"}
TOLD = {"id": "told", "verdict": "forbidden", "principle": "confidentiality"}


def graph(**changes: object) -> FlowGraph:
    return FlowGraph(instantiate(scenario(sibling=None, norms=[*small()["norms"], AGREED, TOLD], **changes), 0))


def behaviour(**fields: object) -> dict[str, object]:
    return {"id": "says", "actor": "dana", "on": "asked", "text": "Yes.", **fields}


def test_consent_changes_the_verdict_for_whom_it_names() -> None:
    found = verdict_changes(graph(people=[behaviour(grants=[{"kind": "consent", "recipient": "tom"}])]))
    assert [(each.pair, each.before.kind, each.after.kind, each.after.norm) for each in found] == [
        (("illness", "tom"), "forbidden", "permitted", "agreed")  # away is required, before and after
    ]


def test_what_ends_changes_verdicts_too() -> None:
    confided = [{"kind": "confidentiality", "facts": ["illness"]}]
    lifted = graph(principles=confided, people=[behaviour(revokes=["confidentiality"])])
    assert principles_after(lifted, lifted.instance.people[0]) == ()
    assert verdict_changes(lifted) == ()  # without the confidence another norm forbids it still
    confided = [{"kind": "confidentiality", "facts": ["away"]}]
    lifted = graph(principles=confided, people=[behaviour(revokes=["confidentiality"])])
    found = {(each.pair.recipient, each.before.kind, each.after.kind) for each in verdict_changes(lifted)}
    assert found == {
        ("tom", "forbidden", "required"),
        *((actor, "forbidden", "permitted") for actor in ("ruth", "doc", "public")),
    }


def test_people_who_only_talk_change_nothing() -> None:
    assert verdict_changes(graph(people=[behaviour()])) == ()
