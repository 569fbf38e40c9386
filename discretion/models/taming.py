"""Turns that can be written down, whatever an agent put into them."""

from __future__ import annotations

import re
from typing import Any, Final

from discretion.models.chat import AssistantTurn

__all__ = ["tame"]

_DEEPEST: Final = 32
_SURROGATE: Final = re.compile("[\ud800-\udfff]")


def tame(turn: AssistantTurn) -> AssistantTurn:
    r"""Return a turn that can be written down: no lone surrogates (no UTF-8 holds them), no bottomless arguments.

    >>> tame(AssistantTurn(text="a\ud800b")).text
    'a\ufffdb'
    """
    said: list[object] = [turn.text, turn.reasoning]
    said += [item for call in turn.tool_calls for item in (call.id, call.name, call.arguments)]
    said += [item for error in turn.format_errors for item in (error.detail, error.raw)]
    if all(map(_is_tame, said)):
        return turn
    return AssistantTurn.model_validate(_tamed(turn.model_dump()))


def _is_tame(value: object, depth: int = 0) -> bool:
    if isinstance(value, str):
        return value.isascii() or not _SURROGATE.search(value)
    if isinstance(value, dict):
        return depth < _DEEPEST and all(_is_tame(key) and _is_tame(item, depth + 1) for key, item in value.items())
    if isinstance(value, (list, tuple)):
        return depth < _DEEPEST and all(_is_tame(item, depth + 1) for item in value)
    return True


def _tamed(value: Any, depth: int = 0) -> Any:
    if isinstance(value, str):
        return _SURROGATE.sub("\ufffd", value)
    if isinstance(value, (dict, list, tuple)) and depth > _DEEPEST:
        return "[nested too deep]"
    if isinstance(value, dict):
        return {_tamed(key): _tamed(item, depth + 1) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_tamed(item, depth + 1) for item in value]
    return value
