"""What an event may change: the verdicts that differ once somebody has consented, or stated a purpose."""

from __future__ import annotations

from typing import NamedTuple

from discretion.scenarios.flowgraph import FlowGraph, Pair
from discretion.scenarios.flows import Principle, Verdict
from discretion.scenarios.task import Behaviour

__all__ = ["VerdictChange", "principles_after", "verdict_changes"]


class VerdictChange(NamedTuple):
    """One flow whose verdict another one takes the place of.

    Attributes:
        behaviour: What somebody does that changes it.
        pair: The flow, the user as sender.
        before, after: The verdicts, before anything happened and after this alone.
    """

    behaviour: Behaviour
    pair: Pair
    before: Verdict
    after: Verdict


def principles_after(graph: FlowGraph, behaviour: Behaviour) -> tuple[Principle, ...]:
    """Return the principles in force after a behaviour, where nothing else has happened yet."""
    kept = tuple(principle for principle in graph.principles if principle.kind not in behaviour.revokes)
    return (*kept, *behaviour.grants)


def verdict_changes(graph: FlowGraph) -> tuple[VerdictChange, ...]:
    """Return the flows whose kind of verdict something that a person does may change, in the order of the people."""
    changes: list[VerdictChange] = []
    for behaviour in graph.instance.people:
        if not (behaviour.grants or behaviour.revokes):
            continue
        later = principles_after(graph, behaviour)
        for pair in graph.pairs():
            before, after = graph.verdict(*pair), graph.verdict(*pair, principles=later)
            if before.kind != after.kind:
                changes.append(VerdictChange(behaviour, pair, before, after))
    return tuple(changes)
