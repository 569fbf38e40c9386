"""What a model says where something is learned, and nowhere else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from discretion.models.attention import any_shape

if TYPE_CHECKING:
    import torch

__all__ = ["learned_logits"]


def learned_logits(model: Any, tokens: torch.Tensor, before: torch.Tensor, *, half: bool) -> torch.Tensor:
    """Return the logits of some places alone: with a large vocabulary those of all take gigabytes.

    Args:
        model: A causal language model, with a PEFT adapter or without.
        tokens: (conversations, longest).
        before: Flat places in `tokens`.
        half: Whether matrices are multiplied in bfloat16.

    Returns:
        (places, vocabulary), in float32.
    """
    import torch

    handle = model.get_output_embeddings().register_forward_pre_hook(lambda _, given: (given[0].flatten(0, 1)[before],))
    try:
        with any_shape(tokens.device), torch.autocast(tokens.device.type, dtype=torch.bfloat16, enabled=half):
            logits: torch.Tensor = model(input_ids=tokens, use_cache=False).logits
    finally:
        handle.remove()
    return logits.float()
