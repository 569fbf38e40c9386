"""What people write on the command line: seeds, scenarios, agents, run files."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal
from urllib.parse import parse_qsl

from discretion.cli.progress import working
from discretion.errors import InputError, nearest

if TYPE_CHECKING:
    from discretion.scenarios.flows import Norm
    from discretion.scenarios.schema import Scenario

__all__ = ["GENERATED", "IMPORTED", "default_seeds", "given_norms", "kind_of", "load", "parse_seeds", "run_file_near"]

_MOST_SEEDS: Final = 1_000_000
_RANGE: Final = re.compile(r"(?P<first>[0-9]{1,9}) *- *(?P<last>[0-9]{1,9})")
_LIST: Final = re.compile(r"[0-9]{1,9}( *, *[0-9]{1,9})* *,?")
_RUN_MAGIC: Final = b"SQLite format 3\0"
IMPORTED: Final = ("privacylens:", "cimemories:")
"""How sources begin that are files of others' cases."""

GENERATED: Final = "generated:"


def parse_seeds(text: str) -> tuple[int, ...]:
    """Return the seeds that a text names: how many (`10`), a range (`5-9`), or a list (`3,7,11`).

    Raises:
        InputError: If it names none, or too many.

    >>> parse_seeds("3"), parse_seeds("5-7"), parse_seeds("4,")
    ((0, 1, 2), (5, 6, 7), (4,))
    """
    found: Sequence[int] = ()
    if match := _RANGE.fullmatch(text.strip()):
        first, last = int(match["first"]), int(match["last"])
        found = range(first, last + 1)
    elif match := _LIST.fullmatch(text.strip()):
        numbers = [int(number) for number in match[0].split(",") if number.strip()]
        found = range(numbers[0]) if "," not in match[0] else tuple(dict.fromkeys(numbers))
    if not 0 < len(found) <= _MOST_SEEDS:
        many = f"{len(found):,}" if found else "no"
        remedy = "write how many (10), a range (5-9) or a list (3,7,11)"
        raise InputError(f"{text[:40]!r} names {many} seeds", where="--seeds", remedy=remedy)
    return tuple(found)


def default_seeds(scenarios: Iterable[Scenario]) -> tuple[int, ...]:
    """Return the seeds that are played where none are asked for.

    Three where people are drawn, so that a written scenario is a cluster of instances and not one draw; one where
    all is fixed, as in imported cases, and of generated plots, which are drawn independently of each other.
    """
    drawn = any(member.name is None for scenario in scenarios if scenario.plot is None for member in scenario.cast)
    return (0, 1, 2) if drawn else (0,)


def given_norms(text: str | None) -> tuple[Norm, ...] | None:
    """Return the norms of a file or a shipped norm base, `None` where none is named.

    Raises:
        ScenarioError: If there is none, or it is broken.
    """
    if text is None:
        return None
    from discretion.scenarios import load_norms

    return load_norms(text)


def load(text: str) -> tuple[Scenario, ...]:
    """Return the scenarios that a text names.

    A pack, one of a pack, a file, a folder, `generated:200[?pressure=2]`, `privacylens:FILE[?play=live]`, or
    `cimemories:FILE[?labels=FILE]`.

    Raises:
        InputError: If there are none.
    """
    if text.startswith(IMPORTED):
        with working(f"reading {text}"):
            return _imported(*text.split(":", 1))
    if text.startswith(GENERATED):
        from discretion.scenarios.generator import generated

        return tuple(generated(text))
    from discretion.scenarios import load_scenarios, pack_names
    from discretion.scenarios.packs import pack_files

    packs = [pack for pack in pack_names() for file in pack_files(pack) if file.name.partition(".")[0] == text]
    return tuple(load_scenarios(f"{packs[0]}/{text}" if packs and not Path(text).exists() else text))


def _imported(kind: str, text: str) -> tuple[Scenario, ...]:
    file, _, query = text.partition("?")
    options = dict(parse_qsl(query, keep_blank_values=True))
    where = f"{kind}:{file}"

    def option(name: str) -> str | None:
        unknown = next((given for given in options if given != name), None)
        if unknown is not None:
            raise InputError(f"unknown option {unknown!r}", where=where, remedy=nearest(unknown, [name]))
        return options.get(name)

    if kind == "cimemories":
        from discretion.scenarios.cimemories import import_profiles

        return import_profiles(file, labels=option("labels")).scenarios
    from discretion.scenarios.privacylens import import_cases

    play = option("play") or "replay"
    if play not in ("replay", "live"):
        raise InputError(f"unknown play {play!r}", where=where, remedy=nearest(play, ["replay", "live"]))
    return import_cases(Path(file), play="live" if play == "live" else "replay").scenarios


def kind_of(text: str) -> Literal["agent", "run", "other"]:
    """Tell an agent string from a run file, and both from anything else (which may name scenarios)."""
    from discretion.agents import EXAMPLES

    kind, colon, _ = text.partition(":")
    if colon and (kind in EXAMPLES or not Path(text).exists()) and not text.startswith((*IMPORTED, GENERATED)):
        return "agent"
    try:
        with Path(text).open("rb") as file:
            return "run" if file.read(len(_RUN_MAGIC)) == _RUN_MAGIC else "other"
    except OSError:
        return "other"


def run_file_near(text: str) -> str:
    """Return a remedy for a text that is neither an agent nor a run file."""
    from discretion.agents import EXAMPLES, REFERENCES

    if text in REFERENCES:
        return f"did you mean 'reference:{text}'?"
    folder = Path(text).parent
    beside = [str(path) for path in folder.glob("*.run")] if folder.is_dir() else []
    remedy = nearest(text, [*beside, *(f"reference:{name}" for name in REFERENCES)])
    return remedy if remedy.startswith("did") else f"name a run file, or an agent: {', '.join(EXAMPLES.values())}"
