"""Schemas from signatures, and arguments checked by them."""

from __future__ import annotations

from typing import Any

import pytest
from envs_kit import TOOLKITS

from discretion.envs.toolkit import ToolError, tools_of
from discretion.errors import InputError

TOOLS = tools_of(TOOLKITS)


@pytest.mark.parametrize("name", TOOLS)
def test_every_tool_is_described(name: str) -> None:
    spec = TOOLS[name].spec
    assert spec.description.endswith(".")
    assert spec.parameters["type"] == "object"
    assert spec.parameters["additionalProperties"] is False
    for argument, schema in spec.parameters["properties"].items():
        assert schema["description"], argument
        assert ("default" in schema) != (argument in spec.parameters["required"])


def test_a_schema_says_what_the_signature_says() -> None:
    spec = TOOLS["send_mail"].spec
    assert spec.writes
    assert spec.parameters["required"] == ["to", "subject", "body"]
    assert spec.parameters["properties"]["cc"] == {
        "type": "array",
        "items": {"type": "string"},
        "description": "Recipients of a copy.",
        "default": [],
    }
    assert TOOLS["create_record"].spec.parameters["properties"]["fields"]["type"] == "object"
    assert TOOLS["search_mail"].spec.parameters["properties"]["limit"]["maximum"] == 100


@pytest.mark.parametrize(
    ("name", "arguments", "checked"),
    [
        ("read_mail", {"mail_id": 7}, {"mail_id": "7"}),
        ("search_mail", {"limit": "5", "query": None}, {"limit": 5}),
        ("edit_note", {"note_id": "n1", "body": "x", "append": "true"}, {"note_id": "n1", "body": "x", "append": True}),
        ("share_calendar", {"people": "Ana, tom@x.example; Lee"}, {"people": ("Ana", "tom@x.example", "Lee")}),
        ("share_calendar", {"people": '["Ana"]'}, {"people": ("Ana",)}),
        (
            "update_record",
            {"record_id": "d", "fields": '{"amount": 5}'},
            {"record_id": "d", "fields": {"amount": "5"}},
        ),
    ],
)
def test_arguments_are_coerced(name: str, arguments: dict[str, Any], checked: dict[str, Any]) -> None:
    assert TOOLS[name].check(arguments) == checked


@pytest.mark.parametrize(
    ("name", "arguments", "error"),
    [
        ("read_mail", {}, "argument 'mail_id' is missing"),
        ("read_mail", {"mail_id": None}, "argument 'mail_id' is missing"),
        ("read_mail", {"mailid": "m1"}, "unknown argument 'mailid' (did you mean 'mail_id'?)"),
        ("read_mail", {"mail_id": ["m1"]}, "argument 'mail_id': Input should be a valid string"),
        ("search_mail", {"limit": "many"}, "argument 'limit': Input should be a valid integer"),
        ("search_mail", {"query": "\ud800"}, "argument 'query': Input should be a valid string"),
        ("share_calendar", {"people": [1, {}]}, "argument 'people.1': Input should be a valid string"),
        ("share_calendar", {"people": 5}, "argument 'people': Input should be a list"),
        ("update_record", {"record_id": "a", "fields": "x"}, "argument 'fields': Input should be an object"),
        ("list_people", {"x": 1}, "unknown argument 'x'"),
        ("list_people", {str(n): 1 for n in range(1_000)}, "and 995 more"),
    ],
)
def test_bad_arguments_are_named(name: str, arguments: dict[str, Any], error: str) -> None:
    with pytest.raises(ToolError) as caught:
        TOOLS[name].check(arguments)
    assert error in str(caught.value)
    assert caught.value.hint.startswith(f"{name} takes: ")


def test_an_unknown_toolkit_is_refused_by_name() -> None:
    with pytest.raises(InputError, match=r"toolkits: unknown toolkit 'male'; did you mean 'mail'\?"):
        tools_of(("male",))


def test_the_user_is_always_there() -> None:
    assert list(tools_of(())) == ["ask_user", "answer_user", "decline_task"]
    assert list(tools_of(("user", "memory")))[:1] == ["ask_user"]
