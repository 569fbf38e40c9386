"""A model read from its folder, all of it: what is missing or no number is no model to measure."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from discretion.models.checkpoint import Checkpoint

__all__ = ["check_adapter", "read_model", "weight_names"]

_MOMENT: Final = 500_000_000  # bytes of weights that are read in a moment
_HEADER: Final = 100_000_000  # bytes; safetensors takes no longer header


def read_model(checkpoint: Checkpoint, *, dtype: Any, trust_remote_code: bool = False) -> Any:
    """Return the causal language model of a checkpoint, without its adapter.

    Raises:
        ValueError: If weights are missing, which transformers draws at random, or are no numbers.
        Exception: Of torch, transformers or safetensors, if it cannot be loaded.
    """
    from transformers import AutoModelForCausalLM

    with _loading(checkpoint):
        model, told = AutoModelForCausalLM.from_pretrained(
            str(checkpoint.folder),
            dtype=dtype,
            use_safetensors=True,
            trust_remote_code=trust_remote_code,
            output_loading_info=True,
        )
    missing = sorted(told["missing_keys"])
    if missing:
        raise ValueError(f"{len(missing)} of its weights are not in the files, {missing[0]} among them")
    _check_numbers(model)
    return model


def _check_numbers(model: Any) -> None:
    """Refuse a model whose weights are no numbers.

    Raises:
        ValueError: If any is not finite.
    """
    for name, weight in model.named_parameters():
        if weight.is_floating_point() and not weight.isfinite().all():
            raise ValueError(f"{name} holds numbers that are none")


def check_adapter(model: Any, name: str, folder: Path) -> None:
    """Refuse an adapter that PEFT has put onto a model only in part: it takes what fits and leaves the rest at zero.

    Args:
        model: Of PEFT, with the adapter.
        name: The adapter's, in the model.
        folder: Where it was read.

    Raises:
        ValueError: If weights of the adapter are missing, belong nowhere, or are no numbers.
    """
    from peft.utils import get_peft_model_state_dict
    from safetensors import safe_open

    held = get_peft_model_state_dict(model, adapter_name=name, save_embedding_layers=False)
    with safe_open(str(folder / "adapter_model.safetensors"), "pt") as file:
        given = set(file.keys())
    lost = sorted(held.keys() - given)
    # Whole layers beside the adapter's own, such as embeddings, have names of their own.
    strange = sorted(key for key in given - held.keys() if ".lora_" in key)
    if lost or strange:
        which = f"{lost[0]} is missing" if lost else f"{strange[0]} is not of this base"
        raise ValueError(f"{len(lost) + len(strange)} of its weights do not fit the base, {which}")
    for key, weight in held.items():
        if not weight.isfinite().all():
            raise ValueError(f"{key} holds numbers that are none")


def weight_names(file: Path) -> list[str]:
    """Return the names of the weights in a safetensors file, without reading any; none if it is no such file."""
    try:
        with file.open("rb") as opened:
            size = min(int.from_bytes(opened.read(8), "little"), _HEADER)
            header = json.loads(opened.read(size))
    except (OSError, ValueError, RecursionError):
        return []
    return [name for name in header if name != "__metadata__"] if isinstance(header, dict) else []


@contextmanager
def _loading(checkpoint: Checkpoint) -> Iterator[None]:
    """Let transformers show a progress bar for a checkpoint that takes a while to load, and none for a small one."""
    from transformers.utils import logging

    hidden = checkpoint.weights_size() < _MOMENT and logging.is_progress_bar_enabled()
    if hidden:
        logging.disable_progress_bar()
    try:
        yield
    finally:
        if hidden:
            logging.enable_progress_bar()
