"""What a model that plays somebody decides: options out of the scenario's behaviours, and a strict reading.

A principle comes into force only with a behaviour of the scenario, and then in the scenario's own words, so that what
was said and what is in force cannot part ways. In words of their own people neither permit nor forbid anything.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from discretion.envs.people import Moment
from discretion.models.toolcalls import read_json
from discretion.scenarios.facts import Fact
from discretion.scenarios.task import Behaviour

__all__ = ["OWN_WORDS", "SILENT", "Decision", "Option", "UnreadableError", "options_of", "read_decision", "schema_of"]

SILENT: Final = "silent"
OWN_WORDS: Final = "own"
LONGEST: Final = 4000
"""Characters of what somebody says at once."""

_HELD: Final = 600  # what a model is held to, so that a small one comes to an end

_FENCE: Final = re.compile(r"\A```(?:json)?\s*\n(?P<inside>.*)\n```\Z", re.DOTALL)


class Option(NamedTuple):
    """Something that the person may do.

    Attributes:
        key: What the model calls it.
        about: What it is, told to the model.
        number: Of the behaviour; `None` for silence and own words.
        fixed: Whether it is said in the scenario's words, whatever the model writes.
    """

    key: str
    about: str
    number: int | None = None
    fixed: bool = False


class Decision(NamedTuple):
    """What was decided: an option, and the words that go with it."""

    option: Option
    text: str


class UnreadableError(ValueError):
    """A reply that is no decision; the message says why, for the model and for people."""


def options_of(
    moment: Moment, behaviours: Mapping[int, Behaviour], facts: Mapping[str, Fact], name: Callable[[str], str]
) -> list[Option]:
    """Return what somebody may do in a moment.

    Args:
        moment: The moment.
        behaviours: What the state of the world allows, by number.
        facts: Of the instance, by id.
        name: Gives what people call an actor, a channel or an outsider.
    """
    options = [Option(SILENT, "say and do nothing")]
    for place, (number, behaviour) in enumerate(behaviours.items(), start=1):
        fixed = bool(behaviour.grants or behaviour.revokes)
        options.append(Option(str(place), _told(behaviour, facts, name, fixed=fixed), number, fixed))
    if moment.on != "turn":
        options.append(Option(OWN_WORDS, "answer in your own words; that gives no permission, and takes none away"))
    return options


def _told(behaviour: Behaviour, facts: Mapping[str, Fact], name: Callable[[str], str], *, fixed: bool) -> str:
    parts = []
    if behaviour.about:
        about = "; ".join(facts[fact].statement for fact in behaviour.about)
        parts.append(f"only if what you read or are asked concerns this: {about}")
    to = ", ".join(map(name, behaviour.to))
    does = {"reply": "answer", "forward": f"pass on what reached you to {to}", "post": f"write to {to}"}[behaviour.do]
    how = "in exactly these words" if fixed else "to this effect"
    parts.append(f"{does}, {how}: {behaviour.text}" if behaviour.text else does)
    if fixed:
        parts.append("this decides what others may do with what they know")
    return "; ".join(parts)


def schema_of(options: Sequence[Option]) -> dict[str, Any]:
    """Return the JSON schema of a decision, for models that can be held to one."""
    return {
        "type": "object",
        "properties": {
            "do": {"type": "string", "enum": [option.key for option in options]},
            "text": {"type": "string", "maxLength": _HELD},
        },
        "required": ["do", "text"],
        "additionalProperties": False,
    }


def read_decision(reply: str, options: Sequence[Option]) -> Decision:
    """Read a model's reply: one JSON object, `{"do": OPTION, "text": WORDS}`, and nothing beside it.

    Args:
        reply: As the model wrote it; a fence around the whole is taken off.
        options: What was offered.

    Raises:
        UnreadableError: If it is anything else.

    >>> read_decision('{"do": "silent", "text": ""}', [Option(SILENT, "")]).option.key
    'silent'
    """
    reply = reply.strip()
    fenced = _FENCE.match(reply)
    try:
        value = read_json(fenced["inside"] if fenced else reply)
    except ValueError as error:
        raise UnreadableError(str(error)) from None
    if not isinstance(value, dict) or set(value) - {"do", "text"} or "do" not in value:
        raise UnreadableError("it is no JSON object with 'do' and 'text'")
    chosen, text = value["do"], value.get("text", "")
    option = next((one for one in options if one.key == chosen), None)
    if option is None:
        raise UnreadableError(f"'do' is none of {', '.join(one.key for one in options)}")
    if not isinstance(text, str):
        raise UnreadableError("'text' is no string")
    if len(text) > LONGEST:
        raise UnreadableError(f"'text' has {len(text)} characters; at most {LONGEST} are taken")
    if option.key == OWN_WORDS and not text.strip():
        raise UnreadableError("'text' is empty, and own words need words")
    return Decision(option, text.strip())
