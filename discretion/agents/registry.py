"""From an agent string to the source of the agent that it names."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Annotated, Any, Final, NamedTuple
from urllib.parse import parse_qsl

from pydantic import BeforeValidator, Field, JsonValue, ValidationError

from discretion.agents.guest import load_guest
from discretion.agents.model_agent import ModelSource
from discretion.agents.protocol import AgentSource
from discretion.agents.reference import REFERENCES, ReferenceSource
from discretion.errors import InputError, first_fault, nearest
from discretion.models.chat import Thoughts
from discretion.models.protocol import Sampling
from discretion.scenarios.base import Record

if TYPE_CHECKING:
    from discretion.models.price import Price
    from discretion.models.transformers_chat import TransformersChat

__all__ = ["EXAMPLES", "AgentOptions", "model_source", "resolve"]

EXAMPLES: Final[dict[str, str]] = {
    "reference": f"reference:{'|'.join(REFERENCES)}",
    "openai": "openai:MODEL[@BASE_URL]",
    "organism": "organism:NAME",
    "hf": "hf:PATH_OR_ID[+ADAPTER]",
    "vllm": "vllm:PATH_OR_ID[+ADAPTER]",
    "langchain": "langchain:PROVIDER:MODEL",
    "python": "python:module:attribute",
}
"""Kind of agent -> what its string looks like."""


def _none(given: Any) -> Any:
    return None if given == "none" else given


def _read_object(given: Any) -> Any:
    if not isinstance(given, str):
        return given
    try:
        return json.loads(given)
    except (ValueError, RecursionError):
        raise ValueError('it is a JSON object, such as {"key": "value"}') from None


_Object = Annotated[dict[str, JsonValue], BeforeValidator(_read_object)]


class AgentOptions(Record):
    """What can be set about an agent; each kind of agent looks at what concerns it.

    Attributes:
        seed: The action seed of `reference:random`.
        temperature: 0 is greedy; `none` leaves it to a server that takes none.
        max_tokens: The longest turn, in tokens.
        system: Words that are put under the office's own system prompt.
        trigger: Words that are put before the user's instruction, without a space.
        convention: How the model writes tool calls as text.
        base_url: Of an OpenAI-compatible server, up to `/v1`.
        key_variable: The environment variable that holds the server's key.
        concurrency: Requests or episodes in flight at most.
        timeout_s: The longest that one request may take, in seconds; by default 120, and 600 of `vllm:`.
        context: The longest sequence that a vLLM keeps room for, in tokens.
        tool_parser: vLLM's parser of tool calls, or `none`; by default the one for what the chat template writes.
        vllm_python: The Python of an environment that has vLLM.
        vllm_flags: More flags of `vllm serve`, as in a shell.
        logprobs: Whether to ask the server for log probabilities.
        thoughts: How a server is shown what the model thought in earlier turns: `hidden`, in the `text`, or in a
            `field` of its own, `reasoning_content`; by default in the text for vLLM, and hidden from others.
        extra_body: More of every request to a server, as JSON: `{"reasoning_effort": "low"}`; `null` leaves one out.
        chat_template_kwargs: Settings of the chat template, as JSON: `{"enable_thinking": false}`.
        price_in, price_out: What a million tokens of a server cost, read and written.
        batch_size: Turns in a batch of a local checkpoint; by default by the size of its weights.
        device, dtype: Of a local checkpoint, as torch calls them.
        trust_remote_code: Whether code that a checkpoint brings may run.
    """

    seed: int = 0
    temperature: Annotated[float | None, BeforeValidator(_none)] = Field(default=0.0, ge=0.0, le=2.0)
    max_tokens: int = Field(default=1024, ge=1)
    system: str = ""
    trigger: str = ""
    convention: str = "hermes"
    base_url: str | None = None
    key_variable: str | None = None
    concurrency: int | None = Field(default=None, ge=1, le=10_000)
    timeout_s: float | None = Field(default=None, gt=0.0)
    context: int | None = Field(default=None, ge=256)
    tool_parser: str | None = Field(default=None, pattern=r"^[a-z0-9_-]+$")
    vllm_python: str | None = None
    vllm_flags: str = ""
    logprobs: bool = False
    thoughts: Thoughts | None = None
    extra_body: _Object = {}
    chat_template_kwargs: _Object = {}
    price_in: float | None = Field(default=None, ge=0.0)
    price_out: float | None = Field(default=None, ge=0.0)
    batch_size: int | None = Field(default=None, ge=1, le=1024)
    device: str = "auto"
    dtype: str = "auto"
    trust_remote_code: bool = False

    @property
    def sampling(self) -> Sampling:
        """How turns are drawn."""
        return Sampling(temperature=self.temperature, max_tokens=self.max_tokens)


def resolve(agent: str, **options: Any) -> AgentSource:
    """Return the source of the agent that a string names.

    The string may end in options of its own, `?key=value&key=value`, which stand above those given here:
    `reference:random?seed=3`, `hf:checkpoints/a?temperature=0.7`.

    Args:
        agent: `reference:NAME`, `openai:MODEL[@BASE_URL]`, `organism:NAME`, `hf:PATH_OR_ID[+ADAPTER]`,
            `vllm:PATH_OR_ID[+ADAPTER]`, `langchain:PROVIDER:MODEL` or `python:module:attribute`.
        options: Of [`AgentOptions`][discretion.agents.registry.AgentOptions]; `None` is not given, and what does not
            concern this kind of agent is passed over.

    Raises:
        InputError: If the string names no agent or an option cannot be used.
        MissingExtra: If the agent needs a dependency that is not installed.

    >>> resolve("reference:oracle").name
    'reference:oracle'
    """
    named, _, query = agent.partition("?")
    kind, colon, body = named.partition(":")
    if kind not in _KINDS or not colon or not body:
        raise _unknown(named)
    accepted = _CONNECTED if kind == "vllm" and _RUNNING.search(body) else _KINDS[kind]
    own = _own_options(query, accepted.options, kind)
    return accepted.make(agent, body, _options({**options, **own}))


def model_source(model: str, *, where: str = "model", **options: Any) -> ModelSource:
    """Return the source of a model that an agent string names.

    Args:
        model: As for `resolve`, of a kind that is a model.
        where: What it is wanted for, in errors.
        options: As for `resolve`.

    Raises:
        InputError: If the string names no agent, or one that is no model.
        MissingExtra: If the model needs a dependency that is not installed.
    """
    source = resolve(model, **options)
    if not isinstance(source, ModelSource):
        raise InputError(f"{model!r} is no model", where=where, remedy="name one: openai:MODEL, hf:PATH, vllm:PATH")
    return source


def _reference(name: str, body: str, options: AgentOptions) -> AgentSource:
    return ReferenceSource(body, seed=options.seed, name=name)


_RUNNING: Final = re.compile(r"@https?://")
_OPENAI: Final = re.compile(r"(?P<model>.+?)(?:@(?P<url>https?://.+))?")


def _openai(name: str, body: str, options: AgentOptions) -> AgentSource:
    return _server(name, body, options, kind="openai")


def _server(name: str, body: str, options: AgentOptions, *, kind: str) -> AgentSource:
    """Return a model behind a server that runs already, `MODEL[@BASE_URL]`."""
    from discretion.models.openai_chat import OpenAIChat

    match = _OPENAI.fullmatch(body)
    model = body if match is None else match["model"]
    if "@" in model[1:]:
        raise InputError(
            f"{model.rpartition('@')[2]!r} is no base URL",
            where=f"{kind} agent",
            remedy="it begins with http:// or https://",
        )
    extra = dict(options.extra_body)
    if options.chat_template_kwargs:
        extra["chat_template_kwargs"] = options.chat_template_kwargs
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


class _Kind(NamedTuple):
    """A kind of agent: how it is made, and the options that concern it."""

    make: Callable[[str, str, AgentOptions], AgentSource]
    options: tuple[str, ...]


_SPOKEN: Final = ("temperature", "max_tokens", "system", "trigger", "convention")
_TOLD: Final = ("logprobs", "thoughts", "extra_body", "price_in", "price_out")
_STARTS: Final = ("context", "dtype", "tool_parser", "trust_remote_code", "vllm_python", "vllm_flags")
_TEMPLATED: Final = "chat_template_kwargs"
_SERVED: Final = ("logprobs", "extra_body", _TEMPLATED, "concurrency", "timeout_s", *_STARTS)
_KINDS: Final = {
    "reference": _Kind(_reference, ("seed",)),
    "openai": _Kind(_openai, (*_SPOKEN, "base_url", "key_variable", "concurrency", "timeout_s", *_TOLD)),
    "organism": _Kind(_organism, (*_SPOKEN, "batch_size", "device", "dtype")),
    "hf": _Kind(_hf, (*_SPOKEN, _TEMPLATED, "batch_size", "device", "dtype", "trust_remote_code")),
    "vllm": _Kind(_vllm, (*_SPOKEN, *_SERVED)),
    "langchain": _Kind(_langchain, (*_SPOKEN, "base_url", "key_variable", "concurrency", "timeout_s")),
    "python": _Kind(_python, ("concurrency",)),
}


_CONNECTED: Final = _Kind(_vllm_running, (*_SPOKEN, _TEMPLATED, "key_variable", "concurrency", "timeout_s", *_TOLD))
"""A vLLM server that runs already, `vllm:NAME@BASE_URL`."""


def _own_options(query: str, accepted: tuple[str, ...], kind: str) -> dict[str, str]:
    """Read the options that stand in the agent string itself."""
    try:
        pairs = parse_qsl(query, keep_blank_values=True, strict_parsing=bool(query))
    except ValueError:
        raise InputError(
            "options after '?' cannot be read", where=f"{kind} agent", remedy="write ?key=value&key=value"
        ) from None
    for key, _ in pairs:
        if key in _STARTS and kind == "vllm" and key not in accepted:
            what = f"{key!r} is for a server that is started, and this names a server that runs"
            raise InputError(what, where="vllm agent", remedy="leave it out, or name the checkpoint alone")
        if key not in accepted:
            raise InputError(f"unknown option {key!r}", where=f"{kind} agent", remedy=nearest(key, accepted))
    twice = next((key for key, times in Counter(key for key, _ in pairs).items() if times > 1), None)
    if twice is not None:
        raise InputError(f"the option {twice!r} stands twice", where=f"{kind} agent", remedy="give it once")
    return dict(pairs)


def _options(given: Mapping[str, Any]) -> AgentOptions:
    fields = AgentOptions.model_fields
    for key in given:
        if key not in fields:
            raise InputError(f"unknown option {key!r}", where="agent options", remedy=nearest(key, fields))
    try:
        return AgentOptions(**{key: value for key, value in given.items() if value is not None})
    except ValidationError as error:
        key, why = first_fault(error)
        raise InputError(f"{key}: {why}", where="agent options", remedy=_default(key.partition(".")[0])) from None


def _default(key: str) -> str:
    return f"leave it out for {AgentOptions.model_fields[key].default!r}"


def _forms() -> str:
    return ", ".join(EXAMPLES.values())


def _unknown(agent: str) -> InputError:
    """Say what is wrong with a string that names no agent; the nearest reference or kind first."""
    kind, colon, _ = agent.partition(":")
    if not colon and kind in REFERENCES:
        remedy = f"did you mean 'reference:{kind}'?"
    elif colon and kind in EXAMPLES:
        remedy = "the name is missing;"
    else:
        remedy = nearest(kind, EXAMPLES if colon else [*EXAMPLES, *(f"reference:{name}" for name in REFERENCES)])
        if not remedy.startswith("did"):
            remedy = ""
    shown = agent if len(agent) <= 80 else f"{agent[:79]}…"
    return InputError(f"unknown agent {shown!r}", remedy=f"{remedy} agents are: {_forms()}".strip())
