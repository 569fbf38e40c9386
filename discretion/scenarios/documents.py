"""Reads files that may be anything: YAML or JSON documents, and the line of every field in them."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final, NamedTuple

import yaml

from discretion.errors import ScenarioError
from discretion.scenarios.broken_yaml import fault_of
from discretion.scenarios.fields import Loc, quoted
from discretion.scenarios.nodes import Node, json_root, yaml_roots

__all__ = ["MAX_BYTES", "Document", "decode", "parse_documents", "read_text"]

MAX_BYTES: Final = 2 * 2**20


class Document(NamedTuple):
    """One document of a file.

    Attributes:
        data: Mappings, lists, text, numbers, booleans and `None`.
        where: What errors call the file.
    """

    data: Any
    where: str
    root: Node

    def place(self, loc: Loc) -> str:
        """Return file and line of a field, or of the closest thing around it that is there."""
        node = self.root
        for step in loc:
            if step not in node.parts:
                break
            node = node.parts[step]
        return f"{self.where}:{node.line}"


def read_text(path: Path) -> str:
    """Return the text of a file.

    Raises:
        ScenarioError: If it cannot be read, is too big, or is no UTF-8.
    """
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        what = f"cannot be read ({error.strerror or error})"
        raise ScenarioError(what, where=str(path), remedy="give a file that you may read") from None
    return decode(content, str(path))


def decode(content: bytes, where: str) -> str:
    """Return the text of a file's content.

    Raises:
        ScenarioError: If it is too big, or no UTF-8.
    """
    if len(content) > MAX_BYTES:
        what = f"bigger than the limit of {MAX_BYTES // 2**20} MiB"
        raise ScenarioError(what, where=where, remedy="split it into several files")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ScenarioError(f"no UTF-8 text (byte {error.start})", where=where, remedy="save it as UTF-8") from None


def parse_documents(text: str, where: str) -> tuple[Document, ...]:
    """Return the documents of a YAML or JSON text, empty ones left out.

    Args:
        text: The text.
        where: What errors call it.

    Raises:
        ScenarioError: If it is broken, too deep or too big; with the line.
    """
    if len(text) > MAX_BYTES:
        decode(text.encode("utf-8", "replace"), where)
    try:
        roots = yaml_roots(text, where)
    except (yaml.YAMLError, UnicodeEncodeError) as error:
        if not text.lstrip().startswith(("{", "[")):
            raise _broken(error, where, text) from None
        roots = [json_root(text, where)]  # JSON may hold characters that YAML refuses
    return tuple(Document(root.value, where, root) for root in roots if root.value is not None)


def _broken(error: Exception, where: str, text: str) -> ScenarioError:
    if isinstance(error, yaml.MarkedYAMLError) and (fault := fault_of(error, text)) is not None:
        return ScenarioError(f"broken YAML: {fault.what}", where=f"{where}:{fault.line}", remedy=fault.remedy)
    what = f"broken YAML: {quoted(str(error).splitlines()[0], marks=False)}"
    return ScenarioError(what, where=where, remedy="remove control characters")
