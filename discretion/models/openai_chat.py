"""Models behind any OpenAI-compatible server (OpenAI, vLLM, SGLang, llama.cpp), through the official client."""

from __future__ import annotations

import asyncio
import importlib.util
import json
import random
import re
from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple

from pydantic import JsonValue

from discretion.errors import MissingExtra, ModelFault, ModelUnusable
from discretion.models.chat import AssistantTurn, Message, ToolSpec, Usage, to_wire, tools_to_wire
from discretion.models.conventions import convention
from discretion.models.openai_reply import BadReplyError, error_text, read_reply
from discretion.models.pace import Outcome, Pace
from discretion.models.protocol import Sampling
from discretion.models.retry import Retry, retry_after
from discretion.models.server import OPENAI_URL, find_server
from discretion.models.toolcalls import next_call, read_json

if TYPE_CHECKING:
    import openai

__all__ = ["OpenAIChat", "Price"]

_LARGEST_REPLY: Final = 4 * 2**20  # bytes; far above what any number of tokens takes
_AIOHTTP: Final = importlib.util.find_spec("aiohttp") is not None  # the client then spends a third less time
_POOL: Final = 32  # connections of one client without aiohttp; its pool looks at each of them for each request
_TRANSIENT: Final = frozenset({408, 409, 425, 429})
_NO_ROOM: Final = frozenset({429, 503, 529})
_NO_TOOLS: Final = re.compile(
    r"tool[-_ ]choice|tool[-_ ]call[-_ ]parser|tools param|(?:support|enable)\w*\b.*\btool|\btool.*\bsupport",
    re.IGNORECASE,
)
_TOO_LONG: Final = re.compile(r"context (?:length|window|size)|maximum context|too long|too many tokens", re.IGNORECASE)


class _Transient(Exception):
    """A failure that may pass.

    Args:
        what: What happened, one line.
        remedy: What the reader can do if it does not pass.
        wait_s: How long the server asks to wait.
        load: How it shows that the server has no room, if it does: it refused the request, or answered too late.
    """

    def __init__(
        self, what: str, remedy: str, wait_s: float | None = None, *, load: Literal["", "refused", "late"] = ""
    ) -> None:
        super().__init__(what)
        self.what = what
        self.remedy = remedy
        self.wait_s = wait_s or 0.0
        self.load = load


class _Open(NamedTuple):
    """What belongs to an event loop: its pace, a client once for each request it may yet take, and what holds them."""

    loop: asyncio.AbstractEventLoop
    pace: Pace
    lines: list[openai.AsyncOpenAI]
    held: AsyncGenerator[None]


class Price(NamedTuple):
    """What tokens cost, in whatever currency, a million of them.

    Attributes:
        prompt: Tokens of the conversation, all of them: no discount for what a server remembers is taken off.
        completion: Tokens that the model writes.
    """

    prompt: float
    completion: float

    def of(self, usage: Usage) -> float | None:
        """Return the cost of a turn, or `None` where the server did not say how many tokens it had.

        >>> Price(1.0, 4.0).of(Usage(prompt_tokens=1_000_000, completion_tokens=500_000))
        3.0
        """
        if not usage.prompt_tokens and not usage.completion_tokens:
            return None
        return (self.prompt * usage.prompt_tokens + self.completion * usage.completion_tokens) / 1e6


class _ToolTexts:
    """The JSON of tool specifications, kept: they are the longest part of a request, and the same turn for turn."""

    _MOST: Final = 1024

    def __init__(self) -> None:
        self._known: dict[int, tuple[ToolSpec, str]] = {}  # the specification is kept so that its id stays its own

    def write(self, tools: Sequence[ToolSpec]) -> str:
        """Return the JSON list."""
        return f"[{','.join(map(self._text, tools))}]"

    def _text(self, tool: ToolSpec) -> str:
        known = self._known.get(id(tool))
        if known is None:
            if len(self._known) >= self._MOST:
                self._known.clear()
            known = self._known[id(tool)] = (tool, _to_json(tools_to_wire([tool])[0]))
        return known[1]


def _to_json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


class OpenAIChat:
    """A model behind an OpenAI-compatible server.

    The key comes from the environment alone, and is sent to no loopback server unless `key_variable` names it.

    Args:
        model: The name that the server knows.
        base_url: The server, up to `/v1`; `OPENAI_BASE_URL` or OpenAI's own where not given.
        sampling: Temperature and longest turn.
        concurrency: The most requests in flight; fewer where the server has no room, see `Pace`.
        timeout_s: The longest that one request may take, in seconds.
        retry: What is done about failures that may pass.
        key_variable: The environment variable that holds the key.
        form: The convention for calls that the server leaves in the text.
        key: The key that a server was started with by this process; none of anybody's own.
        native: Whether the server reads tool calls itself; otherwise it shows the tools and leaves the text alone.
        called: The name of the model in messages to people.
        logprobs: Whether to ask for the log probabilities of what is written.
        price: What tokens cost.
        thoughts: Whether the model is shown what it thought in earlier turns, as it wrote it: what a vLLM server's chat
            templates take. OpenAI's own API, and others, keep thoughts to themselves.

    Raises:
        InputError: If the base URL cannot be used or no key is set.
        MissingExtra: If the client is not installed.
    """

    def __init__(
        self,
        model: str,
        base_url: str | None = None,
        *,
        sampling: Sampling | None = None,
        concurrency: int = 64,
        timeout_s: float = 120.0,
        retry: Retry | None = None,
        key_variable: str | None = None,
        form: str = "hermes",
        key: str | None = None,
        native: bool = True,
        called: str = "",
        logprobs: bool = False,
        price: Price | None = None,
        thoughts: bool = False,
    ) -> None:
        try:
            import openai
        except ImportError:
            raise MissingExtra("openai", "openai") from None
        self._openai = openai
        self.model = model
        self.server = find_server(base_url, key_variable=key_variable)
        self.name = called or f"{model} at {self.server.url}"
        self.sampling = sampling or Sampling()
        self.concurrency = concurrency
        self.timeout_s = timeout_s
        self.retry = retry or Retry()
        self._key = key or self.server.key()
        self._secret = key is not None or self.server.key_variable is not None
        self._native = native
        self._logprobs = logprobs
        self._price = price
        self._thoughts = thoughts
        self._form = convention(form)
        self._form_name = form
        self._tool_texts = _ToolTexts()
        self._open: _Open | None = None
        # The client may stand on httpx or its successor, so their classes are taken from it.
        http = importlib.import_module(type(openai.DEFAULT_CONNECTION_LIMITS).__module__.partition(".")[0])
        self._response: Any = http.Response

    def __repr__(self) -> str:
        return f"OpenAIChat({self.model!r}, {self.server.url!r})"

    def describe(self) -> dict[str, JsonValue]:
        """Return what identifies the model in a manifest; the key is not in it."""
        return {
            "backend": "openai",
            "model": self.model,
            "base_url": self.server.url,
            "client": self._openai.__version__,
            "convention": self._form_name,
            **({"logprobs": True} if self._logprobs else {}),
            **({"thoughts": True} if self._thoughts else {}),
            **({"price": {**self._price._asdict()}} if self._price else {}),
            **self.sampling.model_dump(),
        }

    async def complete(self, messages: Sequence[Message], tools: Sequence[ToolSpec], *, seed: int) -> AssistantTurn:
        """Return the next turn.

        Raises:
            ModelFault: If no usable reply came within the attempts.
            ModelUnusable: If no request can succeed: a wrong key, an unknown model, a server without tool calls.
        """
        return await self._answered(self._request(messages, tools, seed), messages, seed)

    async def complete_as(self, messages: Sequence[Message], schema: Mapping[str, Any], *, seed: int) -> AssistantTurn:
        """Return a turn whose text is JSON of a schema.

        Raises:
            ModelFault: If no usable reply came within the attempts.
            ModelUnusable: If no request can succeed.
        """
        own = self.server.url == OPENAI_URL  # refuses lengths, which others need to bring a small model to an end
        held = {"name": "reply", "schema": _without_lengths(schema) if own else dict(schema), "strict": True}
        request = self._request(messages, (), seed, response_format={"type": "json_schema", "json_schema": held})
        return await self._answered(request, messages, seed)

    async def _answered(self, request: bytes, messages: Sequence[Message], seed: int) -> AssistantTurn:
        first = next_call(messages)
        failed = refused = 0
        while True:
            try:
                return await self._paced(request, first=first)
            except _Transient as failure:
                last = failure
            refused += last.load == "refused"
            failed += last.load != "refused"
            attempt = failed + refused
            if last.wait_s > self.retry.longest_s:
                raise self._fault(f"{last.what}, and asks to wait {last.wait_s:.0f} s", last.remedy)
            if failed >= self.retry.attempts or refused > self.retry.refusals:
                raise self._fault(f"{last.what} ({attempt} attempts)", last.remedy)
            rng = random.Random(f"{self.name}:{seed}:{len(messages)}:{attempt}")
            await asyncio.sleep(max(last.wait_s, self.retry.delay_s(attempt, rng)))

    async def aclose(self) -> None:
        """Close the connections."""
        if self._open is not None and self._open.loop is asyncio.get_running_loop():
            await self._open.held.aclose()
        self._open = None

    async def _paced(self, request: bytes, *, first: int) -> AssistantTurn:
        """Send one request as soon as there is room, and tell the pace what it came to.

        Raises:
            _Transient: If another attempt may succeed.
            ModelFault: If not.
        """
        _, pace, lines, _ = await self._ready()
        entered = await pace.enter()
        client = lines.pop()
        outcome: Outcome = "failed"
        try:
            turn = await self._once(client, request, first=first)
            outcome = "answered"
        except _Transient as failure:
            if failure.load:
                outcome = "overloaded"
            if 0 < failure.wait_s <= self.retry.longest_s:
                pace.pause(failure.wait_s)  # it is the server that asks, so all requests wait
            raise
        finally:
            lines.append(client)
            pace.leave(entered, outcome)
        return turn

    async def _ready(self) -> _Open:
        """Return what belongs to the running loop: connections can be used by the loop alone that opened them."""
        loop = asyncio.get_running_loop()
        if self._open is None or self._open.loop is not loop:
            pool = self.concurrency if _AIOHTTP else _POOL
            clients = [self._client(pool) for _ in range(0, self.concurrency, pool)]
            lines = [clients[line // pool] for line in reversed(range(self.concurrency))]
            self._open = _Open(loop, Pace(self.concurrency), lines, _hold(clients))
            await anext(self._open.held)
        return self._open

    def _client(self, pool: int) -> openai.AsyncOpenAI:
        # The client may stand on httpx or its successor, so the class of the limits is taken from it.
        limits = type(self._openai.DEFAULT_CONNECTION_LIMITS)(max_connections=pool, max_keepalive_connections=pool)
        http = self._openai.DefaultAioHttpClient if _AIOHTTP else self._openai.DefaultAsyncHttpxClient
        return self._openai.AsyncOpenAI(
            api_key=self._key,
            base_url=self.server.url,
            max_retries=0,
            timeout=self.timeout_s,
            http_client=http(
                limits=limits,
                # This machine is reached without proxies, and without the certificates that cost 45 ms to load.
                trust_env=not self.server.loopback,
                verify=not self.server.loopback,
            ),
        )

    def _request(self, messages: Sequence[Message], tools: Sequence[ToolSpec], seed: int, **more: Any) -> bytes:
        """Return the body of a request; `more` goes into it."""
        # OpenAI's own newer models refuse `max_tokens`; other servers know nothing else.
        longest = "max_completion_tokens" if self.server.url == OPENAI_URL else "max_tokens"
        request: dict[str, Any] = {
            "model": self.model,
            "messages": to_wire(list(messages), thoughts=self._thoughts),
            "seed": seed,
            longest: self.sampling.max_tokens,
            **more,
        }
        if self.sampling.temperature is not None:
            request["temperature"] = self.sampling.temperature
        if self._logprobs:
            request["logprobs"] = True
        if tools and not self._native:
            # The tags of calls may be special tokens, which servers leave out of a text.
            request |= {"tool_choice": "none", "skip_special_tokens": False}
        body = _to_json(request)
        if tools:
            body = f'{body[:-1]},"tools":{self._tool_texts.write(tools)}}}'
        return body.encode("utf-8", "replace")

    async def _once(self, client: openai.AsyncOpenAI, request: bytes, *, first: int) -> AssistantTurn:
        """Send one request and read the reply.

        Raises:
            _Transient: If another attempt may succeed.
            ModelFault: If not.
        """
        try:
            async with asyncio.timeout(self.timeout_s):
                # Written here, the request is sent as it is; as arguments the client first looks all through it.
                reply = await client.post(
                    "/chat/completions",
                    cast_to=self._response,
                    content=request,
                    options={"headers": {"Content-Type": "application/json"}},
                )
            content = reply.content
            if len(content) > _LARGEST_REPLY:
                raise BadReplyError(f"the reply has {len(content)} bytes")
            turn = read_reply(read_json(content.decode(errors="replace")), self._form, first=first)
            return turn if self._price is None else self._priced(turn, self._price)
        except (TimeoutError, self._openai.APITimeoutError) as error:
            broken = _broken(error)
            if broken is not None:
                raise self._lost(broken) from None
            raise _Transient(
                f"no reply within {self.timeout_s:g} s", "raise the timeout or lower the concurrency", load="late"
            ) from None
        except self._openai.APIConnectionError as error:
            raise self._lost(error.__cause__ or error) from None
        except self._openai.APIStatusError as error:
            raise self._refusal(error.status_code, error_text(error.body), error.response.headers) from None
        except ValueError as error:  # BadReplyError among them
            raise _Transient(self._shown(str(error)), "does the base URL lead to chat completions?") from None

    def _lost(self, cause: BaseException) -> _Transient:
        detail = self._shown(str(cause)) or type(cause).__name__
        return _Transient(f"the connection failed ({detail})", "is the server running?")

    def _priced(self, turn: AssistantTurn, price: Price) -> AssistantTurn:
        usage = turn.usage.model_copy(update={"cost": price.of(turn.usage)})
        return turn.model_copy(update={"usage": usage})

    def _refusal(self, status: int, text: str, headers: Any) -> _Transient | ModelFault:
        """Make of an HTTP error what it means: wait, give this episode up, or give the model up."""
        said = self._shown(text)
        what = f"HTTP {status} ({said})" if said else f"HTTP {status}"
        if _NO_TOOLS.search(said):
            return self._fault(
                f"the server takes no tool calls: {what}",
                "start vLLM with --enable-auto-tool-choice --tool-call-parser hermes (llama.cpp: --jinja)",
                unusable=True,
            )
        if status == 429 and "quota" in said:
            return self._fault(what, "the account's quota is spent", unusable=True)
        if status in _TRANSIENT or status >= 500:
            refused: Literal["", "refused"] = "refused" if status in _NO_ROOM else ""
            return _Transient(what, "lower the concurrency, or try again later", retry_after(headers), load=refused)
        if status in (401, 403):
            return self._fault(what, f"check the key in {self.server.key_variable or 'key_variable'}", unusable=True)
        if status in (404, 405):
            return self._fault(what, "check the model's name, and that the base URL ends in /v1", unusable=True)
        if _TOO_LONG.search(said):
            return self._fault(what, "serve the model with a longer context, or lower max_tokens")
        return self._fault(what, "the server does not accept the request")

    def _fault(self, what: str, remedy: str, *, unusable: bool = False) -> ModelFault:
        return (ModelUnusable if unusable else ModelFault)(what, where=self.name, remedy=remedy)

    def _shown(self, text: str) -> str:
        """Return a server's words as one line, without the key that some servers repeat."""
        return error_text(text.replace(self._key, "***") if self._secret else text)


async def _hold(clients: Sequence[openai.AsyncOpenAI]) -> AsyncGenerator[None]:
    """Hold clients open until this is closed; event loops close their generators at the latest when they end."""
    try:
        yield
    finally:
        for client in clients:
            await client.close()


def _broken(error: BaseException) -> BaseException | None:
    """Return the broken connection behind what the client calls a timeout, as it does over aiohttp."""
    cause: BaseException | None = error
    while cause is not None:
        if type(cause).__module__.partition(".")[0] == "aiohttp" and not isinstance(cause, TimeoutError):
            return cause
        cause = cause.__cause__ or cause.__context__
    return None


def _without_lengths(schema: Any) -> Any:
    """Return a JSON schema without lengths of strings."""
    if isinstance(schema, Mapping):
        return {key: _without_lengths(value) for key, value in schema.items() if key not in ("minLength", "maxLength")}
    return [_without_lengths(item) for item in schema] if isinstance(schema, list) else schema
