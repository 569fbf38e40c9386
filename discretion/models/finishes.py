"""Why a server says that a reply ends, in the words of many servers."""

from __future__ import annotations

from typing import Any, Final, Literal

__all__ = ["Finish", "read_finish"]

Finish = Literal["stop", "length", "called", "malformed", "filtered", "failed"]
"""The model was done; it was cut off; it called; it meant to, in a form that the server cannot read; a filter took the
reply; or the server failed."""

_WORDS: Final[dict[str, Finish]] = {
    "length": "length",
    "max_tokens": "length",
    "max_output_tokens": "length",
    "model_length": "length",
    "model_context_window_exceeded": "length",
    "tool_calls": "called",
    "tool_use": "called",
    "function_call": "called",
    "content_filter": "filtered",
    "content_filtered": "filtered",
    "guardrail_intervened": "filtered",
    "refusal": "filtered",
    "safety": "filtered",
    "prohibited_content": "filtered",
    "blocklist": "filtered",
    "recitation": "filtered",
    "spii": "filtered",
    "error": "failed",
    "abort": "failed",
    "aborted": "failed",
    "cancelled": "failed",
    "failed": "failed",
    "incomplete": "failed",
    "pause_turn": "failed",
    "network_error": "failed",
    "insufficient_system_resource": "failed",
}


def read_finish(said: Any) -> Finish:
    """Return what a server's reason comes to; one that is not known is no reason to doubt the reply.

    >>> read_finish("MAX_TOKENS"), read_finish({"type": "abort"}), read_finish(None)
    ('length', 'failed', 'stop')
    """
    if isinstance(said, dict):  # as SGLang's
        said = said.get("type")
    word = str(said).lower()
    return "malformed" if "malformed" in word else _WORDS.get(word, "stop")
