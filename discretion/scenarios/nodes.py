"""Values with the lines that they stand on, built from YAML or JSON text within limits.

Only what JSON can say is read (YAML 1.2's core schema): `on` and `yes` are words, a date is text, and tags, merge keys
and all else that makes YAML a language are errors. YAML is built from the parser's events, without recursion.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

import yaml

from discretion.errors import ScenarioError
from discretion.scenarios.fields import quoted

__all__ = ["LOADER", "Node", "json_root", "yaml_roots"]

_MAX_DEPTH: Final = 40
_MAX_NODES: Final = 200_000
LOADER: Final[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_CONSTANTS: Final = {"": None, "~": None, "null": None, "true": True, "false": False}
_INTEGER = re.compile(r"[-+]?(0|[1-9]\d{0,17})")
_FLOAT = re.compile(r"[-+]?(0|[1-9]\d{0,17})(\.\d{1,30})?([eE][-+]?\d{1,3})?")


class Node(NamedTuple):
    """A value, the line that it begins on, its parts likewise, and how many nodes it is made of."""

    value: Any
    line: int
    parts: dict[Any, Node]
    size: int


def yaml_roots(text: str, where: str) -> list[Node]:
    """Return the roots of a text's documents.

    Args:
        text: YAML, or JSON that YAML can read.
        where: What errors call it.

    Raises:
        ScenarioError: If it is too deep or too big, or says more than JSON can.
        yaml.YAMLError: If it is broken.
    """
    return list(_Builder(where).roots(text))


class _Open:
    """A mapping or list whose end has not come yet."""

    def __init__(self, value: dict[str, Any] | list[Any], line: int, anchor: str | None) -> None:
        self.value = value
        self.line = line
        self.anchor = anchor
        self.parts: dict[Any, Node] = {}
        self.key: tuple[str, int] | None = None

    def wants_key(self) -> bool:
        return isinstance(self.value, dict) and self.key is None


class _Builder:
    """Builds documents from the events of a parser.

    Args:
        where: What errors call the file.
    """

    def __init__(self, where: str) -> None:
        self._where = where
        self._count = 0
        self._open: list[_Open] = []
        self._anchors: dict[str, Node | None] = {}

    def roots(self, text: str) -> Iterator[Node]:
        """Yield the root of every document."""
        for event in yaml.parse(text, Loader=LOADER):
            line = event.start_mark.line + 1 if event.start_mark else 1
            if isinstance(event, yaml.DocumentStartEvent):
                self._anchors.clear()
            elif isinstance(event, (yaml.MappingStartEvent, yaml.SequenceStartEvent)):
                self._begin(event, line)
            elif isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
                done = self._open.pop()
                size = 1 + sum(part.size for part in done.parts.values())
                yield from self._add(Node(done.value, done.line, done.parts, size), done.anchor)
            elif isinstance(event, yaml.ScalarEvent):
                yield from self._scalar(event, line)
            elif isinstance(event, yaml.AliasEvent):
                known = self._anchors.get(event.anchor or "")
                if known is None:  # an anchor that is still open has no value yet either
                    raise self._error(f"the alias *{event.anchor} stands for nothing", line, "anchor it before")
                self._grow(known.size, line)
                yield from self._add(known, None)

    def _begin(self, event: Any, line: int) -> None:
        self._check_tag(event, line)
        self._grow(1, line)
        if self._open and self._open[-1].wants_key():
            raise self._error("a key is no plain text", line, "write 'key: value'")
        if len(self._open) >= _MAX_DEPTH:
            raise self._error(f"nested deeper than {_MAX_DEPTH} levels", line, "flatten it")
        if event.anchor is not None:
            self._anchors[event.anchor] = None
        self._open.append(_Open({} if isinstance(event, yaml.MappingStartEvent) else [], line, event.anchor))

    def _scalar(self, event: Any, line: int) -> Iterator[Node]:
        self._check_tag(event, line)
        self._grow(1, line)
        parent = self._open[-1] if self._open else None
        if parent is None or not parent.wants_key():
            plain = event.implicit[0] and event.tag is None
            yield from self._add(Node(_resolve(event.value) if plain else event.value, line, {}, 1), event.anchor)
        elif event.value in parent.value:
            raise self._error(f"the key {quoted(event.value)} is there twice", line, "remove one of them")
        else:
            parent.key = (event.value, line)

    def _add(self, node: Node, anchor: str | None) -> Iterator[Node]:
        if anchor is not None:
            self._anchors[anchor] = node
        if not self._open:
            yield node
            return
        parent = self._open[-1]
        if isinstance(parent.value, list):
            parent.parts[len(parent.value)] = node
            parent.value.append(node.value)
        elif parent.key is None:
            raise self._error("a key is no plain text", node.line, "write 'key: value'")
        else:
            key, line = parent.key
            parent.parts[key] = node._replace(line=line)
            parent.value[key] = node.value
            parent.key = None

    def _grow(self, nodes: int, line: int) -> None:
        self._count += nodes
        if self._count > _MAX_NODES:
            raise self._error(f"more than {_MAX_NODES:,} values", line, "split the file, use fewer aliases")

    def _check_tag(self, event: Any, line: int) -> None:
        if event.tag not in (None, "!", "tag:yaml.org,2002:str", "tag:yaml.org,2002:map", "tag:yaml.org,2002:seq"):
            raise self._error(f"the tag {quoted(event.tag)} is not allowed", line, "remove it")

    def _error(self, what: str, line: int, remedy: str) -> ScenarioError:
        return ScenarioError(what, where=f"{self._where}:{line}", remedy=remedy)


def _resolve(text: str) -> Any:
    """The value of a scalar without quotes."""
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    number = float(text) if _FLOAT.fullmatch(text) else math.inf
    return number if math.isfinite(number) else text


def json_root(text: str, where: str) -> Node:
    """Return the root of a JSON text, for one that YAML cannot read; everything then stands on line 1.

    Args:
        text: The text.
        where: What errors call it.

    Raises:
        ScenarioError: If it is broken or too deep.
    """

    def mapping(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            keys = [key for key, _ in pairs]
            twice = next(key for key in keys if keys.count(key) > 1)
            raise ScenarioError(f"the key {quoted(twice)} is there twice", where=where, remedy="remove one of them")
        return found

    def number(name: str) -> float:
        if not math.isfinite(value := float(name)):
            raise ScenarioError(f"{quoted(name)} is no number", where=where, remedy="give a smaller one")
        return value

    try:
        data = json.loads(text, object_pairs_hook=mapping, parse_float=number, parse_constant=number)
        json.dumps(data, ensure_ascii=False).encode()
        return _json_node(data, 0)
    except json.JSONDecodeError as error:
        remedy = "is the file cut off?" if error.pos >= len(text.rstrip()) else "mend the line"
        raise ScenarioError(f"broken JSON: {error.msg}", where=f"{where}:{error.lineno}", remedy=remedy) from None
    except UnicodeEncodeError:
        raise ScenarioError("broken JSON: half of a surrogate pair", where=where, remedy="remove it") from None
    except ValueError:
        raise ScenarioError("a number has too many digits", where=where, remedy="put it in quotes") from None
    except RecursionError:
        raise ScenarioError(f"nested deeper than {_MAX_DEPTH} levels", where=where, remedy="flatten it") from None


def _json_node(data: Any, depth: int) -> Node:
    if depth > _MAX_DEPTH:
        raise RecursionError
    parts: dict[Any, Node] = {}
    if isinstance(data, dict):
        parts = {key: _json_node(item, depth + 1) for key, item in data.items()}
    elif isinstance(data, list):
        parts = {place: _json_node(item, depth + 1) for place, item in enumerate(data)}
    return Node(data, 1, parts, 1)
