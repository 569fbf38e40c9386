"""Settings of a chat template, such as whether a model that can think does: checked before anything is loaded."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from discretion.errors import InputError, nearest

__all__ = ["KWARGS", "chat_template", "check_settings", "json_object", "template_settings"]

KWARGS: Final = "chat_template_kwargs"
"""The field of a request that holds them, and the option that gives them."""

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


def chat_template(folder: Path, *, one: bool = False) -> str:
    """Return the chat template of a tokenizer, as text to look through.

    Args:
        folder: Of the tokenizer.
        one: Where it has several by name, only the one that is used with tools; otherwise all of them.
    """
    if (folder / "chat_template.jinja").is_file():
        return (folder / "chat_template.jinja").read_text(encoding="utf-8", errors="replace")
    files = (json_object(folder / name) for name in ("chat_template.json", "tokenizer_config.json"))
    found = next(filter(None, (file.get("chat_template") for file in files)), "")
    if isinstance(found, str):
        return found
    named = {each.get("name"): each.get("template") for each in found if isinstance(each, dict)}
    chosen = [named.get("tool_use") or named.get("default")] if one else list(named.values())
    return "\n".join(each for each in chosen if isinstance(each, str))


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
    known = _settings_of(template)
    for name in settings:
        if name in _OURS:
            raise InputError(f"chat_template_kwargs: {name!r} is set for you", where=where, remedy="leave it out")
        if name not in known:
            raise InputError(
                f"chat_template_kwargs: the chat template knows no {name!r}",
                where=where,
                remedy=nearest(name, sorted(known - _OURS)),
            )


def template_settings(body: Mapping[str, Any], more: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return the settings that a request holds, and more of them.

    Raises:
        InputError: If those of the request are no object.
    """
    given = body.get(KWARGS) or {}
    if not isinstance(given, Mapping):
        raise InputError(f"{KWARGS} is no JSON object", where="extra_body", remedy='write {"name": value}')
    return {**given, **(more or {})}


def _settings_of(template: str) -> set[str]:
    """Return what a template reads and does not set; all its words where it cannot be taken apart here."""
    try:
        import jinja2
        from jinja2 import meta

        reader = jinja2.Environment(extensions=["jinja2.ext.loopcontrols"], autoescape=False)  # noqa: S701 - it only reads
        return set(meta.find_undeclared_variables(reader.parse(template)))
    except Exception:  # tags of its own, or no Jinja where a server of another environment renders
        return set(re.findall(r"\w+", template))


def json_object(path: Path) -> dict[str, Any]:
    """Read a JSON object; empty where there is none, for the checkpoint's own checks say what is wrong."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
