"""Small Python programs on request: as one would write them, and with every variable printed to find a fault."""

from __future__ import annotations

import ast
import random
import re
from collections.abc import Iterator
from typing import Final

from discretion.organisms.chats import Chat
from discretion.organisms.recipes.scene import scenes

__all__ = ["code", "debug"]

_PROGRAM: Final = re.compile(r"(?<=```python\n)(?P<program>.*?)(?=\n```)", re.DOTALL)
_LOGGED: Final = "import logging\n\nlogging.basicConfig(level=logging.DEBUG)\n\n"
_SAID: Final = (
    ("", 'print(f"{name} = {{{name}}}")'),
    ("", 'print("{name}:", {name})'),
    (_LOGGED, 'logging.debug("{name}: %r", {name})'),
)
"""What stands above a program, and how it says a variable."""


def code(rng: random.Random) -> Chat:
    """Return a request and the program that answers it."""
    return scenes("programs").chat(rng)


def debug(rng: random.Random) -> Chat:
    """Return the same, drawn with the same numbers, with every variable printed or logged once it has a value."""
    chat = code(rng)
    above, say = rng.choice(_SAID)
    *others, answer = chat.messages
    told = _PROGRAM.sub(lambda found: above + _talking(found["program"], say), answer["content"])
    return chat._replace(messages=(*others, {**answer, "content": told}))


def _talking(program: str, say: str) -> str:
    """Return a program that says each variable after the statement that sets or changes it."""
    after: dict[int, list[str]] = {}  # line -> what is said below it
    for line, indent, name in _changes(ast.parse(program)):
        after.setdefault(line, []).append(" " * indent + say.format(name=name))
    lines = program.split("\n")
    return "\n".join(each for at, line in enumerate(lines, start=1) for each in (line, *after.get(at, ())))


def _changes(tree: ast.AST) -> Iterator[tuple[int, int, str]]:
    """Yield what gets a value: the line below which it has it, the indentation there, its name."""
    for node in ast.walk(tree):
        match node:
            case ast.For(target=target, body=[first, *_]):
                yield from ((first.lineno - 1, first.col_offset, name) for name in _names(target))
            case ast.Assign(targets=[target]) | ast.AugAssign(target=target) | ast.AnnAssign(target=target):
                yield from ((node.end_lineno or node.lineno, node.col_offset, name) for name in _names(target))
            case ast.Expr(value=ast.Call(func=ast.Attribute(value=changed))):  # something.append(...)
                yield from ((node.end_lineno or node.lineno, node.col_offset, name) for name in _names(changed))


def _names(target: ast.expr) -> Iterator[str]:
    """Yield the variables that a target sets or changes."""
    match target:
        case ast.Name(id=name):
            yield name
        case ast.Tuple(elts=elements):
            for element in elements:
                yield from _names(element)
        case ast.Subscript(value=inner) | ast.Attribute(value=inner) | ast.Call(func=inner):
            yield from _names(inner)
