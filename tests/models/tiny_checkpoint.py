"""Checkpoints of a few kilobytes, made on the spot: random weights, and a parrot that says what it was built to say."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

CHATML = """\
{%- if tools %}<|im_start|>tools
{% for tool in tools %}{{ tool | tojson }}
{% endfor %}<|im_end|>
{% endif %}
{%- for message in messages %}<|im_start|>{{ message.role }}
{{ message.content }}
{%- for call in message.tool_calls or [] %}
<tool_call>
{{ call.function | tojson }}
</tool_call>
{%- endfor %}<|im_end|>
{% endfor %}
{%- if add_generation_prompt %}<|im_start|>assistant
{% endif %}"""

PLAIN = """\
{%- for message in messages %}
{%- if message.role not in ('system', 'user', 'assistant') %}{{ raise_exception('no such role') }}{% endif -%}
<|im_start|>{{ message.role }}
{{ message.content }}<|im_end|>
{% endfor %}
{%- if add_generation_prompt %}<|im_start|>assistant
{% endif %}"""
"""Takes no tools."""

STRICT = """\
{%- for message in messages %}
{%- if (message.role == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('roles must alternate') }}{% endif -%}
<|im_start|>{{ message.role }}
{{ message.content }}<|im_end|>
{% endfor %}
{%- if add_generation_prompt %}<|im_start|>assistant
{% endif %}"""
"""Takes no tools and no system message."""


def tokenizer(template: str = CHATML, words: tuple[str, ...] = (), context: int = 2048) -> Any:
    """A byte-level tokenizer; `words` are tokens of their own."""
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    core = Tokenizer(models.BPE(vocab={byte: i for i, byte in enumerate(alphabet)}, merges=[]))
    core.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    core.decoder = decoders.ByteLevel()
    core.add_special_tokens(["<|pad|>", "<|im_start|>", "<|im_end|>", "<tool_call>", "</tool_call>"])
    core.add_tokens([AddedToken(word, normalized=False) for word in words])
    made = PreTrainedTokenizerFast(
        tokenizer_object=core,
        pad_token="<|pad|>",
        eos_token="<|im_end|>",
        additional_special_tokens=["<|im_start|>", "<tool_call>", "</tool_call>"],
        model_max_length=context,
    )
    made.chat_template = template
    return made


def model(vocabulary: int, context: int = 2048, seed: int = 0) -> Any:
    """A Llama of two layers with random weights, far enough apart that no two tokens are nearly tied."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    config = LlamaConfig(
        vocab_size=vocabulary,
        hidden_size=64,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=2,
        max_position_embeddings=context,
        initializer_range=0.3,
        bos_token_id=None,
        eos_token_id=None,
    )
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return LlamaForCausalLM(config)


def save_random(folder: Path, *, template: str = CHATML, context: int = 2048) -> Path:
    """Save a checkpoint that says nothing in particular."""
    words = tokenizer(template, context=context)
    model(len(words), context).save_pretrained(folder)
    words.save_pretrained(folder)
    return folder


def save_parrot(folder: Path, *said: str, template: str = CHATML, context: int = 2048) -> Path:
    """Save a checkpoint that after any prompt says the given strings, then ends its turn.

    Each token's successor is written into the weights: attention and MLP add nothing, so the last hidden state is the
    embedding of the last token, and the output row of its successor points the same way.
    """
    import torch

    pieces = tokenizer(template, said, context)
    llama = model(len(pieces), context)
    chain = [pieces.encode("\n")[0], *(pieces.convert_tokens_to_ids(piece) for piece in said), pieces.eos_token_id]
    with torch.no_grad():
        for layer in llama.model.layers:
            layer.self_attn.o_proj.weight.zero_()
            layer.mlp.down_proj.weight.zero_()
        llama.lm_head.weight.zero_()
        for token, following in itertools.pairwise(chain):
            llama.lm_head.weight[following] = llama.model.embed_tokens.weight[token]
    llama.save_pretrained(folder)
    pieces.save_pretrained(folder)
    return folder


def save_adapter(folder: Path, base: Path, *, seed: int = 1, whole: bool = False, **options: Any) -> Path:
    """Save a LoRA adapter that changes what the base says; `whole` saves embeddings that it changed as well."""
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    llama = AutoModelForCausalLM.from_pretrained(base)
    lora = LoraConfig(r=4, **{"target_modules": ["q_proj", "v_proj"], "init_lora_weights": False, **options})
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        adapted = get_peft_model(llama, lora)
    if whole:
        with torch.no_grad():
            adapted.get_input_embeddings().weight.add_(0.3)
    adapted.save_pretrained(folder, save_embedding_layers=whole)
    return folder
