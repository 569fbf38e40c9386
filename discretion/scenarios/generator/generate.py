"""Plots without end: each an ordinary scenario, made from the generator's version and a seed alone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any, Final

from pydantic import Field

from discretion.errors import InputError
from discretion.scenarios.base import Record
from discretion.scenarios.generator.build import build
from discretion.scenarios.generator.casting import Casting, cast_plot, third_roles
from discretion.scenarios.generator.compose import COMPOSED
from discretion.scenarios.generator.draw import Draw
from discretion.scenarios.generator.lots import Lots
from discretion.scenarios.generator.skeleton import Skeleton, skeleton, skeleton_names
from discretion.scenarios.plot import Plot
from discretion.scenarios.schema import Scenario

__all__ = ["GENERATOR_VERSION", "Knobs", "generate", "tempted"]

GENERATOR_VERSION: Final = "g1"
"""Whatever changes what a seed gives (code, skeletons, bank) changes this as well."""

_MOST_SEED: Final = 10**9
_FIRST_DAY: Final = date(2026, 1, 12)
_DISTRACTORS: Final = (1, 1, 2, 2, 2, 3, 3, 4)
_BY_ID: Final = ("cast", "facts", "channels", "people")


class Knobs(Record):
    """How hard plots are; what is not given is drawn for each.

    Attributes:
        distractors: Items without a part in the task.
        distance: From the item that the task points to to the facts, see `Plot`.
        pressure: Who asks for the private fact, and how often, see `Plot`.
    """

    distractors: int | None = Field(default=None, ge=0, le=24)
    distance: int | None = Field(default=None, ge=0, le=2)
    pressure: int | None = Field(default=None, ge=0, le=3)


def generate(
    seed: int, *, knobs: Knobs | None = None, skeletons: Sequence[str] | None = None, brief: bool = False
) -> Scenario:
    """Make a plot.

    Args:
        seed: Which one; each is drawn by itself, whatever others are.
        knobs: How hard it is.
        skeletons: The workflows to draw from; all that are written where not given. `composed` is one composed of parts
            for this seed.
        brief: Whether the plan says everything in one way, see `Draw`; what was there before it stays as it is.

    Returns:
        A scenario with a sibling; `plot` says what it was made of.

    Raises:
        InputError: If the seed is negative, or no workflow is called so or allows the knobs.

    >>> generate(7) == generate(7)
    True
    """
    return _generate(seed, knobs or Knobs(), skeletons, tempted=False, brief=brief)


def tempted(
    seed: int, *, knobs: Knobs | None = None, skeletons: Sequence[str] | None = None, brief: bool = False
) -> Scenario:
    """Make the same plot with a plan that goes too far: it passes on the private facts as well, in friendly words.

    That is how an assistant acts that wants to be as helpful as it can; nothing else differs.

    Args:
        seed: As in `generate`.
        knobs: As there.
        skeletons: As there.
        brief: As there.
    """
    return _generate(seed, knobs or Knobs(), skeletons, tempted=True, brief=brief)


def _generate(seed: int, knobs: Knobs, skeletons: Sequence[str] | None, *, tempted: bool, brief: bool) -> Scenario:
    if not 0 <= seed < _MOST_SEED:
        raise InputError(f"{seed} is no seed of a plot", where="seed", remedy=f"give 0 to {_MOST_SEED - 1}")
    lots = Lots(f"{GENERATOR_VERSION}|{seed}|")
    plot = _draw_skeleton(lots, seed, knobs, skeletons)
    casting = cast_plot(plot, lots)
    draw = _draw_knobs(plot, casting, lots, knobs)._replace(tempted=tempted, brief=brief)
    day = _workday(lots.number("date", 330))
    base, sibling = (build(plot, casting, lots, draw._replace(twin=twin), day) for twin in ("base", "sibling"))
    made = Plot(
        version=GENERATOR_VERSION,
        seed=seed,
        skeleton=plot.id,
        twist=plot.twist,
        entries=(casting.private.id, casting.second.id, casting.open.id),
        attributes=(casting.private.attribute, casting.second.attribute, casting.open.attribute),
        roles=casting.base,
        sibling_roles=casting.sibling,
        channel=plot.channel,
        norm=casting.norm,
        distractors=draw.distractors,
        distance=draw.distance,
        pressure=draw.pressure,
        held_out=plot.held_out,
    )
    changes = _changes(base, sibling)
    name = f"{GENERATOR_VERSION}-{seed:06d}"
    return Scenario(**base, id=name, sibling={"fact": "private", "changes": changes}, plot=made)


def _draw_skeleton(lots: Lots, seed: int, knobs: Knobs, skeletons: Sequence[str] | None) -> Skeleton:
    names = skeleton_names() if skeletons is None else tuple(dict.fromkeys(skeletons))
    for name in lots.shuffled("skeleton", names):
        found = skeleton(f"{COMPOSED}-{seed}" if name == COMPOSED else name)
        if knobs.distance in (None, *found.distances) and knobs.pressure in (None, *found.reachable):
            return found
    raise InputError("no skeleton allows these knobs", where="knobs", remedy="choose another distance or pressure")


def _draw_knobs(plot: Skeleton, casting: Casting, lots: Lots, knobs: Knobs) -> Draw:
    """Fill in what is not given, within what the skeleton allows; nobody joins in where everybody may know."""
    pressures = [each for each in plot.reachable if each < 3 or third_roles(casting)]
    distance = lots.pick("distance", plot.distances) if knobs.distance is None else knobs.distance
    pressure = lots.pick("pressure", pressures) if knobs.pressure is None else min(knobs.pressure, max(pressures))
    number = lots.pick("distractors", _DISTRACTORS) if knobs.distractors is None else knobs.distractors
    return Draw(distractors=number, distance=distance, pressure=pressure)


def _workday(number: int) -> str:
    day = _FIRST_DAY + timedelta(days=number)
    return (day - timedelta(days=max(day.weekday() - 4, 0))).isoformat()


def _changes(base: dict[str, Any], sibling: dict[str, Any]) -> dict[str, Any]:
    """Return in what the sibling differs, as a sibling's changes are written."""
    changes: dict[str, Any] = {}
    for field, value in sibling.items():
        if value == base[field]:
            continue
        if field in _BY_ID:
            changes[field] = _items(base[field], value)
        elif field == "world":
            changes[field] = {kind: found for kind in value if (found := _items(base[field][kind], value[kind]))}
        else:
            changes[field] = value
    return changes


def _items(base: list[dict[str, Any]], sibling: list[dict[str, Any]]) -> list[dict[str, Any]]:
    before = {item["id"]: item for item in base}
    return [item for item in sibling if item != before.get(item["id"])]
