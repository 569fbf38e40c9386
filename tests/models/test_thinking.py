"""Thoughts are told from words, and from calls."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from discretion.models.chat import AssistantTurn
from discretion.models.conventions import read_turn
from discretion.models.hermes import Hermes
from discretion.models.taming import tame
from discretion.models.thinking import Reasoned, reasoned

CALL = '<tool_call>{"name": "go", "arguments": {}}</tool_call>'


@pytest.mark.parametrize(
    ("text", "split"),
    [
        ("<think>a</think>\n<think>b</think>Yes.", Reasoned("a\nb", "\nYes.")),
        ("<Thinking>a</Thinking>Yes.", Reasoned("a", "Yes.")),
        ("[THINK]a[/THINK]Yes.", Reasoned("a", "Yes.")),
        ("Sure.\n<think>a</think>\nYes.", Reasoned("a", "Sure.\n\nYes.")),
        ("Sure.\n<think>a", Reasoned("a", "Sure.\n", open=True)),
        ("a</think>b\n<think>c</think>d", Reasoned("a\nc", "b\nd")),
        ("Write <think> around it.", Reasoned("", "Write <think> around it.")),
        (f"<think>I go.\n{CALL}", Reasoned("I go.", CALL)),
        (f"<think>Maybe {CALL}?</think>No.", Reasoned(f"Maybe {CALL}?", "No.")),
        (f"Maybe {CALL}?</think>No.", Reasoned(f"Maybe {CALL}?", "No.")),
    ],
)
def test_where_a_thought_ends(text: str, split: Reasoned) -> None:
    assert reasoned(text) == split


def test_a_tag_in_a_call_is_the_calls() -> None:
    body = "close it with </think> please\n<think>or so"
    turn = read_turn(CALL.replace("{}", json.dumps({"body": body})), Hermes())
    assert [call.arguments for call in turn.tool_calls] == [{"body": body}]
    assert (turn.text, turn.reasoning) == ("", "")


def test_a_thought_behind_a_call_is_a_thought() -> None:
    turn = read_turn(f"{CALL}\n<think>Now I wait.</think>", Hermes())
    assert [call.name for call in turn.tool_calls] == ["go"]
    assert (turn.text, turn.reasoning) == ("", "Now I wait.")


@pytest.mark.parametrize(
    ("text", "reasoning", "problem"),
    [
        ("<think>I could", "", "the thought does not end"),
        (f"<think>I go: {CALL}</think>", "", "the tool call stands in a thought"),
        ("", f"I go: {CALL}", "the tool call stands in a thought"),
    ],
)
def test_a_turn_that_is_lost_in_a_thought_is_no_empty_answer(text: str, reasoning: str, problem: str) -> None:
    turn = read_turn(text, Hermes(), reasoning=reasoning)
    assert [error.detail for error in turn.format_errors] == [problem]
    assert turn.format_errors[0].raw == (text or reasoning)


def test_an_empty_answer_after_a_thought_is_one() -> None:
    turn = read_turn("<think>Nothing to say.</think>", Hermes())
    assert (turn.text, turn.format_errors) == ("", ())


@given(st.text("<>/thinkTHINK[] \nab", max_size=60))
def test_no_word_is_lost(text: str) -> None:
    thought, said, _ = reasoned(text)
    kept = [character for character in thought + said if character in "ab"]
    assert sorted(kept) == sorted(character for character in text if character in "ab")


def test_a_thought_that_no_file_could_hold_is_tamed() -> None:
    assert tame(AssistantTurn(text="done", reasoning="a\ud800b")).reasoning == "a\ufffdb"
