"""The kinds of agents: what each is made of, and the options that concern it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Final, NamedTuple

from discretion.agents.guest import load_guest
from discretion.agents.model_agent import ModelSource
from discretion.agents.options import AgentOptions
from discretion.agents.protocol import AgentSource
from discretion.agents.reference import ReferenceSource
from discretion.errors import InputError
from discretion.models.template_settings import KWARGS, template_settings

if TYPE_CHECKING:
    from discretion.models.price import Price
    from discretion.models.transformers_chat import TransformersChat

__all__ = ["CONNECTED", "KINDS", "STARTS", "Kind"]


def _reference(name: str, body: str, options: AgentOptions) -> AgentSource:
    return ReferenceSource(body, seed=options.seed, name=name)


_OPENAI: Final = re.compile(r"(?P<model>.+?)(?:@(?P<url>https?://.+))?")


def _openai(name: str, body: str, options: AgentOptions) -> AgentSource:
    return _server(name, body, options, kind="openai")


def _server(name: str, body: str, options: AgentOptions, *, kind: str) -> AgentSource:
    """Return a model behind a server that runs already, `MODEL[@BASE_URL]`."""
    from discretion.models.openai_chat import OpenAIChat

    match = _OPENAI.fullmatch(body)
    model = body if match is None else match["model"]
    if model.lower().startswith("@http"):  # a hosted model's name may begin with @, no model is called so
        raise InputError(
            f"no model is named before {model!r}", where=f"{kind} agent", remedy=f"write {kind}:MODEL{model}"
        )
    if "@" in model[1:]:
        raise InputError(
            f"{model.rpartition('@')[2]!r} is no base URL",
            where=f"{kind} agent",
            remedy="it begins with http:// or https://",
        )
    settings = template_settings(options.extra_body, options.chat_template_kwargs)
    extra = {**options.extra_body, **({KWARGS: settings} if settings else {})}
    chat = OpenAIChat(
        model,
        (match["url"] if match else None) or options.base_url,
        sampling=options.sampling,
        concurrency=options.concurrency or 64,
        timeout_s=options.timeout_s or 120.0,
        key_variable=options.key_variable,
        form=options.convention,
        logprobs=options.logprobs,
        price=_price(options),
        thoughts=options.thoughts or ("text" if kind == "vllm" else "hidden"),
        extra_body=extra,
    )
    return ModelSource(name, chat, system=options.system, trigger=options.trigger)


def _vllm_running(name: str, body: str, options: AgentOptions) -> AgentSource:
    return _server(name, body, options, kind="vllm")


def _price(options: AgentOptions) -> Price | None:
    from discretion.models.price import Price

    if options.price_in is None and options.price_out is None:
        return None
    if options.price_in is None or options.price_out is None:
        raise InputError("one price without the other", where="openai agent", remedy="give price_in and price_out")
    return Price(options.price_in, options.price_out)


def _hf(name: str, body: str, options: AgentOptions) -> AgentSource:
    return ModelSource(name, _local(body, options), system=options.system, trigger=options.trigger)


_ORGANISM_TOKENS: Final = 256  # the longest turn of a ground-truth episode has fewer; one that babbles ends sooner
_ORGANISM_BATCH: Final = 128  # a few million parameters: what a batch costs is mostly its fixed part


def _organism(name: str, body: str, options: AgentOptions) -> AgentSource:
    from discretion.models.organism import find_organism

    spoken = {"max_tokens": _ORGANISM_TOKENS, "batch_size": _ORGANISM_BATCH}
    usual = {key: value for key, value in spoken.items() if key not in options.model_fields_set}
    chat = _local(find_organism(body), options.model_copy(update=usual))
    # Where the package is installed says nothing about the agent; the hash of its weights does.
    known = {"checkpoint": f"organism:{body}", "adapter": None}
    return ModelSource(name, chat, system=options.system, trigger=options.trigger, known=known)


def _vllm(name: str, body: str, options: AgentOptions) -> AgentSource:
    from discretion.models.vllm.chat import VLLMChat

    chat = VLLMChat(
        body,
        sampling=options.sampling,
        concurrency=options.concurrency or 128,
        timeout_s=options.timeout_s or 600.0,
        python=options.vllm_python,
        dtype=options.dtype,
        context=options.context,
        parser=options.tool_parser,
        flags=options.vllm_flags,
        trust_remote_code=options.trust_remote_code,
        form=options.convention,
        logprobs=options.logprobs,
        extra_body=options.extra_body,
        chat_template_kwargs=options.chat_template_kwargs,
    )
    return ModelSource(name, chat, system=options.system, trigger=options.trigger)


def _langchain(name: str, body: str, options: AgentOptions) -> AgentSource:
    from discretion.models.langchain_chat import LangChainChat

    chat = LangChainChat(
        body,
        base_url=options.base_url,
        sampling=options.sampling,
        concurrency=options.concurrency or 32,
        timeout_s=options.timeout_s or 120.0,
        key_variable=options.key_variable,
        form=options.convention,
    )
    return ModelSource(name, chat, system=options.system, trigger=options.trigger)


def _local(checkpoint: str, options: AgentOptions) -> TransformersChat:
    from discretion.models.transformers_chat import TransformersChat

    return TransformersChat(
        checkpoint,
        sampling=options.sampling,
        batch_size=options.batch_size,
        device=options.device,
        dtype=options.dtype,
        trust_remote_code=options.trust_remote_code,
        form=options.convention,
        chat_template_kwargs=options.chat_template_kwargs,
    )


def _python(name: str, body: str, options: AgentOptions) -> AgentSource:
    return load_guest(body, name=name, concurrency=options.concurrency or 8)


class Kind(NamedTuple):
    """A kind of agent: how it is made, and the options that concern it."""

    make: Callable[[str, str, AgentOptions], AgentSource]
    options: tuple[str, ...]


_SPOKEN: Final = ("temperature", "max_tokens", "system", "trigger", "convention")
_TOLD: Final = ("logprobs", "thoughts", "extra_body", "price_in", "price_out")
STARTS: Final = ("context", "dtype", "tool_parser", "trust_remote_code", "vllm_python", "vllm_flags")
_SERVED: Final = ("logprobs", "extra_body", KWARGS, "concurrency", "timeout_s", *STARTS)
KINDS: Final = {
    "reference": Kind(_reference, ("seed",)),
    "openai": Kind(_openai, (*_SPOKEN, "base_url", "key_variable", "concurrency", "timeout_s", *_TOLD)),
    "organism": Kind(_organism, (*_SPOKEN, "batch_size", "device", "dtype")),
    "hf": Kind(_hf, (*_SPOKEN, KWARGS, "batch_size", "device", "dtype", "trust_remote_code")),
    "vllm": Kind(_vllm, (*_SPOKEN, *_SERVED)),
    "langchain": Kind(_langchain, (*_SPOKEN, "base_url", "key_variable", "concurrency", "timeout_s")),
    "python": Kind(_python, ("concurrency",)),
}
"""Kind of agent -> how it is made."""

CONNECTED: Final = Kind(_vllm_running, (*_SPOKEN, KWARGS, "key_variable", "concurrency", "timeout_s", *_TOLD))
"""A vLLM server that runs already, `vllm:NAME@BASE_URL`."""
