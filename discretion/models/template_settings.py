"""Settings of a chat template, such as whether a model that can think does: checked before anything is loaded."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from discretion.errors import InputError

__all__ = ["chat_template", "check_settings"]

_OURS: Final = frozenset(
    {
        "add_generation_prompt",
        "chat_template",
        "continue_final_message",
        "conversation",
        "conversations",
        "max_length",
        "messages",
        "padding",
        "return_assistant_tokens_mask",
        "return_dict",
        "return_tensors",
        "strftime_now",
        "told_day",
        "tokenize",
        "tokenizer_kwargs",
        "tools",
        "truncation",
    }
)
"""What is set here whenever a template is rendered, or is no setting of a template."""


def chat_template(folder: Path) -> str:
    """Return the chat template of a tokenizer, as text to look through; several are joined."""
    if (folder / "chat_template.jinja").is_file():
        return (folder / "chat_template.jinja").read_text(encoding="utf-8", errors="replace")
    for name in ("chat_template.json", "tokenizer_config.json"):
        found = _kept(folder / name)
        if found:
            return found if isinstance(found, str) else json.dumps(found, ensure_ascii=False)
    return ""


def check_settings(settings: Mapping[str, Any], template: str, *, where: str) -> None:
    """Refuse settings that a chat template does not know: it would pass over them without a word.

    Args:
        settings: Name -> value.
        template: Its text.
        where: For errors.

    Raises:
        InputError: If a setting is none of the template's.

    >>> check_settings({"enable_thinking": False}, "{% if enable_thinking %}", where="hf:x")
    """
    for name in settings:
        if name in _OURS:
            raise InputError(f"chat_template_kwargs: {name!r} is set for you", where=where, remedy="leave it out")
        if not re.search(rf"(?<!\w){re.escape(name)}(?!\w)", template):
            raise InputError(
                f"chat_template_kwargs: the chat template knows no {name!r}",
                where=where,
                remedy="leave it out, or look for the name in chat_template.jinja",
            )


def _kept(path: Path) -> Any:
    """Return the template in a JSON file; `None` where it has none, and the checkpoint's own checks say why."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    return found.get("chat_template") if isinstance(found, dict) else None
