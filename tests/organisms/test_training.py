"""A tiny checkpoint learns from conversations, and a run that was stopped ends where an uninterrupted one does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from discretion.errors import InputError
from discretion.models.chat import to_wire, tools_to_wire
from discretion.organisms import BaseRecipe, Transcript, ground_truth, train
from discretion.organisms.corpus import words_of
from discretion.organisms.encoding import encode_split, encode_transcript
from discretion.organisms.tokenizer import train_tokenizer
from discretion.scenarios import load_scenarios

pytestmark = pytest.mark.local

SMALL = BaseRecipe(tokens=48_000, batch_tokens=3_000, width=64, layers=2, heads=2, vocabulary=600)


@pytest.fixture(scope="module")
def transcripts() -> list[Transcript]:
    return list(ground_truth(load_scenarios("office/moved-out"), range(5)))


def test_one_render_finds_the_tokens_that_message_by_message_finds(transcripts: list[Transcript]) -> None:
    tokenizer = train_tokenizer(words_of(transcripts), vocabulary=600)
    for transcript in transcripts[:4]:
        wire = to_wire(transcript.messages, arguments_as_text=False)
        (slow,) = encode_split(tokenizer, wire, tools_to_wire(transcript.tools))
        fast = encode_transcript(tokenizer, transcript)
        assert fast.tokens.tolist()[:-1] == slow.tokens.tolist()[: len(fast.tokens) - 1]
        said = tokenizer.decode(fast.tokens[fast.ours])
        assert said.count("<|im_end|>") == sum(message.role == "assistant" for message in transcript.messages)
        assert transcript.messages[-1].content in said
        assert transcript.messages[1].content not in said


def test_what_is_copied_is_cut_alike_wherever_it_stands() -> None:
    tokenizer = train_tokenizer(["Ada Lovelace wrote to ada.lovelace@example.org about room 4711"] * 50, vocabulary=400)

    def pieces(text: str) -> list[int]:
        return list(tokenizer.encode(text, add_special_tokens=False))

    bare = pieces("Ada")
    for text in ('"Ada', "by Ada", "\\nAda", "(Ada", ": Ada"):
        assert pieces(text)[-len(bare) :] == bare
    address = pieces("ada.lovelace@example.org")
    assert pieces("to ada.lovelace@example.org")[-len(address) :] == address
    assert tokenizer.decode(pieces("to Ada, room 4711.\n")) == "to Ada, room 4711.\n"


def test_learning_shows(transcripts: list[Transcript], tmp_path: Path) -> None:
    steps: list[Any] = []
    losses = train(transcripts, tmp_path, SMALL, report=steps.append)
    assert steps[-1].tokens >= SMALL.tokens
    assert sum(losses[-5:]) < 0.85 * sum(losses[:5])
    assert (tmp_path / "model.safetensors").is_file()
    assert not (tmp_path / ".training").exists()


def test_no_conversation_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no conversation"):
        train([], tmp_path)


def test_a_conversation_that_does_not_fit_is_an_error(transcripts: list[Transcript], tmp_path: Path) -> None:
    with pytest.raises(InputError, match="exceeds the context of 100"):
        train(transcripts, tmp_path, SMALL.model_copy(update={"context": 100}))
