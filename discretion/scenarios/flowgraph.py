"""The flow graph: who knows what, what implies what, who sees a channel, and the verdict on every flow.

Verdicts and closures are computed from plain data, because a judge asks for them thousands of times a second;
`FlowGraph.network` gives the same as a NetworkX multigraph, for analysis and drawing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, NamedTuple

from discretion.scenarios.cast import PUBLIC_ACTOR, Actor
from discretion.scenarios.facts import Fact, Implication
from discretion.scenarios.flows import PUBLIC, Norm, Principle, Verdict, parse_role
from discretion.scenarios.identity import Same
from discretion.scenarios.taxonomy import attribute_matches

if TYPE_CHECKING:
    import networkx as nx

    from discretion.scenarios.instance import Instance

__all__ = ["FlowGraph", "Pair", "starting_principles"]

_STRICTNESS = {"forbidden": 2, "required": 1, "permitted": 0}


class Pair(NamedTuple):
    """A fact and somebody it may reach."""

    fact: str
    recipient: str


def starting_principles(instance: Instance) -> tuple[Principle, ...]:
    """Return the principles in force before anything happens: the scenario's, and the purpose that the task states."""
    if instance.task.purpose is None:
        return instance.principles
    return (*instance.principles, Principle(kind="purpose", purpose=instance.task.purpose))


class FlowGraph:
    """Facts, actors and channels of an instance, and what the norms say of every flow between them.

    Args:
        instance: Whose flows.

    Which norm decides: among those that match the flow, one whose principle is in force and covers the flow goes
    before one without; then the more specific wins, dimension by dimension (sender, recipient, subject, attribute).
    Where equally specific norms disagree, the strictest stands and the verdict carries the conflict, which the linter
    reports. A flow that the task requires is `required` unless a norm forbids it.
    """

    def __init__(self, instance: Instance) -> None:
        self.instance = instance
        self.actors: dict[str, Actor] = {**instance.actors, PUBLIC: PUBLIC_ACTOR}
        self.facts: dict[str, Fact] = instance.facts_by_id
        self.principles = starting_principles(instance)
        self._roles = {key: tuple(parse_role(role) for role in actor.roles) for key, actor in self.actors.items()}
        self._task = {(flow.fact, flow.recipient): flow for flow in instance.task.requires}
        self._on: dict[str, tuple[Norm, ...]] = {}
        self._decided = _decided(
            instance.norms,
            tuple((actor.id, actor.roles) for actor in instance.cast),
            tuple((fact.id, fact.subject, fact.attribute, fact.coarsens) for fact in instance.facts),
        )
        self._asked = (self.principles, self._decided.setdefault(self.principles, {}))

    @classmethod
    def of(cls, instance: Instance) -> FlowGraph:
        """Return the flow graph of an instance; the same one for the same instance object as long as it is kept."""
        return _graph_of(Same(instance))

    # -- who knows what ------------------------------------------------------------------------------------------

    def knows(self, fact: str, actor: str) -> bool:
        """Tell whether the actor knows the fact before the episode, directly or by implication."""
        return fact in self.knowledge[actor]

    @cached_property
    def knowledge(self) -> dict[str, frozenset[str]]:
        """Actor -> the facts that they know before the episode, closed under implication."""
        held: dict[str, set[str]] = {actor: set() for actor in self.actors}
        for fact in self.facts.values():
            for actor in fact.known_to:
                held[actor].add(fact.id)
            if not fact.unknown_to_subject:
                held[fact.subject].add(fact.id)
        return {actor: frozenset(self.closure(facts)) if facts else frozenset() for actor, facts in held.items()}

    @cached_property
    def implications(self) -> tuple[Implication, ...]:
        """The scenario's implications, and the built-in ones: a fact gives away its coarser version and existence."""
        built_in = [
            Implication(given=(source,), then=fact.id, why=why)
            for fact in self.facts.values()
            for source, why in ((fact.coarsens, "a coarser version of it"), (fact.existence_of, "that it exists"))
            if source is not None
        ]
        return (*self.instance.implications, *built_in)

    def closure(self, facts: Iterable[str]) -> dict[str, Implication | None]:
        """Return everything that follows from a set of facts.

        Args:
            facts: Fact ids.

        Returns:
            Fact id -> the implication that gave it, `None` for those that were given; these come first, sorted.
        """
        reached: dict[str, Implication | None] = dict.fromkeys(sorted(facts))
        grew = bool(self.implications)
        while grew:
            grew = False
            for implication in self.implications:
                if implication.then not in reached and all(fact in reached for fact in implication.given):
                    reached[implication.then] = implication
                    grew = True
        return reached

    # -- verdicts ------------------------------------------------------------------------------------------------

    def verdict(
        self, fact: str, recipient: str, *, sender: str | None = None, principles: tuple[Principle, ...] | None = None
    ) -> Verdict:
        """Return what the norms say of one flow.

        Args:
            fact: The fact's id.
            recipient: Who would learn it.
            sender: Who sends it; the user where not given.
            principles: In force at that moment; those of the start where not given.

        Raises:
            KeyError: If the fact or an actor is unknown.
        """
        principles = self.principles if principles is None else principles
        by_norms = self.by_norms(fact, recipient, sender=sender, principles=principles)
        flow = self._task.get((fact, recipient))
        if flow is None or by_norms.kind == "forbidden":
            return by_norms
        if flow.after is not None and not any(
            principle.kind == flow.after and self._covers(principle, self.facts[fact], recipient)
            for principle in principles
        ):
            return by_norms
        return Verdict("required", "task", by_norms.severity, "the task asks for it", by_norms.conflict)

    def by_norms(
        self, fact: str, recipient: str, *, sender: str | None = None, principles: tuple[Principle, ...] | None = None
    ) -> Verdict:
        """Return what the norms say of one flow, whatever the task asks for; arguments and errors as for `verdict`."""
        sender = sender or self.instance.user
        principles = self.principles if principles is None else principles
        state, decided = self._asked
        if principles is not state:  # who asks, asks of one state many times, and principles are slow to hash
            decided = self._decided.setdefault(principles, {})
            self._asked = (principles, decided)
        key = (fact, recipient, sender)
        if key not in decided:
            if unknown := {recipient, sender} - self.actors.keys():
                raise KeyError(min(unknown))
            decided[key] = self._decide(self.facts[fact], recipient, sender, principles)
        return decided[key]

    def _decide(self, fact: Fact, recipient: str, sender: str, principles: tuple[Principle, ...]) -> Verdict:
        ranked: list[tuple[tuple[int, ...], Norm]] = []
        for norm in self._norms_on(fact):
            rank = self._rank(norm, fact, recipient, sender, principles)
            if rank is not None:
                ranked.append((rank, norm))
        if not ranked:
            return Verdict("unregulated", None, 0, "no norm speaks of this flow")
        top = max(rank[0] for rank, _ in ranked)
        ranked = [(rank, norm) for rank, norm in ranked if rank[0] == top]
        best = [
            norm
            for rank, norm in ranked
            if not any(other != rank and all(b >= a for a, b in zip(rank, other, strict=True)) for other, _ in ranked)
        ]
        winner = min(best, key=lambda norm: (-_STRICTNESS[norm.verdict], -norm.severity, norm.id))
        conflict = tuple(sorted(norm.id for norm in best)) if len({norm.verdict for norm in best}) > 1 else ()
        return Verdict(winner.verdict, winner.id, winner.severity, winner.reason, conflict)

    def _norms_on(self, fact: Fact) -> tuple[Norm, ...]:
        """Return the norms that speak of a fact, whoever sends it to whom; found once, for most norms do not."""
        if fact.id not in self._on:
            self._on[fact.id] = tuple(
                norm
                for norm in self.instance.norms
                if (norm.fact == fact.id if norm.fact else attribute_matches(norm.attribute, fact.attribute))
            )
        return self._on[fact.id]

    def _rank(
        self, norm: Norm, fact: Fact, recipient: str, sender: str, principles: tuple[Principle, ...]
    ) -> tuple[int, ...] | None:
        """Return how specifically a norm on a fact matches a flow (principle first), or `None` where it does not."""
        ends = {"subject": fact.subject, "sender": sender, "recipient": recipient}
        to = self._match_any(norm.recipient, recipient, ends)
        if to is None:
            return None
        if norm.principle is not None and not any(
            principle.kind == norm.principle
            and norm.purpose in (None, principle.purpose)
            and self._covers(principle, fact, recipient)
            for principle in principles
        ):
            return None
        by = self._match_any(norm.sender, sender, ends)
        about = self._match_any(norm.subject, fact.subject, ends)
        if by is None or about is None:
            return None
        attribute = 3 if norm.fact else 0 if norm.attribute == "*" else 1 if norm.attribute.endswith(".*") else 2
        return (int(norm.principle is not None), by, to, about, attribute)

    def _match_any(self, patterns: tuple[str, ...], actor: str, ends: dict[str, str]) -> int | None:
        """Return the most specific match of several patterns, `None` where none matches."""
        if patterns == ("*",):
            return 0
        ranks = [rank for pattern in patterns if (rank := self._match(pattern, actor, ends)) is not None]
        return max(ranks) if ranks else None

    def _match(self, pattern: str, actor: str, ends: dict[str, str]) -> int | None:
        """Return how specifically a pattern matches an actor: 0 anybody ... 5 this very one; `None` for no match."""
        if pattern == "*":
            return 0
        if pattern.startswith("@"):
            return 5 if pattern[1:] == actor else None
        if pattern in ("subject", "self"):
            return 4 if actor == ends["subject"] else None
        wanted = parse_role(pattern)
        target = ends.get(wanted.of, wanted.of) if wanted.of else None
        for role in self._roles[actor]:
            if wanted.context not in ("*", role.context) or wanted.name not in ("*", role.name):
                continue
            if target is None or role.of == target:
                return 3 if target else 1 if "*" in (wanted.context, wanted.name) else 2
        return None

    def _covers(self, principle: Principle, fact: Fact, recipient: str) -> bool:
        return (
            (not principle.facts or fact.id in principle.facts or fact.coarsens in principle.facts)
            and principle.subject in ("*", fact.subject)
            and attribute_matches(principle.attribute, fact.attribute)
            and principle.recipient in ("*", recipient)
        )

    # -- pairs ---------------------------------------------------------------------------------------------------

    def pairs(self) -> Iterator[Pair]:
        """Every fact with every actor who does not know it yet."""
        for fact in self.facts:
            for actor in self.actors:
                if not self.knows(fact, actor):
                    yield Pair(fact, actor)

    @cached_property
    def forbidden_pairs(self) -> tuple[Pair, ...]:
        """Pairs forbidden at the start, the user as sender: the denominator of `violation`, whatever happens later."""
        return tuple(pair for pair in self.pairs() if self.verdict(pair.fact, pair.recipient).kind == "forbidden")

    @cached_property
    def required_pairs(self) -> tuple[Pair, ...]:
        """Pairs that the task requires: the denominator of `coverage`."""
        return tuple(Pair(flow.fact, flow.recipient) for flow in self.instance.task.requires)

    # -- as a graph ----------------------------------------------------------------------------------------------

    @cached_property
    def network(self) -> nx.MultiDiGraph[str]:
        """The same as a NetworkX multigraph.

        Nodes are `actor:id`, `fact:id`, `channel:id` with a `kind`. Edges carry a `kind`: `knows` (actor to fact),
        `about` (fact to actor), `implies` (fact to fact, with `implication` numbering the set), `sees` (actor to
        channel), and `flow` (fact to actor, with `verdict`, `norm` and `severity`, as things stand at the start).
        """
        import networkx as nx

        graph: nx.MultiDiGraph[str] = nx.MultiDiGraph(instance=self.instance.id)
        for actor in self.actors.values():
            graph.add_node(f"actor:{actor.id}", kind="actor", label=actor.name, roles=actor.roles)
        for fact in self.facts.values():
            graph.add_node(f"fact:{fact.id}", kind="fact", label=fact.statement, attribute=fact.attribute)
            graph.add_edge(f"fact:{fact.id}", f"actor:{fact.subject}", kind="about")
        for channel in self.instance.channels:
            graph.add_node(f"channel:{channel.id}", kind="channel", label=channel.name, channel=channel.kind)
            for member in channel.members:
                graph.add_edge(f"actor:{member}", f"channel:{channel.id}", kind="sees")
        for known_by, facts in self.knowledge.items():
            for known in sorted(facts):
                graph.add_edge(f"actor:{known_by}", f"fact:{known}", kind="knows")
        for number, implication in enumerate(self.implications):
            for given in implication.given:
                graph.add_edge(
                    f"fact:{given}", f"fact:{implication.then}", kind="implies", implication=number, why=implication.why
                )
        for pair in self.pairs():
            verdict = self.verdict(pair.fact, pair.recipient)
            if verdict.kind != "unregulated":
                graph.add_edge(
                    f"fact:{pair.fact}",
                    f"actor:{pair.recipient}",
                    kind="flow",
                    verdict=verdict.kind,
                    norm=verdict.norm,
                    severity=verdict.severity,
                )
        return graph


@lru_cache(maxsize=16)
def _graph_of(same: Same[Instance]) -> FlowGraph:
    return FlowGraph(same.thing)


@lru_cache(maxsize=256)
def _decided(*depends_on: object) -> dict[tuple[Principle, ...], dict[tuple[str, str, str], Verdict]]:
    """Return where verdicts are kept: one place for all instances of a scenario, whose people differ in name alone."""
    return {}
