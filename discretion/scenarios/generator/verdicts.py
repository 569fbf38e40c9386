"""What the norm base says of an attribute reaching a role: asked of the flow graph, as every verdict is."""

from __future__ import annotations

from functools import cache, lru_cache
from typing import Final

from discretion.scenarios.cast import Actor
from discretion.scenarios.facts import Fact
from discretion.scenarios.flowgraph import FlowGraph
from discretion.scenarios.flows import Principle, Verdict, parse_role
from discretion.scenarios.instance import Instance
from discretion.scenarios.normbase import shipped_norms
from discretion.scenarios.task import Task
from discretion.scenarios.taxonomy import ATTRIBUTES

__all__ = ["NORM_BASE", "verdict"]

NORM_BASE: Final = ("base",)
_USER, _SUBJECT = "user", "person"


@cache
def verdict(attribute: str, role: str, purpose: str | None = None) -> Verdict:
    """Return what the norm base says of a fact about somebody reaching the holder of a role.

    Args:
        attribute: Of the fact.
        role: Of the recipient; `of subject` for a role towards the person whom the fact is about.
        purpose: That the user states, if any.

    >>> verdict("health.diagnosis", "employment.manager of subject").kind
    'forbidden'
    """
    principles = () if purpose is None else (Principle(kind="purpose", purpose=purpose),)
    return _graph(role).verdict(_fact_id(attribute), "holder", principles=principles)


@lru_cache(maxsize=256)
def _graph(role: str) -> FlowGraph:
    instance = Instance(
        id="verdicts:0",
        scenario="verdicts",
        seed=0,
        title="verdicts",
        context="employment",
        date="2026-03-10",
        user=_USER,
        cast=(
            Actor(id=_USER, name="User"),
            Actor(id=_SUBJECT, name="Subject"),
            Actor(id="holder", name="Holder", roles=(role_of(role, _SUBJECT, _USER),)),
        ),
        facts=_facts(),
        task=Task(instruction=""),
    )
    return FlowGraph(instance.model_copy(update={"norms": shipped_norms(NORM_BASE)}))


def role_of(role: str, subject: str, user: str) -> str:
    """Return a role with the actors in place of `subject` and `user`.

    >>> role_of("health.physician of subject", "dana", "mona")
    'health.physician of dana'
    """
    context, name, of = parse_role(role)
    whom = {"subject": subject, "user": user}.get(of or "", of)
    return f"{context}.{name}" if whom is None else f"{context}.{name} of {whom}"


@lru_cache(maxsize=1)
def _facts() -> tuple[Fact, ...]:
    return tuple(
        Fact(id=_fact_id(attribute), subject=_SUBJECT, attribute=attribute, statement="", forms=("x",))
        for attribute in sorted(ATTRIBUTES)
    )


def _fact_id(attribute: str) -> str:
    return attribute.replace(".", "-")
