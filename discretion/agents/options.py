"""What can be set about an agent, behind `?` in its string or beside it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Mapping
from typing import Annotated, Any
from urllib.parse import parse_qsl

from pydantic import BeforeValidator, Field, JsonValue, ValidationError

from discretion.errors import InputError, first_fault, nearest
from discretion.models.chat import Thoughts
from discretion.models.protocol import Sampling
from discretion.scenarios.base import Record

__all__ = ["AgentOptions", "read_options", "read_query"]


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


def read_query(query: str, accepted: Collection[str], kind: str, *, others: Collection[str] = ()) -> dict[str, str]:
    """Read the options that stand in the agent string itself.

    Args:
        query: What stands behind `?`.
        accepted: The options of this kind of agent.
        kind: For errors.
        others: Options of the same kind of agent where its server is started here.

    Raises:
        InputError: If it cannot be read, or an option is unknown, out of place or there twice.
    """
    try:
        # A plus is a plus here: prompts and JSON have them, and nobody writes a form.
        pairs = parse_qsl(query.replace("+", "%2B"), keep_blank_values=True, strict_parsing=bool(query))
    except ValueError:
        raise InputError(
            "options after '?' cannot be read",
            where=f"{kind} agent",
            remedy="write ?key=value&key=value, and %26 for an & in a value",
        ) from None
    for key, _ in pairs:
        if key in others and key not in accepted:
            what = f"{key!r} is for a server that is started, and this names a server that runs"
            raise InputError(what, where=f"{kind} agent", remedy="leave it out, or name the checkpoint alone")
        if key not in accepted:
            raise InputError(f"unknown option {key!r}", where=f"{kind} agent", remedy=nearest(key, accepted))
    twice = next((key for key, times in Counter(key for key, _ in pairs).items() if times > 1), None)
    if twice is not None:
        raise InputError(f"the option {twice!r} stands twice", where=f"{kind} agent", remedy="give it once")
    return dict(pairs)


def read_options(given: Mapping[str, Any]) -> AgentOptions:
    """Read options; what is `None` is not given.

    Raises:
        InputError: If one is unknown or cannot be used.
    """
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
