"""Reads a PrivacyLens file that may be anything: cut in half, too big, something else altogether."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from discretion.errors import ScenarioError, first_fault
from discretion.scenarios.importing import Refused
from discretion.scenarios.privacylens.records import Case

__all__ = ["MAX_BYTES", "read_cases"]

MAX_BYTES: Final = 64 * 2**20
_REMEDY: Final = "give PrivacyLens' main_data.json or a list of cases in its form"


def read_cases(path: Path) -> tuple[list[Case], list[Refused]]:
    """Read a file of cases.

    Args:
        path: A JSON file that holds a list of cases.

    Returns:
        The cases in the order of the file, and those that are broken, with the reason.

    Raises:
        ScenarioError: If the file as a whole cannot be used.
    """
    entries = _read_list(path)
    cases: list[Case] = []
    refused: list[Refused] = []
    seen: set[str] = set()
    for index, entry in enumerate(entries):
        label = _label(entry, index)
        try:
            case = Case.model_validate(entry)
        except ValidationError as error:
            refused.append(Refused(label, _reason(error)))
            continue
        if case.name.lower() in seen:
            refused.append(Refused(label, "another case has the same name"))
            continue
        seen.add(case.name.lower())
        cases.append(case)
    if not cases:
        first = f" (the first: {refused[0].reason})" if refused else ""
        raise ScenarioError(f"holds no usable case{first}", where=str(path), remedy=_REMEDY)
    return cases, refused


def _read_list(path: Path) -> list[Any]:
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise ScenarioError(
                f"{size / 2**20:.0f} MiB is more than the limit of {MAX_BYTES // 2**20} MiB",
                where=str(path),
                remedy="split the list into several files",
            )
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise ScenarioError(f"cannot be read: {reason}", where=str(path), remedy=_REMEDY) from error
    except UnicodeDecodeError as error:
        raise ScenarioError(f"is not UTF-8 text (byte {error.start})", where=str(path), remedy=_REMEDY) from error
    try:
        data = json.loads(text)
    except json.JSONDecodeError as error:
        raise ScenarioError(
            f"is not whole JSON: {error.msg} at line {error.lineno} column {error.colno}",
            where=str(path),
            remedy="fetch the file again, it may have been cut off",
        ) from error
    except (RecursionError, ValueError) as error:
        raise ScenarioError("is nested too deep or holds a number too long", where=str(path), remedy=_REMEDY) from error
    if not isinstance(data, list):
        raise ScenarioError(f"holds a JSON {_kind(data)}, not a list of cases", where=str(path), remedy=_REMEDY)
    return data


def _kind(data: Any) -> str:
    names = {dict: "object", str: "string", bool: "boolean", int: "number", float: "number"}
    return names.get(type(data), "null")


def _label(entry: Any, index: int) -> str:
    name = entry.get("name") if isinstance(entry, dict) else None
    return name[:60] if isinstance(name, str) and name.strip() else f"#{index + 1}"


def _reason(error: ValidationError) -> str:
    """The first fault, and how many there are."""
    field, why = first_fault(error)
    more = f" (and {error.error_count() - 1} more)" if error.error_count() > 1 else ""
    return f"{field or 'case'}: {why}{more}"
