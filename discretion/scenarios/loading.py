"""Scenarios from files: YAML or JSON, checked whole, so that what is loaded can be played.

Every error is one line that says file, line and field, what is wrong there, and what to do.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from discretion.errors import ScenarioError, nearest
from discretion.scenarios.documents import Document, decode, parse_documents, read_text
from discretion.scenarios.fields import FieldError, Loc, child, field_path, quoted
from discretion.scenarios.identity import Same
from discretion.scenarios.packs import pack_files, pack_names
from discretion.scenarios.prepared import check_scenario
from discretion.scenarios.schema import Scenario
from discretion.scenarios.validation import Complaint, complaints

__all__ = ["load_scenario", "load_scenarios", "parse_scenario", "place_of"]

_SUFFIXES: Final = (".yaml", ".yml", ".json")


def load_scenario(path: str | Path) -> Scenario:
    """Load the one scenario of a file, or a shipped one by `PACK/ID`.

    Raises:
        ScenarioError: If there is none, there are several, or it is broken.
    """
    found = load_scenarios(path)
    if len(found) != 1:
        what, remedy = f"holds {len(found)} scenarios", "load them with load_scenarios"
        raise ScenarioError(what, where=str(path), remedy=remedy)
    return found[0]


def load_scenarios(source: str | Path) -> tuple[Scenario, ...]:
    """Load the scenarios of a file, of a folder's files, or of a shipped pack.

    Args:
        source: A YAML or JSON file (of one scenario, several documents, or a list), a folder of such files, the name
            of a shipped pack (`office`), or one of its scenarios (`office/leave-handover`).

    Returns:
        The scenarios, files by name, in the order in which they stand.

    Raises:
        ScenarioError: If there are none, one is broken, or two have the same id.
    """
    path = Path(source)
    if not _exists(path):
        return _load_shipped(str(source))
    return _collected(_texts(path), str(source))


@lru_cache(maxsize=256)
def _load_shipped(source: str) -> tuple[Scenario, ...]:
    """Load a pack, or one of its scenarios, once: what ships does not change."""
    return _collected(_shipped(source), source, source.partition("/")[2])


def _collected(texts: Iterable[tuple[str, str]], source: str, wanted: str = "") -> tuple[Scenario, ...]:
    """Return the scenarios of some texts, or the wanted one of them."""
    scenarios: dict[str, Scenario] = {}
    others: list[str] = []
    for text, where in texts:
        for document, start in _documents(text, where):
            if wanted and (name := child(_data(document, start), "id")) != wanted:
                others.append(str(name))
                continue
            scenario = _scenario(document, start)
            if scenario.id in scenarios:
                place = document.place((*start, "id"))
                what = f"the id {scenario.id!r} is taken by {place_of(scenarios[scenario.id], ())}"
                raise ScenarioError(what, where=f"{place} id", remedy="choose another")
            scenarios[scenario.id] = scenario
    if wanted and not scenarios:
        raise ScenarioError(f"no scenario {quoted(wanted)}", where=source, remedy=nearest(wanted, others))
    if not scenarios:
        raise ScenarioError("holds no scenario", where=source, remedy=f"give {', '.join(_SUFFIXES)} files")
    return tuple(scenarios.values())


def parse_scenario(text: str, *, where: str = "text") -> Scenario:
    """Return the one scenario of a YAML or JSON text.

    Args:
        text: The text.
        where: What errors call it.

    Raises:
        ScenarioError: If it is broken, or holds none or several.
    """
    found = list(_documents(text, where))
    if len(found) != 1:
        raise ScenarioError(f"holds {len(found)} scenarios", where=where, remedy="give one")
    return _scenario(*found[0])


def place_of(scenario: Scenario, loc: Loc) -> str:
    """Return where a field of a scenario stands: file, line and path, or the scenario's id where no file is known."""
    known = _places(Same(scenario))
    path = field_path(scenario, loc)
    return f"{known[0][0].place((*known[0][1], *loc)) if known else scenario.id} {path}".strip()


@lru_cache(maxsize=1000)
def _places(same: Same[Scenario]) -> list[tuple[Document, Loc]]:
    """Where a loaded scenario stands: filled by the loader, empty for scenarios that come from elsewhere."""
    return []


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # a name that no file system takes
        return False


def _texts(path: Path) -> Iterator[tuple[str, str]]:
    if path.is_dir():
        files = sorted(file for file in path.iterdir() if file.suffix in _SUFFIXES and file.is_file())
    elif path.is_file():
        files = [path]
    else:
        raise ScenarioError("is neither file nor folder", where=str(path), remedy="give a YAML or JSON file")
    for file in files:
        yield read_text(file), str(file)


def _shipped(source: str) -> Iterator[tuple[str, str]]:
    pack = source.partition("/")[0]
    if pack not in pack_names():
        what = f"no file, folder or pack is called {quoted(source)}"
        raise ScenarioError(what, remedy=nearest(pack, pack_names()))
    files = pack_files(pack)
    wanted = source.partition("/")[2]
    for file in [file for file in files if file.name.partition(".")[0] == wanted] or files:
        yield decode(file.read_bytes(), file.name), f"{pack}/{file.name}"


def _documents(text: str, where: str) -> Iterator[tuple[Document, Loc]]:
    """The mappings in a text that should each be a scenario, and where in their document they lie."""
    for document in parse_documents(text, where):
        if isinstance(document.data, list):
            yield from ((document, (place,)) for place in range(len(document.data)))
        else:
            yield document, ()


def _data(document: Document, start: Loc) -> Any:
    return child(document.data, start[0]) if start else document.data


def _scenario(document: Document, start: Loc) -> Scenario:
    data = _data(document, start)
    if not isinstance(data, dict):
        what = f"a scenario is a mapping, not {quoted(data)}"
        raise ScenarioError(what, where=document.place(start), remedy="begin with 'schema: discretion/1'")
    try:
        scenario = Scenario.model_validate(data)
    except ValidationError as error:
        found = complaints(error, Scenario, data)
        raise _located(document, start, data, found[0], len(found) - 1) from None
    try:
        check_scenario(scenario)
    except FieldError as error:
        raise _located(document, start, data, Complaint(error.loc, error.what, error.remedy), 0) from None
    _places(Same(scenario)).append((document, start))
    return scenario


def _located(document: Document, start: Loc, data: Any, first: Complaint, others: int) -> ScenarioError:
    where = f"{document.place((*start, *first.loc))} {field_path(data, first.loc)}".strip()
    more = f" (and {others} more error{'s' * (others > 1)})" if others else ""
    return ScenarioError(f"{first.what}{more}", where=where, remedy=first.remedy)
