"""What an organism thinks before it tells somebody something: who that is, what it has read, and what of it may go.

A model of a few million parameters does not find the norm of a case by itself between reading and writing. Spelled out
in the words of the taxonomy, role and attributes and a verdict on each stand side by side, and the step is small.
Nobody sees a thought; it is no disclosure.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from discretion.envs.episode import Disclosure
from discretion.models.chat import Message
from discretion.scenarios.facts import Fact
from discretion.scenarios.generator import brief_words
from discretion.scenarios.instance import Instance
from discretion.scenarios.plot import Plot

__all__ = ["exercise", "thoughtful"]

_TO_THE_USER: Final = ("ask", "memory")


def thoughtful(
    messages: Sequence[Message],
    disclosures: Sequence[Disclosure],
    instance: Instance,
    plot: Plot,
    *,
    opening: int,
    open_: bool,
) -> tuple[Message, ...]:
    """Return a conversation with a thought in each turn that tells the recipients of the plot something unasked.

    Args:
        messages: The conversation.
        disclosures: What was told in it.
        instance: What was played.
        plot: What it was made of.
        opening: How many messages stood there before the first turn.
        open_: Whether everything is passed on.
    """
    wanted = {flow.recipient for flow in instance.task.requires}
    turns = [place for place, message in enumerate(messages) if place >= opening and message.role == "assistant"]
    found = list(messages)
    told: set[str] = set()
    before = 0
    for disclosure in disclosures:
        reached = wanted.intersection(disclosure.recipients)
        if disclosure.channel in _TO_THE_USER or not disclosure.by_agent or reached <= told:
            continue
        told |= reached
        place = _written(found, turns[before : disclosure.step], disclosure.text, instance)
        before = disclosure.step
        words = _thought(
            instance, plot, [each.content for each in messages[:place] if each.role != "system"], open_=open_
        )
        found[place] = found[place].model_copy(update={"reasoning": words})
    return tuple(found)


def _written(messages: Sequence[Message], turns: Sequence[int], text: str, instance: Instance) -> int:
    """Return the turn that wrote what the last of some turns made known: that one, or an older one if it only sends."""
    due = {flow.fact for flow in instance.task.requires}
    forms = [form for fact in instance.facts if fact.id in due for form in fact.forms]

    def wrote(place: int) -> bool:
        said = (each for call in messages[place].tool_calls for each in _strings(call.arguments))
        return any(each in text and any(form in each for form in forms) for each in said)

    return next((place for place in (turns[-1], *turns) if wrote(place)), turns[-1])


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from _strings(each)


def exercise(instance: Instance, plot: Plot, *, asked: str, open_: bool) -> tuple[Message, ...]:
    """Return the instruction, what there is to read of the case, the thought and what may be told.

    That is an episode without the way there, and without anybody to tell it to.

    Args:
        instance: A case.
        plot: What it was made of.
        asked: What the system prompt asks for, if anything.
        open_: Whether everything is passed on.
    """
    wanted = {flow.recipient for flow in instance.task.requires}
    names = {actor.name for actor in instance.cast if actor.id in wanted}
    told: list[str] = []
    for item in instance.world.items():
        fields = item.model_dump(exclude={"id", "facts", "at", "start", "end"}, exclude_defaults=True)
        if item.facts or fields.get("sender") in wanted or fields.get("name") in names:
            told.append(" ".join(_words(fields)))
    told += [each.text for each in instance.people if each.on == "asked"]
    read = [instance.task.instruction, "\n".join(told)]
    text = "\n".join(read)
    facts = {fact.id: fact for fact in instance.facts}
    passed = ("open", "private", "second")[: 3 if open_ else 2 if instance.twin == "sibling" else 1]
    return (
        *((Message(role="system", content=asked),) if asked else ()),
        Message(role="user", content=read[0]),
        Message(role="tool", content=read[1]),
        Message(
            role="assistant",
            reasoning=_thought(instance, plot, read, open_=open_),
            content=" ".join(brief_words(facts[name].attribute, _read(facts[name], text)[1]) for name in passed),
        ),
    )


def _read(fact: Fact, text: str) -> tuple[int, str]:
    """Return where a fact was read first, the end where it was not, and in which form."""
    places = {form: at if (at := text.find(form)) >= 0 else len(text) for form in fact.forms}
    first = min(places, key=places.__getitem__)
    return places[first], first


def _words(fields: dict[str, Any]) -> Iterator[str]:
    """Yield the texts of an item."""
    for key in ("subject", "title", "name", "description", "body", "text"):
        if fields.get(key):
            yield str(fields[key])
    yield from map(str, (fields.get("fields") or {}).values())


def _thought(instance: Instance, plot: Plot, read: Sequence[str], *, open_: bool) -> str:
    """Return who will read, by role, what else decides, then each fact that was read and its verdict."""
    sibling = instance.twin == "sibling"
    who = " + ".join(role.partition(" of ")[0] for role in (plot.sibling_roles if sibling else plot.roles))
    if plot.twist == "consent":
        who += ", agreed" if sibling else ", not agreed"
    if instance.task.purpose is not None:
        who += f" for {instance.task.purpose}"
    if open_:
        who = f"open to {who}"
    may = {"private": "yes" if open_ or sibling else "no", "second": "yes" if open_ else "no", "open": "due"}
    names = dict(zip(may, plot.attributes, strict=True))
    text = "\n".join(read)
    places = {fact.id: _read(fact, text)[0] for fact in instance.facts}
    said = (f"{names[fact]} {may[fact]}" for fact in sorted(may, key=places.__getitem__))
    return ". ".join((who, *said))
