"""Gates for continuous integration: `--fail-if 'drop > 5pp'`."""

from __future__ import annotations

import re
from typing import Final, Literal, NamedTuple, TypeAlias

from discretion.errors import InputError, nearest
from discretion.evals.comparison import Comparison, Loss
from discretion.evals.pairing import MEASURES

__all__ = ["EXIT_CODES", "Gate", "Outcome", "parse_gate"]

Outcome: TypeAlias = Literal["failed", "passed", "open"]
EXIT_CODES: Final[dict[Outcome, int]] = {"passed": 0, "failed": 1, "open": 3}

_EXAMPLES: Final = "write it like 'drop > 5pp' or 'appropriate drop > 10pp'"
_MEASURES: Final = (*MEASURES, "completeness")
_TOKEN: Final = re.compile(r"\s*(?:(?P<word>[a-z]+(?:@[1-9]\d{0,3})?)|(?P<number>\d+(?:\.\d+)?)|(?P<other>\S))")


class Gate(NamedTuple):
    """The gate fails when the drop of a measure is shown to exceed a number of points.

    Attributes:
        text: As it was written.
        measure: Whose drop; agentic privacy where none is named. Beside the measures of a comparison there are
            `completeness`, and `violation@n` over (fact, recipient) pairs, see `memory`.
        points: The drop that is too much.
    """

    text: str
    measure: str
    points: float

    def outcome(self, comparison: Comparison) -> Outcome:
        """Tell whether the gate failed, passed, or stays open for want of evidence.

        It fails when the lower limit lies above the threshold and passes when the upper limit lies below it, both under
        the worst case for the unscored. What was not exercised or not scored cannot pass, and what the scenarios do not
        define stays open.
        """
        drop = self._drop(comparison)
        if drop is None:
            return "open"
        if drop.at_least > self.points:
            return "failed"
        passed = drop.at_most <= self.points and not comparison.word.moot
        return "passed" if passed else "open"

    def _drop(self, comparison: Comparison) -> Loss | None:
        measured = next((drop for name, drop in comparison.drops.items() if name == self.measure), None)
        if measured is not None or comparison.memory is None:
            return measured
        return next((drop for drop in comparison.memory.drops if drop.by != "fact" and drop.name == self.measure), None)


def parse_gate(text: str) -> Gate:
    """Parse `[MEASURE] drop > NUMBER pp`.

    Raises:
        InputError: With the column where it goes wrong, and examples.

    >>> parse_gate("drop > 5pp")
    Gate(text='drop > 5pp', measure='privacy', points=5.0)
    >>> parse_gate("coverage drop > 2.5 pp").measure, parse_gate("violation@5 drop > 5pp").measure
    ('coverage', 'violation@5')
    """
    text = text[:200]
    tokens = [(match.start(match.lastgroup or 0), match) for match in _TOKEN.finditer(text)]
    position = 0

    def fail(expected: str) -> InputError:
        column, match = tokens[position] if position < len(tokens) else (len(text), None)
        found = f"found {match.group().strip()!r}" if match else "found nothing"
        return InputError(
            f"{expected} at column {column + 1} of {text!r}, {found}", where="--fail-if", remedy=_EXAMPLES
        )

    def take(group: str, *allowed: str) -> str | None:
        nonlocal position
        value = tokens[position][1][group] if position < len(tokens) else None
        if value is None or (allowed and value not in allowed):
            return None
        position += 1
        return value

    measure = "privacy"
    if not take("word", "drop"):
        word = tokens[0][1]["word"] if tokens else None
        named = take("word", *_MEASURES, *([word] if word and word.startswith("violation@") else []))
        if named is None:
            raise fail(
                f"expected 'drop' or a measure ({nearest(word, ['drop', *_MEASURES])})" if word else "expected 'drop'"
            )
        measure = named
        if not take("word", "drop"):
            raise fail("expected 'drop'")
    if not take("other", ">"):
        raise fail("expected '>'")
    number = take("number")
    if number is None:
        raise fail("expected a number of points")
    if not take("word", "pp"):
        raise fail("expected 'pp' (points)")
    if position < len(tokens):
        raise fail("expected the end")
    return Gate(text, measure, float(number))
