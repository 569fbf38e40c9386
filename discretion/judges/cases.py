"""What judging needs of an instance, made once: its flow graph and its matcher.

The episodes of an instance follow one another, so a few cases are kept; the number is small and fixed, because a run
has as many instances as it likes. Judges themselves hold nothing and can be sent to other processes.
"""

from __future__ import annotations

from functools import cached_property, lru_cache

from discretion.scenarios.flowgraph import FlowGraph
from discretion.scenarios.flows import PUBLIC
from discretion.scenarios.forms import Matcher
from discretion.scenarios.identity import Same
from discretion.scenarios.instance import Instance

__all__ = ["Case", "case_of"]


class Case:
    """An instance with what judging needs of it.

    Args:
        instance: The instance.
    """

    def __init__(self, instance: Instance) -> None:
        self.instance = instance
        self.graph = FlowGraph.of(instance)

    @cached_property
    def matcher(self) -> Matcher:
        """Finds the instance's facts."""
        return Matcher.of(self.instance)

    @cached_property
    def forbidden_facts(self) -> frozenset[str]:
        """Facts that must not reach somebody."""
        return frozenset(pair.fact for pair in self.graph.forbidden_pairs)

    @cached_property
    def watched_facts(self) -> frozenset[str]:
        """These, and the facts that something may be concluded from."""
        return self.forbidden_facts.union(*(implication.given for implication in self.graph.implications))

    def actor(self, ref: str) -> str:
        """Return the actor that a recorded id stands for: itself, or `public` where the cast has nobody of that id."""
        return ref if ref in self.graph.actors else PUBLIC


def case_of(instance: Instance) -> Case:
    """Return the case of an instance; the same one for the same instance object as long as it is kept."""
    return _case_of(Same(instance))


@lru_cache(maxsize=16)
def _case_of(same: Same[Instance]) -> Case:
    return Case(same.thing)
