"""Norm bases: files of norms that many scenarios share."""

from __future__ import annotations

import json
from functools import lru_cache
from hashlib import sha256
from pathlib import Path

from pydantic import ValidationError

from discretion.errors import ScenarioError, nearest
from discretion.scenarios.base import Record
from discretion.scenarios.documents import Document, decode, parse_documents, read_text
from discretion.scenarios.fields import Loc, field_path, quoted
from discretion.scenarios.flows import Norm, parse_role
from discretion.scenarios.identity import Same
from discretion.scenarios.packs import norm_files
from discretion.scenarios.validation import complaints

__all__ = ["NormBase", "load_norms", "norms_hash", "shipped_norms"]

_ENDS = ("subject", "sender", "recipient")


class NormBase(Record):
    """The norms of a file, as a record."""

    norms: tuple[Norm, ...]


def load_norms(name_or_path: str | Path) -> tuple[Norm, ...]:
    """Return the norms of a shipped norm base or of a file of your own: a YAML or JSON list.

    Args:
        name_or_path: The name of a shipped one (`base`), or a path.

    Raises:
        ScenarioError: If there is none, or it is broken: with file, line and field.
    """
    if isinstance(name_or_path, str) and name_or_path in norm_files():
        return _shipped(name_or_path)
    path = Path(name_or_path)
    if not path.is_file():
        what = f"no norm base is called {quoted(name_or_path)}, and there is no such file"
        raise ScenarioError(what, remedy=nearest(str(name_or_path), norm_files()))
    return _parse(read_text(path), str(path))


@lru_cache(maxsize=64)
def shipped_norms(names: tuple[str, ...]) -> tuple[Norm, ...]:
    """Return the norms of several shipped norm bases together, the same tuple for the same names.

    Raises:
        ScenarioError: If two of them have a norm of the same id.
    """
    norms: dict[str, Norm] = {}
    for name in names:
        for norm in load_norms(name):
            if norm.id in norms:
                raise ScenarioError(f"the norm {norm.id!r} is in two norm bases", where=name, remedy="use one of them")
            norms[norm.id] = norm
    return tuple(norms.values())


def norms_hash(norms: tuple[Norm, ...]) -> str:
    """Return the SHA-256 of some norms in hex; in which order they stand does not matter."""
    return _hash(Same(norms))


@lru_cache(maxsize=32)
def _shipped(name: str) -> tuple[Norm, ...]:
    file = norm_files()[name]
    return _parse(decode(file.read_bytes(), file.name), file.name)


def _parse(text: str, where: str) -> tuple[Norm, ...]:
    documents = parse_documents(text, where)
    if len(documents) != 1 or not isinstance(documents[0].data, list):
        raise ScenarioError("a norm base is one list of norms", where=where, remedy="write each norm as '- id: ...'")
    document = documents[0]
    try:
        norms = NormBase.model_validate({"norms": document.data}).norms
    except ValidationError as error:
        first = complaints(error, NormBase, {"norms": document.data})[0]
        raise _error(document, first.loc[1:], first.what, first.remedy) from None
    seen: set[str] = set()
    for place, norm in enumerate(norms):
        if norm.id in seen:
            raise _error(document, (place, "id"), f"the id {norm.id!r} is taken", "choose another")
        seen.add(norm.id)
        _check_general(norm, place, document)
    return norms


def _check_general(norm: Norm, place: int, document: Document) -> None:
    """Refuse what only one scenario can mean: its facts and its actors."""
    if norm.fact is not None:
        remedy = "give an attribute, or move it to a scenario"
        raise _error(document, (place, "fact"), "a norm base knows no facts", remedy)
    for end in _ENDS:
        for pattern in getattr(norm, end):
            towards = "" if pattern in ("*", "subject", "self") or pattern.startswith("@") else parse_role(pattern).of
            if pattern.startswith("@") or (towards and towards not in _ENDS):
                what = f"{quoted(pattern)} names an actor, which a norm base does not know"
                raise _error(document, (place, end), what, "give a role, maybe 'of subject', or move it to a scenario")


def _error(document: Document, loc: Loc, what: str, remedy: str | None) -> ScenarioError:
    where = f"{document.place(loc)} {field_path(document.data, loc)}".strip()
    return ScenarioError(what, where=where, remedy=remedy)


@lru_cache(maxsize=64)
def _hash(same: Same[tuple[Norm, ...]]) -> str:
    rows = sorted(json.dumps(norm.model_dump(mode="json"), sort_keys=True) for norm in same.thing)
    return sha256("\n".join(rows).encode()).hexdigest()
