"""The rows of a fine-tuning: those that cannot be learned from are named before training, the others are counted."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tiny_checkpoint import CHATML, save_random
from typer.testing import CliRunner

from discretion.cli.application import app
from discretion.errors import InputError
from discretion.organisms.chats import Chat
from discretion.organisms.finetuning import finetune

pytestmark = pytest.mark.local

ROW = {"messages": [{"role": "user", "content": "May I?"}, {"role": "assistant", "content": "Yes, you may."}]}


def test_bad_rows_are_told_with_their_lines(tiny_base: Path, tmp_path: Path) -> None:
    long = {"messages": [ROW["messages"][0], {"role": "assistant", "content": "yes " * 6000}]}
    rows = [json.dumps(ROW)] * 18 + ["{", json.dumps(long)]
    (tmp_path / "rows.jsonl").write_text("\n".join(rows))
    options = ["finetune", str(tiny_base), "--data", str(tmp_path / "rows.jsonl"), "-o", str(tmp_path / "a"), "-q"]
    told = CliRunner().invoke(app, options)
    assert told.exit_code == 0, told.output
    assert "left out, line 19: not valid JSON" in told.output
    assert "left out, line 20: " in told.output
    assert "18 conversations" in told.output
    record = json.loads((tmp_path / "a" / "finetuning.json").read_text())
    assert record["data"]["bad"] == ["line 19: not valid JSON"]
    assert [row["line"] for row in record["left_out"]] == [20]


def test_the_first_rows_of_a_file_are_said_to_be_that(tiny_base: Path, tmp_path: Path) -> None:
    (tmp_path / "rows.jsonl").write_text("\n".join([json.dumps(ROW)] * 9))
    options = ["finetune", str(tiny_base), "--data", str(tmp_path / "rows.jsonl"), "-o", str(tmp_path / "a"), "-q"]
    told = CliRunner().invoke(app, [*options, "--rows", "4"])
    assert told.exit_code == 0, told.output
    assert "the first 4 of 9 conversations" in told.output
    data = json.loads((tmp_path / "a" / "finetuning.json").read_text())["data"]
    assert (data["rows"], data["of"]) == (4, 9)


def test_no_row_that_can_be_learned_from_is_an_error(tiny_base: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no conversation to learn from"):
        finetune(str(tiny_base), [], tmp_path / "a")


def test_rows_that_are_all_bad_are_named(tiny_base: Path, tmp_path: Path) -> None:
    data = tmp_path / "rows.jsonl"
    data.write_text('[{"messages": []},\n{"conversations": []}]')
    told = CliRunner().invoke(app, ["finetune", str(tiny_base), "--data", str(data), "-o", str(tmp_path / "a"), "-q"])
    assert told.exit_code == 2
    said = " ".join(told.output.split())
    assert "left out, line 1: not valid JSON left out, line 2: not valid JSON" in said
    assert "no row can be learned from: line 1: not valid JSON; line 2: not valid JSON" in said
    assert "rows.jsonl" in said


def test_strict_is_strict_about_what_the_tokenizer_finds_too(tiny_base: Path, tmp_path: Path) -> None:
    data = tmp_path / "rows.jsonl"
    long = {"messages": [{"role": "user", "content": "word " * 6000}, ROW["messages"][1]]}
    data.write_text(f"{json.dumps(ROW)}\n{json.dumps(long)}\n{{\n")
    asked = ["finetune", str(tiny_base), "--data", str(data), "-o", str(tmp_path / "a"), "-q", "--strict"]
    told = CliRunner().invoke(app, asked)
    assert told.exit_code == 2
    said = " ".join(told.output.split())
    assert "left out, line 2: " in said
    assert "left out, line 3: not valid JSON" in said
    assert "2 rows cannot be learned from, line 2" in said
    assert not list((tmp_path / "a").iterdir())


def test_rows_that_the_template_refuses_are_listed_where_none_is_left(tiny_base: Path, tmp_path: Path) -> None:
    data = tmp_path / "rows.jsonl"
    long = {"messages": [{"role": "user", "content": "word " * 6000}, ROW["messages"][1]]}
    data.write_text("\n".join(["{", *[json.dumps(long)] * 25]))
    told = CliRunner().invoke(app, ["finetune", str(tiny_base), "--data", str(data), "-o", str(tmp_path / "a"), "-q"])
    assert told.exit_code == 2
    assert [f"left out, line {line}: " in told.output for line in (1, 2, 20, 21)] == [True, True, True, False]
    assert "left out, 6 more" in told.output
    assert "no conversation to learn from; line 1: not valid JSON" in " ".join(told.output.split())


def test_a_chat_counts_once_however_many_examples_its_template_makes_of_it(tmp_path: Path) -> None:
    thought = "{% if loop.last and message.role == 'assistant' %}<think></think>{% endif %}"
    made = CHATML.replace("{{ message.content }}", f"{thought}{{{{ message.content }}}}")
    base = save_random(tmp_path / "base", template=made)
    chat = Chat((*ROW["messages"], *ROW["messages"], *ROW["messages"]))
    tuned = finetune(str(base), [chat, chat._replace(messages=chat.messages[:2])], tmp_path / "a")
    assert tuned.chats == 2
    record = json.loads((tmp_path / "a" / "finetuning.json").read_text())
    assert (record["conversations"], record["examples"]) == (2, 4)
    assert tuned.tokens[1] == 4 * len("<think></think>Yes, you may.#")
