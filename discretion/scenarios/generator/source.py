"""`generated:200`: how plots are named wherever scenarios are."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final
from urllib.parse import parse_qsl

from pydantic import ValidationError

from discretion.errors import InputError, first_fault, nearest
from discretion.scenarios.generator.compose import COMPOSED
from discretion.scenarios.generator.generate import Knobs, generate
from discretion.scenarios.generator.skeleton import skeleton, skeleton_names
from discretion.scenarios.schema import Scenario

__all__ = ["GENERATED", "generated", "is_generated", "parse_source", "split_source"]

GENERATED: Final = "generated:"
"""What the name of a draw begins with."""

_MOST: Final = 1_000_000
_SEEDS: Final = re.compile(r"([0-9]{1,9})(?:-([0-9]{1,9}))?")
_KNOBS: Final = tuple(Knobs.model_fields)
_OPTIONS: Final = (*_KNOBS, "skeleton")


def is_generated(source: object) -> bool:
    """Tell whether a source names generated plots."""
    return isinstance(source, str) and source.startswith(GENERATED)


def parse_source(source: str) -> tuple[range, Knobs, tuple[str, ...] | None]:
    """Return the seeds, knobs and skeletons that a source names.

    Args:
        source: `generated:200` (seeds 0 to 199), `generated:5000-5999`, with options after a question mark:
            `?pressure=2&distractors=6&distance=2&skeleton=a,b`. The skeletons `held-out` and `trained` stand for all
            that are kept from training, and all that are not; `composed` is another one for each plot.

    Raises:
        InputError: If it names none.

    >>> parse_source("generated:5-9?pressure=2")[:2]
    (range(5, 10), Knobs(distractors=None, distance=None, pressure=2))
    """
    seeds, _, query = source.removeprefix(GENERATED).partition("?")
    match = _SEEDS.fullmatch(seeds.strip())
    found = range(0)
    if match is not None:
        found = range(int(match[1])) if match[2] is None else range(int(match[1]), int(match[2]) + 1)
    if not 0 < len(found) <= _MOST:
        many = f"{len(found):,}" if found else "no"
        remedy = "write how many (generated:200) or a range (generated:5000-5999)"
        raise InputError(f"{seeds[:40]!r} names {many} plots", where=source[:80], remedy=remedy)
    given: dict[str, str] = {}
    for key, value in parse_qsl(query, keep_blank_values=True):
        if key not in _OPTIONS:
            raise InputError(f"unknown option {key!r}", where=source[:80], remedy=nearest(key, _OPTIONS))
        given[key] = value
    chosen = given.pop("skeleton", None)
    try:
        knobs = Knobs.model_validate(given)
    except ValidationError as error:
        what = ": ".join(first_fault(error))
        raise InputError(what, where=source[:80], remedy="give a whole number in that range") from None
    return found, knobs, None if chosen is None else tuple(_skeletons(chosen))


def generated(source: str) -> Iterator[Scenario]:
    """Yield the plots that a source names, in the order of their seeds.

    Raises:
        InputError: As `parse_source` and `generate`.
    """
    seeds, knobs, skeletons = parse_source(source)
    for seed in seeds:
        yield generate(seed, knobs=knobs, skeletons=skeletons)


def split_source(source: str, most: int) -> tuple[str, ...]:
    """Return sources of at most some plots each that together name the same plots, for several processes.

    Raises:
        InputError: As `parse_source`.

    >>> split_source("generated:5?pressure=2", 3)
    ('generated:0-2?pressure=2', 'generated:3-4?pressure=2')
    """
    seeds = parse_source(source)[0]
    _, mark, query = source.partition("?")
    return tuple(
        f"{GENERATED}{first}-{min(first + most, seeds.stop) - 1}{mark}{query}"
        for first in range(seeds.start, seeds.stop, most)
    )


def _skeletons(text: str) -> Iterator[str]:
    groups = {"held-out": True, "trained": False}
    for name in filter(None, map(str.strip, text.split(","))):
        if name in groups:
            yield from (each for each in skeleton_names() if skeleton(each).held_out == groups[name])
        else:
            yield name if name == COMPOSED else skeleton(name).id
