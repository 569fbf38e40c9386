"""Values that no model knows by heart, so that a tiny one has to copy what it reads."""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from discretion.models.chat import Message
from discretion.scenarios.instance import Instance

__all__ = ["alterations", "altered", "copied"]

_COPIED: Final = ("query", "title", "feed", "channel", "stage", "visibility")
_WORD: Final = re.compile(r"[^\W\d_]{4,}")
_VOWELS: Final = "aeiou"
_CONSONANTS: Final = "bcdfghklmnprstvz"
_CALENDAR: Final = (
    ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
    (
        *("January", "February", "March", "April", "May", "June", "July"),
        *("August", "September", "October", "November", "December"),
    ),
)


def alterations(forms: Iterable[str], rng: random.Random) -> dict[str, str]:
    """Return form -> the same with other digits, other days and months, and words misspelt.

    >>> alterations(["Saturday 4 July", "valproate"], random.Random(1))
    {'Saturday 4 July': 'Tuesday 1 October', 'valproate': 'volpzoate'}
    """
    return {form: _other(form, rng) for form in sorted(set(forms)) if form.strip()}


def copied(instance: Instance) -> set[str]:
    """Return what a plan copies from the instruction, names of people apart: a feed, a stage, an entry's title."""
    names = {part.lower() for actor in instance.cast for part in (actor.name, actor.first, actor.last)}
    return {
        value
        for step in instance.task.plan
        for key, value in _texts(step.args)
        if key in _COPIED and value in instance.task.instruction and value.lower() not in names
    }


def altered(messages: Sequence[Message], changes: Mapping[str, str]) -> tuple[Message, ...]:
    """Return a conversation in which every form is written otherwise, wherever it stands."""
    if not changes:
        return tuple(messages)
    longest = sorted(changes, key=len, reverse=True)
    found = re.compile("|".join(rf"(?<!\w){re.escape(form)}(?!\w)" for form in longest))

    def write(value: Any) -> Any:
        if isinstance(value, str):
            return found.sub(lambda match: changes[match[0]], value)
        if isinstance(value, dict):
            return {key: write(each) for key, each in value.items()}
        return [write(each) for each in value] if isinstance(value, list) else value

    return tuple(
        message.model_copy(
            update={
                "content": write(message.content),
                "tool_calls": tuple(
                    call.model_copy(update={"arguments": write(dict(call.arguments))}) for call in message.tool_calls
                ),
            }
        )
        for message in messages
    )


def _texts(arguments: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the keys and texts of arguments, of those inside others too."""
    for key, value in arguments.items():
        if isinstance(value, str):
            yield key, value
        elif isinstance(value, Mapping):
            yield from _texts(value)


def _other(form: str, rng: random.Random) -> str:
    text = _WORD.sub(lambda match: _word(match[0], rng), form)
    return "".join(str(rng.randrange(10)) if letter.isdigit() else letter for letter in text)


def _word(word: str, rng: random.Random) -> str:
    for names in _CALENDAR:
        if word in names:
            return rng.choice(names)
    letters = list(word)
    for at in rng.sample(range(len(letters)), max(1, len(letters) // 4)):
        letter = letters[at].lower()
        kind = next((kind for kind in (_VOWELS, _CONSONANTS) if letter in kind), None)
        if kind is not None:
            other = rng.choice(kind)
            letters[at] = other.upper() if letters[at].isupper() else other
    return "".join(letters)
