# ruff: noqa: E501 - one mistake, one row
"""New scenarios: whatever they are about, both linters have nothing to say of them, and they measure something."""

from __future__ import annotations

import re

import pytest

from discretion.errors import InputError
from discretion.evals import replay_lint
from discretion.scenarios import FlowGraph, lint, load_scenario, parse_scenario, twins
from discretion.scenarios.draft import Draft, role_verdicts, write_draft
from discretion.scenarios.draft_channels import CHANNELS, Channel
from discretion.scenarios.taxonomy import ATTRIBUTES

NOTE = Draft("sick-note", "health.diagnosis", "employment.manager", "health.insurer")


@pytest.mark.parametrize("channel", CHANNELS)
def test_a_new_scenario_lints_at_once(channel: Channel) -> None:
    scenario = parse_scenario(write_draft(NOTE._replace(channel=channel)))
    assert lint(scenario) == ()
    assert replay_lint(scenario, seeds=range(2)) == ()


@pytest.mark.parametrize("attribute", sorted(ATTRIBUTES))
def test_it_can_be_about_every_attribute(attribute: str) -> None:
    verdicts = role_verdicts(attribute)
    channel = list(CHANNELS)[len(attribute) % len(CHANNELS)]
    kept = [role for role, verdict in verdicts.items() if verdict.kind == "forbidden"]
    told = [role for role, verdict in verdicts.items() if verdict.kind == "permitted"]
    asker = kept[len(attribute) % len(kept)] if kept else "employment.manager"
    desk = next(role for role in [*told, "employment.hr", "legal.lawyer"] if role != asker)
    scenario = parse_scenario(write_draft(Draft("mine", attribute, asker, desk, channel)))
    assert lint(scenario, seeds=[0]) == ()
    base, sibling = (FlowGraph(twin) for twin in twins(scenario, 0))
    assert ("private", "asker") in base.forbidden_pairs
    assert ("private", "desk") in sibling.required_pairs
    assert ("other", "desk") in sibling.forbidden_pairs


def test_norms_that_the_norm_base_lacks_are_written_out() -> None:
    assert "\nnorms: []\n" in write_draft(NOTE)
    own = parse_scenario(write_draft(NOTE._replace(asker="health.physician", desk="employment.hr"))).norms
    assert [(norm.id, norm.verdict, norm.recipient, norm.source) for norm in own if norm.fact == "private"] == [
        ("private-asker", "forbidden", ("@asker",), "custom"),
        ("private-desk", "permitted", ("@desk",), "custom"),
    ]


def test_roles_come_with_what_the_norm_base_says() -> None:
    verdicts = role_verdicts("health.diagnosis")
    assert (verdicts["health.insurer"].kind, verdicts["health.insurer"].norm) == ("permitted", "health-insurer")
    assert verdicts["employment.manager"].norm == "health-at-work"
    assert not any("*" in role or " " in role or role.startswith("public") for role in verdicts)


def test_every_part_of_the_file_is_explained() -> None:
    text = write_draft(NOTE)
    sections = ["cast:", "facts:", "norms:", "world:", "people:", "task:", "sibling:"]
    lines = text.splitlines()
    for section in sections:
        place = next(number for number, line in enumerate(lines) if line.startswith(section))
        assert lines[place - 1].startswith("#"), section
    assert lines[0] == "# yaml-language-server: $schema=scenario.schema.json"
    assert max(map(len, lines)) <= 150


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"private": "health.diagnose"}, "--private: there is no attribute 'health.diagnose'; did you mean 'health.diagnosis'?"),
        ({"private": "x"}, "--private: there is no attribute 'x'; list them with: discretion scenario list --taxonomy"),
        ({"asker": "boss"}, "--recipient: 'boss' is no role; write 'context.role' or 'context.role of actor'"),
        ({"desk": "health.insurer of dana"}, "--sibling-recipient: 'health.insurer of dana' is more, or less, than a role; write"),
        ({"desk": "*.*"}, "--sibling-recipient: '*.*' is more, or less, than a role"),
        ({"desk": "employment.manager"}, "--sibling-recipient: 'employment.manager' cannot both learn it and not"),
        ({"channel": "pigeon"}, "--channel: there is no channel 'pigeon'; choose one of: chat, list, mail"),
        ({"context": "sports"}, "--context: there is no context 'sports'"),
        ({"id": "Sick note\nuser: kit"}, "--id: 'Sick note\\nuser: kit' is no id; use lower case"),
    ],
)  # fmt: skip
def test_what_cannot_be_written(change: dict[str, str], message: str) -> None:
    with pytest.raises(InputError) as caught:
        write_draft(NOTE._replace(**change))  # type: ignore[arg-type]
    assert str(caught.value).startswith(message)


def test_a_title_is_only_a_title() -> None:
    title = 'He said: "no"\nuser: kit # $id'
    scenario = parse_scenario(write_draft(NOTE._replace(title=title)))
    assert (scenario.title, scenario.user) == (title, "dana")


def test_the_scenarios_that_the_file_points_to_have_what_they_are_named_for() -> None:
    named = dict(re.findall(r"^#   (\w+) .*\(([a-z-]+)\)$", write_draft(NOTE), re.MULTILINE))
    assert set(named) == {"implications", "principles", "sessions", "slots"}
    for field, name in named.items():
        assert getattr(load_scenario(f"office/{name}"), field), (field, name)
