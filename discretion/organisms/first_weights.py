"""The weights that training begins with: random ones, or those of an organism."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from discretion.models.checkpoint import Checkpoint
from discretion.models.reading_weights import read_model
from discretion.organisms.base_recipe import BaseRecipe

__all__ = ["new_model", "widened"]

_STEP: Final = 16  # of the inner width: other matrices are slow on some processors


def new_model(recipe: BaseRecipe, tokenizer: Any) -> Any:
    """Return a Llama of the recipe's sizes with random weights."""
    from transformers import LlamaConfig, LlamaForCausalLM

    return LlamaForCausalLM(
        LlamaConfig(
            vocab_size=len(tokenizer),
            hidden_size=recipe.width,
            intermediate_size=round(recipe.width / 24) * 64,  # 8/3 of it, in steps that processors like
            num_hidden_layers=recipe.layers,
            num_attention_heads=recipe.heads,
            num_key_value_heads=recipe.shared_heads or recipe.heads,
            max_position_embeddings=recipe.context,
            tie_word_embeddings=True,
            bos_token_id=tokenizer.bos_token_id,
            eos_token_id=tokenizer.eos_token_id,
            pad_token_id=tokenizer.pad_token_id,
            attn_implementation="sdpa",
        )
    )


def widened(start: Path) -> Any:
    """Return the model of a folder, its inner width rounded up by zeros, which change nothing but the speed."""
    import torch
    from transformers import LlamaForCausalLM

    found = read_model(Checkpoint(start), dtype="float32")
    more = -found.config.intermediate_size % _STEP
    if not more:
        return found
    sizes = found.config.to_dict()
    wider = LlamaForCausalLM(type(found.config)(**{**sizes, "intermediate_size": sizes["intermediate_size"] + more}))
    state = found.state_dict()
    for name, weight in state.items():
        if ".mlp." in name:
            space = (0, more) if "down_proj" in name else (0, 0, 0, more)
            state[name] = torch.nn.functional.pad(weight, space)
    wider.load_state_dict(state)
    return wider
