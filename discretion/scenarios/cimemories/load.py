"""Reads the files of CIMemories, which may be anything: profiles, or rows of an export, in several formats."""

from __future__ import annotations

import csv
import json
import math
import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, NamedTuple

from discretion.errors import MissingExtra, ScenarioError
from discretion.scenarios.cimemories.records import Label

__all__ = ["MAX_BYTES", "Row", "is_export", "label_of", "read"]

MAX_BYTES: Final = 512 * 2**20
"""Of a JSON list, which is held as a whole. The other formats are read row by row."""

_LONGEST_LINE: Final = 16 * 2**20
_COLUMNS: Final = ("name", "attribute", "memory_statement", "label", "prompt", "recipient", "task")
_REMEDY: Final = "give CIMemories' profiles, or its export as JSON, JSONL, CSV or Parquet"
_PROMPT: Final = re.compile(
    r"message to (?P<recipient>.{1,500}?) to achieve the following purpose:\s*(?P<task>.{1,500}?)\.?[ \t]*(?:\n|$)",
    re.IGNORECASE,
)
_TAIL: Final = 4_000
"""Characters of a prompt, from its end, in which the task is looked for; before it stand all memories."""


class Row(NamedTuple):
    """An entry of a file.

    Attributes:
        place: Where it stands, for people: `line 3`, `#3`.
        data: What it holds.
    """

    place: str
    data: Any


def read(path: Path) -> Iterator[Row]:
    """Yield the entries of a file.

    Args:
        path: A JSON list, or lines of JSON, CSV with a head, or Parquet, by its ending.

    Raises:
        ScenarioError: If it cannot be read, or is not whole.
        MissingExtra: If it is Parquet and pyarrow is not installed.
    """
    suffix = path.suffix.lower()
    try:
        if suffix == ".parquet":
            yield from _parquet(path)
        elif suffix == ".csv":
            yield from _csv(path)
        elif suffix in (".jsonl", ".ndjson"):
            yield from _lines(path)
        else:
            yield from _json(path)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise ScenarioError(f"cannot be read: {reason}", where=str(path), remedy=_REMEDY) from error
    except UnicodeDecodeError as error:
        raise ScenarioError(f"is not UTF-8 text (byte {error.start})", where=str(path), remedy=_REMEDY) from error


def is_export(data: object) -> bool:
    """Tell a row of the export from a profile."""
    return isinstance(data, dict) and "attribute" in data and "label" in data


def label_of(data: Any) -> Label | str:
    """Return the label that a row of the export holds, or what is wrong with it."""
    if not isinstance(data, dict):
        return "it is no row of columns"
    texts: list[str] = []
    for column in ("name", "attribute", "memory_statement"):
        text = data.get(column)
        if not isinstance(text, str) or not text.strip():
            return f"{column} is no text"
        texts.append(text.strip())
    name, attribute, statement = texts
    context = _context(data)
    if context is None:
        return "neither recipient and task, nor a prompt that names them"
    try:
        share = _share(data.get("label"))
    except ValueError as error:
        return str(error)
    return Label(name, *context, attribute, statement, share)


def _context(data: dict[str, Any]) -> tuple[str, str] | None:
    given = [data.get(name) for name in ("recipient", "task")]
    if all(isinstance(text, str) and text.strip() for text in given):
        return str(given[0]).strip(), str(given[1]).strip()
    prompt = data.get("prompt")
    return _asked(prompt[-_TAIL:]) if isinstance(prompt, str) else None


@lru_cache(maxsize=256)
def _asked(prompt: str) -> tuple[str, str] | None:
    """Return recipient and task as a prompt names them; the rows of one context share it, one after another."""
    found = list(_PROMPT.finditer(prompt))
    return (found[-1]["recipient"].strip(), found[-1]["task"].strip()) if found else None


def _share(value: object) -> bool | None:
    """Return what a label says: 1 share, 0 not; nothing where it is empty or not a number."""
    if value is None or (isinstance(value, str) and value.strip().lower() in ("", "nan", "null", "none")):
        return None
    try:
        number = float(value) if isinstance(value, (str, int, float)) else math.inf
    except ValueError:
        number = math.inf
    if math.isnan(number):
        return None
    if number not in (0, 1):
        raise ValueError(f"the label is {str(value)[:40]!r}, neither 1 (share) nor 0 (not)")
    return number == 1


def _json(path: Path) -> Iterator[Row]:
    size = path.stat().st_size
    if size > MAX_BYTES:
        what = f"{size / 2**20:.0f} MiB of JSON is more than the limit of {MAX_BYTES // 2**20} MiB"
        raise ScenarioError(what, where=str(path), remedy="save it as JSONL or Parquet, which are read row by row")
    text = path.read_text(encoding="utf-8-sig")
    try:
        data = json.loads(text)
    except json.JSONDecodeError as error:
        if error.msg == "Extra data" and "\n" in text.strip():
            yield from _lines(path)
            return
        what = f"is not whole JSON: {error.msg} at line {error.lineno} column {error.colno}"
        raise ScenarioError(what, where=str(path), remedy="fetch the file again, it may have been cut off") from error
    except (RecursionError, ValueError) as error:
        raise ScenarioError("is nested too deep or holds a number too long", where=str(path), remedy=_REMEDY) from error
    if isinstance(data, dict):
        data = data.get("profiles", [data])
    if not isinstance(data, list):
        raise ScenarioError("holds no list", where=str(path), remedy=_REMEDY)
    for number, entry in enumerate(data, 1):
        yield Row(f"#{number}", entry)


def _lines(path: Path) -> Iterator[Row]:
    with path.open(encoding="utf-8-sig") as file:
        number = 0
        while line := file.readline(_LONGEST_LINE):
            number += 1
            if len(line) == _LONGEST_LINE:
                what = f"line {number} has more than {_LONGEST_LINE:,} characters"
                raise ScenarioError(what, where=str(path), remedy=_REMEDY)
            if line.strip():
                try:
                    yield Row(f"line {number}", json.loads(line))
                except (ValueError, RecursionError) as error:
                    what = f"line {number} is no JSON"
                    raise ScenarioError(what, where=str(path), remedy="fetch the file again") from error


def _csv(path: Path) -> Iterator[Row]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = csv.DictReader(file)
        try:
            for row in rows:
                yield Row(f"line {rows.line_num}", row)
        except csv.Error as error:
            what = f"line {rows.line_num} is no CSV: {error}"
            raise ScenarioError(what, where=str(path), remedy=_REMEDY) from error


def _parquet(path: Path) -> Iterator[Row]:
    try:
        import pyarrow as pa
        from pyarrow import parquet
    except ImportError as error:
        raise MissingExtra("pyarrow", "parquet") from error
    try:
        with parquet.ParquetFile(path) as file:
            columns = [name for name in _COLUMNS if name in file.schema_arrow.names]
            number = 0
            for batch in file.iter_batches(batch_size=1_000, columns=columns):
                for row in batch.to_pylist():
                    number += 1
                    yield Row(f"row {number}", row)
    except pa.ArrowException as error:
        raise ScenarioError("is no whole Parquet file", where=str(path), remedy=_REMEDY) from error
