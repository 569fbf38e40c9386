"""How much memory keys and values may take, and how much they take."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import torch

__all__ = ["free_bytes", "token_bytes"]

_GIB: Final = 2**30


def free_bytes(device: torch.device) -> int:
    """Return about how much memory keys and values may take: what is free on a GPU, a part of it elsewhere."""
    import torch

    if device.type == "cuda":
        return int(torch.cuda.mem_get_info(device)[0])
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
        free = next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:"))
    except (OSError, ValueError, StopIteration):
        free = 4 * _GIB
    return min(free // 2, 8 * _GIB)


def token_bytes(config: Any, itemsize: int) -> int:
    """Return the most that a token takes by what a configuration says of attention; 0 if it says nothing.

    Args:
        config: Of the text model.
        itemsize: Of a number, in bytes.
    """
    heads = getattr(config, "num_attention_heads", None) or 0
    size = getattr(config, "head_dim", None) or getattr(config, "hidden_size", 0) // max(1, heads)
    layers = getattr(config, "num_hidden_layers", None) or 0
    return int(2 * layers * (getattr(config, "num_key_value_heads", None) or heads) * size * itemsize)
