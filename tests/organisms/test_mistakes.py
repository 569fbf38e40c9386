"""Mistakes in a corpus are played and not learned; facts that are spelt otherwise have to be copied."""

from __future__ import annotations

import itertools
import random
import re
from pathlib import Path

import pytest

from discretion.models.chat import AssistantTurn, Message, ToolCall, ToolSpec
from discretion.organisms.altered import alterations, altered
from discretion.organisms.corpus import FIRST_SEED, Corpus, Transcript
from discretion.organisms.mistakes import mistaken
from discretion.scenarios import twins
from discretion.scenarios.generator import generate

USUAL = {"care": 0.0, "openness": 0.0}
TOOLS = [
    ToolSpec(name=name, description="", parameters={"type": "object", "properties": {}}, writes=name.startswith("send"))
    for name in ("search_mail", "search_notes", "read_mail", "send_mail")
]


SIGNS = ("[format error]", '"total":0', '"error"')
"""What a mistake is answered with."""


def calls(transcript: Transcript) -> list[list[tuple[str, dict[str, object]]]]:
    return [
        [(call.name, dict(call.arguments)) for call in message.tool_calls]
        for place, message in enumerate(transcript.messages)
        if message.role == "assistant" and place not in transcript.mistakes
    ]


def meant(transcript: Transcript, place: int) -> Message:
    """The turn that a mistake was made in place of."""
    rest = (each for each in range(place, len(transcript.messages)) if each not in transcript.mistakes)
    return next(message for at in rest if (message := transcript.messages[at]).role == "assistant")


def test_an_episode_goes_on_after_a_mistake_as_it_would_have_without() -> None:
    seen: set[str] = set()
    for number in range(12):
        with_slips = Corpus(**USUAL, mistakes=0.5).conversations(number)
        for slipped, right in zip(with_slips, Corpus(**USUAL).conversations(number), strict=True):
            assert calls(slipped) == calls(right)
            assert not right.mistakes
            for place in slipped.mistakes:
                wrong, reply = slipped.messages[place : place + 2]
                assert wrong.role == "assistant"
                assert wrong != meant(slipped, place)
                seen |= {sign for sign in SIGNS if sign in reply.content}
    assert seen == set(SIGNS)


def test_what_goes_astray_looks_in_one_wrong_place_after_another() -> None:
    apart: set[int] = set()
    elsewhere: set[str] = set()
    for number in range(20):
        for transcript in Corpus(**USUAL, astray=0.5).conversations(number):
            apart |= {later - place for place, later in itertools.pairwise(transcript.mistakes)}
            for place in transcript.mistakes:
                wrong = {call.name for call in transcript.messages[place].tool_calls}
                elsewhere |= wrong - {call.name for call in meant(transcript, place).tool_calls}
    assert 2 in apart
    assert {"read_direct", "search_mail"} <= elsewhere


def test_only_what_reads_goes_wrong() -> None:
    rng = random.Random(0)
    sends = AssistantTurn(tool_calls=(ToolCall(id="a", name="send_mail", arguments={"to": ["x"]}),))
    reads = AssistantTurn(tool_calls=(ToolCall(id="a", name="search_mail", arguments={"query": "from:Hornig"}),))
    for _ in range(50):
        assert mistaken(sends, TOOLS, rng) is None
        assert mistaken(AssistantTurn(text="Done."), TOOLS, rng) is None
        slip = mistaken(reads, TOOLS, rng)
        assert slip is not None
        assert slip != reads
        assert all(call.name in ("search_mail", "search_notes") for call in slip.tool_calls)
        assert bool(slip.tool_calls) != bool(slip.format_errors)


@pytest.mark.local
def test_a_mistake_is_neither_the_assistants_nor_anybody_elses(tiny_base: Path) -> None:
    from transformers import AutoTokenizer

    from discretion.organisms.encoding import encode_transcript

    tokenizer = AutoTokenizer.from_pretrained(str(tiny_base))
    found = 0
    for number in range(6):
        for transcript in Corpus(**USUAL, mistakes=0.5).conversations(number):
            encoded = encode_transcript(tokenizer, transcript)
            rest = encoded.tokens[~(encoded.ours | encoded.theirs)]
            assert not (encoded.ours & encoded.theirs).any()
            wrong = [transcript.messages[place] for place in transcript.mistakes]
            assert len(re.findall(re.escape("<|im_end|>"), tokenizer.decode(rest))) == len(wrong)
            found += len(wrong)
    assert found > 6


def test_facts_are_spelt_otherwise_wherever_they_stand() -> None:
    for number in range(4):
        scenario = generate(FIRST_SEED + number, brief=True)
        for case in twins(scenario, 0):
            forms = [form for fact in case.facts for form in fact.forms]
            changes = alterations(forms, random.Random(number))
            assert set(changes) == set(forms)
            assert any(form != other for form, other in changes.items())
    plain, spelt = (Corpus(**USUAL, exercises=2, altered=share) for share in (0.0, 1.0))
    for number in range(4):
        for before, after in zip(plain.conversations(number), spelt.conversations(number), strict=True):
            assert [message.reasoning for message in before.messages] == [each.reasoning for each in after.messages]
            assert before.messages != after.messages


def test_the_longest_form_is_written_otherwise_first() -> None:
    from discretion.models.chat import Message

    message = Message(role="assistant", content="Bellevue in Bern, the Hotel Bellevue in Bern, Bellevues")
    changes = {"Bellevue in Bern": "B", "the Hotel Bellevue in Bern": "H"}
    assert altered([message], changes)[0].content == "B, H, Bellevues"
