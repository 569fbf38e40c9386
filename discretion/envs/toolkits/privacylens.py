"""What the toolkits of PrivacyLens' cases share: how they find things and people, and the arguments they take.

The toolkits themselves (`gmail`, `notion`, `messenger`, ...) bear the names, parameters and answers that the cases'
trajectories show, so that an agent that goes on from such a trajectory finds the services that it knows.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Annotated, Any, Final, TypeVar

from pydantic import BeforeValidator, Field, StringConstraints

from discretion.envs.addresses import is_address, recipients
from discretion.envs.search import fold, occurs
from discretion.envs.toolkit import ToolError, shown
from discretion.envs.world import World
from discretion.scenarios.cast import Actor
from discretion.scenarios.content import Item
from discretion.scenarios.privacylens.ids import bears
from discretion.scenarios.privacylens.items import ItemKind

__all__ = ["Addresses", "Count", "Keywords", "Names", "called", "chats", "contacts", "handle", "ranked", "the"]

_CHATS: Final = ("chat_channel", "mail_list")


def _joined(value: Any) -> Any:
    return ", ".join(map(str, value)) if isinstance(value, (list, tuple)) else value


def _split(value: Any) -> Any:
    if isinstance(value, str):
        if value.lstrip()[:1] == "[":
            try:
                return json.loads(value)
            except (ValueError, RecursionError):
                return (value,)
        return [part for part in map(str.strip, value.split(",")) if part]
    return value


Addresses = Annotated[str, StringConstraints(max_length=5_000), BeforeValidator(_joined)]
"""E-mail addresses with commas between them."""

Keywords = Annotated[str, StringConstraints(max_length=1_000), BeforeValidator(_joined)]
"""Words to search for, one text."""

Names = Annotated[
    tuple[Annotated[str, StringConstraints(max_length=500)], ...], Field(max_length=100), BeforeValidator(_split)
]
"""Several texts."""

Count = Annotated[int, Field(ge=1, le=100)]
"""How many at most."""

Found = TypeVar("Found", bound=Item)


def the(items: Mapping[str, Found], ref: str, kind: ItemKind, what: str) -> Found:
    """Return the item that bears an id, as the world writes it or as the trajectory wrote it.

    Raises:
        ToolError: If there is none.
    """
    for identifier, item in items.items():
        if bears(identifier, ref.strip(), kind):
            return item
    raise ToolError(f"NotFoundException: no {what} has the id {shown(ref)!r}")


def ranked(world: World, items: Iterable[Found], words: str, text: Callable[[Found], str], most: int) -> list[Found]:
    """Return items by how many of the words occur in them, as given where equal.

    These services search by relevance: what has none of the words comes last and is not left out, as in the cases'
    trajectories, where a search for `introduction` finds the user's notes on herself.
    """
    terms = {term.strip(".,;:!?\"'()") for term in fold(words).split()} - {""}
    return sorted(items, key=lambda item: -sum(occurs(term, world.folded(item, text)) for term in terms))[:most]


def handle(world: World, ref: str) -> str:
    """Return what a messenger calls somebody."""
    actor = world.cast.get(ref)
    return actor.handle or actor.name if actor else world.name(ref).removeprefix("@")


def contacts(world: World) -> list[Actor]:
    """Return everybody in the user's address books."""
    return [actor for actor in world.cast.values() if actor.listed and actor.id != world.user]


def chats(world: World, named: str) -> str:
    """Return the actor or chat that a recipient id, handle, name or channel means.

    Services' ids hold more than a name (`emily_4711`); it is enough that one person or chat fits.

    Raises:
        ToolError: If nobody fits, or several people do.
    """
    plain = named.strip().removeprefix("@") if not is_address(named.strip()) else named.strip()
    for channel in world.channels.values():
        if channel.kind == "chat_channel" and _bare(channel.name) == _bare(plain) != "":
            return channel.id
    try:
        found = recipients(world, [plain], lists=_CHATS)
    except ToolError as error:
        guess = called(world, plain)
        if guess is None:
            raise ToolError(f"InvalidRequestException: {error.error}", error.hint) from None
        return guess
    if found and (found[0] in world.cast or found[0] in world.channels):
        return found[0]
    guess = called(world, plain.partition("@")[0])
    if guess is None:
        raise ToolError(f"InvalidRequestException: nobody here is called {shown(named)!r}")
    return guess


def called(world: World, written: str) -> str | None:
    """Return whom a handle spells (`dave_thompson_857`, `harold.smith`), where exactly one person fits."""
    plain = fold(written).strip()
    words = [word for word in _words(plain) if not word.isdigit()]
    people = [actor for actor in world.cast.values() if actor.kind == "person" and words]
    for fits in (
        [actor for actor in people if plain == fold(actor.email).partition("@")[0]],
        [
            actor
            for actor in people
            if fold(actor.first) == words[0] and (not words[1:] or fold(actor.last) in words[1:])
        ],
        [actor for actor in people if _words(actor.name) == words[:1]],
        [actor for actor in people if fold(actor.first) == words[0]],
        [actor for actor in people if _words(actor.name)[-1:] == words[-1:]],
    ):
        if len(fits) == 1:
            return fits[0].id
    return None


def _bare(text: str) -> str:
    return "".join(letter for letter in fold(text) if letter.isalnum())


def _words(text: str) -> list[str]:
    spaced = "".join(letter if letter.isalnum() else " " for letter in fold(text))
    return spaced.split()
