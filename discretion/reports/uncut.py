"""Tables whose numbers are never cut, and the page that they are printed on."""

from __future__ import annotations

import os
from typing import Any, Final

from rich.console import Console, ConsoleOptions, RenderResult
from rich.measure import measure_renderables
from rich.table import Table

__all__ = ["Page", "UncutTable"]

_WIDTH: Final = 100
"""Of what is written where nobody says how wide it is: a file, a pipe."""

_NAME: Final = 24
"""A first column up to this wide is never wrapped."""

_NARROWEST: Final = 16
"""Columns of words are not wrapped to less, however narrow the terminal."""


class Page(Console):
    """The standard output. Lines that are too long for a terminal are left to it: it wraps and does not cut."""

    def __init__(self) -> None:
        super().__init__()
        self.free = not self.is_terminal and "COLUMNS" not in os.environ
        if self.free:
            self.width = _WIDTH

    def print(self, *objects: Any, **options: Any) -> None:
        """Print; the arguments are those of rich's `Console.print`."""
        super().print(*objects, **{"crop": False, **options})


class UncutTable(Table):
    """A table that makes room for its numbers by wrapping words, and if need be grows over the edge."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Render it, at least as wide as its numbers are."""
        wide = options.update(max_width=10_000)
        free = isinstance(console, Page) and console.free
        least = 0
        for place, column in enumerate(self.columns):
            widest = measure_renderables(console, wide, [column.header, *column.cells]).maximum
            if place == 0:
                column.no_wrap = free or widest <= _NAME
            column.min_width = widest if column.no_wrap else min(widest, _NARROWEST)
            least += column.min_width + 2  # a space, and a gap to the next column
        yield from super().__rich_console__(console, options.update(max_width=max(options.max_width, least)))
