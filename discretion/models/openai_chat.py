"""Models behind any OpenAI-compatible server (OpenAI, vLLM, SGLang, llama.cpp), through the official client."""

from __future__ import annotations

import asyncio
import importlib.util
import random
from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from pydantic import JsonValue

from discretion.errors import InputError, MissingExtra
from discretion.models.chat import AssistantTurn, Message, Thoughts, ToolSpec
from discretion.models.conventions import convention
from discretion.models.openai_failures import Failures, Transient
from discretion.models.openai_reply import BadReplyError, read_reply
from discretion.models.openai_request import RESERVED, Requests
from discretion.models.pace import Outcome, Pace
from discretion.models.price import Price
from discretion.models.protocol import Sampling
from discretion.models.retry import Retry
from discretion.models.server import find_server
from discretion.models.template_settings import template_settings
from discretion.models.toolcalls import next_call, read_json

if TYPE_CHECKING:
    import openai

__all__ = ["OpenAIChat"]

_LARGEST_REPLY: Final = 4 * 2**20  # bytes; far above what any number of tokens takes
_AIOHTTP: Final = importlib.util.find_spec("aiohttp") is not None  # the client then spends a third less time
_POOL: Final = 32  # connections of one client without aiohttp; its pool looks at each of them for each request


class _Open(NamedTuple):
    """What belongs to an event loop: its pace, a client once for each request it may yet take, and what holds them."""

    loop: asyncio.AbstractEventLoop
    pace: Pace
    lines: list[openai.AsyncOpenAI]
    held: AsyncGenerator[None]


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
        thoughts: How the model is shown what it thought in earlier turns: `text`, as it wrote it, is what a vLLM
            server's chat templates take, `field` what DeepSeek's API asks for. OpenAI's own keeps thoughts to itself.
        extra_body: More of every request, such as `{"reasoning_effort": "low"}`; `None` leaves a field out that would
            be there, such as `{"seed": None}` for a server that takes no seed.
        tells_day: Whether the server's chat template is to be told the day of the conversation.

    Raises:
        InputError: If the base URL cannot be used, no key is set, or `extra_body` has what is nobody's to change.
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
        thoughts: Thoughts = "hidden",
        extra_body: Mapping[str, JsonValue] | None = None,
        tells_day: bool = False,
    ) -> None:
        try:
            import openai
        except ImportError:
            raise MissingExtra("openai", "openai") from None
        self._openai = openai
        taken = sorted(RESERVED & set(extra_body or {}))
        if taken:
            raise InputError(f"{taken[0]!r} is not to be changed", where="extra_body", remedy="leave it out")
        template_settings(extra_body or {})
        self.model = model
        self.server = find_server(base_url, key_variable=key_variable)
        self.name = called or f"{model} at {self.server.url}"
        self.sampling = sampling or Sampling()
        self.concurrency = concurrency
        self.timeout_s = timeout_s
        self.retry = retry or Retry()
        self._key = key or self.server.key()
        self._failures = Failures(
            self.name,
            secret=self._key if key is not None or self.server.key_variable is not None else "",
            key_variable=self.server.key_variable,
            timeout_s=timeout_s,
        )
        self._requests = Requests(
            model,
            self.server.url,
            self.sampling,
            native=native,
            logprobs=logprobs,
            thoughts=thoughts,
            extra=extra_body or {},
            tells_day=tells_day,
        )
        self._logprobs = logprobs
        self._price = price
        self._thoughts = thoughts
        self._extra_body = dict(extra_body or {})
        self._form = convention(form)
        self._form_name = form
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
            **({"thoughts": self._thoughts} if self._thoughts != "hidden" else {}),
            **({"extra_body": self._extra_body} if self._extra_body else {}),
            **({"price": {**self._price._asdict()}} if self._price else {}),
            **self.sampling.model_dump(),
        }

    async def complete(self, messages: Sequence[Message], tools: Sequence[ToolSpec], *, seed: int) -> AssistantTurn:
        """Return the next turn.

        Raises:
            ModelFault: If no usable reply came within the attempts.
            ModelUnusable: If no request can succeed: a wrong key, an unknown model, a server without tool calls.
        """
        return await self._answered(self._requests.turn(messages, tools, seed), messages, seed)

    async def complete_as(self, messages: Sequence[Message], schema: Mapping[str, Any], *, seed: int) -> AssistantTurn:
        """Return a turn whose text is JSON of a schema.

        Raises:
            ModelFault: If no usable reply came within the attempts.
            ModelUnusable: If no request can succeed.
        """
        return await self._answered(self._requests.held(messages, schema, seed), messages, seed)

    async def _answered(self, request: bytes, messages: Sequence[Message], seed: int) -> AssistantTurn:
        first = next_call(messages)
        failed = refused = 0
        while True:
            try:
                return await self._paced(request, first=first)
            except Transient as failure:
                last = failure
            refused += last.load == "refused"
            failed += last.load != "refused"
            attempt = failed + refused
            if last.wait_s > self.retry.patience_s:
                raise self._failures.final(f"{last.what}, and asks to wait {last.wait_s:.0f} s", last.remedy)
            if failed >= self.retry.attempts or refused > self.retry.refusals:
                raise self._failures.final(f"{last.what} ({attempt} attempts)", last.remedy)
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
            Transient: If another attempt may succeed.
            ModelFault: If not.
        """
        _, pace, lines, _ = await self._ready()
        entered = await pace.enter()
        client = lines.pop()
        outcome: Outcome = "failed"
        try:
            turn = await self._once(client, request, first=first)
            outcome = "answered"
        except Transient as failure:
            if failure.load:
                outcome = "overloaded"
            if 0 < failure.wait_s <= self.retry.patience_s:
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

    async def _once(self, client: openai.AsyncOpenAI, request: bytes, *, first: int) -> AssistantTurn:
        """Send one request and read the reply.

        Raises:
            Transient: If another attempt may succeed.
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
            turn = read_reply(read_json(content.decode("utf-8-sig", errors="replace")), self._form, first=first)
            return turn if self._price is None else self._price.put_on(turn)
        except (TimeoutError, self._openai.APITimeoutError) as error:
            raise self._failures.late(error) from None
        except self._openai.APIConnectionError as error:
            raise self._failures.lost(error.__cause__ or error) from None
        except self._openai.APIStatusError as error:
            unread = self._failures.broken_call(error.status_code, error.body)
            if unread is not None:
                return AssistantTurn(format_errors=(unread,))
            raise self._failures.refused(error.status_code, error.body, error.response.headers) from None
        except ValueError as error:  # BadReplyError among them
            raise self._failures.unreadable(error) from None


async def _hold(clients: Sequence[openai.AsyncOpenAI]) -> AsyncGenerator[None]:
    """Hold clients open until this is closed; event loops close their generators at the latest when they end."""
    try:
        yield
    finally:
        for client in clients:
            await client.close()
