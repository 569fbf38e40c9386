"""What an instance fills in: trees of records and texts in which only the parts that differ are made anew."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from pydantic import BaseModel, ValidationError

from discretion.scenarios.fields import FieldError, Loc
from discretion.scenarios.validation import complaints

__all__ = ["Fill", "Text", "TextFill", "combine", "compile_record", "compile_tree", "fill"]


class Fill:
    """Something that depends on the instance; a plain class, for `isinstance` is asked of every part of every plot."""

    def __call__(self, values: Mapping[str, str]) -> Any:
        """Return it for one instance."""
        raise NotImplementedError


class TextFill(Fill):
    """A text with slots.

    Attributes:
        slots: The slots it needs.
    """

    def __init__(self, parts: list[str], places: list[tuple[int, str]]) -> None:
        self._parts = parts
        self._places = places
        self.slots = tuple(slot for _, slot in places)

    def __call__(self, values: Mapping[str, str]) -> str:
        """Return the text with its slots filled."""
        parts = self._parts.copy()
        for place, slot in self._places:
            parts[place] = values[slot]
        return "".join(parts)


Text = str | TextFill


class _MappingFill(Fill):
    def __init__(self, fields: Mapping[str, Any]) -> None:
        self._fixed = dict(fields)
        self._fills = [(key, value) for key, value in fields.items() if isinstance(value, Fill)]

    def __call__(self, values: Mapping[str, str]) -> dict[str, Any]:
        filled = self._fixed.copy()
        for key, fill in self._fills:
            filled[key] = fill(values)
        return filled


class _ListFill(Fill):
    def __init__(self, items: list[Any]) -> None:
        self._fixed = items
        self._fills = [(place, item) for place, item in enumerate(items) if isinstance(item, Fill)]

    def __call__(self, values: Mapping[str, str]) -> list[Any]:
        filled = self._fixed.copy()
        for place, fill in self._fills:
            filled[place] = fill(values)
        return filled


def combine(parts: dict[str, Any] | list[Any]) -> Any:
    """Return a mapping or list as it is, or the `Fill` that gives it where one of its parts is one."""
    if isinstance(parts, dict):
        return _MappingFill(parts) if any(isinstance(part, Fill) for part in parts.values()) else parts
    return _ListFill(parts) if any(isinstance(part, Fill) for part in parts) else parts


def fill(compiled: Any, values: Mapping[str, str]) -> Any:
    """Return something compiled for one instance."""
    return compiled(values) if isinstance(compiled, Fill) else compiled


def compile_record(model: type[BaseModel], fields: dict[str, Any], loc: Loc) -> Any:
    """Return a record of compiled fields, or the `Fill` that gives its data where one of them depends on the instance.

    Raises:
        FieldError: If a field does not suit the record.
    """
    combined = combine(fields)
    if isinstance(combined, Fill):
        return combined
    try:
        return model.model_validate(fields)
    except ValidationError as error:
        first = complaints(error, model, fields)[0]
        raise FieldError(first.what, (*loc, *first.loc), remedy=first.remedy) from None


def compile_tree(
    value: Any, loc: Loc, compile_one: Callable[[str, Loc], Text], known: dict[int, Any] | None = None
) -> Any:
    """Compile every text in a tree of records, mappings and lists.

    Args:
        value: The tree.
        loc: Where it lies in the scenario.
        compile_one: Compiles one text.
        known: What records were compiled to, by the identity of the record; new ones are added. The records have to
            live as long as it does.

    Returns:
        The tree itself, or one like it, where it is the same for every instance; otherwise a `Fill` that gives
        plain data for the record's class to validate.

    Raises:
        FieldError: If a text cannot be compiled or has no place in its record.
    """
    if isinstance(value, str):
        return compile_one(value, loc)
    if isinstance(value, BaseModel):
        if known is not None and id(value) in known:
            return known[id(value)]
        given = [name for name in type(value).model_fields if name in value.model_fields_set]
        fields = {name: getattr(value, name) for name in given}
        compiled = {name: compile_tree(field, (*loc, name), compile_one, known) for name, field in fields.items()}
        unchanged = all(compiled[name] is field for name, field in fields.items())
        record = value if unchanged else compile_record(type(value), compiled, loc)
        if known is not None:
            known[id(value)] = record
        return record
    if isinstance(value, Mapping):
        compiled = {key: compile_tree(item, (*loc, key), compile_one, known) for key, item in value.items()}
        return value if all(compiled[key] is item for key, item in value.items()) else combine(compiled)
    if isinstance(value, (list, tuple)):
        items = [compile_tree(item, (*loc, place), compile_one, known) for place, item in enumerate(value)]
        return value if all(item is old for item, old in zip(items, value, strict=True)) else combine(items)
    return value
