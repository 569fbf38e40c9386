"""The argument types that tools share: what their JSON schema says, and what they forgive."""

from __future__ import annotations

import json
import re
from typing import Annotated, Any, Final

from pydantic import BeforeValidator, Field, StringConstraints

__all__ = ["NO_FIELDS", "Body", "Fields", "Limit", "Line", "People", "Words"]

_BETWEEN_ADDRESSES = re.compile(r"[,;\n]")


def _unpacked(value: Any) -> Any:
    """Read a list or object that was sent as JSON text, as models often do."""
    if isinstance(value, str) and value.lstrip()[:1] in ("[", "{"):
        try:
            return json.loads(value)
        except (ValueError, RecursionError):
            return value
    return value


def _listed(value: Any) -> Any:
    value = _unpacked(value)
    if isinstance(value, str):
        return [part for part in map(str.strip, _BETWEEN_ADDRESSES.split(value)) if part]
    return value


Line = Annotated[str, StringConstraints(max_length=200)]
"""A short line: an id, a title, a subject, a name."""

Words = Annotated[str, StringConstraints(max_length=1_000)]
"""Words to search for."""

Body = Annotated[str, StringConstraints(max_length=40_000)]
"""Running text."""

Limit = Annotated[int, Field(ge=1, le=100)]
"""How many results at most."""

People = Annotated[tuple[Line, ...], Field(max_length=100), BeforeValidator(_listed)]
"""People and lists, each by e-mail address, full name or handle; one text with commas is taken as a list."""

Fields = Annotated[dict[Line, Body], Field(max_length=50), BeforeValidator(_unpacked)]
"""Named fields with text values."""

NO_FIELDS: Final[dict[str, str]] = {}
"""The default of a `Fields` argument; never written to."""
