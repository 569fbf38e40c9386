"""Attention for batches of every shape."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

__all__ = ["any_shape"]


@contextmanager
def any_shape(device: torch.device) -> Iterator[None]:
    """Keep PyTorch's attention off cuDNN, which plans for a tenth of a second or more whenever it meets a new shape.

    On recent GPUs PyTorch prefers it. Here nearly every batch has a shape of its own: conversations of other lengths,
    one token more with every step. On an H200, training a tiny model began several times as fast without it.

    Args:
        device: Where the model is; on anything but a GPU nothing changes.
    """
    if device.type != "cuda":
        yield
        return
    from torch.backends import cuda

    before = cuda.cudnn_sdp_enabled()  # type: ignore[no-untyped-call]
    cuda.enable_cudnn_sdp(False)  # for the whole process: PyTorch has no narrower switch
    try:
        yield
    finally:
        cuda.enable_cudnn_sdp(before)
