"""How tables look: columns, stacks, and numbers in cells."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console, Group, RenderableType
    from rich.table import Table

__all__ = ["limits", "page", "percent", "plain_table", "signed", "stack"]


def page() -> Console:
    """Return the standard output, to print tables on whose numbers are never cut."""
    from discretion.reports.uncut import Page

    return Page()


def plain_table(first: str, *heads: str, wordy: Collection[str] = ()) -> Table:
    """Return a table without frames, its first column to the left, the others to the right.

    Args:
        first: Head of the first column.
        heads: Of the others.
        wordy: Those of them that hold sentences, which stand to the left and may be wrapped.
    """
    from rich import box

    from discretion.reports.uncut import UncutTable

    table = UncutTable(box=box.SIMPLE_HEAD, pad_edge=False, header_style="dim", show_edge=False, padding=(0, 1, 0, 0))
    table.add_column(first, overflow="fold")
    for head in heads:
        left = head in wordy
        table.add_column(head, justify="left" if left else "right", no_wrap=not left, overflow="fold")
    return table


def stack(*parts: RenderableType) -> Group:
    """Put parts below each other, with an empty line under each."""
    from rich.console import Group
    from rich.text import Text

    return Group(*(each for part in parts for each in (part, Text())))


def percent(value: float | None) -> str:
    """Return a percentage, a dash where there is none."""
    return "-" if value is None else f"{value:.1f}%"


def signed(value: float | None) -> str:
    """Return a drop in points."""
    return "-" if value is None else f"{value + 0.0:+.1f} pp"


def limits(found: tuple[float, float] | None) -> str:
    """Return the limits of a drop in points."""
    return "-" if found is None else f"{found[0]:+.1f} to {found[1]:+.1f}"
