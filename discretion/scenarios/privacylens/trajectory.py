"""Parses the text of a trajectory: `Action:`, `Action Input:` and `Observation:` blocks, as language models wrote them.

Nothing of the text is lost: every character but white space and the labels ends up in a step's `raw` or `observation`.
"""

from __future__ import annotations

import json
import re
from typing import Any, NamedTuple

__all__ = ["Step", "parse_trajectory", "repair_json"]

_ACTION = re.compile(
    r"""(?: ^ | (?<=\n) | (?<=[}\]"]) ) [ \t]*
        Action:\s* (?P<tool>["'`]?[A-Za-z_]\w*["'`]?) \s*
        (?= Action\ Input: | Observation: | \{ | $ )""",
    re.VERBOSE,
)
_INPUT = re.compile(r"\s*Action Input:\s*")
_OBSERVATION = re.compile(r"\s*Observation:")


class Step(NamedTuple):
    """One call of the past.

    Attributes:
        tool: The tool's name without stray quotes; empty for text that stands before the first action.
        args: The arguments; `None` where they cannot be read even after a repair.
        raw: The call as written, the tool's name and its input, without the labels.
        observation: What came back, as written.
        result: The observation as JSON, or `None`.
        faults: What is malformed, as (kind, detail).
    """

    tool: str
    args: dict[str, Any] | None
    raw: str
    observation: str
    result: Any
    faults: tuple[tuple[str, str], ...]


def parse_trajectory(text: str) -> tuple[Step, ...]:
    r"""Split a trajectory into its steps.

    Tolerates missing line breaks and spaces, escaped quotes, quotes around the tool's name, and an observation that
    begins on the line of the input.

    >>> step, = parse_trajectory('Action: Find"\nAction Input:{\\"n\\": 1}Observation: {"ok": true}')
    >>> step.tool, step.args, step.result, [kind for kind, _ in step.faults]
    ('Find', {'n': 1}, {'ok': True}, ['tool-name', 'input-repaired'])
    """
    starts = list(_ACTION.finditer(text))
    ends = [*(match.start() for match in starts[1:]), len(text)]
    steps: list[Step] = []
    before = text[: starts[0].start()] if starts else text
    if before.strip():
        steps.append(Step("", None, before.strip(), "", None, (("text-outside-steps", _clip(before)),)))
    for match, end in zip(starts, ends, strict=False):  # without a step there is an end all the same
        steps.append(_step(match["tool"], text[match.end() : end]))
    return tuple(steps)


def _step(tool: str, rest: str) -> Step:
    faults: list[tuple[str, str]] = []
    name = tool.strip("\"'`")
    if name != tool:
        faults.append(("tool-name", f"{tool} read as {name}"))
    label = _INPUT.match(rest)
    body = rest[label.end() :] if label else rest
    written, observation = _split(body)
    args, fault = _arguments(written)
    if fault:
        faults.append((fault, _clip(written)))
    result = _result(observation)
    if result is None:
        faults.append(("observation-not-json", _clip(observation) or "empty"))
    return Step(name, args, f"{tool}\n{written}".strip(), observation, result, tuple(faults))


def _split(body: str) -> tuple[str, str]:
    """Split a call's input from its observation; a label inside a JSON string does not count."""
    start = 0
    try:
        _, start = json.JSONDecoder().raw_decode(body)
    except (ValueError, RecursionError):
        start = 0
    label = _OBSERVATION.search(body, start)
    if label is None:
        return body.strip(), ""
    return body[: label.start()].strip(), body[label.end() :].strip()


def _arguments(written: str) -> tuple[dict[str, Any] | None, str]:
    """Read the arguments; say which fault they have."""
    for text, fault in ((written, ""), (repair_json(written), "input-repaired")):
        try:
            value = json.loads(text)
        except (ValueError, RecursionError):
            continue
        if isinstance(value, dict):
            return value, fault
    return None, "input-unreadable"


def repair_json(text: str) -> str:
    r"""Return JSON text without the escapes of quotes that a double encoding leaves.

    >>> repair_json('{\\"max_count\\": 10}')
    '{"max_count": 10}'
    """
    return text.replace('\\"', '"')


def _result(observation: str) -> Any:
    """Read an observation; of one that goes on after its JSON, the JSON."""
    try:
        return json.JSONDecoder().raw_decode(observation)[0]
    except (ValueError, RecursionError):
        return None


def _clip(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= 80 else flat[:77] + "..."
