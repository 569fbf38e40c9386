"""Tables of what use of one memory shows: violation@n, completeness, hazards."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Final

from discretion.evals.comparison import Limits, MemoryComparison, MemoryDrop
from discretion.evals.hazard import SessionHazard
from discretion.evals.memory import MemoryShare, MemorySummary
from discretion.reports.shapes import limits, percent, plain_table, signed

if TYPE_CHECKING:
    from rich.table import Table

__all__ = ["comparison_tables", "run_tables"]

_MOST_ROWS: Final = 12
_UNITS: Final = {"pair": "pairs", "fact": "facts"}
"""What a violation is counted over: (fact, recipient) pairs, or facts, whoever of those not to know got it."""


def run_tables(memory: MemorySummary, level: float = 0.95) -> Iterator[Table]:
    """Yield the tables of a run.

    Args:
        memory: What it shows.
        level: Of its intervals.
    """
    interval = f"{100 * level:g}% interval"
    table = plain_table("memory", "", interval, "", "what it says", wordy=["what it says"])
    for shown in memory.violation:
        if shown.repeats in _steps(memory.repeats):
            says = f"told in {_any_of(shown.repeats)}"
            table.add_row(f"violation@{shown.repeats}, {_UNITS[shown.by]}", *_share(shown), says)
    if memory.completeness:
        table.add_row("completeness", *_share(memory.completeness), "told in full")
    yield table
    if memory.hazard:
        heads = ("at risk", "leaks", "unscored", "hazard", interval, "kept", interval)
        hazard = plain_table("session", *heads)
        for each in _telling([(each,) for each in memory.hazard]):
            (row,) = each
            assert row is not None  # noqa: S101 - a run has one side
            counted = (f"{row.at_risk:,}", f"{row.leaks:,}", f"{row.censored:,}")
            kept = _cells(row.survival, row.survival_interval)
            hazard.add_row(str(row.session), *counted, *_cells(row.hazard, row.hazard_interval), *kept)
        yield hazard


def comparison_tables(memory: MemoryComparison, level: float) -> Iterator[Table]:
    """Yield the tables of a comparison.

    Args:
        memory: What it shows.
        level: Of its intervals.
    """
    interval = f"{100 * level:g}% interval"
    shown = [drop for drop in memory.drops if drop.repeats is None or drop.repeats in _steps(memory.repeats)]
    unscored = any(drop.scored < drop.pairs for drop in shown)
    table = plain_table(
        "memory", "baseline", "candidate", "drop", interval, *(["unscored", "worst cases"] if unscored else [])
    )
    for drop in shown:
        cells = [percent(drop.baseline), percent(drop.candidate), signed(drop.drop), limits(drop.interval)]
        if unscored:
            cells += [f"{100 * (1 - drop.scored / drop.pairs):.1f}%", limits(drop.bounds)]
        table.add_row(_label(drop), *cells)
    if shown:
        yield table
    if memory.hazard:
        hazard = plain_table("hazard of the first leak", "baseline", interval, "candidate", interval)
        for sides in _telling([(pair.baseline, pair.candidate) for pair in memory.hazard]):
            number = next(side.session for side in sides if side)
            hazard.add_row(f"session {number}", *_hazard(sides[0]), *_hazard(sides[1]))
        yield hazard


def _label(drop: MemoryDrop) -> str:
    return drop.name if drop.by is None else f"{drop.name}, {_UNITS[drop.by]}"


def _any_of(repeats: int) -> str:
    return "a repeat" if repeats == 1 else f"any of {repeats} repeats"


def _steps(most: int) -> set[int]:
    """The n that a table shows; a record holds them all."""
    return {n for n in (1, 2, 3, 5, 10, 20, 50, 100, 200, 500, most) if n <= most}


def _share(shown: MemoryShare) -> tuple[str, str, str]:
    """A value with its interval, or the worst cases where too much is not scored."""
    n = f"of {shown.n:,}" + (f", {shown.n - shown.scored:,} not scored" if shown.scored < shown.n else "")
    if shown.value is None or shown.interval is None:
        return "-", f"within {_range(shown.bounds)}", n
    return percent(100 * shown.value), _range(shown.interval), n


def _hazard(row: SessionHazard | None) -> tuple[str, str]:
    return _cells(row.hazard, row.hazard_interval) if row else ("-", "-")


def _cells(share: float | None, interval: Limits | None) -> tuple[str, str]:
    return ("-", "-") if share is None or interval is None else (percent(100 * share), _range(interval))


def _range(found: Limits) -> str:
    return f"{100 * found[0]:.1f} to {100 * found[1]:.1f}"


Sides = tuple[SessionHazard | None, ...]


def _telling(rows: Sequence[Sides]) -> Iterable[Sides]:
    """The sessions that a table shows: all of a few; else the first, the last, and those with the most leaks."""
    if len(rows) <= _MOST_ROWS:
        return rows
    ends = {0, len(rows) - 1}
    leaks = [sum(side.leaks + side.censored for side in row if side) for row in rows]
    ranked = sorted(set(range(len(rows))) - ends, key=lambda at: (-leaks[at], at))
    return [rows[at] for at in sorted(ends.union(ranked[: _MOST_ROWS - len(ends)]))]
