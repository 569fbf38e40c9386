"""Weights in memory: one copy of a base for all who use it, and PEFT adapters that are switched on top of it."""

from __future__ import annotations

import gc
import json
import threading
import warnings
import weakref
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from discretion.errors import InputError
from discretion.models.attention import any_shape
from discretion.models.checkpoint import Checkpoint
from discretion.models.reading_weights import check_adapter, read_model, weight_names

if TYPE_CHECKING:
    import torch

__all__ = ["Lease", "Weights", "quiet_peft"]


class Weights:
    """A base in memory, and the adapters that were put onto it.

    Args:
        checkpoint: Where the base lies.
        device: `auto` is a GPU where there is one.
        dtype: `auto` is float32 on a CPU, where narrower types are emulated or no faster and move greedy choices that
            are nearly tied; elsewhere the checkpoint's own, but float32 for bfloat16 on a GPU that has none.
        trust_remote_code: Whether code of the checkpoint may run.

    Raises:
        InputError: If there is no such device here.
        Exception: Of torch, transformers or safetensors, if it cannot be loaded.
    """

    def __init__(self, checkpoint: Checkpoint, device: str, dtype: str, trust_remote_code: bool) -> None:

        self.device = _best_device() if device == "auto" else _device(device)
        self.lock = threading.RLock()
        self._checkpoint = checkpoint
        self._dtype = dtype
        self._trust_remote_code = trust_remote_code
        self._peft: Any = None
        self._names: dict[Path, str] = {}
        self._active: str | None = None
        self.model = self._read()

    def _read(self) -> Any:
        import torch
        from transformers import GenerationConfig

        model: Any = read_model(
            self._checkpoint, dtype=_dtype(self._dtype, self.device), trust_remote_code=self._trust_remote_code
        )
        if self._dtype == "auto" and model.dtype == torch.bfloat16 and not _has_bfloat16(self.device):
            model = model.float()
        model = model.to(self.device).eval()
        # The checkpoint's own sampling habits (temperature, repetition penalty) would make a greedy turn another.
        model.generation_config = GenerationConfig(eos_token_id=model.generation_config.eos_token_id)
        return model

    def add(self, adapter: Path) -> None:
        """Put a PEFT adapter onto the base, unless it is there.

        Raises:
            Exception: Of PEFT or safetensors, if it cannot be loaded; the base is as it was.
        """
        from peft import PeftModel

        quiet_peft()
        with self.lock:
            if adapter in self._names:
                return
            name = f"adapter{len(self._names)}"
            self._active = ""  # whatever it is now, it is to be chosen anew
            try:
                if self._peft is None:
                    outer = PeftModel.from_pretrained(self.model, str(adapter), adapter_name=name)
                else:
                    outer = self._peft
                    outer.load_adapter(str(adapter), adapter_name=name, torch_device=str(self.device))
                check_adapter(outer, name, adapter)
                self._peft = outer.to(self.device).eval()
            except Exception:
                if self._peft is None:
                    self.model = self._read()  # layers may have been put into it before the weights turned out broken
                elif name in self._peft.peft_config:
                    self._peft.delete_adapter(name)
                raise
            self._names[adapter] = name

    @contextmanager
    def speaking(self, adapter: Path | None) -> Iterator[Any]:
        """Give the model with this adapter and no other, or as the base is without any, to one thread at a time."""
        with self.lock, any_shape(self.device):
            name = None if adapter is None else self._names[adapter]
            if self._peft is None:
                yield self.model
                return
            if name != self._active:
                if name is None:
                    self._peft.base_model.disable_adapter_layers()
                else:
                    self._peft.base_model.enable_adapter_layers()
                    self._peft.set_adapter(name)
                self._active = name
            # Tuners change the base's own layers; only what adds a prompt needs the outer model.
            prompted = name is not None and self._peft.peft_config[name].is_prompt_learning
            yield self._peft if prompted else self.model


class _Key(NamedTuple):
    folder: Path
    device: str
    dtype: str
    trust_remote_code: bool
    alone: Path | None


_LOCK: Final = threading.RLock()  # what is freed while a base is loaded lets go of another in the same thread
_USERS: Final[Counter[_Key]] = Counter()
_LOADED: Final[dict[_Key, Weights]] = {}


class Lease:
    """The right to a base, from when it is known to be wanted: it is loaded for the first and freed after the last.

    Args:
        checkpoint: The base and the adapter on top.
        device, dtype: As for [`Weights`][discretion.models.weights.Weights].
        trust_remote_code: Whether code of the checkpoint may run.
    """

    def __init__(self, checkpoint: Checkpoint, *, device: str, dtype: str, trust_remote_code: bool) -> None:
        self._checkpoint = checkpoint
        alone = checkpoint.adapter if checkpoint.adapter and _changes_the_base(checkpoint.adapter) else None
        self._key = _Key(checkpoint.folder.resolve(), device, dtype, trust_remote_code, alone)
        self._held = False
        self.hold()
        weakref.finalize(self, _drop_if_held, self.__dict__, self._key)

    def hold(self) -> None:
        """Want the base, again where it was let go of."""
        with _LOCK:
            if not self._held:
                _USERS[self._key] += 1
                self._held = True

    def load(self) -> Weights:
        """Return the base with the adapter on it.

        Raises:
            Exception: Of torch, transformers, safetensors or PEFT, if they cannot be loaded.
        """
        self.hold()
        with _LOCK:
            weights = _LOADED.get(self._key)
            if weights is None:
                key = self._key
                weights = _LOADED[key] = Weights(self._checkpoint, key.device, key.dtype, key.trust_remote_code)
        if self._checkpoint.adapter is not None:
            weights.add(self._checkpoint.adapter)
        return weights

    def release(self) -> None:
        """Let go of the base."""
        _drop_if_held(self.__dict__, self._key)


def _drop_if_held(state: dict[str, Any], key: _Key) -> None:
    with _LOCK:
        if not state.get("_held"):
            return
        state["_held"] = False
        _USERS[key] -= 1
        if _USERS[key]:
            return
        del _USERS[key]
        weights = _LOADED.pop(key, None)
    if weights is not None and weights.device.type == "cuda":
        import torch

        del weights
        gc.collect()
        torch.cuda.empty_cache()


def _changes_the_base(adapter: Path) -> bool:
    """Tell whether an adapter leaves its mark on the base even where it is switched off, or needs a model around it.

    Whole layers are such a mark: PEFT puts embeddings that were saved beside an adapter over those of the base, and a
    copy of a layer in the way of what another adapter puts there.
    """
    try:
        settings = json.loads((adapter / "adapter_config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return True
    if not isinstance(settings, dict):
        return True
    apart = (
        "modules_to_save",
        "layer_replication",
        "trainable_token_indices",
        "target_parameters",
        "alora_invocation_tokens",
    )
    drawn = settings.get("init_lora_weights", True)  # PiSSA, OLoRA and others take their share out of the base
    return (
        settings.get("peft_type") != "LORA"
        or drawn not in (True, False, None, "gaussian", "orthogonal")
        or settings.get("bias", "none") != "none"
        or any(settings.get(option) for option in apart)
        or not all(_on_inner_layers(name) for name in weight_names(adapter / "adapter_model.safetensors"))
    )


def _on_inner_layers(weight: str) -> bool:
    """Tell whether a weight of an adapter is LoRA's, and on neither embeddings nor head, which may be one tensor."""
    return ".lora_" in weight and ".lora_embedding_" not in weight and ".lm_head." not in weight


def _dtype(name: str, device: torch.device) -> Any:
    import torch

    if name == "auto":
        return torch.float32 if device.type == "cpu" else "auto"
    kind = getattr(torch, name, None)
    if not isinstance(kind, torch.dtype):
        raise ValueError(f"{name!r} is no dtype of torch")
    return kind


def quiet_peft() -> None:
    """Take two warnings out of what people see: an attribute's old name, and what `check_adapter` says better."""
    warnings.filterwarnings("ignore", message="`is_gradient_checkpointing` is deprecated", category=FutureWarning)
    warnings.filterwarnings("ignore", message="Found missing adapter keys")


def _has_bfloat16(device: torch.device) -> bool:
    import torch

    return device.type != "cuda" or torch.cuda.get_device_capability(device)[0] >= 8


def _device(name: str) -> torch.device:
    """Return the device of this name.

    Raises:
        InputError: If there is none on this machine.
    """
    import torch

    try:
        device = torch.device(name)
        torch.empty(1, device=device)
    except Exception as error:  # what torch raises depends on how it was built
        problem = f"there is no device {name!r} here ({str(error).strip().partition(chr(10))[0][:120]})"
        raise InputError(problem, remedy="give device=auto, or one that this machine has") from None
    return device


def _best_device() -> torch.device:
    import torch

    if torch.cuda.is_available():
        return torch.device("cuda")
    return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
