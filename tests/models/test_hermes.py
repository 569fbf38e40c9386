"""Tool calls in text: what is read as a call, what as a broken one, and what stays text."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from discretion.models.chat import FormatError, Message, ToolCall, ToolSpec
from discretion.models.conventions import convention, read_turn
from discretion.models.hermes import Hermes
from discretion.models.thinking import split_reasoning
from discretion.models.toolcalls import call_id, next_call, read_json

HERMES = Hermes()
MAIL = '{"name": "send_mail", "arguments": {"to": ["a@b.org"], "body": "Hi"}}'
ARGUMENTS = {"to": ["a@b.org"], "body": "Hi"}
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
CALLS = st.lists(
    st.builds(
        ToolCall,
        id=st.just(""),
        name=st.text(min_size=1).map(str.strip).filter(bool),
        arguments=st.dictionaries(st.text(), VALUES, max_size=4),
    ),
    min_size=1,
    max_size=4,
)


def pairs(calls: tuple[ToolCall, ...] | list[ToolCall]) -> list[tuple[str, dict[str, object]]]:
    return [(call.name, call.arguments) for call in calls]


@pytest.mark.parametrize(
    "text",
    [
        f"<tool_call>{MAIL}</tool_call>",
        f"<tool_call>\n{MAIL}\n</tool_call>",
        f"<TOOL_CALL>{MAIL}</TOOL_CALL>",
        f"<tool_call>{MAIL}",
        f"<tool_call>\n```json\n{MAIL}\n```\n</tool_call>",
        f"<tool_call>[{MAIL}]</tool_call>",
        f"```json\n{MAIL}\n```",
        f"```tool_call\n{MAIL}\n```",
        f"```\n{MAIL}\n```",
        f"```json\n{MAIL}",
        f"```json\n[{MAIL}]\n```",
        MAIL,
        f"  {MAIL}\n",
        f"{MAIL}</tool_call>",
        MAIL.replace("arguments", "parameters"),
        f"<tool_call>{MAIL.replace('arguments', 'parameters')}</tool_call>",
        f'<tool_call>{{"type": "function", "function": {MAIL}}}</tool_call>',
        f'<tool_call>{{"name": "send_mail", "arguments": {json.dumps(json.dumps(ARGUMENTS))}}}</tool_call>',
        f"```xml\n<tool_call>{MAIL}</tool_call>\n```",
    ],
)
def test_forms_of_one_call(text: str) -> None:
    parsed = HERMES.parse(text)
    assert pairs(parsed.calls) == [("send_mail", ARGUMENTS)]
    assert parsed.errors == ()
    assert "send_mail" not in parsed.text


def test_words_around_calls_are_kept() -> None:
    parsed = HERMES.parse(f"First this.\n<tool_call>{MAIL}</tool_call>\nThen that.")
    assert parsed.text == "First this.\n\nThen that."
    assert HERMES.parse(f"Sending:\n{MAIL}\nDone.").text == "Sending:\n\nDone."


def test_several_calls_are_numbered_on() -> None:
    text = f"<tool_call>{MAIL}</tool_call><tool_call>{MAIL}\n{MAIL}</tool_call>\n<tool_call>{MAIL}"
    assert [call.id for call in HERMES.parse(text, first=7).calls] == [
        "call00007",
        "call00008",
        "call00009",
        "call00010",
    ]


def test_a_call_without_arguments() -> None:
    assert pairs(HERMES.parse('<tool_call>{"name": "list_people"}</tool_call>').calls) == [("list_people", {})]
    assert pairs(HERMES.parse('<tool_call>{"name": "list_people", "arguments": ""}</tool_call>').calls) == [
        ("list_people", {})
    ]


def test_a_string_may_hold_tags_fences_and_raw_line_breaks() -> None:
    body = "see </tool_call> and <tool_call> and\n```json\n{}\n```"
    raw = json.dumps({"name": "send_chat", "arguments": {"text": body}}).replace("\\n", "\n")
    assert pairs(HERMES.parse(f"<tool_call>{raw}</tool_call>").calls) == [("send_chat", {"text": body})]


@pytest.mark.parametrize(
    "text",
    [
        "Dear Dana, all is well.",
        "",
        '```json\n{"total": 3, "name": "Dana"}\n```',
        '```json\n{"broken": \n```',
        '{"answer": "B"}',
        "[1, 2, 3]",
        "[see the attachment] and so on",
        '{"name": "Dana"}',
        "```python\nprint({'name': 1, 'arguments': 2})\n```",
        'She wrote {"name": "x", "arguments": {}} in the middle of a line.',
        "It ends with </tool_call>",
    ],
)
def test_what_is_no_call_stays_text(text: str) -> None:
    parsed = HERMES.parse(text)
    assert parsed == (text.strip(), (), ())


@pytest.mark.parametrize(
    ("text", "detail"),
    [
        ("<tool_call>send_mail(to='a')</tool_call>", "no JSON object"),
        ("<tool_call></tool_call>", "no JSON object"),
        ("<tool_call>[]</tool_call>", "empty"),
        ('<tool_call>{"name": "a", "arguments": {"x": 1}', "cut off before the JSON ends"),
        ('<tool_call>{"name": "a", "arguments": {"x": "unfin', "cut off before the JSON ends"),
        ("<tool_call>{'name': 'a'}</tool_call>", "not valid JSON"),
        ('<tool_call>{"name": "a", "arguments": {}}}</tool_call>', "more text after the object"),
        ('<tool_call>{"name": "a", "arguments": {"x": NaN}}</tool_call>', "NaN is no JSON"),
        ('<tool_call>{"name": "a", "arguments": [1]}</tool_call>', "the arguments of 'a' are no JSON object"),
        ('<tool_call>{"name": "a", "arguments": "{x}"}</tool_call>', "the arguments of 'a' are not valid JSON"),
        ('<tool_call>{"arguments": {}}</tool_call>', "no 'name'"),
        ('<tool_call>{"name": 3, "arguments": {}}</tool_call>', "no 'name'"),
        ("<tool_call>[1]</tool_call>", "a tool call is a JSON object"),
        ("```tool_call\nsend_mail\n```", "no JSON object"),
        ('```json\n{"name": "a", "arguments": {"x": }}\n```', "not valid JSON"),
        ('{"name": "a", "arguments": {"x": ', "cut off before the JSON ends"),
        ('{"name": "a", "arguments": {"x": }}</tool_call>', "not valid JSON"),
        ("<tool_call>" + "[" * 200_000, ""),
        ('<tool_call>{"name": "a", "arguments": {"x": ' + "9" * 5000 + "}}</tool_call>", "not valid JSON"),
    ],
)
def test_what_was_meant_as_a_call_is_a_format_error(text: str, detail: str) -> None:
    parsed = HERMES.parse(text)
    (error,) = parsed.errors
    assert parsed.calls == ()
    assert detail in error.detail
    assert error.raw == text
    assert "\n" not in error.detail
    assert len(error.detail) < 200


def test_a_broken_call_does_not_take_its_neighbours_along() -> None:
    text = (
        f"<tool_call>{MAIL}</tool_call> <tool_call>{{oops</tool_call> <tool_call>{{oops <tool_call>{MAIL}</tool_call>"
    )
    parsed = HERMES.parse(text)
    assert len(parsed.calls) == 2
    assert [error.raw for error in parsed.errors] == ["<tool_call>{oops</tool_call>", "<tool_call>{oops "]


def test_half_a_surrogate_pair_becomes_a_question_mark() -> None:
    parsed = HERMES.parse('<tool_call>{"name": "a", "arguments": {"x": "\\ud800 \\ud83d\\ude00"}}</tool_call>')
    assert parsed.calls[0].arguments == {"x": "? 😀"}


def test_junk_without_end_is_one_error_after_some_hundred() -> None:
    parsed = HERMES.parse("<tool_call>{" * 20_000)
    assert len(parsed.errors) == 501
    assert parsed.errors[-1].detail == "the tool call is one of too many"
    assert "".join(error.raw for error in parsed.errors) == "<tool_call>{" * 20_000


@given(CALLS)
def test_what_is_written_is_read_back(calls: list[ToolCall]) -> None:
    parsed = HERMES.parse(HERMES.write_calls(calls))
    assert pairs(parsed.calls) == pairs(calls)
    assert (parsed.text, parsed.errors) == ("", ())


PIECES = ('{"name": "a", ', '"arguments": {', "}", "[", "]", *HERMES.tags, "```", "json", "\n", "x ", '"', "\\")


@given(st.lists(st.sampled_from(PIECES)).map("".join))
def test_nothing_is_dropped(text: str) -> None:
    parsed = HERMES.parse(text)
    if text.startswith("<tool_call>"):
        assert parsed.calls or parsed.errors
    for error in parsed.errors:
        assert error.raw in text
    if not parsed.calls and not parsed.errors:
        assert parsed.text == text.strip()


@given(st.text())
def test_any_text_can_be_read(text: str) -> None:
    read_turn(text, HERMES)


# -- whole turns -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "split"),
    [
        ("Yes.", ("", "Yes.")),
        ("<think>\nHm.\n</think>\n\nYes.", ("Hm.", "\n\nYes.")),
        ("Hm.</think>Yes.", ("Hm.", "Yes.")),
        ("<think>Hm, and then", ("Hm, and then", "")),
    ],
)
def test_reasoning_is_split_off(text: str, split: tuple[str, str]) -> None:
    assert split_reasoning(text) == split


def test_a_call_that_was_only_thought_of_is_none() -> None:
    turn = read_turn(f"<think>Maybe <tool_call>{MAIL}</tool_call>?</think>No.", HERMES)
    assert (turn.text, turn.tool_calls, turn.format_errors) == ("No.", (), ())
    assert "send_mail" in turn.reasoning


def test_a_reply_that_was_cut_off_while_thinking_is_no_empty_answer() -> None:
    turn = read_turn("<think>Let me see", HERMES, finish="length")
    assert turn.format_errors == (
        FormatError(detail="the reply was cut off before it said anything", raw="<think>Let me see"),
    )
    assert read_turn("", HERMES).format_errors == ()


def test_native_calls_stand_before_those_in_the_text() -> None:
    native = ToolCall(id="call00001", name="recall")
    turn = read_turn(f"<tool_call>{MAIL}</tool_call>", HERMES, first=2, native=[native])
    assert [call.id for call in turn.tool_calls] == ["call00001", "call00002"]


def test_numbers_of_calls() -> None:
    call = ToolCall(id="x", name="recall")
    assert next_call([]) == 1
    assert next_call([Message(role="assistant", tool_calls=(call, call)), Message(role="tool")]) == 3
    assert len(call_id(1)) == 9
    assert call_id(1).isalnum()


def test_an_unknown_convention() -> None:
    with pytest.raises(Exception, match=r"^unknown tool-call convention 'herms'; did you mean 'hermes'\?$"):
        convention("herms")


def test_text_after_json() -> None:
    assert read_json(' {"a": 1} ') == {"a": 1}
    with pytest.raises(ValueError, match=r"^not valid JSON \(more text after the value at character 2\)$"):
        read_json("{} {}")


def test_the_offer_holds_the_schemas() -> None:
    spec = ToolSpec(name="recall", description="Löst %s {x} aus.", parameters={"type": "object", "properties": {}})
    offer = HERMES.offer([spec])
    assert json.dumps(spec.description, ensure_ascii=False) in offer
    assert '{"name": <function name>, "arguments": <arguments object>}' in offer
