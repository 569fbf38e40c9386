"""What Pydantic has against a file, in words that say what to do about it."""

from __future__ import annotations

import re
import types
from collections.abc import Iterable, Iterator
from typing import Annotated, Any, NamedTuple, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

from discretion.errors import nearest
from discretion.scenarios.fields import Loc, child, quoted
from discretion.scenarios.taxonomy import ATTRIBUTES

__all__ = ["Complaint", "complaints"]


class Complaint(NamedTuple):
    """One thing that is wrong.

    Attributes:
        loc: The field; the last step may be missing in the data.
        what: What is wrong.
        remedy: What to do about it, if that can be said.
    """

    loc: Loc
    what: str
    remedy: str | None


def complaints(error: ValidationError, model: type[BaseModel], data: Any) -> tuple[Complaint, ...]:
    """Return what is wrong with data that should have been a record; misspelt keys first, they explain missing ones.

    Args:
        error: What Pydantic said.
        model: The class of the record.
        data: What was to be validated.
    """
    details = sorted(error.errors(include_url=False), key=lambda detail: detail["type"] != "extra_forbidden")
    return tuple(_complaint(dict(detail), model, data) for detail in details)


def _complaint(detail: dict[str, Any], model: type[BaseModel], data: Any) -> Complaint:
    loc = _known_part(detail["loc"], data)
    kind, found, context = detail["type"], detail["input"], detail.get("ctx", {})
    if kind == "missing":
        return Complaint(loc, f"the field {detail['loc'][-1]!r} is missing", "add it")
    if kind == "extra_forbidden":
        return Complaint(loc, f"unknown field {quoted(loc[-1])}", nearest(str(loc[-1]), _fields(model, loc[:-1])))
    if kind == "literal_error":
        choices = re.findall(r"'([^']*)'", context["expected"])
        what = f"{quoted(found)} is none of the choices"
        return Complaint(loc, what, nearest(str(found), choices) if choices else f"write {context['expected']}")
    if kind == "string_type":
        remedy = "put it in quotes" if isinstance(found, (int, float)) else "write one text"
        return Complaint(loc, f"expected text, found {_kind_of(found)}", remedy)
    if kind in ("tuple_type", "list_type"):
        return Complaint(loc, f"expected a list, found {_kind_of(found)}", "write it as a list: [..., ...]")
    if kind in ("dict_type", "model_type", "model_attributes_type"):
        return Complaint(loc, f"expected a mapping, found {_kind_of(found)}", "write it as 'key: value' lines")
    if kind == "string_pattern_mismatch":
        return Complaint(loc, *_pattern(str(found), context["pattern"]))
    if kind == "value_error":
        what, _, remedy = str(context["error"]).partition("; ")
        close = nearest(str(found), ATTRIBUTES) if loc and loc[-1] == "attribute" else ""
        return Complaint(loc, what, close if close.startswith("did") else remedy or None)
    message = detail["msg"]
    return Complaint(loc, message[:1].lower() + message[1:], None)


def _pattern(found: str, pattern: str) -> tuple[str, str]:
    if pattern.startswith("^[a-z]"):
        return f"{quoted(found)} is no id", "use lower case letters, digits, '_' and '-', a letter first"
    if "T" in pattern:
        return f"{quoted(found)} is no moment", "write it as -3d 09:15 or 2026-03-10T09:15"
    return f"{quoted(found)} is no date", "write it as 2026-03-10"


def _kind_of(found: object) -> str:
    if found is None:
        return "nothing"
    if isinstance(found, (list, tuple)):
        return "a list"
    return "a mapping" if isinstance(found, dict) else quoted(found, marks=isinstance(found, str))


def _known_part(loc: Loc, data: Any) -> Loc:
    """The steps that the data has, and one more: Pydantic also names the branch of a union that failed."""
    for end, step in enumerate(loc):
        below = child(data, step)
        if below is None:
            return loc[: end + 1] if isinstance(data, dict) else loc[:end]
        data = below
    return loc


def _fields(model: type[BaseModel], loc: Loc) -> list[str]:
    """The keys that are valid where `loc` leads."""
    here: list[Any] = [model]
    for step in loc:
        if not isinstance(step, int):
            fields = [item for record in _records(here) for item in record.model_fields.items()]
            here = [field.annotation for name, field in fields if step in (name, field.alias)]
    return sorted({field.alias or name for record in _records(here) for name, field in record.model_fields.items()})


def _records(annotations: Iterable[Any]) -> Iterator[type[BaseModel]]:
    """The record classes inside annotations: of a union, a tuple or a mapping of records."""
    for annotation in annotations:
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            yield annotation
        elif get_origin(annotation) in (tuple, list, dict, Union, types.UnionType, Annotated):
            yield from _records(get_args(annotation))
