"""A pen that draws lines, boxes and words in pixels, and knows how wide words are."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["FONT", "INK", "Pen", "clean", "cut", "text_width", "wrapped"]

FONT: Final = "DejaVu Sans"
"""Comes with matplotlib; Verdana, which other systems have, is as wide."""

INK: Final = "#1b1b1b"
_ZOOM: Final = 16
"""Words are measured so many times larger: at their own size letters are moved onto whole pixels."""


class Pen:
    """Draws in pixels from the top left corner."""

    def __init__(self, axes: Axes) -> None:
        self._axes = axes

    def text(
        self,
        x: float,
        y: float,
        words: str,
        size: float,
        *,
        bold: bool = False,
        colour: str = INK,
        align: str = "left",
    ) -> float:
        """Write one line, centred on `y`; return where it ends."""
        words = clean(words)
        self._axes.text(
            x,
            y,
            words,
            fontsize=size * 0.72,
            fontweight="bold" if bold else "normal",
            color=colour,
            ha=align,
            va="center_baseline",
            parse_math=False,
        )
        return x + text_width(words, size, bold)

    def line(
        self,
        points: Sequence[tuple[float, float]],
        colour: str,
        width: float,
        dashes: tuple[float, ...] = (),
        *,
        over: bool = False,
    ) -> None:
        """Draw a line; `over` leaves a gap in those that it crosses."""
        xs, ys = zip(*points, strict=True)
        style: Any = (0, dashes) if dashes else "-"
        if over:
            self._axes.plot(xs, ys, color="white", linewidth=width + 4, zorder=2)
        self._axes.plot(xs, ys, color=colour, linewidth=width, linestyle=style, solid_capstyle="butt", zorder=2)

    def box(
        self,
        left: float,
        top: float,
        width: float,
        height: float,
        fill: str,
        edge: str,
        line: float,
        *,
        round_by: float = 6,
        dashes: tuple[float, ...] = (),
    ) -> None:
        """Draw a box with round corners."""
        from matplotlib.patches import FancyBboxPatch

        style: Any = (0, dashes) if dashes else "-"
        self._axes.add_patch(
            FancyBboxPatch(
                (left, top),
                width,
                height,
                boxstyle=f"round,pad=0,rounding_size={round_by}",
                facecolor=fill,
                edgecolor=edge,
                linewidth=line,
                linestyle=style,
                zorder=1,
            )
        )

    def end(self, kind: str, x: float, y: float, colour: str) -> None:
        """Draw what a line ends in: a full or an open arrow head, a bar, a dot; or a diamond on it."""
        shapes = {
            "arrow": [(x, y), (x - 11, y - 6), (x - 11, y + 6)],
            "diamond": [(x - 6, y), (x, y - 6), (x + 6, y), (x, y + 6)],
        }
        if kind in shapes:
            xs, ys = zip(*shapes[kind], strict=True)
            self._axes.fill(xs, ys, facecolor=colour, edgecolor="none", zorder=3)
        elif kind == "open":
            self.line([(x - 8, y - 5), (x, y), (x - 8, y + 5)], colour, 1.2)
        elif kind == "bar":
            self.line([(x - 1, y - 9), (x - 1, y + 9)], colour, 3)
        else:
            self._axes.plot([x], [y], marker="o", markersize=4.5, color=colour, zorder=3)


def clean(text: str) -> str:
    """Return text as one line that a picture can hold."""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())


@lru_cache(maxsize=1)
def _measure() -> Any:
    from matplotlib.backends.backend_agg import RendererAgg

    renderer: Any = RendererAgg  # it has no annotations
    return renderer(1, 1, 100)


@lru_cache(maxsize=20_000)
def text_width(text: str, size: float, bold: bool = False) -> float:
    """Return how wide a line is, in pixels."""
    from matplotlib.font_manager import FontProperties

    font = FontProperties(family=FONT, size=_ZOOM * size * 0.72, weight="bold" if bold else "normal")
    width, _, _ = _measure().get_text_width_height_descent(text, font, False)
    return float(width) / _ZOOM


def cut(text: str, width: float, size: float) -> str:
    """Return a line that is no wider than that."""
    text = clean(text)
    most = int(4 * width / size) + 1  # no letter is narrower than a quarter of the size
    if len(text) <= most and text_width(text, size) <= width:
        return text
    fitting = bisect_right(range(min(len(text), most)), width, key=lambda end: text_width(f"{text[:end]}…", size))
    return f"{text[: max(fitting - 1, 0)].rstrip()}…"


def wrapped(text: str, width: float, size: float, *, bold: bool = False, most: int = 4) -> tuple[str, ...]:
    """Return a text in lines no wider than that, at most so many."""
    lines: list[str] = []
    for word in clean(text).split():
        if lines and text_width(f"{lines[-1]} {word}", size, bold) <= width:
            lines[-1] = f"{lines[-1]} {word}"
        else:
            lines.append(word)
    if len(lines) > most:
        lines = [*lines[: most - 1], " ".join(lines[most - 1 :])]
    return tuple(cut(line, width, size) for line in lines)
