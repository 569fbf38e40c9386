"""The flow graph of an instance as a picture: facts, the people they may or must not reach, and what changes that.

A picture reads from left to right: what is known, an arrow that says in words and by its shape what the norms make of
telling it, and the people it would reach. Colours are from the palette of Okabe and Ito, which colour-blind people tell
apart, and no colour says anything that a word and a line's shape do not say as well.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from discretion.errors import InputError, MissingExtra
from discretion.reports.flows_shown import (
    Arrow,
    Conclusion,
    Person,
    ShownChannel,
    ShownFact,
    ShownFlows,
    flows_shown,
)
from discretion.reports.pen import FONT, INK, Pen, clean, cut, text_width, wrapped
from discretion.scenarios.flows import VerdictKind
from discretion.scenarios.instance import Instance

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["FORMATS", "draw_flows"]

FORMATS: Final = (".svg", ".png")

# In pixels of a picture that is 1,200 wide.
_WIDTH: Final = 1200
_EDGE: Final = 30
_CARD: Final = (76, 346)
_LABEL: Final = (366, 652)
_CHIPS: Final = (664, _WIDTH - _EDGE)
_LINE: Final = 16
_CHIP: Final = 24
_GAP: Final = 8
_ROW: Final = 34
_MOST_ROLE: Final = 190

_SOFT: Final = "#5f5f5f"
_FAINT: Final = "#e4e2dc"
_PAPER: Final = "#ffffff"
_TWIN: Final = "#0072b2"
_EVENT: Final = "#7a4a00"


class _Look(NamedTuple):
    """How a verdict is drawn: words, colour, width and dashes of its line, what it ends in, and a chip's fill."""

    words: str
    colour: str
    width: float
    dashes: tuple[float, ...]
    end: str
    fill: str


_LOOKS: Final[dict[VerdictKind, _Look]] = {
    "required": _Look("must reach", "#00734f", 2.6, (), "arrow", "#dff3ea"),
    "forbidden": _Look("must not reach", "#c2410c", 2.0, (5, 3), "bar", "#fdeadd"),
    "permitted": _Look("may reach", "#6b6b6b", 1.2, (), "open", "#f4f4f2"),
    "unregulated": _Look("unregulated", "#8a8a8a", 1.2, (1, 3), "open", "#ffffff"),
}
_KNOWN: Final = _Look("known to", INK, 1.2, (), "dot", "#ffffff")


def draw_flows(instance: Instance, path: Path) -> None:
    """Draw the flows of an instance, or of one of its sessions, and write the picture.

    Args:
        instance: Whose flows; the user is the sender, and things are as they stand at the start.
        path: `.svg` (text stays text) or `.png` (2,400 pixels wide).

    Raises:
        InputError: If the path has another ending, or cannot be written.
        MissingExtra: If matplotlib is not installed.
    """
    if path.suffix not in FORMATS:
        raise InputError(f"no picture ends in {path.suffix!r}", where=str(path), remedy=f"use {' or '.join(FORMATS)}")
    try:
        import matplotlib as mpl
    except ImportError:
        raise MissingExtra("matplotlib", "plots") from None
    settings: Any = {"font.family": FONT, "svg.fonttype": "none", "svg.hashsalt": instance.id}
    content = io.BytesIO()
    with mpl.rc_context(settings), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing")  # a viewer's own fonts may have it
        figure = _Picture(flows_shown(instance)).figure
        if path.suffix == ".png":
            figure.savefig(content, format="png", dpi=200)
            made = content.getvalue()
        else:
            figure.savefig(
                content, format="svg", metadata={"Date": None, "Creator": "Discretion", "Title": clean(instance.title)}
            )
            made = content.getvalue().replace(f"'{FONT}'".encode(), f"'{FONT}', Verdana, sans-serif".encode())
    try:
        path.write_bytes(made)
    except OSError as error:
        raise InputError(f"cannot be written: {error.strerror}", where=str(path), remedy="name another file") from error


class _Row(NamedTuple):
    """An arrow with the lines of chips that it leads to, and where it lies."""

    arrow: Arrow | None
    chips: tuple[tuple[Person, ...], ...]
    top: float
    height: float


class _Block(NamedTuple):
    """A fact's card with its rows, and where they lie."""

    fact: ShownFact
    statement: tuple[str, ...]
    notes: tuple[str, ...]
    rows: tuple[_Row, ...]
    top: float
    height: float


class _Picture:
    """Lays everything out from top to bottom, then draws it on a figure of exactly that height."""

    def __init__(self, shown: ShownFlows) -> None:
        self.shown = shown
        self.title = wrapped(shown.title, _WIDTH - 2 * _EDGE, 20, bold=True)
        top = _EDGE + 28.0 * len(self.title) + 34
        self.blocks: list[_Block] = []
        for place, fact in enumerate(shown.facts):
            block = self._block(fact, place, top)
            self.blocks.append(block)
            top += block.height + 18
        self.channels_top = top
        self.channels: list[tuple[ShownChannel, tuple[tuple[Person, ...], ...], float]] = []
        if shown.channels:
            top += 34
        for channel in shown.channels:
            lines = _lines_of_chips(channel.members)
            self.channels.append((channel, lines, top))
            top += len(lines) * (_CHIP + _GAP) + 4
        self.height = top + _EDGE - 14
        self.figure = self._drawn()

    # -- where everything lies ---------------------------------------------------------------------------------------

    def _block(self, fact: ShownFact, place: int, top: float) -> _Block:
        width = _CARD[1] - _CARD[0] - 24
        statement = wrapped(fact.statement, width, 12.5)
        notes = tuple(
            line
            for each in self.shown.conclusions
            if each.then == place
            for line in wrapped(self._concluded(each), width, 10.5)
        )
        at = top
        rows: list[_Row] = []
        for arrow, people in [(arrow, arrow.people) for arrow in fact.arrows] + [(None, fact.known_to)]:
            if people:
                chips = _lines_of_chips(people)
                height = max(_ROW, len(chips) * (_CHIP + _GAP) + 4) + (14 if arrow and arrow.event else 0)
                rows.append(_Row(arrow, chips, at, height))
                at += height
        card = 44 + _LINE * len(statement) + (16 if fact.twin else 0) + 14 * len(notes)
        return _Block(fact, statement, notes, tuple(rows), top, max(card, at - top))

    def _concluded(self, each: Conclusion) -> str:
        given = " and ".join(self.shown.facts[place].id for place in each.given)
        return f"follows from {given}" + (f": {each.why}" if each.why else "")

    # -- drawing -----------------------------------------------------------------------------------------------------

    def _drawn(self) -> Figure:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure

        figure = Figure(figsize=(_WIDTH / 100, self.height / 100), dpi=100, facecolor=_PAPER)
        FigureCanvasAgg(figure)
        axes = figure.add_axes((0, 0, 1, 1))
        axes.set_xlim(0, _WIDTH)
        axes.set_ylim(self.height, 0)
        axes.axis("off")
        pen = Pen(axes)
        for place, line in enumerate(self.title):
            pen.text(_EDGE, _EDGE + 10 + 28 * place, line, 20, bold=True)
        pen.text(_EDGE, _EDGE + 28 * len(self.title) + 6, self.shown.subtitle, 12, colour=_SOFT)
        for number, block in enumerate(self.blocks):
            if number:
                pen.line([(_CARD[0], block.top - 9), (_CHIPS[1], block.top - 9)], _FAINT, 1)
            self._card(pen, block)
            for row in block.rows:
                self._row(pen, block, row)
        self._conclusions(pen)
        self._channels(pen)
        return figure

    def _card(self, pen: Pen, block: _Block) -> None:
        left, right = _CARD
        edge = _TWIN if block.fact.twin else "#b9b5aa"
        pen.box(left, block.top, right - left, block.height, "#faf9f6", edge, 2.2 if block.fact.twin else 1.0)
        end = pen.text(left + 12, block.top + 17, block.fact.id, 12.5, bold=True)
        pen.text(end + 8, block.top + 17, block.fact.attribute, 10.5, colour=_SOFT)
        at = block.top + 40
        for line in block.statement:
            pen.text(left + 12, at, line, 12.5)
            at += _LINE
        at += 4
        if block.fact.twin:
            pen.text(left + 12, at, block.fact.twin, 10.5, bold=True, colour=_TWIN)
            at += 16
        for line in block.notes:
            pen.text(left + 12, at, line, 10.5, colour=_SOFT)
            at += 14

    def _row(self, pen: Pen, block: _Block, row: _Row) -> None:
        y = row.top + _ROW / 2
        start, end = _LABEL
        arrow = row.arrow
        look = _LOOKS[arrow.verdict] if arrow else _KNOWN
        pen.line([(_CARD[1], y), (start, y)], look.colour, look.width, look.dashes)
        if arrow is not None and arrow.event:
            later = _LOOKS[arrow.later]
            middle = (start + end) / 2
            pen.line([(start, y), (middle, y)], look.colour, look.width, look.dashes)
            pen.line([(middle, y), (end, y)], later.colour, later.width, later.dashes)
            pen.end("diamond", middle, y, _EVENT)
            pen.end(later.end, end, y, later.colour)
            pen.text(start + 2, y - 9, look.words, 11, bold=True, colour=look.colour)
            pen.text(end - 14, y - 9, later.words, 11, bold=True, colour=later.colour, align="right")
            for place, line in enumerate(wrapped(arrow.event, end - start - 8, 10.5, most=2)):
                pen.text(start + 2, y + 11 + 13 * place, line, 10.5, colour=_EVENT)
            look = later
        else:
            pen.line([(start, y), (end, y)], look.colour, look.width, look.dashes)
            pen.end(look.end, end, y, look.colour)
            at = pen.text(start + 2, y - 9, look.words, 11, bold=True, colour=look.colour) + 8
            if arrow is not None:
                pen.text(at, y - 9, cut(arrow.norm, end - at - 4, 10), 10, colour=_SOFT)
        for place, people in enumerate(row.chips):
            self._chips(pen, people, row.top + (_ROW - _CHIP) / 2 + place * (_CHIP + _GAP), look)

    def _chips(self, pen: Pen, people: Iterable[Person], top: float, look: _Look) -> None:
        left = float(_CHIPS[0])
        for person in people:
            width = _chip_width(person)
            pen.box(left, top, width, _CHIP, look.fill, look.colour, 1.0, round_by=11, dashes=look.dashes)
            at = pen.text(left + 10, top + _CHIP / 2, person.name, 11.5)
            pen.text(at + 6, top + _CHIP / 2, cut(person.roles, _MOST_ROLE, 10), 10, colour=_SOFT)
            left += width + _GAP

    def _conclusions(self, pen: Pen) -> None:
        """Draw lines on the left: down from the given facts, joined, and into what follows from them."""
        for lane, each in enumerate(self.shown.conclusions):
            x = _CARD[0] - 12 - 9 * (lane % 5)
            ends = [self.blocks[place].top + 52 + 5 * lane % 20 for place in each.given]
            into = self.blocks[each.then].top + 20 + 6 * (lane % 3)
            for y in (*ends, into):
                pen.line([(x, y), (_CARD[0] - 2, y)], INK, 1.3, over=True)
            pen.line([(x, min(*ends, into)), (x, max(*ends, into))], INK, 1.3)
            for y in ends:
                pen.end("dot", _CARD[0], y, INK)
            pen.end("arrow", _CARD[0] - 1, into, INK)

    def _channels(self, pen: Pen) -> None:
        if not self.channels:
            return
        pen.line([(_CARD[0], self.channels_top), (_CHIPS[1], self.channels_top)], _FAINT, 1)
        pen.text(
            _CARD[0], self.channels_top + 18, "What goes to one of these reaches everybody behind it", 11.5, bold=True
        )
        for channel, lines, top in self.channels:
            y = top + _ROW / 2
            left, right = _CARD
            pen.box(left, top + (_ROW - _CHIP) / 2, right - left, _CHIP, "#eef3f7", "#5a7a90", 1.0, round_by=3)
            kind = pen.text(right - 12, y, channel.kind, 10, colour=_SOFT, align="right") - (right - 12)
            pen.text(left + 12, y, cut(channel.name, right - left - 32 - kind, 12.5), 11.5, bold=True)
            pen.line([(right, y), (_LABEL[1], y)], "#5a7a90", 1.2)
            pen.text(_LABEL[0] + 2, y - 9, "seen by", 11, bold=True, colour="#3f5d71")
            for place, people in enumerate(lines):
                self._chips(pen, people, top + (_ROW - _CHIP) / 2 + place * (_CHIP + _GAP), _KNOWN)


def _chip_width(person: Person) -> float:
    roles = text_width(cut(person.roles, _MOST_ROLE, 10), 10)
    return 20 + text_width(clean(person.name), 11.5) + (6 + roles if roles else 0)


def _lines_of_chips(people: Iterable[Person]) -> tuple[tuple[Person, ...], ...]:
    """Return people in lines that are no wider than their column."""
    lines: list[list[Person]] = []
    left = float(_WIDTH)
    for person in people:
        width = _chip_width(person)
        if lines and left + width <= _CHIPS[1]:
            lines[-1].append(person)
        else:
            lines.append([person])
            left = float(_CHIPS[0])
        left += width + _GAP
    return tuple(tuple(line) for line in lines)
