"""A checkpoint behind a vLLM server of our own: the chat model that agents speak to."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Mapping, Sequence
from functools import cached_property
from typing import Any, Final

from pydantic import JsonValue

from discretion.errors import InputError, ModelFault, ModelUnusable, nearest
from discretion.models.chat import AssistantTurn, Message, ToolSpec
from discretion.models.checkpoint import find_checkpoint
from discretion.models.openai_chat import OpenAIChat
from discretion.models.protocol import Sampling
from discretion.models.retry import Retry
from discretion.models.template_settings import KWARGS, chat_template, check_settings, template_settings
from discretion.models.vllm.flags import Plan, adapter_rank, context_length, own_flags, same_tokenizer, tool_parser
from discretion.models.vllm.fleet import Berth, Fleet
from discretion.models.vllm.home import find_vllm
from discretion.models.vllm.server import Say

__all__ = ["FLEET", "VLLMChat"]

FLEET: Final = Fleet()
"""The servers of this process."""

_DTYPES: Final = ("auto", "bfloat16", "float16", "float32", "half", "float")
_PATIENCE_S: Final = 1200.0


class VLLMChat:
    """A local checkpoint, `PATH_OR_ID[+ADAPTER]`, served by vLLM. The server starts when the first turn is asked for.

    Agents of one base and the same settings share a server: it is started with the adapters of all that were made
    before, takes up later ones while it runs, and is stopped when the last of them is closed.

    Args:
        checkpoint: A folder or hub id, and after `+` a LoRA adapter. Safetensors only.
        sampling: Temperature and longest turn.
        concurrency: The most requests in flight.
        timeout_s: The longest that one request may take, in seconds.
        python: The interpreter of an environment that has vLLM; see `find_vllm`.
        dtype: `auto` is float32 on a CPU and the checkpoint's own elsewhere.
        context: The longest sequence, in tokens; by default what the checkpoint can, up to 32,768.
        parser: vLLM's parser of tool calls; by default the one for what the chat template writes. `none` leaves
            calls in the text, for `form` to read.
        flags: More flags of `vllm serve`, as in a shell.
        trust_remote_code: Whether code that the checkpoint brings may run.
        form: The convention for calls that the server leaves in the text.
        logprobs: Whether to ask for the log probabilities of what is written.
        extra_body: More of every request, as of [`OpenAIChat`][discretion.models.openai_chat.OpenAIChat].
        chat_template_kwargs: Settings of its chat template, such as `{"enable_thinking": False}`.
        retry: What is done about failures that may pass.
        patience_s: How long the server may take to start, in seconds.

    Raises:
        InputError: If the checkpoint cannot be used, or there is no vLLM.
        MissingExtra: If the OpenAI client is not installed.
    """

    def __init__(
        self,
        checkpoint: str,
        *,
        sampling: Sampling | None = None,
        concurrency: int = 128,
        timeout_s: float = 600.0,
        python: str | None = None,
        dtype: str = "auto",
        context: int | None = None,
        parser: str | None = None,
        flags: str = "",
        trust_remote_code: bool = False,
        form: str = "hermes",
        logprobs: bool = False,
        extra_body: Mapping[str, JsonValue] | None = None,
        chat_template_kwargs: Mapping[str, JsonValue] | None = None,
        retry: Retry | None = None,
        patience_s: float = _PATIENCE_S,
    ) -> None:
        self.name = f"vllm:{checkpoint}"
        self.checkpoint = find_checkpoint(checkpoint, kind="vllm")
        if dtype not in _DTYPES:
            raise InputError(f"unknown dtype {dtype!r}", where=self.name, remedy=nearest(dtype, _DTYPES))
        folder, adapter, tokenizer = self.checkpoint.folder, self.checkpoint.adapter, self.checkpoint.tokenizer
        if adapter is not None:
            adapter_rank(adapter)
        self.plan = Plan(
            home=find_vllm(python),
            folder=folder.absolute(),
            tokenizer=(folder if same_tokenizer(folder, tokenizer) else tokenizer).absolute(),
            dtype=dtype,
            context=context_length(folder, context),
            parser=parser or tool_parser(tokenizer),
            trust_remote_code=trust_remote_code,
            flags=own_flags(flags),
        )
        self.sampling = sampling or Sampling()
        self.concurrency = concurrency
        self._timeout_s = timeout_s
        self._retry = retry
        self._form_name = form
        self._logprobs = logprobs
        self._extra_body = dict(extra_body or {})
        settings = template_settings(self._extra_body, chat_template_kwargs)
        if settings:
            check_settings(settings, chat_template(tokenizer), where=self.name)
            self._extra_body[KWARGS] = settings
        self._patience_s = patience_s
        self._adapter = None if adapter is None else adapter.absolute()
        self._say: Say = lambda words: None
        self._chat: OpenAIChat | None = None
        self._opening: asyncio.Task[OpenAIChat] | None = None
        self._berth: Berth | None = self._board()

    @property
    def shared(self) -> int | None:
        """Models with the same number share a server."""
        return None if self._berth is None else self._berth.shared

    def watch(self, say: Say) -> None:
        """Tell `say`, in a few words, what is being waited for."""
        self._say = say

    def describe(self) -> dict[str, JsonValue]:
        """Return what identifies the model in a manifest: the hash of its weights above all."""
        plan = self.plan
        return {
            "backend": "vllm",
            "checkpoint": str(self.checkpoint.folder),
            "adapter": str(self.checkpoint.adapter) if self.checkpoint.adapter else None,
            "weights": self._hashes[0],
            "settings": self._hashes[1],
            "vllm": plan.home.version,
            "dtype": plan.dtype,
            "context": plan.context,
            "tool_parser": plan.parser,
            "convention": self._form_name,
            **({"flags": list(plan.flags)} if plan.flags else {}),
            **({"logprobs": True} if self._logprobs else {}),
            **({"extra_body": self._extra_body} if self._extra_body else {}),
            **self.sampling.model_dump(),
        }

    async def complete(self, messages: Sequence[Message], tools: Sequence[ToolSpec], *, seed: int) -> AssistantTurn:
        """Return the next turn.

        Raises:
            ModelFault: If no usable reply came within the attempts.
            ModelUnusable: If the server cannot be started, or ended.
        """
        chat = self._chat or await self._opened()
        return await self._checked(chat.complete(messages, tools, seed=seed))

    async def complete_as(self, messages: Sequence[Message], schema: Mapping[str, Any], *, seed: int) -> AssistantTurn:
        """Return a turn whose text is JSON of a schema.

        Raises:
            ModelFault: If no usable reply came within the attempts.
            ModelUnusable: If the server cannot be started, or ended.
        """
        chat = self._chat or await self._opened()
        return await self._checked(chat.complete_as(messages, schema, seed=seed))

    async def _checked(self, reply: Awaitable[AssistantTurn]) -> AssistantTurn:
        try:
            return await reply
        except ModelFault:
            if self._berth is not None:
                self._berth.check()  # a server that died is the better reason
            raise

    async def aclose(self) -> None:
        """Close the connections, and stop the server if nobody else needs it."""
        opening, self._opening = self._opening, None
        if opening is not None and opening.get_loop() is asyncio.get_running_loop():
            opening.cancel()
            await asyncio.gather(opening, return_exceptions=True)
        chat, self._chat = self._chat, None
        berth, self._berth = self._berth, None
        if chat is not None:
            await chat.aclose()
        if berth is not None:
            berth.abandon()
            await asyncio.to_thread(berth.leave)

    async def _opened(self) -> OpenAIChat:
        """Wait for the server, which the first to ask has started."""
        loop = asyncio.get_running_loop()
        if self._opening is None or self._opening.get_loop() is not loop:
            self._opening = loop.create_task(self._open())
        return await asyncio.shield(self._opening)

    async def _open(self) -> OpenAIChat:
        if self._berth is None:  # it was closed, and is wanted again
            self._berth = self._board()
        try:
            opened = await asyncio.to_thread(self._berth.open, self._say)
        except asyncio.CancelledError:
            self._berth.abandon()
            raise
        if opened is None:
            raise ModelUnusable("closed while the vLLM server started", where=self.name)
        server, name = opened
        self._chat = OpenAIChat(
            name,
            server.url,
            key=server.key,
            sampling=self.sampling,
            concurrency=self.concurrency,
            timeout_s=self._timeout_s,
            retry=self._retry,
            form=self._form_name,
            native=self.plan.parser != "none",
            called=self.name,
            logprobs=self._logprobs,
            thoughts="text",
            extra_body=self._extra_body,
            tells_day=server.tells_day,
        )
        self._opening = None
        return self._chat

    def _board(self) -> Berth:
        return FLEET.join(self.plan, self._adapter, patience_s=self._patience_s)

    @cached_property
    def _hashes(self) -> tuple[str, str]:
        return self.checkpoint.weights_hash(), self.checkpoint.settings_hash()
