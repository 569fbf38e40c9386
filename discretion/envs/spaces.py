"""Gymnasium spaces of text and tool calls.

`gymnasium.spaces.Text` holds only the characters of its charset; what agents and mails say is any text at all.
"""

from __future__ import annotations

import json
import random
import string
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

import numpy as np
from gymnasium import spaces

from discretion.envs.world import World
from discretion.models.chat import ToolSpec

__all__ = ["AnyText", "ToolCalls"]

_SAMPLED: Final = 60
"""Characters that a sampled text has at most; members may be longer."""

_NAMES: Final = 200
_ARGUMENTS: Final = 100_000
_WORDS: Final = ("please", "meeting", "update", "from:a", '"two words"', "*", "Grüße", "", "\u202e", "{x}", "%s")
_ADDRESSED: Final = ("to", "cc", "bcc", "person", "people", "attendees", "sender", "shared_with")
_USUAL: Final[dict[str, Sequence[str]]] = {
    "kind": ("account", "contact", "deal", "note", ""),
    "folder": ("inbox", "sent", "drafts", "archive", ""),
    "stage": ("proposal", "won", "sold"),
}
_NEAR_VALID: Final = 0.3
"""How often a sampled call is spoilt."""


class AnyText(spaces.Text):
    """Any text up to a length. Samples are short and printable.

    Args:
        max_length: Characters at most.
        seed: For sampling.
    """

    def __init__(self, max_length: int, *, seed: int | np.random.Generator | None = None) -> None:
        super().__init__(max_length, min_length=0, charset=string.printable, seed=seed)

    def contains(self, x: Any) -> bool:
        """Tell whether something is a text that is not too long."""
        return isinstance(x, str) and len(x) <= self.max_length

    def sample(self, mask: Any = None, probability: Any = None) -> str:
        """Return a short printable text, of at most 60 characters unless a length is asked for."""
        if mask is not None or probability is not None:
            return super().sample(mask, probability)
        rng = _derived(self.np_random)
        return "".join(rng.choices(self.character_list, k=rng.randint(0, min(self.max_length, _SAMPLED))))

    def __repr__(self) -> str:
        return f"AnyText({self.max_length})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, AnyText) and self.max_length == other.max_length

    __hash__ = None  # type: ignore[assignment]  # spaces are compared by value and can be changed


class ToolCalls(spaces.Sequence):
    """Sequences of tool calls: a name and the JSON text of the arguments.

    Every text is a member, because whatever an agent writes is answered. Samples follow the schemas of the tools, with
    ids, people and dates of the world at hand; some are spoilt: a field missing, unknown or of the wrong type, an
    unknown tool, broken JSON.

    Args:
        specs: The tools that are sampled.
        seed: For sampling.
    """

    def __init__(self, specs: Sequence[ToolSpec], *, seed: int | np.random.Generator | None = None) -> None:
        call = spaces.Dict({"name": AnyText(_NAMES), "arguments": AnyText(_ARGUMENTS)})
        super().__init__(call, seed=seed)
        self.specs = tuple(specs)
        self._offered = self.specs
        self._pools: dict[str, Sequence[str]] = {}

    def look_at(self, world: World, specs: Sequence[ToolSpec] | None = None) -> None:
        """Take ids, people, channels and dates from a world for the samples to come, and the tools offered in it."""
        drafts = [mail.id for mail in world.mail.values() if mail.folder == "drafts"]
        people = [name for actor in world.cast.values() for name in (actor.email, actor.name, actor.first) if name]
        people += [channel.address for channel in world.channels.values() if channel.address]
        chats = [channel.name for channel in world.channels.values() if channel.kind == "chat_channel"]
        feeds = [channel.name for channel in world.channels.values() if channel.kind == "feed"]
        accounts = [record.name for record in world.crm.values() if record.kind == "account"]
        days = [(world.clock + timedelta(days=day)).isoformat(timespec="minutes") for day in range(-2, 4)]
        pools: dict[str, Sequence[str]] = {
            "mail_id": list(world.mail),
            "draft_id": drafts,
            "event_id": list(world.events),
            "record_id": list(world.crm),
            "note_id": list(world.notes),
            "memory_id": list(world.memory),
            "channel": chats,
            "feed": feeds,
            "account": ["", *accounts],
            "visibility": ["team", "private", *chats],
            "start": days[:3],
            "end": days[3:],
            "from_date": days[:3],
            "to_date": days[3:],
        }
        self._pools = {**pools, **dict.fromkeys(_ADDRESSED, (*people, "nobody@example.invalid"))}
        self._offered = self.specs if specs is None else tuple(specs)

    def sample(self, mask: Any = None, probability: Any = None) -> tuple[dict[str, str], ...]:
        """Return a sampled turn: mostly one call, sometimes several, seldom none. Masks do not apply to it."""
        rng = _derived(self.np_random)
        number = rng.choices((0, 1, 2, 3), weights=(1, 14, 3, 2))[0]
        return tuple(self._call(rng) for _ in range(number))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ToolCalls) and self.specs == other.specs

    __hash__ = None  # type: ignore[assignment]  # as above

    def __repr__(self) -> str:
        return f"ToolCalls({len(self.specs)} tools)"

    # -- samples -------------------------------------------------------------------------------------------------

    def _call(self, rng: random.Random) -> dict[str, str]:
        spec = rng.choice(self._offered)
        schemas: Mapping[str, Any] = spec.parameters["properties"]
        required = spec.parameters["required"]
        given = [name for name in schemas if name in required or rng.random() < 0.4]
        arguments = {name: self._value(rng, name, schemas[name]) for name in given}
        name, text = spec.name, ""
        if rng.random() < _NEAR_VALID:
            name, text = rng.choice(_SPOILERS)(rng, name, arguments)
        return {"name": name, "arguments": text or json.dumps(arguments, ensure_ascii=False)}

    def _value(self, rng: random.Random, name: str, schema: Mapping[str, Any]) -> Any:
        kind = schema.get("type", "string")
        if kind == "integer":
            return rng.randint(1, 30)
        if kind == "number":
            return rng.uniform(0, 100)
        if kind == "boolean":
            return rng.random() < 0.5
        if kind == "array":
            return [self._value(rng, name, schema.get("items", {})) for _ in range(rng.randint(0, 3))]
        if kind == "object":
            fields = [rng.choice(("stage", "amount", "name", "phone", "id")) for _ in range(2)]
            return {field: self._text(rng, field) for field in fields}
        return rng.choice(schema["enum"]) if "enum" in schema else self._text(rng, name)

    def _text(self, rng: random.Random, name: str) -> str:
        """A text for an argument of that name: mostly from the world at hand, now and then anything."""
        if rng.random() < 0.1 and self._pools:
            name = rng.choice(list(self._pools))
        return rng.choice(_USUAL.get(name) or self._pools.get(name) or _WORDS)


def _derived(generator: np.random.Generator) -> random.Random:
    """A generator of Python's own, which draws single things much faster, seeded by that of a space."""
    return random.Random(int(generator.integers(2**63)))


Spoiler = Callable[[random.Random, str, dict[str, Any]], tuple[str, str]]


def _drop(rng: random.Random, name: str, arguments: dict[str, Any]) -> tuple[str, str]:
    if arguments:
        arguments.pop(rng.choice(list(arguments)))
    return name, ""


def _mistype(rng: random.Random, name: str, arguments: dict[str, Any]) -> tuple[str, str]:
    if arguments:
        arguments[rng.choice(list(arguments))] = rng.choice((None, 7, [[]], {"a": 1}, True, 1.5, float("nan")))
    return name, ""


def _add(rng: random.Random, name: str, arguments: dict[str, Any]) -> tuple[str, str]:
    arguments[rng.choice(("importance", "mailid", "", "\ud800"))] = rng.choice(("high", 1))
    return name, ""


def _rename(rng: random.Random, name: str, arguments: dict[str, Any]) -> tuple[str, str]:
    return rng.choice((name.upper(), f"{name}s", name.replace("_", ""), "", "delete_everything")), ""


def _break(rng: random.Random, name: str, arguments: dict[str, Any]) -> tuple[str, str]:
    text = json.dumps(arguments)
    return name, rng.choice((text[:-1], f"[{text}]", "null", f"{text}}}", "{'to': 1}", '{"a":' * 2_000))


_SPOILERS: Final[tuple[Spoiler, ...]] = (_drop, _mistype, _add, _rename, _break)
