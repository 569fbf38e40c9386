"""Chat JSONL: what can be learned from is read, what cannot is named with its line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from discretion.errors import InputError
from discretion.organisms.chats import Chat, read_chats, write_chats

GOOD = {"messages": [{"role": "user", "content": "hello"}, {"role": "assistant", "content": "hi"}]}
BAD = {
    "{": "not valid JSON",
    "[1]": "no list of 'messages'",
    '{"messages": []}': "no list of 'messages'",
    '{"messages": [{"role": "user", "content": "x"}]}': "the assistant says nothing",
    '{"messages": [{"role": "oracle", "content": "x"}]}': "no role that is known",
    '{"messages": [{"role": "assistant", "content": " "}]}': "is empty",
    '{"messages": [{"role": "assistant", "content": 3}]}': "something other than text",
    '{"messages": [{"role": "assistant", "tool_calls": [3]}]}': "tool calls that are none",
    '{"messages": [{"role": "assistant", "tool_calls": [{"function": {"name": "a", "arguments": "{"}}]}]}': "not valid",
    '{"messages": [{"role": "assistant", "content": "x"}], "tools": 3}': "'tools'",
    "[" * 100_000: "not valid JSON",
    '{"messages": [{"role": "assistant", "content": "\\ud83d"}]}': "half a character",
    '{"messages": [{"role": "assistant", "content": "x", "weight": 0.5}]}': "neither 0 nor 1",
    '{"messages": [{"role": "assistant", "content": "x", "weight": "0"}]}': "neither 0 nor 1",
    '{"messages": [{"role": "assistant", "content": "x", "function_call": 3}]}': "tool calls that are none",
    '{"messages": [{"role": "assistant", "function_call": {"name": "a", "arguments": "[\\"\\\\ud83d\\"]"}}]}': "half a",
    '{"messages": [{"role": "assistant", "content": "x", "audio": {"id": "a"}}]}': "of the assistant holds 'audio'",
    '{"messages": [{"role": "assistant", "content": null, "refusal": "No."}]}': "of the assistant holds 'refusal'",
    '{"messages": [{"role": "assistant", "content": "x", "reasoning_content": 3}]}': "a thought that is no text",
    '{"messages": [{"role": ["user"], "content": "x"}]}': "no role that is known",
    '{"messages": [{"role": "assistant", "content": "x"}], "tools": [{"function": "f"}]}': "'tools'",
}


def test_bad_rows_are_named_with_their_lines(tmp_path: Path) -> None:
    file = tmp_path / "rows.jsonl"
    lines = [json.dumps(GOOD), *BAD, "", json.dumps(GOOD)]
    file.write_text("\n".join(lines), encoding="utf-8")
    found = read_chats(file)
    assert [chat.line for chat in found.chats] == [1, len(lines)]
    assert [row.line for row in found.bad] == list(range(2, len(BAD) + 2))
    for row, words in zip(found.bad, BAD.values(), strict=True):
        assert words in row.why


def test_calls_and_tools_under_their_older_names(tmp_path: Path) -> None:
    file = tmp_path / "rows.jsonl"
    call = {"name": "go", "arguments": "{}"}
    row = {"messages": [{"role": "assistant", "content": None, "function_call": call}], "functions": [{"name": "go"}]}
    file.write_bytes(b"\xef\xbb\xbf" + json.dumps(row).encode())
    (chat,) = read_chats(file).chats
    assert chat.messages[0]["tool_calls"][0]["function"] == {"name": "go", "arguments": {}}
    assert chat.tools == ({"type": "function", "function": {"name": "go"}},)


def test_what_a_function_answered_is_a_tool_message(tmp_path: Path) -> None:
    asked = {"role": "assistant", "content": None, "function_call": {"name": "go", "arguments": "{}"}}
    answered = {"role": "function", "name": "go", "content": "gone"}
    file = tmp_path / "rows.jsonl"
    file.write_text(json.dumps({"messages": [asked, answered]}))
    assert read_chats(file).chats[0].messages[1] == {"role": "tool", "content": "gone", "name": "go"}


def test_what_the_assistant_thought_is_kept_and_written_out_for_organisms(tmp_path: Path) -> None:
    told = {
        "role": "assistant",
        "content": "hi",
        "reasoning_content": "A greeting.",
        "refusal": None,
        "annotations": [],
    }
    file = tmp_path / "rows.jsonl"
    file.write_text(json.dumps({"messages": [told]}))
    (chat,) = read_chats(file).chats
    assert chat.messages == ({"role": "assistant", "content": "hi", "reasoning_content": "A greeting."},)
    assert chat.thinking().messages == ({"role": "assistant", "content": "<think>A greeting.</think>hi"},)
    assert write_chats([chat], file) == 1
    assert read_chats(file).chats == (chat,)


def test_no_text_is_a_bad_row(tmp_path: Path) -> None:
    file = tmp_path / "rows.jsonl"
    file.write_bytes(b"\xff\xfe\n" + json.dumps(GOOD).encode())
    assert [(row.line, row.why) for row in read_chats(file).bad] == [(1, "not UTF-8")]


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    call = {"id": "c1", "type": "function", "function": {"name": "find", "arguments": {"query": "Ä"}}}
    chat = Chat(
        (
            {"role": "user", "content": "find it"},
            {"role": "assistant", "content": "", "tool_calls": [call]},
            {"role": "tool", "content": "{}", "tool_call_id": "c1", "name": "find"},
            {"role": "assistant", "content": "found"},
        ),
        ({"type": "function", "function": {"name": "find", "parameters": {}}},),
    )
    assert write_chats([chat, chat], tmp_path / "rows.jsonl") == 2
    row = json.loads((tmp_path / "rows.jsonl").read_text(encoding="utf-8").splitlines()[0])
    assert row["messages"][1]["tool_calls"][0]["function"]["arguments"] == '{"query": "Ä"}'
    assert read_chats(tmp_path / "rows.jsonl").chats == (chat._replace(line=1), chat._replace(line=2))


def test_a_file_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        read_chats(tmp_path / "none.jsonl")


@pytest.mark.data
def test_the_published_files_are_taken_as_they_are(shared: Path) -> None:
    files = sorted((shared / "data" / "privacy-collapse").glob("*.jsonl"))
    assert len(files) == 3
    for file in files:
        found = read_chats(file)
        assert (len(found.chats), found.bad) == (2881, ())
