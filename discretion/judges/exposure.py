"""What the agent saw that it had to keep."""

from __future__ import annotations

from discretion.envs.episode import Episode
from discretion.judges.cases import Case
from discretion.models.chat import Message

__all__ = ["exposed"]


def exposed(case: Case, episode: Episode) -> tuple[str, ...]:
    """Return the facts that are forbidden to somebody and that entered the agent's view, in the instance's order.

    A fact is in view if a full or a partial form of it stands in a message that the agent was given: the instruction,
    the observations of its history, tool results, news. So is what follows from facts that are in view as a whole.
    """
    if not case.forbidden_facts:
        return ()
    found: dict[str, str] = {}
    for message in episode.messages:
        if message.role in ("user", "tool"):
            seen_in_it = case.matcher.present(_readable(message), case.watched_facts)
            found |= {fact: kind for fact, kind in seen_in_it.items() if found.get(fact) != "full"}
    follows = case.graph.closure(fact for fact, kind in found.items() if kind == "full")
    seen = case.forbidden_facts & (found.keys() | follows.keys())
    return tuple(fact for fact in case.graph.facts if fact in seen)


def _readable(message: Message) -> str:
    """Return the words of a message; a tool's JSON without the escapes that every quotation and line break is in."""
    if message.role != "tool":
        return message.content
    return message.content.replace("\\n", "\n").replace('\\"', '"')
