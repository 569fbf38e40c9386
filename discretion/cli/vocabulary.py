"""`discretion scenario list --taxonomy`, `--roles`, `--tools`: the words that a scenario file is written with."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final, Literal

import typer

if TYPE_CHECKING:
    from rich.console import RenderableType

__all__ = ["Vocabulary", "list_vocabulary"]

Vocabulary = Literal["taxonomy", "roles", "tools"]
_PURPOSES: Final = "purposes"


def list_vocabulary(kind: Vocabulary, as_json: bool) -> None:
    """Print what facts can be about, which roles and purposes the norm base speaks of, or which tools there are.

    Args:
        kind: Which words.
        as_json: Whether as JSON.
    """
    words = {"taxonomy": _taxonomy, "roles": _roles, "tools": _tools}[kind]()
    if as_json:
        typer.echo(json.dumps(words, indent=2))
        return
    from discretion.reports import page

    heads = {"taxonomy": ("context", "attributes"), "roles": ("context", "roles"), "tools": ("toolkit", "tools")}
    page().print(_table(heads[kind], words))


def _table(heads: tuple[str, str], words: dict[str, list[str]]) -> RenderableType:
    from rich.text import Text

    from discretion.reports import plain_table

    table = plain_table(*heads, wordy=heads[1:])
    for name, listed in words.items():
        calls = any("(" in each for each in listed)
        table.add_row(name, Text(("\n" if calls else ", ").join(listed)))
    return table


def _taxonomy() -> dict[str, list[str]]:
    from discretion.scenarios.taxonomy import TAXONOMY

    return {context: list(leaves) for context, leaves in TAXONOMY.items()}


def _roles() -> dict[str, list[str]]:
    """Context -> the roles in it that the norm base names, and the purposes at the end."""
    from discretion.scenarios import load_norms
    from discretion.scenarios.flows import parse_role

    found: dict[str, set[str]] = {}
    norms = load_norms("base")
    for pattern in (pattern for norm in norms for pattern in (*norm.sender, *norm.recipient, *norm.subject)):
        if "." in pattern and "*" not in pattern:
            role = parse_role(pattern)
            found.setdefault(role.context, set()).add(role.name)
    listed = {context: sorted(names) for context, names in sorted(found.items()) if context != "public"}
    return {**listed, _PURPOSES: sorted({norm.purpose for norm in norms if norm.purpose})}


def _tools() -> dict[str, list[str]]:
    """Toolkit -> its tools with their arguments, those in brackets that may be left out."""
    from discretion.envs.toolkit import ALWAYS, TOOLKITS, specs_of

    always = specs_of(())
    shown = {kit: [spec for spec in specs_of((kit,)) if spec not in always] for kit in TOOLKITS}
    listed = {**shown, f"{ALWAYS} (always there)": list(always)}
    return {kit: [_call(spec.name, spec.parameters) for spec in specs] for kit, specs in listed.items()}


def _call(name: str, parameters: dict[str, object]) -> str:
    """A tool as a plan calls it.

    >>> _call("read", {"properties": {"id": {}, "limit": {}}, "required": ["id"]})
    'read(id, [limit])'
    """
    properties, required = parameters.get("properties"), parameters.get("required")
    names = list(properties) if isinstance(properties, dict) else []
    needed = required if isinstance(required, list) else []
    return f"{name}({', '.join(each if each in needed else f'[{each}]' for each in names)})"
