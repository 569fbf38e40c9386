"""Local checkpoints: what they are shown, what is read of what they write, and that batches do not matter."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from tiny_checkpoint import CHATML, PLAIN, STRICT, save_adapter, save_parrot, save_random, tokenizer

from discretion.errors import InputError, MissingExtra, ModelFault, ModelUnusable
from discretion.models import AssistantTurn, Message, Sampling, ToolCall, ToolSpec, TransformersChat
from discretion.models.chat_template import ChatTemplate
from discretion.models.conventions import convention
from discretion.models.told_day import day_setting, today_is

pytestmark = pytest.mark.local

TOOLS = [ToolSpec(name="recall", description="Recall.", parameters={"type": "object", "properties": {}})]
CALL = '{"name": "recall", "arguments": {}}'
SHORT = Sampling(max_tokens=12)


def asked(words: str) -> list[Message]:
    return [Message(role="system", content="Help."), Message(role="user", content=words)]


def together(model: TransformersChat, *conversations: list[Message], seed: int = 0) -> list[Any]:
    """Ask for several turns at once."""

    async def main() -> list[Any]:
        turns = (model.complete(messages, TOOLS, seed=seed) for messages in conversations)
        try:
            return await asyncio.gather(*turns, return_exceptions=True)
        finally:
            await model.aclose()

    return asyncio.run(main())


def text_and_usage(turn: AssistantTurn) -> tuple[Any, ...]:
    return turn.text, turn.tool_calls, turn.format_errors, turn.usage, turn.finish


@pytest.fixture(scope="session")
def random_llama(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_random(tmp_path_factory.mktemp("random"))


@pytest.fixture(scope="session")
def parrot(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_parrot(tmp_path_factory.mktemp("parrot"), "One moment. ", "<tool_call>", CALL, "</tool_call>")


# -- what comes back -------------------------------------------------------------------------------------------------


def test_a_tool_call_comes_back_although_its_tags_are_special_tokens(parrot: Path) -> None:
    (turn,) = together(TransformersChat(str(parrot)), asked("What do you remember?"))
    assert turn.text == "One moment."
    assert turn.tool_calls == (ToolCall(id="call00001", name="recall"),)
    assert turn.finish == "stop"
    assert turn.usage.completion_tokens == 5
    assert turn.usage.prompt_tokens > 50


@pytest.mark.parametrize(
    ("words", "thought", "problem"),
    [
        (("[TOOL_CALLS]", "go", "[ARGS]", "{}"), "", "in a form that is not read here"),
        (("[THINK]", "Hm.", "[/THINK]", "Yes."), "Hm.", ""),
    ],
)
def test_special_tokens_that_say_what_a_text_is_are_kept(
    words: tuple[str, ...], thought: str, problem: str, tmp_path: Path
) -> None:
    from transformers import AutoTokenizer

    folder = save_parrot(tmp_path / "parrot", *words)
    tokenizer = AutoTokenizer.from_pretrained(str(folder))
    tokenizer.add_special_tokens({"additional_special_tokens": [word for word in words if word[0] == "["]})
    tokenizer.save_pretrained(str(folder))
    (turn,) = together(TransformersChat(str(folder)), asked("What?"))
    assert (turn.text, turn.reasoning, turn.tool_calls) == ("" if problem else "Yes.", thought, ())
    assert problem in "".join(error.detail for error in turn.format_errors)
    assert bool(turn.format_errors) is bool(problem)


def test_a_turn_that_is_cut_off(parrot: Path) -> None:
    (turn,) = together(TransformersChat(str(parrot), sampling=Sampling(max_tokens=2)), asked("What?"))
    assert turn.finish == "length"
    assert turn.usage.completion_tokens == 2
    assert turn.format_errors[0].raw == "<tool_call>"


# -- batches ---------------------------------------------------------------------------------------------------------

WORDS = ["Hi.", "What do you remember of the flat in Antwerp?", "x" * 200, "Und nun?", "Is 3 < 4?"]


def test_a_greedy_turn_does_not_depend_on_its_batch(random_llama: Path) -> None:
    conversations = [asked(words) for words in WORDS]
    alone = together(TransformersChat(str(random_llama), sampling=SHORT, batch_size=1), *conversations)
    batch = together(TransformersChat(str(random_llama), sampling=SHORT, batch_size=8), *conversations)
    odd = together(TransformersChat(str(random_llama), sampling=SHORT, batch_size=2), *reversed(conversations))
    assert [text_and_usage(turn) for turn in alone] == [text_and_usage(turn) for turn in batch]
    assert [text_and_usage(turn) for turn in alone] == [text_and_usage(turn) for turn in reversed(odd)]
    assert len({turn.text for turn in alone}) == len(WORDS)


def test_a_drawn_turn_depends_on_its_seed_and_not_on_its_batch(random_llama: Path) -> None:
    drawn = Sampling(temperature=1.0, max_tokens=12)
    conversations = [asked(words) for words in WORDS]
    alone = together(TransformersChat(str(random_llama), sampling=drawn, batch_size=1), *conversations, seed=3)
    batch = together(TransformersChat(str(random_llama), sampling=drawn, batch_size=8), *conversations, seed=3)
    other = together(TransformersChat(str(random_llama), sampling=drawn, batch_size=8), *conversations, seed=4)
    assert [turn.text for turn in alone] == [turn.text for turn in batch]
    assert [turn.text for turn in alone] != [turn.text for turn in other]


def test_drawing_leaves_the_global_random_state_alone(random_llama: Path) -> None:
    import torch

    before = torch.random.get_rng_state()
    together(TransformersChat(str(random_llama), sampling=Sampling(temperature=1.0, max_tokens=3)), asked("Hi."))
    assert torch.equal(before, torch.random.get_rng_state())


def test_draws_follow_the_distribution() -> None:
    import torch

    from discretion.models.noise import Noise

    logits = torch.log(torch.tensor([[0.7, 0.2, 0.1]])).repeat(4000, 1)
    chosen = Noise(list(range(4000)), 1.0, torch.device("cpu"))(torch.empty(0), logits).argmax(-1)
    shares = torch.bincount(chosen, minlength=3) / 4000
    assert torch.allclose(shares, torch.tensor([0.7, 0.2, 0.1]), atol=0.03)


# -- the context -----------------------------------------------------------------------------------------------------


def test_a_prompt_that_does_not_fit_fails_alone(tmp_path: Path) -> None:
    model = TransformersChat(str(save_random(tmp_path, context=256)), sampling=SHORT)
    fits, too_long = together(model, asked("Hi."), asked("x" * 300))
    assert isinstance(fits, AssistantTurn)
    assert isinstance(too_long, ModelFault)
    assert str(too_long).startswith(f"hf:{tmp_path}: prompt of ")
    assert str(too_long).endswith("tokens exceeds the context of 256; use a checkpoint with a longer context")


def test_a_turn_ends_with_the_context_and_shortens_no_other(tmp_path: Path) -> None:
    folder = save_random(tmp_path, context=256)
    size = together(TransformersChat(str(folder), sampling=SHORT), asked(""))[0].usage.prompt_tokens
    tight, roomy = together(TransformersChat(str(folder), sampling=SHORT), asked("x" * (253 - size)), asked("Hi."))
    assert (tight.usage.prompt_tokens, tight.usage.completion_tokens, tight.finish) == (253, 3, "length")
    (alone,) = together(TransformersChat(str(folder), sampling=SHORT), asked("Hi."))
    assert text_and_usage(roomy) == text_and_usage(alone)


def test_a_batch_that_fails_is_tried_in_halves(random_llama: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from discretion.models.decoding import Decoder

    plain = together(TransformersChat(str(random_llama), sampling=SHORT, batch_size=8), *map(asked, WORDS))
    real = Decoder._forward

    def memory(self: Decoder, model: Any, tokens: Any, lengths: list[int], first: int) -> Any:
        if len(lengths) > 3:
            raise RuntimeError("out of memory")
        if any(length > 300 for length in lengths):
            raise RuntimeError("bad\nrow")
        return real(self, model, tokens, lengths, first)

    monkeypatch.setattr(Decoder, "_forward", memory)
    turns = together(TransformersChat(str(random_llama), sampling=SHORT, batch_size=8), *map(asked, WORDS))
    assert [isinstance(turn, AssistantTurn) for turn in turns] == [True, True, False, True, True]
    assert str(turns[2]) == f"hf:{random_llama}: generation failed (bad row); lower the batch size"
    assert [turn.text for turn in turns if turn is not turns[2]] == [
        turn.text for turn in plain if turn is not plain[2]
    ]


# -- chat templates --------------------------------------------------------------------------------------------------

HISTORY = [
    *asked("What do you remember?"),
    Message(role="assistant", content="See.", tool_calls=(ToolCall(id="call00001", name="recall"),)),
    Message(role="tool", content='{"total": 0}', tool_call_id="call00001", name="recall"),
    Message(role="user", content="[new mail]"),
]


def template(text: str) -> ChatTemplate:
    return ChatTemplate(tokenizer(text), convention("hermes"), where="hf:x")


def test_a_template_with_tools_is_given_them() -> None:
    rendered = template(CHATML).render(HISTORY, TOOLS)
    assert rendered.startswith('<|im_start|>tools\n{"type": "function", "function": {"name": "recall"')
    assert '<|im_start|>assistant\nSee.<tool_call>\n{"name": "recall", "arguments": {}}\n</tool_call>' in rendered
    assert rendered.endswith("<|im_start|>user\n[new mail]<|im_end|>\n<|im_start|>assistant\n")


def test_a_model_sees_its_own_thoughts_as_it_wrote_them() -> None:
    thinking = [each.model_copy(update={"reasoning": "Hm."}) if each.role == "assistant" else each for each in HISTORY]
    assert "<|im_start|>assistant\n<think>Hm.</think>See.<tool_call>" in template(CHATML).render(thinking, TOOLS)
    assert "<|im_start|>assistant\n<think>Hm.</think>See.\n\n<tool_call>" in template(PLAIN).render(thinking, TOOLS)
    assert "think" not in template(CHATML).render(HISTORY, TOOLS)


def test_a_template_that_asks_for_the_date_is_told_that_of_the_conversation() -> None:
    dated = template(CHATML + "{{ strftime_now('%d %b %Y') }}")
    told = [Message(role="system", content=f"Help. {today_is(date(2031, 2, 3))}\nGo on."), *HISTORY[1:]]
    assert dated.render(told, TOOLS).endswith("03 Feb 2031")
    assert dated.render(HISTORY, TOOLS) == dated.render(HISTORY, TOOLS)
    assert dated.render(HISTORY, TOOLS).endswith("01 Jan 2025")
    odd = template("  > " + CHATML + "{{ strftime_now('%A, %B %e, %Y %Z %-I %%') }}")
    assert odd.render(told, TOOLS).endswith("Monday, February  3, 2031 UTC 12 %")
    assert odd.render(told, TOOLS).startswith("  >")


@pytest.mark.parametrize("words", ["Today is 7 March 2026", "Today is Saturday, 7 March 2026.", "Today is 2026-03-07,"])
def test_the_day_is_read_in_the_words_of_ones_own_prompt(words: str) -> None:
    told = [Message(role="system", content=f"Help. {words}")]
    assert day_setting(told)["told_day"]["%F"] == "2026-03-07"


def test_a_template_of_several_is_told_the_day(tmp_path: Path) -> None:
    made = tokenizer(CHATML)
    made.chat_template = {"default": CHATML, "tool_use": CHATML + "{{ strftime_now('%Y') }}"}
    several = ChatTemplate(made, convention("hermes"), where="hf:x")
    assert several.render(HISTORY, TOOLS).endswith("2025")
    assert not several.render(HISTORY, []).endswith("2025")


def test_settings_of_a_template(tmp_path: Path) -> None:
    thinks = CHATML + "{% if enable_thinking is defined and not enable_thinking %}<think></think>{% endif %}"
    folder = str(save_random(tmp_path, template=thinks))
    quiet = TransformersChat(folder, chat_template_kwargs={"enable_thinking": False}, sampling=SHORT)
    assert quiet.describe()["chat_template_kwargs"] == {"enable_thinking": False}
    assert "chat_template_kwargs" not in TransformersChat(folder).describe()
    (turn,) = together(quiet, asked("Hi."))
    (longer,) = together(TransformersChat(folder, sampling=SHORT), asked("Hi."))
    assert turn.usage.prompt_tokens > longer.usage.prompt_tokens
    unknown = {name: f"knows no '{name}'" for name in ("enable_thoughts", "message", "false")}
    for name, said in {**unknown, "tools": "'tools' is set for you"}.items():
        with pytest.raises(InputError, match=said):
            TransformersChat(folder, chat_template_kwargs={name: False})


def test_a_local_checkpoint_needs_a_temperature(random_llama: Path) -> None:
    with pytest.raises(InputError, match="no temperature of its own; give one; 0 is greedy"):
        TransformersChat(str(random_llama), sampling=Sampling(temperature=None))


def test_a_template_without_tools_gets_them_as_text() -> None:
    plain = template(PLAIN)
    rendered = plain.render(HISTORY, TOOLS)
    assert (plain.takes_tools, plain.takes_system) == (False, True)
    assert rendered.startswith("<|im_start|>system\nHelp.\n\n# Tools\n")
    assert '{"type": "function", "function": {"name": "recall"' in rendered
    assert f"<|im_start|>assistant\nSee.\n\n<tool_call>\n{CALL}\n</tool_call><|im_end|>" in rendered
    assert '<|im_start|>user\n<tool_response>\n{"total": 0}\n</tool_response>\n\n[new mail]<|im_end|>' in rendered
    assert "# Tools" not in plain.render(HISTORY, [])
    assert plain.render(HISTORY[1:], TOOLS).startswith("<|im_start|>system\n# Tools\n")


def test_a_template_without_system_messages_gets_them_above_the_users_words() -> None:
    strict = template(STRICT)
    rendered = strict.render(HISTORY, TOOLS)
    assert (strict.takes_tools, strict.takes_system) == (False, False)
    assert rendered.startswith("<|im_start|>user\nHelp.\n\n# Tools\n")
    assert "</tool_call>\n\nWhat do you remember?<|im_end|>" in rendered


@pytest.mark.parametrize("broken", ["{{ raise_exception('never') }}", "nothing", "{% for %}"])
def test_a_template_that_cannot_render(broken: str) -> None:
    with pytest.raises(InputError, match=r"^hf:x: the chat template cannot render a conversation \(.*\); put the "):
        template(broken)


def test_a_conversation_that_the_template_refuses(tmp_path: Path) -> None:
    picky = CHATML + "{% if 'forbidden' in messages[-1].content %}{{ raise_exception('not this') }}{% endif %}"
    model = TransformersChat(str(save_random(tmp_path, template=picky)), sampling=SHORT)
    good, bad = together(model, asked("Hi."), asked("forbidden"))
    assert isinstance(good, AssistantTurn)
    assert isinstance(bad, ModelFault)
    assert "the chat template refuses the conversation (not this)" in str(bad)


# -- loading ---------------------------------------------------------------------------------------------------------


def test_an_adapter_changes_the_words_and_the_hash(random_llama: Path, tmp_path: Path) -> None:
    adapter = save_adapter(tmp_path / "lora", random_llama)
    base = TransformersChat(str(random_llama), sampling=SHORT)
    adapted = TransformersChat(f"{random_llama}+{adapter}", sampling=SHORT)
    assert base.describe()["weights"] != adapted.describe()["weights"]
    assert together(base, asked("Hi."))[0].text != together(adapted, asked("Hi."))[0].text


def test_a_comparison_loads_its_base_once(random_llama: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from discretion.models.weights import Weights

    loaded = []
    real = Weights._read
    monkeypatch.setattr(Weights, "_read", lambda self: loaded.append(self) or real(self))
    a, b = (save_adapter(tmp_path / str(seed), random_llama, seed=seed) for seed in (1, 2))
    names = [str(random_llama), f"{random_llama}+{a}", f"{random_llama}+{b}"]
    chats = [TransformersChat(name, sampling=SHORT) for name in names]  # all are named before the first is played
    texts = [together(chat, asked("Hi."))[0].text for chat in chats]
    assert len(set(texts)) == 3
    assert len(loaded) == 1
    together(TransformersChat(names[0], sampling=SHORT), asked("Hi."))
    assert len(loaded) == 2  # none was left that wanted it


def test_the_batch_size_follows_the_weights(random_llama: Path) -> None:
    assert TransformersChat(str(random_llama)).batch_size == 64
    assert TransformersChat(str(random_llama), batch_size=3).batch_size == 3
    assert TransformersChat(str(random_llama), batch_size=4).concurrency == 6


def test_the_description_identifies_the_checkpoint(random_llama: Path) -> None:
    described = TransformersChat(str(random_llama)).describe()
    assert str(described["weights"]).startswith("sha256:")
    assert described["temperature"] == 0.0
    json.dumps(described)


def test_broken_weights_are_one_line_and_not_read_again(tmp_path: Path) -> None:
    folder = save_random(tmp_path)
    (folder / "model.safetensors").write_bytes(b"not\nsafetensors")
    model = TransformersChat(str(folder))
    for _ in range(2):
        (error,) = together(model, asked("Hi."))
        assert isinstance(error, ModelUnusable)
        assert str(error).startswith(f"hf:{folder}: cannot be loaded (")
        assert "\n" not in str(error)


def changed(folder: Path, change: Any, file: str = "model.safetensors") -> Path:
    """Change the weights of a checkpoint in place."""
    from safetensors.torch import load_file, save_file

    weights = load_file(str(folder / file))
    save_file(change(weights), str(folder / file), metadata={"format": "pt"})
    return folder


def refused(name: str) -> str:
    (error,) = together(TransformersChat(name, sampling=SHORT), asked("Hi."))
    assert isinstance(error, ModelUnusable)
    return str(error)


def test_weights_that_are_missing_or_no_numbers_are_not_played(tmp_path: Path) -> None:
    lost = changed(
        save_random(tmp_path / "a"), lambda all_: {k: v for k, v in all_.items() if "layers.1.mlp.up" not in k}
    )
    assert "1 of its weights are not in the files, model.layers.1.mlp.up_proj.weight among them" in refused(str(lost))
    broken = changed(save_random(tmp_path / "b"), lambda all_: {k: v * float("nan") for k, v in all_.items()})
    assert "holds numbers that are none" in refused(str(broken))


def test_an_adapter_that_does_not_fit_is_not_played(random_llama: Path, tmp_path: Path) -> None:
    file = "adapter_model.safetensors"
    cases: dict[str, tuple[Any, str]] = {
        "renamed": (lambda all_: {k.replace("layers", "blocks"): v for k, v in all_.items()}, "do not fit the base"),
        "half": (lambda all_: dict(list(all_.items())[:2]), "is missing"),
        "nan": (lambda all_: {k: v * float("nan") for k, v in all_.items()}, "holds numbers that are none"),
    }
    good = save_adapter(tmp_path / "good", random_llama, seed=1)
    fits = TransformersChat(f"{random_llama}+{good}", sampling=SHORT)
    said = together(fits, asked("Hi."))[0].text
    for name, (change, says) in cases.items():
        adapter = changed(save_adapter(tmp_path / name, random_llama, seed=1), change, file)
        assert says in refused(f"{random_llama}+{adapter}"), name
    assert together(TransformersChat(f"{random_llama}+{good}", sampling=SHORT), asked("Hi."))[0].text == said


def test_a_failed_load_keeps_no_later_one_waiting(random_llama: Path, tmp_path: Path) -> None:
    code = f"""
import asyncio, gc
from discretion.models import TransformersChat
from discretion.models.chat import Message
from discretion.models.protocol import Sampling

async def ask(name):
    model = TransformersChat(name, sampling=Sampling(max_tokens=2))
    try:
        await model.complete([Message(role="user", content="Hi.")], [], seed=1)
    except Exception as error:
        return type(error).__name__
    finally:
        await model.aclose()
    return "answered"

gc.disable()
print(asyncio.run(ask({str(tmp_path / "bad")!r})))
gc.enable()
gc.set_threshold(1)
print(asyncio.run(ask({str(random_llama)!r})))
"""
    bad = save_random(tmp_path / "bad")
    (bad / "model.safetensors").write_bytes(b"none")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=240, check=True)
    assert done.stdout.split() == ["ModelUnusable", "answered"]


@pytest.mark.parametrize("drawn", ["pissa", "olora"])
def test_an_adapter_that_takes_its_share_out_of_the_base_has_one_of_its_own(
    drawn: str, random_llama: Path, tmp_path: Path
) -> None:
    plain = together(TransformersChat(str(random_llama), sampling=SHORT), asked("Hi."))[0].text
    adapter = save_adapter(tmp_path / drawn, random_llama, seed=1)
    settings = json.loads((adapter / "adapter_config.json").read_text())
    (adapter / "adapter_config.json").write_text(json.dumps({**settings, "init_lora_weights": drawn}))
    both = [TransformersChat(name, sampling=SHORT) for name in (f"{random_llama}+{adapter}", str(random_llama))]
    assert [together(chat, asked("Hi."))[0].text for chat in both][1] == plain


@pytest.mark.parametrize(
    "option", [{"dtype": "float99"}, {"dtype": "int8"}, {"dtype": "cuda"}, {"device": "abacus"}, {"device": "cuda:x"}]
)
def test_an_impossible_device_or_dtype_is_refused_at_once(random_llama: Path, option: dict[str, str]) -> None:
    ((name, given),) = option.items()
    with pytest.raises(InputError, match=f"{given!r}.*; give {name} "):
        TransformersChat(str(random_llama), **option)  # type: ignore[arg-type]


def test_a_device_that_is_not_here(random_llama: Path) -> None:
    (error,) = together(TransformersChat(str(random_llama), device="cuda:77"), asked("Hi."))
    assert isinstance(error, ModelUnusable)
    assert str(error).startswith(f"hf:{random_llama}: there is no device 'cuda:77' here (")
    assert str(error).endswith("; give device=auto, or one that this machine has")
    assert "\n" not in str(error)


def test_a_tokenizer_with_more_tokens_than_the_model_is_refused(tmp_path: Path) -> None:
    folder = save_random(tmp_path)
    tokenizer(words=("<|turn|>", "<|more|>")).save_pretrained(folder)
    assert refused(str(folder)) == (
        f"hf:{folder}: the tokenizer gives '<|more|>' the number 262, and the model has embeddings for 261 tokens; "
        "use the checkpoint's own tokenizer, or resize_token_embeddings and train the new ones"
    )


def test_code_that_a_checkpoint_brings_is_not_run(tmp_path: Path) -> None:
    folder = save_random(tmp_path)
    config = json.loads((folder / "config.json").read_text())
    config |= {"model_type": "odd", "architectures": ["Odd"]}
    config["auto_map"] = {"AutoConfig": "odd.OddConfig", "AutoModelForCausalLM": "odd.Odd"}
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "odd.py").write_text("raise SystemExit('it ran')")
    (error,) = together(TransformersChat(str(folder)), asked("Hi."))
    assert isinstance(error, ModelUnusable)
    assert "it ran" not in str(error)
    assert "trust_remote_code" in str(error)


def test_a_missing_extra(random_llama: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(
        MissingExtra, match=r"^torch is not installed; install it with: pip install 'discretion\[local\]'$"
    ):
        TransformersChat(str(random_llama))
