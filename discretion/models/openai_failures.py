"""What a failed request to a model server means: wait, give this episode up, or give the model up."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final, Literal

from discretion.errors import ModelFault, ModelUnusable
from discretion.models.chat import FormatError
from discretion.models.openai_reply import error_text
from discretion.models.retry import retry_after

__all__ = ["Failures", "Transient"]

_TRANSIENT: Final = frozenset({408, 409, 425, 429})
_NO_ROOM: Final = frozenset({429, 503, 529})
_NO_TOOLS: Final = re.compile(
    r"tool[-_ ]choice\S* requires|tool[-_ ]call[-_ ]parser|tools param"
    r"|(?:support|enable)\w*\b.*\btool|\btool.*\bsupport",
    re.IGNORECASE,
)
_UNABLE: Final = frozenset({400, 404, 405, 422, 501})  # what servers without tool calls answer; llama.cpp says 500
_BROKEN_CALL: Final = re.compile(
    r"fail\w* to parse (?:the )?(?:generated )?tool[-_ ]call|tool[-_ ]call\w* validation failed|model called a tool",
    re.IGNORECASE,
)
_FIELDS: Final = {
    "reasoning_content": "add thoughts=field: the server asks for what the model thought",
    "temperature": "add temperature=none",
    "max_tokens": 'add extra_body={"max_tokens": null, "max_completion_tokens": 1024}',
    "seed": 'add extra_body={"seed": null}',
    "logprobs": "leave logprobs out",
    "skip_special_tokens": 'add extra_body={"skip_special_tokens": null}',
}
"""Fields that some servers refuse, or miss -> what to add to the agent's string."""

_REFUSED: Final = re.compile(
    r"unsupported|not support|unknown|unrecognized|unexpected|extra|not permitted|not allowed|must be passed|missing"
    r"|deprecated",
    re.IGNORECASE,
)
_MODERATED: Final = re.compile(r"moderat|flagged|content polic|safety|harmful", re.IGNORECASE)
_TOO_LONG: Final = re.compile(r"context (?:length|window|size)|maximum context|too long|too many tokens", re.IGNORECASE)


class Transient(Exception):
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


class Failures:
    """Says what failures of one server mean, in words that do not hold its key.

    Args:
        called: The model, for errors.
        secret: A key that some servers repeat in their errors; empty where there is none.
        key_variable: Where the key comes from, for the remedy.
        timeout_s: The longest that one request may take, in seconds.
    """

    def __init__(self, called: str, *, secret: str, key_variable: str | None, timeout_s: float) -> None:
        self._called = called
        self._secret = secret
        self._key_variable = key_variable
        self._timeout_s = timeout_s

    def late(self, error: BaseException) -> Transient:
        """Return what it means that the client says that time is up."""
        broken = _broken(error)
        if broken is not None:
            return self.lost(broken)
        return Transient(
            f"no reply within {self._timeout_s:g} s", "raise the timeout or lower the concurrency", load="late"
        )

    def lost(self, cause: BaseException) -> Transient:
        """Return what a broken connection means."""
        detail = self._shown(str(cause)) or type(cause).__name__
        return Transient(f"the connection failed ({detail})", "is the server running?")

    def unreadable(self, error: ValueError) -> Transient:
        """Return what a reply means that is none."""
        return Transient(self._shown(str(error)), "does the base URL lead to chat completions?")

    def refused(self, status: int, body: Any, headers: Mapping[str, str]) -> Transient | ModelFault:
        """Return what an HTTP error means."""
        said = self._shown(error_text(body))
        what = f"HTTP {status} ({said})" if said else f"HTTP {status}"
        if _NO_TOOLS.search(said) and (status in _UNABLE or "tools param" in said):
            return self.final(
                f"the server takes no tool calls: {what}",
                "start vLLM with --enable-auto-tool-choice --tool-call-parser hermes (llama.cpp: --jinja)",
                unusable=True,
            )
        # Others say "quota" of what is free again in a minute.
        if status == 402 or "insufficient_quota" in _codes(body):
            return self.final(what, "the account's quota is spent", unusable=True)
        if status in _TRANSIENT or status >= 500:
            refused: Literal["", "refused"] = "refused" if status in _NO_ROOM else ""
            return Transient(what, "lower the concurrency, or try again later", retry_after(headers), load=refused)
        if status == 403 and _MODERATED.search(said):
            return self.final(what, "the server does not take this conversation")
        if status in (401, 403):
            return self.final(what, f"check the key in {self._key_variable or 'key_variable'}", unusable=True)
        if status in (404, 405):
            return self.final(what, "check the model's name, and that the base URL ends in /v1", unusable=True)
        if _TOO_LONG.search(said):
            return self.final(what, "serve the model with a longer context, or lower max_tokens")
        asked = f"{said} {_inner(body).get('param') or ''}"
        field = next((field for field in _FIELDS if re.search(rf"(?<![a-z_]){field}(?![a-z_])", asked)), None)
        if field is not None and _REFUSED.search(asked):  # every request has it, or lacks it
            return self.final(what, _FIELDS[field], unusable=True)
        return self.final(what, "the server does not accept the request")

    def broken_call(self, status: int, body: Any) -> FormatError | None:
        """Return the tool call of the model that the server refused to pass on, if that is what an HTTP error means."""
        said = self._shown(error_text(body))
        if status not in (400, 422, 500) or not ("tool_use_failed" in _codes(body) or _BROKEN_CALL.search(said)):
            return None
        wrote = _inner(body).get("failed_generation")
        raw = wrote if isinstance(wrote, str) else ""
        return FormatError(detail=f"the server cannot read the tool call ({said})", raw=raw)

    def final(self, what: str, remedy: str, *, unusable: bool = False) -> ModelFault:
        """Return the end of an episode, or of the model."""
        return (ModelUnusable if unusable else ModelFault)(what, where=self._called, remedy=remedy)

    def _shown(self, text: str) -> str:
        """Return a server's words as one line, without the key."""
        return error_text(text.replace(self._secret, "***") if self._secret else text)


def _inner(body: Any) -> dict[str, Any]:
    """Return the error object of a body; some clients take it out of its frame."""
    inner = body.get("error", body) if isinstance(body, dict) else {}
    return inner if isinstance(inner, dict) else {}


def _codes(body: Any) -> frozenset[str]:
    inner = _inner(body)
    return frozenset(str(inner[key]) for key in ("code", "type") if inner.get(key))


def _broken(error: BaseException) -> BaseException | None:
    """Return the broken connection behind what the client calls a timeout, as it does over aiohttp."""
    cause: BaseException | None = error
    while cause is not None:
        if type(cause).__module__.partition(".")[0] == "aiohttp" and not isinstance(cause, TimeoutError):
            return cause
        cause = cause.__cause__ or cause.__context__
    return None
