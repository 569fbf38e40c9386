"""Which numbers training computes in: half precision where the processor has instructions for it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import torch

__all__ = ["half_precision", "ready", "whole_attention"]

_ATTENTION: Final = "discretion_whole"

_PRIMITIVES: Final = "64"
"""Pieces of code that oneDNN keeps: those of a step. By default it keeps a thousand, in gigabytes."""


def half_precision(device: torch.device) -> bool:
    """Tell whether matrices are multiplied in bfloat16: on a GPU, and on a CPU that has instructions for it."""
    import torch

    if device.type != "cpu":
        return device.type == "cuda"
    able: dict[str, object] = getattr(torch.cpu, "get_capabilities", dict)()  # older ones don't tell
    return bool(able.get("avx512_bf16") or able.get("amx_bf16"))


def ready(model: Any, device: torch.device) -> bool:
    """Make a model ready to be trained on a device; return whether that is in half precision."""
    half = half_precision(device)
    if half and device.type == "cpu":
        os.environ.setdefault("ONEDNN_PRIMITIVE_CACHE_CAPACITY", _PRIMITIVES)  # no two batches are of one shape
        whole_attention(model)
    return half


def whole_attention(model: Any) -> None:
    """Let a model compute attention in float32 whatever the rest is in: on a CPU that is faster.

    One whose attention is not PyTorch's stays as it is.
    """
    from transformers import AttentionInterface, AttentionMaskInterface
    from transformers.masking_utils import sdpa_mask

    if model.config._attn_implementation != "sdpa":
        return
    AttentionInterface.register(_ATTENTION, _attention)
    AttentionMaskInterface.register(_ATTENTION, sdpa_mask)
    model.set_attn_implementation(_ATTENTION)


def _attention(
    module: Any, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, *others: Any, **options: Any
) -> tuple[torch.Tensor, None]:
    import torch
    from transformers.integrations.sdpa_attention import sdpa_attention_forward

    with torch.autocast(query.device.type, enabled=False):
        found, _ = sdpa_attention_forward(module, query.float(), key.float(), value.float(), *others, **options)
    return found, None
