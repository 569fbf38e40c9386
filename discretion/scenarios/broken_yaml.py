"""What is wrong with text that is no YAML, in words for somebody who writes scenarios and not parsers."""

from __future__ import annotations

import re
from typing import Any, Final, NamedTuple

import yaml

from discretion.scenarios.nodes import LOADER

__all__ = ["Fault", "fault_of"]

_SLOT_FIRST: Final = re.compile(r"[:-]\s+\{[a-z][\w.+-]*\}\s*[^\s,}\]]")
_MEND: Final = "mend the line or put its text in quotes"


class Fault(NamedTuple):
    """Where a text stops being YAML.

    Attributes:
        line: From 1: where the author has to look, which may lie above the line at which the parser gave up.
        what: What is wrong there.
        remedy: What to do about it.
    """

    line: int
    what: str
    remedy: str


def fault_of(error: yaml.MarkedYAMLError, text: str) -> Fault | None:
    """Return what an error of the parser means; `None` where it names no line.

    Args:
        error: What the parser said.
        text: What it was given.
    """
    mark = error.problem_mark or error.context_mark
    if mark is None:
        return None
    problem = " ".join(str(error.problem or error.context).split())
    row = text.splitlines()[mark.line : mark.line + 1]
    here = row[0] if row else ""
    if "quoted scalar" in str(error.context) and error.context_mark is not None:
        return Fault(error.context_mark.line + 1, "a quote is opened and never closed", "close it")
    if "\t" in here[: len(here) - len(here.lstrip())]:
        return Fault(mark.line + 1, "a tab where the text is indented", "indent with spaces")
    if "cannot start any token" in problem and here:
        sign = here[min(mark.column, len(here) - 1)]
        return Fault(mark.line + 1, f"text without quotes begins with {sign!r}", "put it in quotes")
    if _SLOT_FIRST.search(here):
        return Fault(mark.line + 1, "text without quotes begins with a slot", "put it in quotes")
    if "'-' indicator" in problem:
        return Fault(mark.line + 1, "the line does not fit those above it", "indent it like its neighbours")
    quote = _closing_quote(text, mark.line)
    if quote is not None and quote.start_mark.line < mark.line:
        what = f"the quote that is opened here is closed only in line {mark.line + 1}"
        return Fault(quote.start_mark.line + 1, what, "close it where its text ends")
    if quote is not None:
        remedy = r"write \" for a quote inside" if quote.style == '"' else "write '' for a quote inside"
        return Fault(mark.line + 1, "text goes on after the quote that closes it", remedy)
    return Fault(mark.line + 1, problem, _MEND)


def _closing_quote(text: str, line: int) -> Any:
    """The last text in quotes before the parser gave up, if it ends on the line on which that was."""
    last: Any = None
    try:
        for event in yaml.parse(text, Loader=LOADER):
            last = event if isinstance(event, yaml.ScalarEvent) else None
    except yaml.YAMLError:
        pass
    return last if last is not None and last.style in ("'", '"') and last.end_mark.line == line else None
