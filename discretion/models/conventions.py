"""The conventions by name, and a whole reply read as an assistant turn."""

from __future__ import annotations

import importlib
import inspect
import os
import sys
from collections.abc import Sequence
from typing import Any, Final, Literal

from discretion.errors import InputError, nearest
from discretion.models.chat import AssistantTurn, FormatError, ToolCall, Usage
from discretion.models.hermes import Hermes
from discretion.models.text_forms import Fenced, Native
from discretion.models.thinking import reasoned
from discretion.models.toolcalls import Convention

__all__ = ["CONVENTIONS", "convention", "read_turn"]

CONVENTIONS: Final[dict[str, Convention]] = {"hermes": Hermes(), "fenced": Fenced(), "native": Native()}
"""Name -> text form. Another one can be put in here, or named by where it lies, `module:attribute`."""

_NO_USAGE: Final = Usage()


def convention(name: str) -> Convention:
    """Return a convention by its name, or import it as `module:attribute`: an object, or a class of one.

    Raises:
        InputError: If there is none of that name, or what was imported is none.
    """
    if ":" in name:
        return _imported(name)
    if name not in CONVENTIONS:
        raise InputError(f"unknown tool-call convention {name!r}", remedy=nearest(name, CONVENTIONS))
    return CONVENTIONS[name]


def _imported(name: str) -> Convention:
    module, _, attribute = name.partition(":")
    where = f"convention {name}"
    if os.getcwd() not in sys.path and "" not in sys.path:
        sys.path.append(os.getcwd())
    try:
        form: Any = getattr(importlib.import_module(module), attribute)
        if inspect.isclass(form):
            form = form()
    except Exception as error:  # whatever the module does when it is imported
        said = " ".join(str(error).split())[:200]
        what = f"cannot be imported ({type(error).__name__}: {said})"
        raise InputError(what, where=where, remedy="write module:attribute, and start where the module lies") from None
    lacking = [need for need in ("tags", "parse", "offer", "write_calls", "write_result") if not hasattr(form, need)]
    if lacking:
        raise InputError(f"has no {', '.join(lacking)}", where=where, remedy="see Convention in discretion.models")
    found: Convention = form
    return found


def read_turn(
    text: str,
    form: Convention,
    *,
    first: int = 1,
    native: Sequence[ToolCall | FormatError] = (),
    reasoning: str = "",
    usage: Usage = _NO_USAGE,
    finish: Literal["stop", "length"] = "stop",
    logprobs: tuple[float, ...] = (),
) -> AssistantTurn:
    """Read a model's text as one turn.

    A reply that was cut off, or lost in a thought, before it said or called anything is a format error: an empty answer
    it is not.

    Args:
        text: As the model wrote it, without the tokens that end a turn.
        form: How this model writes calls.
        first: The number that the first call gets that the text holds.
        native: What a server has already read as calls.
        reasoning: What a server has already split off.
        usage: Tokens of the turn.
        finish: `length` if it was cut off.
        logprobs: Of the tokens, where a server gave them.
    """
    before = reasoned(text)
    parsed = form.parse(before.said, first=first)
    after = reasoned(parsed.text, begun=False)  # what stood behind a call
    thought, said = "\n".join(filter(None, (before.thought, after.thought))) or reasoning, after.said.strip()
    calls = (*(call for call in native if isinstance(call, ToolCall)), *parsed.calls)
    errors = (*(error for error in native if isinstance(error, FormatError)), *parsed.errors)
    if not (said or calls or errors):
        problem = _silent(thought, form, open_=before.open or after.open, cut=finish == "length")
        errors = (FormatError(detail=problem, raw=text or thought),) if problem else ()
    return AssistantTurn(
        text=said,
        tool_calls=calls,
        format_errors=errors,
        reasoning=thought,
        usage=usage,
        finish=finish,
        logprobs=logprobs,
    )


def _silent(thought: str, form: Convention, *, open_: bool, cut: bool) -> str:
    """Return why a turn that says and calls nothing is no answer; nothing where it is an empty one."""
    if cut:
        return "the reply was cut off before it said anything"
    if any(tag in thought for tag in form.tags):
        return "the tool call stands in a thought"
    return "the thought does not end" if open_ else ""
