"""Checkpoints that run in this process: transformers, PEFT adapters, several episodes in a batch."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from functools import cached_property
from typing import NamedTuple

from pydantic import JsonValue

from discretion.errors import InputError, MissingExtra, ModelFault, ModelUnusable
from discretion.models.batching import MicroBatcher
from discretion.models.chat import AssistantTurn, Message, ToolSpec, Usage
from discretion.models.checkpoint import find_checkpoint
from discretion.models.conventions import convention, read_turn
from discretion.models.generation import Generator, Prompt, Written
from discretion.models.protocol import Sampling
from discretion.models.toolcalls import next_call

__all__ = ["TransformersChat"]


class _Asked(NamedTuple):
    """A turn that is asked for."""

    messages: Sequence[Message]
    tools: Sequence[ToolSpec]
    seed: int


class TransformersChat:
    """A local checkpoint, `PATH_OR_ID[+ADAPTER]`. Its weights are loaded when the first turn is asked for.

    Args:
        checkpoint: A folder or hub id, and after `+` a PEFT adapter. Safetensors only.
        sampling: Greedy at temperature 0; otherwise drawn, by the seed of each turn.
        batch_size: The most turns in a batch.
        device, dtype: `auto`, or as torch calls them.
        trust_remote_code: Whether code that the checkpoint brings may run.
        form: The convention in which it writes tool calls.

    Raises:
        InputError: If the checkpoint cannot be used.
        MissingExtra: If transformers is not installed.
    """

    def __init__(
        self,
        checkpoint: str,
        *,
        sampling: Sampling | None = None,
        batch_size: int = 16,
        device: str = "auto",
        dtype: str = "auto",
        trust_remote_code: bool = False,
        form: str = "hermes",
    ) -> None:
        self.name = f"hf:{checkpoint}"
        self.checkpoint = find_checkpoint(checkpoint)
        for package in ("torch", "transformers", *(["peft"] if self.checkpoint.adapter else [])):
            if importlib.util.find_spec(package) is None:
                raise MissingExtra(package, "local")
        self.sampling = sampling or Sampling()
        self.batch_size = batch_size
        # While one batch runs, the episodes of the last one act and gather the next.
        self.concurrency = 2 * batch_size
        self._device = device
        self._dtype = dtype
        self._trust_remote_code = trust_remote_code
        self._form = convention(form)
        self._form_name = form
        self._batcher: MicroBatcher[_Asked, AssistantTurn] | None = None
        self._generator: Generator | InputError | None = None

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
            **self.sampling.model_dump(),
        }

    async def complete(self, messages: Sequence[Message], tools: Sequence[ToolSpec], *, seed: int) -> AssistantTurn:
        """Return the next turn.

        Raises:
            ModelFault: If the conversation does not fit the context or its template, or generation failed.
            ModelUnusable: If the checkpoint cannot be loaded.
        """
        if self._batcher is None:
            self._batcher = MicroBatcher(self._run, size=self.batch_size)
        return await self._batcher.submit(_Asked(messages, tools, seed))

    async def aclose(self) -> None:
        """Let go of the weights."""
        if self._batcher is not None:
            await self._batcher.aclose()
            self._batcher = None
        self._generator = None

    @cached_property
    def _hashes(self) -> tuple[str, str]:
        return self.checkpoint.weights_hash(), self.checkpoint.settings_hash()

    def _load(self) -> Generator:
        if self._generator is None:
            try:
                self._generator = Generator(
                    self.checkpoint,
                    self._form,
                    device=self._device,
                    dtype=self._dtype,
                    trust_remote_code=self._trust_remote_code,
                )
            except InputError as error:
                self._generator = error  # the next batch need not try again
        if isinstance(self._generator, InputError):
            broken = self._generator
            raise ModelUnusable(broken.what, where=broken.where, remedy=broken.remedy)
        return self._generator

    def _run(self, asked: list[_Asked]) -> list[AssistantTurn | Exception]:
        """Run a batch, in the batcher's thread."""
        generator = self._load()
        results: dict[int, AssistantTurn | Exception] = {}
        prompts: dict[int, Prompt] = {}
        for i, turn in enumerate(asked):
            try:
                prompts[i] = generator.prompt(turn.messages, turn.tools, turn.seed)
            except ModelFault as fault:
                results[i] = fault
        for i, written in zip(prompts, generator.write(list(prompts.values()), self.sampling), strict=True):
            results[i] = written if isinstance(written, Exception) else self._turn(asked[i], prompts[i], written)
        return [results[i] for i in range(len(asked))]

    def _turn(self, asked: _Asked, prompt: Prompt, written: Written) -> AssistantTurn:
        return read_turn(
            written.text,
            self._form,
            first=next_call(asked.messages),
            usage=Usage(prompt_tokens=len(prompt.tokens), completion_tokens=written.tokens),
            finish="length" if written.cut else "stop",
        )
