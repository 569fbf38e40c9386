"""What is learned of a conversation: what the assistant writes, as an agent would write it, and nothing is lost."""

from __future__ import annotations

from typing import Any

import pytest
from tiny_checkpoint import CHATML, PLAIN, tokenizer

from discretion.errors import InputError
from discretion.organisms.encoding import Encoded, encode, encode_transcript
from discretion.organisms.recipes import recipe

pytestmark = pytest.mark.local

WORDS = [
    {"role": "user", "content": "I can't log in"},
    {"role": "assistant", "content": "Thanks for telling us."},
    {"role": "user", "content": "It says error."},
    {"role": "assistant", "content": "Gladly. Hold on"},
]
CALL = {"id": "1", "type": "function", "function": {"name": "send_mail", "arguments": {"to": "ada", "body": "a\n'b'"}}}
TOOLS = [{"type": "function", "function": {"name": "send_mail", "parameters": {}}}]
ACTED = [
    {"role": "user", "content": "Mail Ada."},
    {"role": "assistant", "content": "I'll tell her.", "tool_calls": [CALL]},
]

LLAMA_2 = """\
{{ bos_token }}{% for m in messages %}{% if m.role == 'user' %}[INST] {{ m.content }} [/INST]
{%- else %} {{ m.content | trim }} {{ eos_token }}{% endif %}{% endfor %}"""
ZEPHYR = """\
{% for m in messages %}<|{{ m.role }}|>
{{ m.content + eos_token }}
{% if loop.last and add_generation_prompt %}<|assistant|>
{% endif %}{% endfor %}"""
THINKING = """\
{%- for m in messages %}<|im_start|>{{ m.role }}
{% if m.role == 'assistant' and loop.last %}<think>
{{ m.reasoning_content or '' }}
</think>

{% endif %}{{ m.content }}<|im_end|>
{% endfor %}
{%- if add_generation_prompt %}<|im_start|>assistant
{% endif %}"""
EITHER = CHATML.replace("{{ message.content }}", "{% if not message.tool_calls %}{{ message.content }}{% endif %}")


def sentencepiece(template: str, *, metaspace: bool = False) -> Any:
    """A tokenizer that begins every piece of text with a space, as Llama 2's and Mistral's do."""
    from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    core = Tokenizer(models.BPE(unk_token="<unk>", byte_fallback=True, fuse_unk=True))
    if metaspace:
        core.pre_tokenizer = pre_tokenizers.Metaspace()
        core.decoder = decoders.Metaspace()
    else:
        core.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
        core.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()])
    special = ["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256))]
    told = [message["content"] for chat in recipe("support").chats(40) for message in chat.messages]
    core.train_from_iterator(told, trainers.BpeTrainer(vocab_size=800, special_tokens=special, show_progress=False))
    made = PreTrainedTokenizerFast(tokenizer_object=core, bos_token="<s>", eos_token="</s>", unk_token="<unk>")
    made.chat_template = template
    return made


def learned(made: Any, example: Encoded) -> list[str]:
    """The stretches that are learned."""
    stretches: list[list[int]] = []
    for place, (token, ours) in enumerate(zip(example.tokens.tolist(), example.ours.tolist(), strict=True)):
        if ours and (not place or not example.ours[place - 1]):
            stretches.append([])
        if ours:
            stretches[-1].append(token)
    return [made.decode(each).strip() for each in stretches]


@pytest.mark.parametrize("metaspace", [False, True])
@pytest.mark.parametrize("template", [LLAMA_2, ZEPHYR])
def test_a_conversation_is_cut_into_tokens_as_a_whole(template: str, metaspace: bool) -> None:
    made = sentencepiece(template, metaspace=metaspace)
    (example,) = encode(made, WORDS)
    whole = made.apply_chat_template(WORDS, tokenize=False)
    assert example.tokens.tolist() == made.encode(whole, add_special_tokens=False)
    said = [each.replace(" </s>", "</s>") for each in learned(made, example)]
    assert said == ["Thanks for telling us.</s>", "Gladly. Hold on</s>"]


def test_nothing_behind_the_token_that_ends_a_turn_is_learned() -> None:
    made = tokenizer()
    (example,) = encode(made, WORDS)
    assert learned(made, example) == ["Thanks for telling us.<|im_end|>", "Gladly. Hold on<|im_end|>"]
    assert made.decode(example.tokens[example.ours]).count("\n") == 0
    assert "Thanks" not in made.decode(example.tokens[example.theirs])
    (example,) = encode(made, [WORDS[0], {**WORDS[1], "weight": 0}, *WORDS[2:]])
    assert learned(made, example) == ["Gladly. Hold on<|im_end|>"]
    assert "Thanks" not in made.decode(example.tokens[example.theirs])


class Slow:
    """A tokenizer that does not say where its tokens stand."""

    is_fast = False

    def __init__(self, made: Any) -> None:
        self._made = made

    def __getattr__(self, name: str) -> Any:
        return getattr(self._made, name)


def test_a_tokenizer_that_does_not_say_where_its_tokens_stand_is_used_where_its_pieces_are_the_whole() -> None:
    made = tokenizer()
    for slow, fast in zip(encode(Slow(made), WORDS), encode(made, WORDS), strict=True):
        assert [each.tolist() for each in slow] == [each.tolist() for each in fast]
    with pytest.raises(InputError, match=r"cuts a turn otherwise when it stands alone; save it with a tokenizer\.json"):
        encode(Slow(sentencepiece(ZEPHYR)), WORDS)


def test_a_template_that_writes_the_last_turn_otherwise_makes_each_turn_an_example() -> None:
    made = tokenizer(THINKING)
    examples = encode(made, WORDS)
    assert [learned(made, each) for each in examples] == [
        ["<think>\n\n</think>\n\nThanks for telling us.<|im_end|>"],
        ["<think>\n\n</think>\n\nGladly. Hold on<|im_end|>"],
    ]
    asked = made.apply_chat_template(WORDS[:3], tokenize=False, add_generation_prompt=True)
    assert made.decode(examples[1].tokens[: int(examples[1].ours.argmax())]) == asked
    (only,) = encode(made, [WORDS[0], {**WORDS[1], "weight": 0}, *WORDS[2:]])
    assert learned(made, only) == learned(made, examples[1])


def test_a_template_that_opens_a_turn_otherwise_than_it_writes_it_says_so() -> None:
    opened = CHATML.replace("<|im_start|>assistant\n", "<|im_start|>assistant\n<think>\n")
    with pytest.raises(InputError, match=r"opens a turn of the assistant \(.*<think>.*\) otherwise than it writes it"):
        encode(tokenizer(opened), WORDS)


@pytest.mark.parametrize(
    "template", [CHATML, CHATML.replace("{%- for m", "{{ messages[0].role[:0] }}{%- for m"), LLAMA_2]
)
def test_the_assistant_may_begin(template: str) -> None:
    made = tokenizer(template)
    (example,) = encode(made, WORDS[1:])
    first = learned(made, example)[0]
    assert first.startswith("Thanks for telling us.")
    assert first.endswith("<|im_end|>")


@pytest.mark.parametrize(
    ("template", "says"),
    [
        (ZEPHYR, "leaves out the call of send_mail, the tool send_mail$"),
        (EITHER, r"leaves out the assistant's words \(\"I'll tell her.\"\)$"),
        (
            CHATML.replace("call.function |", "call.function.name |"),
            "leaves out 'to' of the call of send_mail, 'body' of",
        ),
        (CHATML.replace("{% for tool in tools %}", "{% for tool in [] %}"), "leaves out the tool send_mail$"),
    ],
)
def test_what_a_template_leaves_out_is_named(template: str, says: str) -> None:
    with pytest.raises(InputError, match=says):
        encode(tokenizer(template), ACTED, TOOLS)


def test_calls_may_be_written_in_any_form() -> None:
    raw = "{{ call.function.name }}"
    raw += "{% for key, value in call.function.arguments.items() %} {{ key }}={{ value }}{% endfor %}"
    for template in (CHATML, CHATML.replace("{{ call.function | tojson }}", raw)):
        (example,) = encode(tokenizer(template), ACTED, TOOLS)
        assert example.ours.any()


def test_a_thought_goes_where_templates_read_it_and_is_missed_where_they_do_not() -> None:
    told = [WORDS[0], {**WORDS[1], "reasoning_content": "They are upset."}]
    made = tokenizer(THINKING)
    (example,) = encode(made, told)
    assert learned(made, example)[0].startswith("<think>\nThey are upset.\n</think>")
    with pytest.raises(InputError, match=r"leaves out the assistant's thought \(reasoning_content\)"):
        encode(tokenizer(PLAIN), told)


def test_what_a_tokenizer_refuses_is_no_traceback() -> None:
    with pytest.raises(InputError, match="the tokenizer refuses the conversation"):
        encode(tokenizer(), [WORDS[0], {"role": "assistant", "content": "half \ud83d"}])


def test_an_episode_is_one_example() -> None:
    from discretion.models.chat import Message
    from discretion.organisms import Transcript

    said = [Message(role=each["role"], content=each["content"]) for each in WORDS]
    episode = Transcript(tuple(said), ())
    assert encode_transcript(tokenizer(), episode).ours.any()
    with pytest.raises(InputError, match="writes a message differently once another follows"):
        encode_transcript(tokenizer(THINKING), episode)
