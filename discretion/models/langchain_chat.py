"""Models of any provider that LangChain knows, through `init_chat_model`: `langchain:PROVIDER:MODEL`."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Sequence
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Final

from pydantic import JsonValue, ValidationError

from discretion.errors import InputError, MissingExtra, ModelFault, ModelUnusable
from discretion.models.chat import AssistantTurn, FormatError, Message, ToolSpec, tools_to_wire
from discretion.models.conventions import convention
from discretion.models.openai_reply import BadReplyError, error_text
from discretion.models.own_loop import OwnLoop
from discretion.models.protocol import Sampling
from discretion.models.retry import Retry, retry_after
from discretion.models.server import find_server
from discretion.models.toolcalls import next_call

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

__all__ = ["LangChainChat"]

_TRANSIENT: Final = frozenset({408, 409, 425, 429})
_UNUSABLE: Final = frozenset({401, 403, 404, 405})
_OURS: Final = (TypeError, AttributeError, KeyError, NotImplementedError)
"""Errors that a second attempt does not mend."""

_LOOP: Final = OwnLoop()
"""Models of one provider share connections, which belong to an event loop: so all models live on one, for good."""


class LangChainChat:
    """A model that LangChain speaks to. Keys come from the environment, where the provider's package looks for them.

    Args:
        model: `PROVIDER:MODEL`, or a chat model of LangChain's that was made elsewhere.
        base_url: The provider's server, for those that take one.
        sampling: Temperature and longest turn.
        concurrency: The most requests in flight.
        timeout_s: The longest that one request may take, in seconds.
        retry: What is done about failures that may pass.
        key_variable: With `openai:` and a base URL, the environment variable that holds the key.
        form: The convention for calls that are left in the text.

    Raises:
        InputError: If the provider is not known or not installed, or wants a key that is not set.
        MissingExtra: If LangChain is not installed.
    """

    def __init__(
        self,
        model: str | BaseChatModel,
        *,
        base_url: str | None = None,
        sampling: Sampling | None = None,
        concurrency: int = 32,
        timeout_s: float = 120.0,
        retry: Retry | None = None,
        key_variable: str | None = None,
        form: str = "hermes",
    ) -> None:
        try:
            import langchain  # noqa: F401
            from langchain_core.language_models import BaseChatModel
        except ImportError:
            raise MissingExtra("langchain", "langchain") from None
        self.sampling = sampling or Sampling()
        self.concurrency = concurrency
        self.timeout_s = timeout_s
        self.retry = retry or Retry()
        self._form = convention(form)
        self._form_name = form
        self._base_url = base_url
        self._given = isinstance(model, BaseChatModel)
        if isinstance(model, BaseChatModel):
            self.name = f"langchain:{type(model).__name__}"
            self._model = model
        else:
            self.name = f"langchain:{model}"
            self._model = self._made(model, key_variable)
        self._class = type(self._model)
        # Elsewhere, and in OpenAI's Responses API, an unknown keyword may be an error, and nothing says so beforehand.
        openai = any(kind.__module__.startswith("langchain_openai.") for kind in self._class.__mro__)
        self.seeded = openai and getattr(self._model, "use_responses_api", None) is not True

    def __repr__(self) -> str:
        return f"LangChainChat({self.name!r})"

    def describe(self) -> dict[str, JsonValue]:
        """Return what identifies the model in a manifest; no key is in it."""
        package = self._class.__module__.partition(".")[0]
        try:
            made_by = f"{package} {version(package)}"
        except ModuleNotFoundError:  # a class of one's own
            made_by = package
        return {
            "backend": "langchain",
            "model": self.name.removeprefix("langchain:"),
            "class": self._class.__name__,
            "base_url": self._base_url,
            "package": made_by,
            "langchain_core": version("langchain-core"),
            "seeded": self.seeded,
            "convention": self._form_name,
            **(self._own_sampling() if self._given else self.sampling.model_dump()),
        }

    def _own_sampling(self) -> dict[str, JsonValue]:
        """What a model that was made elsewhere says of how it speaks, under the names that most providers use."""
        named = {
            "base_url": ("base_url", "openai_api_base", "anthropic_api_url"),
            "model_name": ("model_name", "model"),
        }
        fields = {**named, "temperature": ("temperature",), "max_tokens": ("max_tokens", "num_predict")}
        values = {
            key: next((value for name in names if (value := getattr(self._model, name, None)) is not None), None)
            for key, names in fields.items()
        }
        return {key: value for key, value in values.items() if isinstance(value, (str, int, float))}

    async def complete(self, messages: Sequence[Message], tools: Sequence[ToolSpec], *, seed: int) -> AssistantTurn:
        """Return the next turn.

        Raises:
            ModelFault: If no usable reply came within the attempts.
            ModelUnusable: If no request can succeed: a wrong key, an unknown model.
        """
        return await _LOOP.call(self._complete(messages, tools, seed))

    async def aclose(self) -> None:
        """Do nothing: LangChain's clients are closed with the process."""

    async def _complete(self, messages: Sequence[Message], tools: Sequence[ToolSpec], seed: int) -> AssistantTurn:
        from discretion.models.langchain_messages import read_message, to_langchain

        given = to_langchain(messages)
        for attempt in range(1, self.retry.attempts + 1):
            try:
                async with asyncio.timeout(self.timeout_s):
                    reply = await self._asked(tools, seed).ainvoke(given)
                return read_message(reply, self._form, first=next_call(messages))
            except TimeoutError:
                what, asked = f"no reply within {self.timeout_s:g} s", None
            except BadReplyError as error:
                what, asked = str(error), None
            except ValidationError as error:  # LangChain takes no reply whose arguments are no object
                if (turn := _misshapen(error)) is None:
                    raise self._fault(error_text(str(error)), "the provider's package cannot read the reply") from None
                return turn
            except Exception as error:  # every provider has errors of its own
                what, asked = self._may_pass(error)
            if attempt < self.retry.attempts:
                wait = asked or 0.0
                if wait > self.retry.patience_s:
                    raise self._fault(f"{what}, and asks to wait {wait:.0f} s")
                rng = random.Random(f"{self.name}:{seed}:{len(messages)}:{attempt}")
                await asyncio.sleep(max(wait, self.retry.delay_s(attempt, rng)))
        raise self._fault(f"{what} ({attempt} attempts)")

    def _asked(self, tools: Sequence[ToolSpec], seed: int) -> Any:
        """The model with the tools and the seed of one request."""
        options: dict[str, Any] = {"seed": seed} if self.seeded else {}
        if tools:
            return self._model.bind_tools(tools_to_wire(list(tools)), **options)
        return self._model.bind(**options) if options else self._model

    def _may_pass(self, error: Exception) -> tuple[str, float | None]:
        """Return what happened and how long the provider asks to wait, where another attempt may succeed.

        Raises:
            ModelFault: If none can.
        """
        response = getattr(error, "response", None)
        status = getattr(error, "status_code", None) or getattr(response, "status_code", None)
        said = error_text(str(error)) or type(error).__name__
        what = f"HTTP {status} ({said})" if isinstance(status, int) else f"{type(error).__name__} ({said})"
        if isinstance(error, TypeError) and "unexpected keyword" in str(error):
            raise self._fault(what, "the provider's package does not take it", unusable=True) from None
        if status in _UNUSABLE:
            raise self._fault(what, "check the key, the model's name and the base URL", unusable=True) from None
        if isinstance(error, _OURS) or (isinstance(status, int) and 300 <= status < 500 and status not in _TRANSIENT):
            raise self._fault(what, "the provider does not accept the request") from None
        headers = getattr(response, "headers", None)
        return what, None if headers is None else retry_after(headers)

    def _fault(self, what: str, remedy: str = "is the provider reachable?", *, unusable: bool = False) -> ModelFault:
        return (ModelUnusable if unusable else ModelFault)(what, where=self.name, remedy=remedy)

    def _made(self, model: str, key_variable: str | None) -> BaseChatModel:
        from langchain.chat_models import init_chat_model

        provider, colon, name = model.partition(":")
        if not colon or not name:
            raise InputError(f"{model!r} names no model", where="langchain", remedy="write langchain:PROVIDER:MODEL")
        longest = "num_predict" if provider == "ollama" else "max_tokens"
        options: dict[str, Any] = {
            longest: self.sampling.max_tokens,
            "timeout": self.timeout_s,
            "max_retries": 0,  # they are made here, and counted
        }
        if self.sampling.temperature is not None:
            options["temperature"] = self.sampling.temperature
        if self._base_url is not None:
            server = find_server(self._base_url, key_variable=key_variable)
            self._base_url = options["base_url"] = server.url
            if provider == "openai":
                options["api_key"] = server.key()
        try:
            made: BaseChatModel = init_chat_model(name, model_provider=provider, **options)
        except ImportError as error:
            remedy = f"pip install langchain-{provider.replace('_', '-')}"
            raise InputError(error_text(str(error)), where=self.name, remedy=remedy) from None
        except Exception as error:  # each provider says in its own way that a key is missing
            remedy = "is the provider's key in the environment?"
            raise InputError(error_text(str(error)), where=self.name, remedy=remedy) from None
        return made


def _misshapen(error: ValidationError) -> AssistantTurn | None:
    """Return the calls that LangChain's message did not take as a turn; `None` where something else was wrong."""
    wrong = [one for one in error.errors(include_url=False) if one["loc"][:1] == ("tool_calls",)]
    if error.title != "AIMessage" or not wrong:
        return None
    problems = [
        FormatError(
            detail="the arguments of the tool call are no JSON object",
            raw=json.dumps(one["input"], ensure_ascii=False, default=str),
        )
        for one in wrong
    ]
    return AssistantTurn(format_errors=tuple(problems))
