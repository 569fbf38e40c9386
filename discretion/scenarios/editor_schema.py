"""The JSON Schema of a scenario file, as editors want it: every field with what it means, and nothing twice."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, Final, get_args

from pydantic import BaseModel

from discretion.scenarios.schema import Scenario
from discretion.scenarios.sibling import BY_ID, KINDS, SHARED

__all__ = ["json_schema"]

_DRAFT: Final = "http://json-schema.org/draft-07/schema#"
"""What YAML language servers know; they warn of anything newer."""

_ENTRY = re.compile(r"^    (?P<names>[a-z_]+(?:, [a-z_]+)*): (?P<text>.*(?:\n(?:      +.*)?)*)", re.MULTILINE)


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema of a scenario file, for editors."""
    schema = Scenario.model_json_schema(by_alias=True)
    records = {record.__name__: record for record in _records(Scenario)}
    for name, part in {"Scenario": schema, **schema["$defs"]}.items():
        if name in records:
            _describe(part, records[name])
    _complete_changes(schema)
    return {"$schema": _DRAFT, **schema, "title": "Discretion scenario"}


def _complete_changes(schema: dict[str, Any]) -> None:
    """Let `sibling.changes` be what it is: fields of a scenario, of which items merge by id and need nothing else."""
    definitions: dict[str, Any] = schema["$defs"]
    changes = {name: dict(field) for name, field in schema["properties"].items() if name not in SHARED}
    for name in BY_ID:
        changes[name] = _by_id(changes[name], definitions)
    kinds = definitions["Content"]["properties"]
    changes["world"] = {
        "type": "object",
        "properties": {kind: _by_id(kinds[kind], definitions) for kind in KINDS},
        "additionalProperties": False,
    }
    place = definitions["Sibling"]["properties"]["changes"]
    place |= {"properties": changes, "additionalProperties": False}


def _by_id(field: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    """Return a list whose items may leave out everything but their id."""
    name = field["items"]["$ref"].rpartition("/")[2]
    definitions[f"{name}Change"] = {**definitions[name], "required": ["id"]}
    return {**field, "items": {"$ref": f"#/$defs/{name}Change"}}


def _describe(part: dict[str, Any], record: type[BaseModel]) -> None:
    """Put what a docstring says of a record and its attributes where an editor shows it."""
    head, fields = _documented(record)
    part["description"] = head
    for name, field in record.model_fields.items():
        shown = part["properties"][field.alias or name]
        shown.pop("title", None)
        if "$ref" in shown:  # beside which nothing counts in this draft
            shown["allOf"] = [{"$ref": shown.pop("$ref")}]
        if name in fields:
            shown["description"] = fields[name]


@lru_cache(maxsize=256)
def _documented(record: type[BaseModel]) -> tuple[str, dict[str, str]]:
    """Return what a record is, and what its attributes are; those of its base too."""
    fields: dict[str, str] = {}
    for base in reversed([each for each in record.__mro__ if issubclass(each, BaseModel)]):
        listed = (base.__doc__ or "").partition("Attributes:\n")[2]
        for entry in _ENTRY.finditer(re.sub(r"^    (?=    )", "", listed, flags=re.MULTILINE)):
            fields |= dict.fromkeys(entry["names"].split(", "), " ".join(entry["text"].split()))
    head = (record.__doc__ or "").partition("Attributes:")[0]
    return " ".join(head.split()), fields


def _records(annotation: Any) -> Iterator[type[BaseModel]]:
    """Yield the record classes that an annotation is made of."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
        for field in annotation.model_fields.values():
            yield from _records(field.annotation)
    else:
        for part in get_args(annotation):
            yield from _records(part)
