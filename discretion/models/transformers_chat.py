"""Checkpoints that run in this process: transformers, PEFT adapters, all running episodes in shared batches."""

from __future__ import annotations

import asyncio
import importlib.util
import re
import threading
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Final

from pydantic import JsonValue

from discretion.errors import InputError, MissingExtra, ModelUnusable
from discretion.models.batching import Batcher
from discretion.models.chat import AssistantTurn, Message, ToolSpec, Usage
from discretion.models.checkpoint import Checkpoint, find_checkpoint
from discretion.models.conventions import convention, read_turn
from discretion.models.generation import Generator
from discretion.models.protocol import Sampling
from discretion.models.template_settings import chat_template, check_settings
from discretion.models.toolcalls import next_call
from discretion.models.weights import Lease
from discretion.models.whole_turns import Prompt

__all__ = ["TransformersChat"]


_SIZES: Final = ((256 * 2**20, 64), (4 * 2**30, 32))
"""Weights up to so many bytes -> turns in a batch; 16 above. Memory may hold it lower while it runs."""

_DTYPES: Final = ("auto", "float32", "bfloat16", "float16", "float64", "float", "half", "double")
_DEVICE: Final = re.compile(r"auto|(cpu|cuda|mps|xpu|npu|hpu|mlu|musa)(:\d+)?")


class TransformersChat:
    """A local checkpoint, `PATH_OR_ID[+ADAPTER]`. Its weights are loaded when the first turn is asked for.

    Models of the same base share one copy of it, as long as one that is not closed could still speak.

    Args:
        checkpoint: A folder or hub id, and after `+` a PEFT adapter. Safetensors only.
        sampling: Greedy at temperature 0; otherwise drawn, by the seed of each turn.
        batch_size: The most turns in a batch; by default 64, 32 or 16 by the size of the weights.
        device: `auto` is a GPU where there is one; otherwise as torch calls it.
        dtype: `auto` is float32 on a CPU, and on a GPU the checkpoint's own; otherwise as torch calls it.
        trust_remote_code: Whether code that the checkpoint brings may run.
        form: The convention in which it writes tool calls.
        chat_template_kwargs: Settings of its chat template, such as `{"enable_thinking": False}`.

    Raises:
        InputError: If the checkpoint cannot be used, its template knows no such setting, or there is no such device
            or data type.
        MissingExtra: If transformers is not installed.
    """

    def __init__(
        self,
        checkpoint: str,
        *,
        sampling: Sampling | None = None,
        batch_size: int | None = None,
        device: str = "auto",
        dtype: str = "auto",
        trust_remote_code: bool = False,
        form: str = "hermes",
        chat_template_kwargs: Mapping[str, JsonValue] | None = None,
    ) -> None:
        self.name = f"hf:{checkpoint}"
        self.checkpoint = find_checkpoint(checkpoint)
        self._settings = dict(chat_template_kwargs or {})
        check_settings(self._settings, chat_template(self.checkpoint.tokenizer), where=self.name)
        for package in ("torch", "transformers", *(["peft"] if self.checkpoint.adapter else [])):
            if importlib.util.find_spec(package) is None:
                raise MissingExtra(package, "local")
        self.sampling = sampling or Sampling()
        if self.sampling.temperature is None:
            remedy = "give one; 0 is greedy"
            raise InputError("a local checkpoint has no temperature of its own", where=self.name, remedy=remedy)
        if dtype not in _DTYPES:
            remedy = f"give dtype one of {', '.join(_DTYPES[:5])}"
            raise InputError(f"weights cannot be had in {dtype!r}", where=self.name, remedy=remedy)
        if not _DEVICE.fullmatch(device):
            remedy = "give device auto, cpu, cuda, cuda:0 or the like"
            raise InputError(f"{device!r} is no device", where=self.name, remedy=remedy)
        self.batch_size = batch_size or _batch_size(self.checkpoint)
        # While the batch runs, some episodes act and some wait to take the places that become free.
        self.concurrency = self.batch_size + max(1, self.batch_size // 2)
        self._device = device
        self._dtype = dtype
        self._trust_remote_code = trust_remote_code
        self._form = convention(form)
        self._form_name = form
        self._lease = Lease(self.checkpoint, device=device, dtype=dtype, trust_remote_code=trust_remote_code)
        self._loading = threading.Lock()
        self._generator: Generator | InputError | None = None
        self._batcher: Batcher[Prompt, list[int]] | None = None

    def describe(self) -> dict[str, JsonValue]:
        """Return what identifies the model in a manifest: the hash of its weights above all."""
        from importlib.metadata import version

        return {
            "backend": "transformers",
            "checkpoint": str(self.checkpoint.folder),
            "adapter": str(self.checkpoint.adapter) if self.checkpoint.adapter else None,
            "weights": self._hashes[0],
            "settings": self._hashes[1],
            "transformers": version("transformers"),
            "torch": version("torch"),
            "device": self._device,
            "dtype": self._dtype,
            "batch_size": self.batch_size,
            "convention": self._form_name,
            **({"chat_template_kwargs": self._settings} if self._settings else {}),
            **self.sampling.model_dump(),
        }

    async def complete(self, messages: Sequence[Message], tools: Sequence[ToolSpec], *, seed: int) -> AssistantTurn:
        """Return the next turn.

        Raises:
            ModelFault: If the conversation does not fit the context or its template, or generation failed.
            ModelUnusable: If the checkpoint cannot be loaded.
        """
        generator = self._generator
        if not isinstance(generator, Generator):
            generator = await asyncio.to_thread(self._load)
        if self._batcher is None:
            self._batcher = Batcher(generator.decoder, size=self.batch_size)
        prompt = generator.prompt(messages, tools, seed)
        written = generator.read(await self._batcher.submit(prompt))
        return read_turn(
            written.text,
            self._form,
            first=next_call(messages),
            usage=Usage(prompt_tokens=len(prompt.tokens), completion_tokens=written.tokens),
            finish="length" if written.cut else "stop",
        )

    async def aclose(self) -> None:
        """Let go of the weights."""
        if self._batcher is not None:
            await self._batcher.aclose()
            self._batcher = None
        self._generator = None
        self._lease.release()

    @cached_property
    def _hashes(self) -> tuple[str, str]:
        return self.checkpoint.weights_hash(), self.checkpoint.settings_hash()

    def _load(self) -> Generator:
        with self._loading:
            if self._generator is None:
                try:
                    self._generator = Generator(
                        self.checkpoint,
                        self._lease,
                        self._form,
                        sampling=self.sampling,
                        size=self.batch_size,
                        trust_remote_code=self._trust_remote_code,
                        settings=self._settings,
                    )
                except InputError as error:
                    self._generator = error  # the next turn need not try again
            generator = self._generator
        if isinstance(generator, InputError):
            raise ModelUnusable(generator.what, where=generator.where, remedy=generator.remedy)
        return generator


def _batch_size(checkpoint: Checkpoint) -> int:
    """Choose by the size of the weights: the smaller they are, the more rows a step bears at hardly any cost."""
    size = checkpoint.weights_size()
    return next((rows for most, rows in _SIZES if size <= most), 16)
