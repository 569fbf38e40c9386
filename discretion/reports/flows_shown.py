"""What a picture of an instance's flows says: for every fact, who knows it, and what the norms make of telling whom."""

from __future__ import annotations

from typing import Final, NamedTuple

from discretion.scenarios.cast import Actor, ChannelKind
from discretion.scenarios.changes import VerdictChange, verdict_changes
from discretion.scenarios.flowgraph import FlowGraph, Pair
from discretion.scenarios.flows import PUBLIC, Verdict, VerdictKind, parse_role
from discretion.scenarios.instance import Instance
from discretion.scenarios.task import Behaviour

__all__ = ["Arrow", "Conclusion", "Person", "ShownChannel", "ShownFact", "ShownFlows", "event_words", "flows_shown"]

_ORDER: Final[tuple[VerdictKind, ...]] = ("required", "forbidden", "permitted", "unregulated")

_KINDS: Final[dict[ChannelKind, str]] = {
    "mail_list": "mailing list",
    "chat_channel": "chat",
    "calendar": "calendar",
    "crm": "CRM",
    "notebook": "notebook",
    "feed": "feed",
}


class Person(NamedTuple):
    """Somebody as a picture names them: a name, and the roles in plain words."""

    name: str
    roles: str


class Arrow(NamedTuple):
    """A fact to some people, all for the same reason.

    Attributes:
        verdict: As things stand at the start.
        norm: What gave it: a norm, the task, or nothing.
        people: To whom.
        event: What changes the verdict, in words; empty where nothing does.
        later: The verdict after that.
        later_norm: What gives that one.
    """

    verdict: VerdictKind
    norm: str
    people: tuple[Person, ...]
    event: str = ""
    later: VerdictKind = "unregulated"
    later_norm: str = ""


class Conclusion(NamedTuple):
    """An implication: places of the given facts and of what follows, in the order in which the facts are shown."""

    given: tuple[int, ...]
    then: int
    why: str


class ShownFact(NamedTuple):
    """A fact with all its flows; `twin` says in words what its twin does otherwise, where it does."""

    id: str
    attribute: str
    statement: str
    twin: str
    known_to: tuple[Person, ...]
    arrows: tuple[Arrow, ...]


class ShownChannel(NamedTuple):
    """Something that several people see."""

    name: str
    kind: str
    members: tuple[Person, ...]


class ShownFlows(NamedTuple):
    """Everything that the picture says."""

    title: str
    subtitle: str
    facts: tuple[ShownFact, ...]
    conclusions: tuple[Conclusion, ...]
    channels: tuple[ShownChannel, ...]


def flows_shown(instance: Instance) -> ShownFlows:
    """Return what a picture of an instance, or of one of its sessions, says.

    Args:
        instance: The instance; the user is the sender.
    """
    graph = FlowGraph(instance)
    changes: dict[Pair, VerdictChange] = {}
    for change in verdict_changes(graph):
        changes.setdefault(change.pair, change)
    facts = tuple(
        ShownFact(
            fact.id,
            fact.attribute,
            fact.statement,
            _twin(graph, fact.id),
            tuple(_person(graph, actor) for actor in graph.actors if graph.knows(fact.id, actor)),
            _arrows(graph, fact.id, {pair.recipient: each for pair, each in changes.items() if pair.fact == fact.id}),
        )
        for fact in instance.facts
    )
    places = {fact.id: place for place, fact in enumerate(facts)}
    user = graph.actors[instance.user]
    return ShownFlows(
        title=instance.title,
        subtitle=f"The assistant acts for {user.name} and writes in that name.   {instance.id}, {instance.date}",
        facts=facts,
        conclusions=tuple(
            Conclusion(tuple(places[given] for given in each.given), places[each.then], each.why)
            for each in graph.implications
        ),
        channels=tuple(
            ShownChannel(
                channel.name, _KINDS[channel.kind], tuple(_person(graph, member) for member in channel.members)
            )
            for channel in instance.channels
        ),
    )


def _twin(graph: FlowGraph, fact: str) -> str:
    if fact != graph.instance.twin_fact:
        return ""
    told = any(flow.fact == fact for flow in graph.instance.task.requires)
    return "told here, withheld in the twin" if told else "withheld here, told in the twin"


def _arrows(graph: FlowGraph, fact: str, changes: dict[str, VerdictChange]) -> tuple[Arrow, ...]:
    """Group the people who do not know a fact by what holds for them, the strictest first."""
    groups: dict[Arrow, list[Person]] = {}
    for actor in graph.actors:
        if graph.knows(fact, actor):
            continue
        verdict = graph.verdict(fact, actor)
        key = Arrow(verdict.kind, _norm(verdict), ())
        if change := changes.get(actor):
            event = event_words(change.behaviour, graph)
            key = key._replace(event=event, later=change.after.kind, later_norm=_norm(change.after))
        groups.setdefault(key, []).append(_person(graph, actor))
    merged = [key._replace(people=tuple(people)) for key, people in groups.items()]
    return tuple(sorted(merged, key=lambda arrow: (_ORDER.index(arrow.verdict), bool(arrow.event))))


def _norm(verdict: Verdict) -> str:
    return "the task asks for it" if verdict.norm == "task" else verdict.norm or "no norm speaks of this"


def event_words(behaviour: Behaviour, graph: FlowGraph) -> str:
    """Return what happens when a behaviour grants or revokes something: `once Lena Roth consents`."""
    who = graph.actors[behaviour.actor].name
    words = {
        "consent": "consents",
        "confidentiality": "asks for confidence",
        "purpose": "says what it is for",
        "duty": "names a duty",
    }
    ends = {
        "consent": "takes the consent back",
        "confidentiality": "lifts the confidence",
        "purpose": "drops the purpose",
        "duty": "lifts the duty",
    }
    said = [
        f"{words[each.kind]}: {each.purpose}" if each.purpose else words[each.kind] for each in behaviour.grants
    ] or [ends[kind] for kind in behaviour.revokes]
    return f"once {who} {' and '.join(dict.fromkeys(said))}"


def _person(graph: FlowGraph, actor: str) -> Person:
    who = graph.actors[actor]
    if actor == PUBLIC:
        return Person("anyone else", "the public")
    return Person(who.name, _roles(who, graph))


def _roles(who: Actor, graph: FlowGraph) -> str:
    """Return at most two roles in plain words; whose, only where it is not the user's."""
    shown: list[str] = []
    for text in who.roles:
        role = parse_role(text)
        word = role.name.replace("_", " ")
        whose = graph.actors.get(role.of or "")
        if whose is not None and whose.id != graph.instance.user:
            word = f"{whose.first or whose.name}'s {word}"
        shown.append(word)
    if who.id == graph.instance.user:
        shown.append("the agent's user")
    return ", ".join(list(dict.fromkeys(shown))[-2:])
