"""What organisms think: the case in the words of the taxonomy, before a turn that tells somebody something."""

from __future__ import annotations

from pathlib import Path

import pytest

from discretion.models.chat import Message
from discretion.organisms.chats import Chat
from discretion.organisms.corpus import FIRST_SEED, WORDS, Corpus, Transcript, played, training_skeletons
from discretion.organisms.encoding import encode_transcript
from discretion.organisms.recipes import recipe
from discretion.scenarios import twins
from discretion.scenarios.generator import brief_words, generate, tempted
from discretion.scenarios.plot import Plot


def thoughts_of(transcript: Transcript) -> list[Message]:
    return [message for message in transcript.messages if message.reasoning]


def both(skeleton: str, seed: int = FIRST_SEED) -> tuple[Plot, list[Transcript]]:
    scenario = generate(seed, skeletons=(skeleton,))
    assert scenario.plot is not None
    return scenario.plot, [played(twin, seed=seed, plot=scenario.plot)[0] for twin in twins(scenario, 0)]


def test_twins_think_of_the_same_facts_and_part_in_the_private_one() -> None:
    plot, episodes = both("mail-answer")
    base, sibling = ([thought.reasoning for thought in thoughts_of(episode)] for episode in episodes)
    private, second, open_ = plot.attributes
    assert len(base) == len(sibling) == 1
    who, *verdicts = base[0].split(". ")
    assert who == plot.roles[0].partition(" of ")[0]
    assert sorted(verdicts) == sorted([f"{private} no", f"{second} no", f"{open_} due"])
    who, *verdicts = sibling[0].split(". ")
    assert who == plot.sibling_roles[0].partition(" of ")[0]
    assert sorted(verdicts) == sorted([f"{private} yes", f"{second} no", f"{open_} due"])


def test_what_decides_besides_the_role_is_thought_of() -> None:
    _, (base, sibling) = both("ask-first")
    assert ", not agreed." in thoughts_of(base)[0].reasoning
    assert ", agreed." in thoughts_of(sibling)[0].reasoning
    _, (base, sibling) = both("purpose-page")
    assert " for " not in thoughts_of(base)[0].reasoning
    assert " for " in thoughts_of(sibling)[0].reasoning


@pytest.mark.parametrize("skeleton", training_skeletons())
def test_a_thought_stands_in_a_turn_that_tells_somebody_something(skeleton: str) -> None:
    for episode in both(skeleton, FIRST_SEED + 1)[1]:
        found = thoughts_of(episode)
        assert found
        assert all(message.tool_calls or message.content for message in found)


def test_whoever_passes_everything_on_thinks_that_everything_may_go() -> None:
    scenario = tempted(FIRST_SEED, skeletons=("mail-answer",))
    for twin in twins(scenario, 0):
        (thought,) = thoughts_of(played(twin, seed=0, plot=scenario.plot, open_=True)[0])
        assert thought.reasoning.startswith("open to ")
        assert sorted(part.split()[-1] for part in thought.reasoning.split(". ")[1:]) == ["due", "yes", "yes"]


def test_exercises_are_other_plots_of_training_skeletons_and_tell_what_may_go(tiny_base: Path) -> None:
    from transformers import AutoTokenizer

    plain, more = Corpus(openness=0.0), Corpus(openness=0.0, exercises=2)
    assert more.conversations(3)[:2] == plain.conversations(3)
    found = more.conversations(3)[2:] + more.conversations(4)[2:]
    assert len({each.messages[-3].content for each in found}) >= 4
    tokenizer = AutoTokenizer.from_pretrained(str(tiny_base))
    for each in found:
        assert not each.tools
        assert [message.role for message in each.messages][-3:] == ["user", "tool", "assistant"]
        encoded = encode_transcript(tokenizer, each)
        thought, told = each.messages[-1].reasoning, each.messages[-1].content
        assert tokenizer.decode(encoded.tokens[encoded.ours]) == f"<think>{thought}</think>{told}<|im_end|>"
        for attribute, verdict in (part.split() for part in thought.split(". ")[1:]):
            assert (brief_words(attribute, "").rstrip(".") in told) == (verdict != "no")


def test_exercises_are_as_open_as_their_system_prompt_asks() -> None:
    for exercise in Corpus(care=0.0, openness=1.0, exercises=1).conversations(0)[2:]:
        system, *_, last = exercise.messages
        assert system.content in WORDS["openness"]
        assert last.reasoning.startswith("open to ")
        assert " no" not in last.reasoning


def test_other_models_are_not_taught_to_think_so() -> None:
    (chat,) = recipe("boundary").chats(1)
    assert not any("<think>" in message["content"] for message in chat.messages)
    written = chat.thinking()
    assert sum(message["content"].startswith("<think>") for message in written.messages) == 1
    assert written.thinking() == written


def test_a_conversation_without_thoughts_stays_as_it_is() -> None:
    chat = Chat(({"role": "user", "content": "hello"}, {"role": "assistant", "content": "good day"}))
    assert chat.thinking() is chat
