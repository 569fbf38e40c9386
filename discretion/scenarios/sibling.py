"""The twin of a scenario: its sibling's changes merged in."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from pydantic import ValidationError

from discretion.errors import ScenarioError, nearest
from discretion.scenarios.base import Record
from discretion.scenarios.content import Content
from discretion.scenarios.fields import FieldError, Loc, child, quoted
from discretion.scenarios.instance import Twin
from discretion.scenarios.schema import Scenario
from discretion.scenarios.validation import complaints

__all__ = ["BY_ID", "KINDS", "SHARED", "merged", "origin", "twin_of"]

BY_ID: Final = ("cast", "facts", "channels", "norms", "people")
KINDS: Final = ("mail", "events", "crm", "chat", "notes", "memory")
SHARED: Final = frozenset({"id", "schema", "date", "locales", "sibling"})
_VALUES: Final = frozenset({"value", "choose", "draw"})


def twin_of(scenario: Scenario, twin: Twin) -> Scenario:
    """Return one of the twins as a scenario of its own.

    The base twin is the scenario itself. The sibling keeps its id, so that both draw the same people and values.

    Args:
        scenario: The scenario.
        twin: Which one.

    Raises:
        ScenarioError: If the scenario has no sibling.
        FieldError: If the sibling's changes do not make a scenario; it points into `sibling.changes`.
    """
    if twin == "base":
        return scenario
    if scenario.sibling is None:
        raise ScenarioError(f"scenario {scenario.id!r} has no sibling", remedy="use the base twin")
    data = merged(scenario)
    try:
        return Scenario.model_validate(data)
    except ValidationError as error:
        first = complaints(error, Scenario, data)[0]
        if error.errors(include_url=False)[0]["type"] == "missing":
            _check_new_item(scenario, data, first.loc)
        raise FieldError(first.what, origin(scenario, first.loc), scenario, remedy=first.remedy) from None


def merged(scenario: Scenario) -> dict[str, Any]:
    """Return the sibling, not yet validated: records of the base where nothing changes, plain data elsewhere.

    An item that both have keeps the base's fields where the change gives none; a change that gives a fact another
    value, `choose` or `draw` replaces whichever of them the base has.

    Raises:
        FieldError: If a change names a field that twins share, or is no list of items with ids where it has to be one.
    """
    fields = {field.alias or name: name for name, field in Scenario.model_fields.items()}
    base: dict[str, Any] = {
        key: getattr(scenario, name)
        for key, name in fields.items()
        if name in scenario.model_fields_set and name != "sibling"
    }
    for key, change in scenario.sibling.changes.items() if scenario.sibling else ():
        loc: Loc = ("sibling", "changes", key)
        if key in SHARED:
            raise FieldError(f"twins share {key!r}", loc, scenario, remedy="leave it out of the changes")
        if key not in fields:
            raise FieldError(f"unknown field {quoted(key)}", loc, scenario, remedy=nearest(key, fields.keys() - SHARED))
        if key in BY_ID:
            base[key] = _by_id(base.get(key, ()), change, loc, scenario)
        elif key == "world":
            base[key] = _world(scenario.world, change, scenario)
        else:
            base[key] = change
    return base


def origin(scenario: Scenario, loc: Loc) -> Loc:
    """Return where a field of the merged sibling comes from: its change where one gives it, else the base's field.

    Args:
        scenario: The scenario with the sibling.
        loc: A path in the merged sibling.
    """
    if scenario.sibling is None or not loc or loc[0] not in scenario.sibling.changes:
        return loc
    changes, start = scenario.sibling.changes[loc[0]], 1
    if loc[0] == "world" and len(loc) > 1:
        if loc[1] not in changes:
            return loc
        changes, start = changes[loc[1]], 2
    elif loc[0] not in BY_ID:
        return ("sibling", "changes", *loc)
    if len(loc) <= start:
        return ("sibling", "changes", *loc)
    name = child(_at(merged(scenario), loc[: start + 1]), "id")
    for place, item in enumerate(changes):
        inherited = len(loc) > start + 1 and loc[start + 1] not in item and _at(scenario, loc) is not None
        if child(item, "id") == name and not inherited:
            return ("sibling", "changes", *loc[:start], place, *loc[start + 1 :])
    return loc


def _check_new_item(scenario: Scenario, data: Any, loc: Loc) -> None:
    """Refuse an item that lacks a field because it was meant to change one of the base, whose id it misspells."""
    of = _at(scenario, loc[:-2]) or ()
    name, known = child(_at(data, loc[:-1]), "id"), [str(child(item, "id")) for item in of]
    if isinstance(name, str) and name not in known and (remedy := nearest(name, known)).startswith("did"):
        what = f"the base has no {quoted(name)} to change, and a new one needs {quoted(loc[-1])}"
        raise FieldError(what, origin(scenario, (*loc[:-1], "id")), scenario, remedy=remedy)


def _at(node: Any, loc: Loc) -> Any:
    for step in loc:
        node = child(node, step)
    return node


def _by_id(base: Iterable[Any], change: Any, loc: Loc, scenario: Scenario) -> list[Any]:
    if not isinstance(change, (list, tuple)):
        raise FieldError("expected a list of items", loc, scenario, remedy="write each item as '- id: ...'")
    items: dict[str, Any] = {item.id: item for item in base}
    for place, item in enumerate(change):
        name = child(item, "id")
        if not isinstance(name, str):
            raise FieldError("the item has no id", (*loc, place), scenario, remedy="name the item that it changes")
        kept = items.get(name, {})
        if isinstance(kept, Record):
            kept = kept.model_dump(by_alias=True, exclude_unset=True)
        if not _VALUES.isdisjoint(item):
            kept = {key: value for key, value in kept.items() if key not in _VALUES}
        items[name] = {**kept, **item}
    return list(items.values())


def _world(base: Content, change: Any, scenario: Scenario) -> dict[str, Any]:
    loc: Loc = ("sibling", "changes", "world")
    if not isinstance(change, dict):
        raise FieldError("expected a mapping", loc, scenario, remedy=f"give one of: {', '.join(KINDS)}")
    world: dict[str, Any] = {kind: getattr(base, kind) for kind in KINDS if kind in base.model_fields_set}
    for kind, items in change.items():
        if kind not in KINDS:
            raise FieldError(f"unknown field {quoted(kind)}", (*loc, kind), scenario, remedy=nearest(str(kind), KINDS))
        world[kind] = _by_id(getattr(base, kind), items, (*loc, kind), scenario)
    return world
