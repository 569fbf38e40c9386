"""What a chat template leaves out of a conversation: many drop the calls or tools that they have no place for."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any, Final

__all__ = ["left_out", "tools_left_out"]

_THINK: Final = re.compile(r"</?think>")
_SHOWN: Final = 40  # characters of what is missing


def left_out(message: dict[str, Any], written: str) -> list[str]:
    """Name what is not in the text that a template wrote for a message of the assistant.

    Space is not compared: templates trim and indent. A thought in the words may have been moved, so that its parts
    are looked for one by one.

    Args:
        message: In the shape of OpenAI's chat completions, arguments of calls as objects.
        written: What the template wrote for it.
    """
    text = _tight(written)
    missing = [
        f"the assistant's words ({_shown(part)})"
        for part in _THINK.split(message.get("content") or "")
        if _tight(part) not in text
    ]
    if not _stands(message.get("reasoning_content") or "", text):
        missing.append("the assistant's thought (reasoning_content)")
    for call in message.get("tool_calls") or ():
        name, arguments = call["function"]["name"], call["function"]["arguments"]
        if _tight(name) not in text:
            missing.append(f"the call of {name[:_SHOWN]}")
            continue
        for key, value in arguments.items():
            if not all(_stands(leaf, text) for leaf in _leaves(value)):
                missing.append(f"{key[:_SHOWN]!r} of the call of {name[:_SHOWN]}")
    return missing


def tools_left_out(tools: Sequence[dict[str, Any]], written: str) -> list[str]:
    """Name the tools that are offered and not in a text."""
    names = [str(tool["function"]["name"]) for tool in tools]
    return [f"the tool {name[:_SHOWN]}" for name in names if name not in written]


def _leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        for each in value.values():
            yield from _leaves(each)
    elif isinstance(value, list):
        for each in value:
            yield from _leaves(each)
    else:
        yield value


def _stands(leaf: Any, text: str) -> bool:
    """Tell whether a value stands in a text without space: as it is, as JSON, or as Python writes it."""
    forms = {str(leaf), *(json.dumps(leaf, ensure_ascii=ascii_).strip('"') for ascii_ in (False, True))}
    return any(_tight(form) in text for form in forms)


def _tight(text: str) -> str:
    return "".join(text.split())


def _shown(text: str) -> str:
    words = " ".join(text.split())
    return repr(words if len(words) <= _SHOWN else f"{words[: _SHOWN - 3]}...")
