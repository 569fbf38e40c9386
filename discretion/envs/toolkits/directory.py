"""The directory of people and organisations."""

from __future__ import annotations

from discretion.envs.arguments import Words
from discretion.envs.search import find, parse_query
from discretion.envs.toolkit import Result, tool
from discretion.envs.world import World
from discretion.scenarios.cast import Actor


@tool("read")
def find_person(world: World, query: Words) -> Result:
    """Look up people and organisations in the directory.

    Args:
        query: Words of the name, title, firm, e-mail address or handle.
    """
    found = find(_listed(world), parse_query(query), lambda actor: world.folded(actor, _text))
    return {"total": len(found), "people": [_entry(actor, phone=True) for actor in found]}


@tool("read")
def list_people(world: World) -> Result:
    """List everybody in the directory."""
    return {"people": [_entry(actor, phone=False) for actor in _listed(world)]}


def _listed(world: World) -> list[Actor]:
    return [actor for actor in world.cast.values() if actor.listed]


def _text(actor: Actor) -> str:
    return "\n".join((actor.name, actor.title, actor.firm, actor.email, actor.handle))


def _entry(actor: Actor, *, phone: bool) -> dict[str, str]:
    entry = {
        "name": actor.name,
        "title": actor.title,
        "firm": actor.firm,
        "email": actor.email,
        "handle": actor.handle,
        "phone": actor.phone if phone else "",
    }
    return {key: value for key, value in entry.items() if value}
