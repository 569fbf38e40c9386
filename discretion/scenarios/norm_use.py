"""Which norms decide which flows: what of a norm base some scenarios put to use, and what it leaves open in them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from discretion.scenarios.flowgraph import FlowGraph, Pair
from discretion.scenarios.flows import Norm, Principle, Verdict
from discretion.scenarios.instantiate import sessions, twins
from discretion.scenarios.normbase import shipped_norms
from discretion.scenarios.schema import Scenario
from discretion.scenarios.sibling import twin_of

__all__ = ["NormReport", "NormUse", "OpenFlow", "decisions", "norm_report", "states"]


class NormUse(NamedTuple):
    """What a norm does in some scenarios.

    Attributes:
        norm: The norm.
        scenarios: In which it decides a flow, sorted by id.
        flows: How many it decides: facts times people, whoever sends, whatever principle is in force.
        own: The scenario that brings it; empty for one of a norm base.
    """

    norm: Norm
    scenarios: tuple[str, ...]
    flows: int
    own: str = ""


class OpenFlow(NamedTuple):
    """A fact and somebody who does not know it, of whom no norm speaks as things stand at the start."""

    scenario: str
    fact: str
    attribute: str
    recipient: str
    roles: tuple[str, ...]


class NormReport(NamedTuple):
    """What norms do over some scenarios: each norm, and each flow that stays unregulated."""

    norms: tuple[NormUse, ...]
    unregulated: tuple[OpenFlow, ...]

    @property
    def idle(self) -> tuple[NormUse, ...]:
        """The norms that decide nothing."""
        return tuple(use for use in self.norms if not use.flows)


def norm_report(scenarios: Iterable[Scenario], *, norms: tuple[Norm, ...] | None = None) -> NormReport:
    """Return which norms decide flows of some scenarios and their siblings, and which flows no norm speaks of.

    People differ from seed to seed in name alone, so one instance of each twin is looked at.

    Args:
        scenarios: The scenarios.
        norms: Norms in place of their norm bases.

    Raises:
        ScenarioError: If one cannot be instantiated.
    """
    bases: dict[str, Norm] = {norm.id: norm for norm in norms or ()}
    by_base: dict[str, set[tuple[str, Pair]]] = {}
    own: list[NormUse] = []
    unregulated: dict[OpenFlow, None] = {}
    for scenario in scenarios:
        by_own: dict[str, set[tuple[str, Pair]]] = {}
        brought: dict[str, Norm] = {}
        for twin in twins(scenario, 0, norms=norms):
            whole = twin_of(scenario, twin.twin)
            brought |= {norm.id: norm for norm in whole.norms}
            if norms is None:
                bases |= {norm.id: norm for norm in shipped_norms(whole.norm_base)}
            for graph in map(FlowGraph.of, sessions(twin)):
                for pair, verdict in decisions(graph):
                    if verdict.norm is not None:
                        uses = by_own if verdict.norm in brought else by_base
                        uses.setdefault(verdict.norm, set()).add((scenario.id, pair))
                unregulated |= dict.fromkeys(_unregulated(graph, scenario.id))
        own += [
            NormUse(norm, (scenario.id,) if by_own.get(name) else (), len(by_own.get(name, ())), scenario.id)
            for name, norm in brought.items()
        ]
    shared = [
        NormUse(norm, tuple(sorted({where for where, _ in by_base.get(name, ())})), len(by_base.get(name, ())))
        for name, norm in bases.items()
    ]
    return NormReport((*shared, *own), tuple(unregulated))


def decisions(graph: FlowGraph) -> Iterator[tuple[Pair, Verdict]]:
    """Yield what the norms, the task aside, say of every fact reaching everybody, from any sender, at any time."""
    senders = {graph.instance.user: None} | {
        person.actor: None for person in graph.instance.people if person.do != "reply"
    }
    for principles in states(graph):
        for sender in senders:
            for fact in graph.facts:
                for actor in graph.actors:
                    yield Pair(fact, actor), graph.by_norms(fact, actor, sender=sender, principles=principles)


def states(graph: FlowGraph) -> list[tuple[Principle, ...]]:
    """Return the principles in force at the start, and after each thing that somebody may grant."""
    grants: Sequence[tuple[Principle, ...]] = [each.grants for each in graph.instance.people if each.grants]
    return [graph.principles, *((*graph.principles, *granted) for granted in grants)]


def _unregulated(graph: FlowGraph, scenario: str) -> Iterator[OpenFlow]:
    for fact, actor in graph.pairs():
        if graph.verdict(fact, actor).kind == "unregulated":
            yield OpenFlow(scenario, fact, graph.facts[fact].attribute, actor, graph.actors[actor].roles)
