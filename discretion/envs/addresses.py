"""Who is meant: from what an agent writes (an address, a name, a handle, a channel) to an actor or channel."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from discretion.envs.search import fold
from discretion.envs.toolkit import ToolError, shown
from discretion.envs.world import World
from discretion.errors import nearest
from discretion.scenarios.cast import Channel, ChannelKind
from discretion.scenarios.flows import PUBLIC

__all__ = ["Audience", "audience", "channel_named", "is_address", "person", "recipients"]

_ADDRESS = re.compile(r"[^\s@<>,;\"]+@[^\s@<>,;\"]+\.[^\s@<>,;\"]+")
_LONGEST = 200
_BRACKETED = re.compile(r"<([^<>]*)>\s*$")


class Audience(NamedTuple):
    """The people behind some recipients: actor ids (`public` for anybody), and addresses of nobody in the cast."""

    actors: tuple[str, ...]
    outsiders: tuple[str, ...] = ()


def is_address(text: str) -> bool:
    """Tell whether a text is an e-mail address.

    >>> is_address("dana@example.org"), is_address("Dana")
    (True, False)
    """
    return len(text) <= _LONGEST and _ADDRESS.fullmatch(text) is not None


def recipients(
    world: World, named: Iterable[str], *, lists: tuple[ChannelKind, ...] = ("mail_list",)
) -> tuple[str, ...]:
    """Return the actor ids, list ids and outside addresses that an agent names, each once.

    Args:
        world: Where they are looked up.
        named: E-mail addresses, full names, handles, unique first names; names and addresses of lists.
        lists: The kinds of channels that may be meant beside people.

    Raises:
        ToolError: If a name belongs to nobody, or to several.
    """
    return tuple(dict.fromkeys(_recipient(world, text, lists=lists) for text in named))


def _recipient(world: World, text: str, *, lists: tuple[ChannelKind, ...] = ()) -> str:
    bracketed = _BRACKETED.search(text)
    address = (bracketed[1] if bracketed else text).strip().lower()
    key = fold(address)
    for channel in world.channels.values():
        if channel.kind in lists and key and key in (fold(channel.address), fold(channel.name)):
            return channel.id
    found = world.known_as.get(key) or world.known_as.get(key.removeprefix("@"), ())
    if len(found) == 1:
        return found[0]
    if found:
        several = ", ".join(map(world.label, found))
        raise ToolError(f"{shown(text)!r} fits several people: {several}", "use the e-mail address")
    if is_address(address):
        return address
    names = [actor.name for actor in world.cast.values() if actor.listed]
    raise ToolError(
        f"{shown(text)!r} is no valid address and no contact has that name",
        nearest(shown(text), names) if names else "use an e-mail address",
    )


def person(world: World, text: str) -> str:
    """Return the one actor whom an agent names.

    Raises:
        ToolError: If it is nobody in the cast, or several people.
    """
    found = _recipient(world, text)
    if found not in world.cast:
        raise ToolError(f"nobody here has the address {shown(text)!r}", "find_person searches the directory")
    return found


def channel_named(world: World, text: str, kinds: tuple[ChannelKind, ...]) -> Channel:
    """Return the channel that an agent names, with or without its `#`.

    Raises:
        ToolError: If there is none of that name among the kinds, or the user does not see it.
    """
    key = fold(text).strip().removeprefix("#")
    among = [channel for channel in world.channels.values() if channel.kind in kinds]
    for channel in among:
        if key and key in (fold(channel.name).removeprefix("#"), channel.id, fold(channel.address)):
            if not world.belongs(channel.id):
                raise ToolError(f"no permission: you are not a member of {channel.name}")
            return channel
    names = [channel.name for channel in among if world.belongs(channel.id)]
    hint = nearest(shown(text), names) if names else "there is none that you are a member of"
    raise ToolError(f"no channel is called {shown(text)!r}", hint)


def audience(world: World, refs: Iterable[str], *, without: str | None = None) -> Audience:
    """Expand recipients to the people who can see what is sent to them.

    Args:
        world: Who is behind each list and channel.
        refs: Actor ids, channel ids, outside addresses, `public`.
        without: The sender, who learns nothing.
    """
    actors: dict[str, None] = {}
    outsiders: dict[str, None] = {}
    expanded: set[str] = set()
    waiting = list(refs)[::-1]
    while waiting:
        ref = waiting.pop()
        if ref in world.cast or ref == PUBLIC:
            actors[ref] = None
        elif ref not in world.channels:
            outsiders[ref] = None
        elif ref not in expanded:
            expanded.add(ref)
            waiting += world.members(ref)[::-1]
    if outsiders:
        actors[PUBLIC] = None
    if without is not None:
        actors.pop(without, None)
    return Audience(tuple(actors), tuple(outsiders))
