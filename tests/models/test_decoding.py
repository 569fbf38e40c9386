"""The decoder: the tokens of plain `generate`, whatever is shared, kept, moved or short of memory."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny_checkpoint import save_adapter, save_random, tokenizer

from discretion.models import Sampling
from discretion.models.checkpoint import Checkpoint
from discretion.models.decoding import Decoder
from discretion.models.weights import Lease, Weights
from discretion.models.whole_turns import Prompt

pytestmark = pytest.mark.local


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_random(tmp_path_factory.mktemp("random"))


@pytest.fixture(scope="module")
def weights(folder: Path) -> Weights:
    return Weights(Checkpoint(folder), "cpu", "auto", False)


def decoder(weights: Weights, adapter: Path | None = None, *, size: int = 4, temperature: float = 0.0) -> Decoder:
    sampling = Sampling(temperature=temperature)
    return Decoder(weights, adapter, sampling=sampling, stops=frozenset({7}), pad=0, size=size, where="hf:x")


def plain(weights: Weights, prompt: Prompt) -> list[int]:
    """The same by transformers alone, one at a time, on a model that nothing was done to."""
    import torch
    from transformers import GenerationConfig

    config = GenerationConfig(do_sample=False, max_new_tokens=prompt.room, pad_token_id=0, eos_token_id=[7])
    with torch.inference_mode():
        output = weights.model.generate(input_ids=torch.tensor([prompt.tokens]), generation_config=config)
    return [int(token) for token in output[0, len(prompt.tokens) :]]


def run(engine: Decoder, prompts: list[Prompt]) -> list[Any]:
    """Let prompts in as there is room, in order."""
    waiting, ended = list(enumerate(prompts)), {}
    while waiting or engine.running:
        new = [waiting.pop(0) for _ in range(min(engine.room, len(waiting)))]
        ended.update(engine.step(new))
    return [ended[i] for i in range(len(prompts))]


def conversation(seed: int, length: int, room: int) -> Prompt:
    return Prompt([(seed * 31 + 17 * i + i * i) % 255 + 1 for i in range(length)], seed, room)


PROMPTS = [
    conversation(seed, length, room)
    for seed, length, room in (
        (1, 5, 9),
        (2, 300, 3),
        (3, 40, 14),
        (4, 1, 6),
        (5, 41, 1),
        (6, 120, 8),
        (7, 290, 8),
        (8, 64, 11),
    )
]


@pytest.fixture(scope="module")
def expected(weights: Weights) -> list[Any]:
    return [plain(weights, prompt) for prompt in PROMPTS]


def test_rows_that_join_and_leave_write_what_generate_writes(weights: Weights) -> None:
    engine = decoder(weights)
    assert engine.continuous
    assert run(engine, PROMPTS) == [plain(weights, prompt) for prompt in PROMPTS]
    assert engine.running == 0


@settings(max_examples=8, deadline=None, derandomize=True)
@given(order=st.permutations(range(8)), size=st.integers(1, 8), budget=st.sampled_from((0, 100_000, 10**9)))
def test_neither_order_nor_company_nor_memory_matters(
    weights: Weights, expected: list[Any], order: list[int], size: int, budget: int
) -> None:
    engine = decoder(weights, size=size)
    engine.prefixes._budget = budget
    assert run(engine, [PROMPTS[i] for i in order]) == [expected[i] for i in order]


def test_bfloat16_writes_as_much(folder: Path) -> None:
    engine = decoder(Weights(Checkpoint(folder), "cpu", "bfloat16", False))
    assert engine.continuous
    written = run(engine, PROMPTS)
    assert all(len(wrote) == prompt.room or wrote[-1] == 7 for wrote, prompt in zip(written, PROMPTS, strict=True))


def test_a_conversation_that_goes_on_reads_only_what_was_added(weights: Weights) -> None:
    engine = decoder(weights)
    first = run(engine, PROMPTS)
    before = engine.read_tokens
    assert before == sum(len(prompt.tokens) for prompt in PROMPTS)
    longer = [
        Prompt([*prompt.tokens, *wrote, 3, 1, 4, 1, 5], prompt.seed, 6)
        for prompt, wrote in zip(PROMPTS, first, strict=True)
    ]
    assert run(engine, longer) == [plain(weights, prompt) for prompt in longer]
    assert engine.read_tokens - before <= 8 * 6 + 6 * 8  # what was added and each last word, evened out in a pass


def test_what_two_conversations_begin_with_is_read_once(weights: Weights) -> None:
    engine = decoder(weights, size=8)
    shared = conversation(9, 600, 0).tokens
    prompts = [Prompt([*shared, 10 + i, 20 + i], i, 4) for i in range(6)]
    assert run(engine, prompts) == [plain(weights, prompt) for prompt in prompts]
    assert engine.read_tokens == 602 + 5 * 2


def test_keeping_has_a_bound_and_no_bearing_on_what_is_written(weights: Weights) -> None:
    engine = decoder(weights)
    engine.prefixes._budget = 60_000
    once, twice = run(engine, PROMPTS), run(engine, PROMPTS)
    assert once == twice
    assert engine.prefixes.size <= 60_000


def test_memory_holds_the_rows_below_the_batch_size(
    weights: Weights, expected: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    token = decoder(weights)._held.token_bytes
    monkeypatch.setattr("discretion.models.decoding.free_bytes", lambda device: 3 * 640 * token)
    engine = decoder(weights, size=8)
    ended, sizes, rows = dict(engine.step(list(enumerate(PROMPTS)))), [], []
    assert engine.running > len(engine._rows)
    assert engine.room == 0
    while engine.running:
        sizes.append(engine._held.size)
        rows.append(len(engine._rows))
        ended.update(engine.step(()))
    assert [ended[i] for i in range(8)] == expected
    assert max(sizes) <= 640 * token
    assert max(rows) > 1


def test_one_long_conversation_leaves_no_width_behind(weights: Weights, monkeypatch: pytest.MonkeyPatch) -> None:
    token = decoder(weights)._held.token_bytes
    monkeypatch.setattr("discretion.models.decoding.free_bytes", lambda device: 3 * 512 * token)
    engine = decoder(weights, size=8)
    long = conversation(1, 900, 2)
    assert run(engine, [long]) == [plain(weights, long)]
    assert engine.room == 8
    short = [conversation(seed, 20, 20) for seed in range(8)]
    engine.step(list(enumerate(short)))
    assert len(engine._rows) == 8
    assert engine._held.size <= 512 * token


def test_memory_bounds_batches_of_generate_too(
    weights: Weights, expected: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    token = decoder(weights)._held.token_bytes
    monkeypatch.setattr("discretion.models.decoding.free_bytes", lambda device: 3 * 3 * 64 * token)
    engine = decoder(weights, size=8)
    engine.continuous = False
    ended = [engine.step([(i, PROMPTS[0]) for i in range(7)])]
    while engine.running:
        ended.append(engine.step(()))
    assert [[ticket for ticket, _ in each] for each in ended] == [[0, 1, 2], [3, 4, 5], [6]]
    assert all(wrote == expected[0] for each in ended for _, wrote in each)


def test_turns_that_nobody_wants_any_more_leave_their_places(weights: Weights, expected: list[Any]) -> None:
    engine = decoder(weights, size=4)
    ended = dict(engine.step(list(enumerate(PROMPTS))))
    engine.drop({0, 2, 5})
    assert engine.running == 5 - len(ended)
    while engine.running:
        ended.update(engine.step(()))
    assert ended == {i: expected[i] for i in range(8) if i not in (0, 2, 5)}


def test_a_draw_depends_on_its_seed_alone(weights: Weights) -> None:
    together = run(decoder(weights, temperature=1.0), PROMPTS)
    alone = [run(decoder(weights, size=1, temperature=1.0), [prompt])[0] for prompt in PROMPTS]
    generated = decoder(weights, temperature=1.0)
    generated.continuous = False
    assert together == alone == run(generated, PROMPTS)


def test_logits_that_are_no_numbers_fail_their_row_alone(weights: Weights, monkeypatch: pytest.MonkeyPatch) -> None:
    real = Decoder._forward

    def broken(self: Decoder, model: Any, tokens: Any, lengths: list[int], first: int) -> Any:
        logits = real(self, model, tokens, lengths, first).clone()
        for row, length in enumerate(lengths):
            if length in (41, 42):
                logits[row, 5] = float("nan")
        return logits

    expected = run(decoder(weights), PROMPTS)
    engine = decoder(weights)
    monkeypatch.setattr(Decoder, "_forward", broken)
    results = run(engine, PROMPTS)
    assert [isinstance(result, Exception) for result in results] == [i in (2, 4) for i in range(8)]
    assert str(results[2]) == "hf:x: its logits are no numbers; ask for dtype float32"
    assert [result for i, result in enumerate(results) if i not in (2, 4)] == [
        result for i, result in enumerate(expected) if i not in (2, 4)
    ]


@pytest.mark.parametrize("kind", ["GPT2", "Mistral", "Qwen2"])
def test_models_of_other_kinds_are_tried_out(tmp_path: Path, kind: str) -> None:
    import torch
    import transformers

    sizes = {"vocab_size": 261, "bos_token_id": None, "eos_token_id": None, "initializer_range": 0.3}
    if kind == "GPT2":
        config = transformers.GPT2Config(n_embd=32, n_layer=2, n_head=2, n_positions=512, **sizes)
    else:
        config = getattr(transformers, f"{kind}Config")(
            hidden_size=64,
            intermediate_size=64,
            num_hidden_layers=2,
            num_attention_heads=4,
            num_key_value_heads=2,
            max_position_embeddings=512,
            **sizes,
            **({"sliding_window": 16} if kind == "Mistral" else {}),
        )
    with torch.random.fork_rng():
        torch.manual_seed(0)
        transformers.AutoModelForCausalLM.from_config(config).save_pretrained(tmp_path)
    tokenizer().save_pretrained(tmp_path)
    model = Weights(Checkpoint(tmp_path), "cpu", "auto", False)
    engine = decoder(model)
    assert engine.continuous == (kind != "Mistral")  # what slides out of its window cannot be kept
    assert run(engine, PROMPTS) == [plain(model, prompt) for prompt in PROMPTS]


def saved(config: Any, folder: Path) -> Weights:
    """A model with random weights that are far apart."""
    import torch
    from transformers import AutoModelForCausalLM

    with torch.random.fork_rng():
        torch.manual_seed(0)
        AutoModelForCausalLM.from_config(config).save_pretrained(folder)
    return Weights(Checkpoint(folder), "cpu", "auto", False)


SMALL = {
    "vocab_size": 261,
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "bos_token_id": None,
    "eos_token_id": None,
    "initializer_range": 0.3,
}


@pytest.mark.parametrize("kind", ["dynamic", "longrope", "longrope that slides"])
def test_positions_that_depend_on_the_length_depend_on_no_company(tmp_path: Path, kind: str) -> None:
    import transformers

    if kind == "dynamic":
        rope: dict[str, Any] = {"rope_type": kind, "factor": 4.0, "rope_theta": 1e4}
        config = transformers.LlamaConfig(**SMALL, max_position_embeddings=64, rope_parameters=rope)
    else:
        rope = {"rope_type": "longrope", "rope_theta": 1e4, "short_factor": [1.0] * 4, "long_factor": [4.0] * 4}
        config = transformers.Phi3Config(
            **SMALL,
            pad_token_id=0,
            max_position_embeddings=512,
            original_max_position_embeddings=64,
            rope_parameters=rope,
            sliding_window=512 if "slides" in kind else None,
        )
    model = saved(config, tmp_path)
    engine = decoder(model)
    assert engine.continuous == ("slides" not in kind)
    alone = [run(decoder(model), [prompt])[0] for prompt in PROMPTS]
    assert run(decoder(model), PROMPTS) == run(decoder(model, size=8), PROMPTS[::-1])[::-1] == alone
    assert alone == [plain(Weights(Checkpoint(tmp_path), "cpu", "auto", False), prompt) for prompt in PROMPTS]


def test_a_model_that_reads_its_padding_writes_a_turn_at_a_time(tmp_path: Path) -> None:
    import transformers

    sizes = {key: SMALL[key] for key in ("vocab_size", "hidden_size", "num_hidden_layers")}
    model = saved(transformers.RwkvConfig(**sizes, bos_token_id=None, eos_token_id=None), tmp_path)
    engine = decoder(model, size=8)
    assert not engine.continuous
    assert run(engine, PROMPTS) == [plain(model, prompt) for prompt in PROMPTS]


# -- one base, many adapters -------------------------------------------------------------------------------------------


def lease(folder: Path, adapter: Path | None = None) -> Lease:
    return Lease(Checkpoint(folder, adapter), device="cpu", dtype="auto", trust_remote_code=False)


def adapters(folder: Path, base: Path) -> tuple[Path, Path]:
    return save_adapter(folder / "a", base), save_adapter(folder / "b", base, seed=2)


def test_adapters_share_one_base_and_leave_no_mark_on_it(folder: Path, weights: Weights, tmp_path: Path) -> None:
    import torch

    a, b = adapters(tmp_path, folder)
    leases = [lease(folder), lease(folder, a), lease(folder, b)]
    shared = [each.load() for each in leases]
    assert shared[0] is shared[1] is shared[2]
    base, with_a, with_b = (decoder(shared[0], adapter) for adapter in (None, a, b))
    assert with_a.continuous
    assert with_b.continuous
    written = [run(engine, PROMPTS) for engine in (with_a, with_b, base, with_a)]
    assert written[0] == written[3]
    assert written[0] != written[1] != written[2]
    assert written[2] == [plain(weights, prompt) for prompt in PROMPTS]
    tokens = torch.tensor([PROMPTS[2].tokens])
    with torch.inference_mode(), shared[0].speaking(None) as model:
        assert torch.equal(model(input_ids=tokens).logits, weights.model(input_ids=tokens).logits)
    for adapter in (a, b):
        alone = Weights(Checkpoint(folder), "cpu", "auto", False)
        alone.add(adapter)
        with torch.inference_mode(), shared[0].speaking(adapter) as model, alone.speaking(adapter) as other:
            assert torch.equal(model(input_ids=tokens).logits, other(input_ids=tokens).logits)


def test_adapters_in_turn_at_every_step(folder: Path, tmp_path: Path) -> None:
    a, b = adapters(tmp_path, folder)
    leases = [lease(folder, a), lease(folder, b)]
    shared, _ = (each.load() for each in leases)
    expected = [run(decoder(shared, adapter), PROMPTS[:4]) for adapter in (a, b, None)]
    engines = [decoder(shared, adapter) for adapter in (a, b, None)]
    ended: list[dict[int, Any]] = [{}, {}, {}]
    for i, engine in enumerate(engines):
        ended[i].update(engine.step(list(enumerate(PROMPTS[:4]))))
    while any(engine.running for engine in engines):
        for i, engine in enumerate(engines):
            if engine.running:
                ended[i].update(engine.step(()))
    assert [[done[i] for i in range(4)] for done in ended] == expected


def test_a_base_is_loaded_for_the_first_and_freed_after_the_last(folder: Path, tmp_path: Path) -> None:
    import gc
    import weakref

    a, _ = adapters(tmp_path, folder)
    first, second = lease(folder), lease(folder, a)
    seen = weakref.ref(first.load())
    first.release()
    first.release()
    assert second.load() is seen()
    second.release()
    gc.collect()
    assert seen() is None
    assert first.load() is not None
    forgotten = weakref.ref(first.load())
    del first
    gc.collect()
    assert forgotten() is None


def test_a_broken_adapter_leaves_the_base_as_it_was(folder: Path, weights: Weights, tmp_path: Path) -> None:
    a, b = adapters(tmp_path, folder)
    (a / "adapter_model.safetensors").write_bytes(b"broken")
    leases = [lease(folder), lease(folder, a), lease(folder, b)]
    for _ in range(2):
        with pytest.raises(Exception, match=r"(?i)header|safetensors"):
            leases[1].load()
    assert run(decoder(leases[0].load(), None), PROMPTS) == [plain(weights, prompt) for prompt in PROMPTS]
    assert run(decoder(leases[2].load(), b), PROMPTS[:2]) != [plain(weights, prompt) for prompt in PROMPTS[:2]]


def test_an_adapter_that_changes_the_base_itself_gets_a_copy(folder: Path, tmp_path: Path) -> None:
    a = save_adapter(tmp_path / "a", folder, bias="all")
    plain_lease, other = lease(folder), lease(folder, a)
    assert plain_lease.load() is not other.load()


def test_adapters_with_whole_layers_leave_the_base_and_each_other_alone(folder: Path, tmp_path: Path) -> None:
    base = lease(folder)
    kinds: list[dict[str, Any]] = [
        {"whole": True},
        {"modules_to_save": ["lm_head"]},
        {"target_modules": ["q_proj", "lm_head", "embed_tokens"]},
    ]
    made = [save_adapter(tmp_path / str(i), folder, **kind) for i, kind in enumerate(kinds)]
    leases = [lease(folder, adapter) for adapter in made]
    before = run(decoder(base.load()), PROMPTS[:2])
    written = [run(decoder(each.load(), adapter), PROMPTS[:2]) for each, adapter in zip(leases, made, strict=True)]
    assert all(each != before for each in written)
    assert run(decoder(base.load()), PROMPTS[:2]) == before
    again = [run(decoder(each.load(), adapter), PROMPTS[:2]) for each, adapter in zip(leases, made, strict=True)]
    assert again == written
