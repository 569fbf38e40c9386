"""The JSON Schema that editors use: it says what fields mean, accepts what loads, and marks what does not."""

from __future__ import annotations

from typing import Any

import pytest
from jsonschema import Draft7Validator
from scenario_kit import small

from discretion.scenarios import json_schema, pack_names
from discretion.scenarios.documents import parse_documents
from discretion.scenarios.packs import pack_files

SCHEMA = json_schema()
EDITOR = Draft7Validator(SCHEMA)


def test_it_is_a_schema() -> None:
    Draft7Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("pack", pack_names())
def test_editors_accept_everything_that_ships(pack: str) -> None:
    for file in pack_files(pack):
        for document in parse_documents(file.read_text(encoding="utf-8"), file.name):
            assert [(file.name, error.json_path, error.message) for error in EDITOR.iter_errors(document.data)] == []


def test_what_may_be_written_in_two_ways_is_accepted_in_both() -> None:
    data = small()
    data["norms"][0]["recipient"] = ["employment.manager", "*"]
    data["norms"][1]["recipient"] = "subject"
    data["facts"][0]["choose"] = ["lupus", {"value": "asthma", "kind": "a lung disease"}]
    assert list(EDITOR.iter_errors(data)) == []


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("facts", 0, "attribute"), "health.diagnose"),
        (("norms", 0, "attribute"), "helth.*"),
        (("norms", 0, "verdict"), "never"),
        (("world", "mail", 0, "at"), "yesterday"),
        (("toolkits",), ["pigeon"]),
        (("usr",), "dana"),
    ],
)
def test_editors_mark_what_does_not_load(path: tuple[Any, ...], value: object) -> None:
    data: Any = small()
    node = data
    for step in path[:-1]:
        node = node[step]
    node[path[-1]] = value
    assert list(EDITOR.iter_errors(data))


@pytest.mark.parametrize(
    "change",
    [
        {"norms": [{"id": "health", "severity": 1}]},
        {"world": {"mail": [{"id": "m1", "subject": "Results"}]}},
        {"cast": [{"id": "tom", "title": "Head"}], "toolkits": ["mail"], "principles": [{"kind": "consent"}]},
    ],
)
def test_a_sibling_may_change_a_part_of_an_item(change: dict[str, Any]) -> None:
    data = small()
    data["sibling"]["changes"] |= change
    assert list(EDITOR.iter_errors(data)) == []


@pytest.mark.parametrize(
    "change",
    [
        {"tsak": {}},
        {"date": "2026-01-01"},
        {"norms": [{"verdict": "forbidden"}]},
        {"world": {"mails": []}},
        {"task": {"instruction": "x", "plna": []}},
    ],
)
def test_editors_mark_what_a_sibling_cannot_change(change: dict[str, Any]) -> None:
    data = small()
    data["sibling"]["changes"] |= change
    assert list(EDITOR.iter_errors(data))


def test_every_field_of_a_scenario_says_what_it_means() -> None:
    assert [name for name, field in SCHEMA["properties"].items() if not field.get("description")] == []
    norm = SCHEMA["$defs"]["Norm"]
    assert norm["properties"]["sender"]["description"] == "Patterns over actors."
    assert norm["properties"]["severity"]["description"].startswith("1 (awkward) to 3")
    assert norm["description"].startswith("A rule over flows")
    assert "Attributes" not in norm["description"]
    behaviour = SCHEMA["$defs"]["Behaviour"]["properties"]["on"]["description"]
    assert behaviour.endswith("(at the turn `turn`, unprompted).")  # over several lines
