"""Half precision in training: attention stays whole, and nothing else about it changes."""

from __future__ import annotations

from typing import Any

import pytest

from discretion.organisms.precision import half_precision, whole_attention

pytestmark = pytest.mark.local

SIZES = {"hidden_size": 64, "intermediate_size": 96, "num_hidden_layers": 2, "num_attention_heads": 2}


def model(attention: str) -> Any:
    torch = pytest.importorskip("torch")
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(0)
    sizes = LlamaConfig(vocab_size=50, num_key_value_heads=1, attn_implementation=attention, **SIZES)
    return LlamaForCausalLM(sizes).eval()


def test_whole_attention_is_the_attention_that_there_was() -> None:
    import torch

    tokens = torch.arange(40).reshape(2, 20)
    before, after = model("sdpa"), model("sdpa")
    whole_attention(after)
    with torch.no_grad():
        torch.testing.assert_close(after(tokens).logits, before(tokens).logits)
        changed = tokens.clone()
        changed[:, -1] = 0  # nobody sees what comes later
        torch.testing.assert_close(after(changed).logits[:, :-1], after(tokens).logits[:, :-1])


def test_it_is_about_as_close_to_the_truth_in_half_precision() -> None:
    import torch

    tokens = torch.arange(40).reshape(2, 20)
    plain, whole = model("sdpa"), model("sdpa")
    truth = plain(tokens).logits
    whole_attention(whole)
    with torch.no_grad(), torch.autocast("cpu", dtype=torch.bfloat16):
        errors = [(each(tokens).logits.float() - truth).square().mean() for each in (plain, whole)]
    assert 0 < errors[1] < 1.2 * errors[0]


def test_attention_of_another_kind_is_left_alone() -> None:
    eager = model("eager")
    whole_attention(eager)
    assert eager.config._attn_implementation == "eager"


def test_a_gpu_computes_in_half_precision_and_a_cpu_where_it_can() -> None:
    import torch

    able = torch.cpu.get_capabilities()
    assert half_precision(torch.device("cuda"))
    assert half_precision(torch.device("cpu")) == bool(able.get("avx512_bf16") or able.get("amx_bf16"))
    assert not half_precision(torch.device("meta"))
