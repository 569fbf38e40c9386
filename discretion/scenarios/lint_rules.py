"""What the linter looks for: one function for each thing that can be wrong with a scenario that loads."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from typing import Final, Literal, NamedTuple

from discretion.scenarios.content import Content, Item
from discretion.scenarios.fields import Loc
from discretion.scenarios.flowgraph import FlowGraph
from discretion.scenarios.forms import Matcher, holds
from discretion.scenarios.instance import Instance
from discretion.scenarios.instantiate import sessions
from discretion.scenarios.norm_use import decisions, states
from discretion.scenarios.schema import Scenario
from discretion.scenarios.sibling import origin
from discretion.scenarios.task import Behaviour

__all__ = ["Case", "Problem", "case_problems", "silent_norms", "twin_problems", "untold_facts"]

_MARKS: Final = re.compile(
    r"\b(confidential|confidence|private|privately|secret|sensitive|discreet|discretion|off the record|hush"
    r"|between (?:us|you and me|ourselves)|(?:do not|don't|never|nobody|no one) (?:share|tell|mention|forward)"
    r"|keep (?:it|this|that) (?:to yourself|quiet)|not for (?:sharing|others))\b",
    re.IGNORECASE,
)
_READ: Final = ("subject", "title", "name", "location", "description", "body", "text")
"""What of an item is read, in order, where it has it; the fields of a CRM record come last."""

_MUCH_UNREGULATED: Final = 1 / 3


class Problem(NamedTuple):
    """One thing that is wrong with a twin; `loc` is a path in the twin."""

    severity: Literal["error", "warning"]
    loc: Loc
    what: str
    remedy: str


class Case:
    """One twin of a scenario with one seed, and the flow graph of each of its sessions.

    Args:
        scenario: The twin, as a scenario of its own.
        instance: The instance that it gives.
    """

    def __init__(self, scenario: Scenario, instance: Instance) -> None:
        self.scenario = scenario
        self.instance = instance
        self.graphs = tuple(FlowGraph.of(session) for session in sessions(instance))
        self.tasks: tuple[Loc, ...] = (("task",),)
        if instance.sessions:
            self.tasks = tuple(("sessions", place, "task") for place in range(len(instance.sessions)))

    @cached_property
    def forbidden(self) -> set[tuple[str, str]]:
        """Pairs forbidden at the start of any session."""
        return {(pair.fact, pair.recipient) for graph in self.graphs for pair in graph.forbidden_pairs}

    @cached_property
    def required(self) -> set[str]:
        """Facts that some session's task requires."""
        return {pair.fact for graph in self.graphs for pair in graph.required_pairs}

    @cached_property
    def items(self) -> list[tuple[Loc, Item]]:
        """Everything that lies in the world at any time."""
        parts: list[tuple[Loc, Content]] = [(("world",), self.instance.world)]
        parts += [(("sessions", place, "add"), session.add) for place, session in enumerate(self.instance.sessions)]
        return [
            ((*loc, kind, place), item)
            for loc, content in parts
            for kind in Content.model_fields
            for place, item in enumerate(getattr(content, kind))
        ]

    @cached_property
    def texts(self) -> list[str]:
        """The texts of the items, in the same order."""
        return [text_of(item) for _, item in self.items]

    @cached_property
    def found(self) -> list[set[str]]:
        """For each item, the facts that its text tells whole."""
        find = Matcher.of(self.instance).find
        return [{hit.fact for hit in find(text) if hit.kind == "full"} for text in self.texts]

    @cached_property
    def told(self) -> frozenset[str]:
        """Facts that some text tells, at least a part of, or that follow from such facts."""
        told = {fact for _, item in self.items for fact in item.facts}
        told |= {fact for _, text in self.seen for fact in self.hits(text)}
        return frozenset(self.graphs[0].closure(told))

    def hits(self, text: str) -> set[str]:
        """Return the facts that a text tells, at least a part of."""
        return {hit.fact for hit in Matcher.of(self.instance).find(text)}

    @cached_property
    def seen(self) -> list[tuple[Loc, str]]:
        """All texts that an agent may come to see, and where they stand."""
        found: list[tuple[Loc, str]] = []
        for loc, graph in zip(self.tasks, self.graphs, strict=True):
            found.append(((*loc, "instruction"), graph.instance.task.instruction))
        found += [(("history", place), step.observation) for place, step in enumerate(self.instance.history)]
        found += [(loc, text) for (loc, _), text in zip(self.items, self.texts, strict=True)]
        people: list[tuple[Loc, Sequence[Behaviour]]] = [(("people",), self.instance.people)]
        people += [(("sessions", place, "people"), each.people) for place, each in enumerate(self.instance.sessions)]
        return found + [((*loc, place, "text"), each.text) for loc, those in people for place, each in enumerate(those)]


def case_problems(case: Case) -> Iterator[Problem]:
    """Yield what is wrong with one twin and seed."""
    for loc, graph in zip(case.tasks, case.graphs, strict=True):
        yield from _conflicts(graph)
        yield from _requirements(graph, loc)
        task = graph.instance.task
        if not task.requires and not task.goals:
            yield Problem("warning", loc, "no required flow and no goal: doing nothing is enough", "add one")
    if not case.forbidden:
        yield Problem("error", ("facts",), "nothing is forbidden, so nothing can leak", "add a fact that norms protect")
    yield from _unregulated(case)
    yield from _forms(case)
    yield from _undeclared(case)


def twin_problems(base: Case, sibling: Case, fact: str) -> Iterator[Problem]:
    """Yield what is wrong between twins; the paths are the base's."""
    loc: Loc = ("sibling", "fact")
    ways = [(one, other) for one, other in ((base, sibling), (sibling, base)) if fact in other.required]
    if not any(fact in {name for name, _ in one.forbidden} and fact not in one.required for one, _ in ways):
        what = f"{fact!r} is not withheld in one twin and delivered in the other"
        yield Problem("error", loc, what, "let norms forbid it in one twin and require it in the task of the other")
    if not sibling.forbidden:
        what = "the sibling forbids nothing, so sharing everything is right there"
        yield Problem("error", ("sibling",), what, "keep another forbidden flow")
    marks = [_marks(case) for case in (base, sibling)]
    for mark in sorted(marks[0].keys() ^ marks[1].keys()):
        at = marks[0][mark] if mark in marks[0] else origin(base.scenario, marks[1][mark])
        where = "base" if mark in marks[0] else "sibling"
        what = f"only the {where} twin says {mark!r}, which gives away what is asked for"
        yield Problem("error", at, what, "use the same words in both twins, or neither")


def _marks(case: Case) -> dict[str, Loc]:
    """The words by which a text gives a secret away, and where each first stands."""
    found: dict[str, Loc] = {}
    for loc, text in case.seen:
        for mark in _MARKS.findall(text):
            found.setdefault(mark.lower(), loc)
    return found


def silent_norms(cases: Iterable[Case]) -> set[str]:
    """Return the scenario's own norms that decide no flow in any of the cases, from any sender, at any time."""
    own: set[str] = set()
    heard: set[str | None] = set()
    for case in cases:
        own.update(norm.id for norm in case.scenario.norms)
        heard.update(verdict.norm for graph in case.graphs for _, verdict in decisions(graph))
    return own - heard


def untold_facts(cases: Iterable[Case]) -> set[str]:
    """Return the facts that no text tells in any of the cases."""
    listed = list(cases)
    return {fact for case in listed for fact in case.graphs[0].facts} - {fact for case in listed for fact in case.told}


def text_of(item: Item) -> str:
    """Return what somebody reads who opens an item."""
    held = item.__dict__  # a record asks its class at length for a field that it lacks
    parts = [held.get(field, "") for field in _READ] + list(held.get("fields", {}).values())
    return "\n".join(part for part in parts if part)


def _conflicts(graph: FlowGraph) -> Iterator[Problem]:
    places = {norm.id: place for place, norm in enumerate(graph.instance.norms)}
    for principles in states(graph):
        for fact, actor in graph.pairs():
            conflict = graph.verdict(fact, actor, principles=principles).conflict
            if conflict:
                own = [("norms", places[norm]) for norm in conflict if norm in places]
                what = f"{' and '.join(conflict)} disagree on {fact} reaching {actor}, and neither is more specific"
                yield Problem("error", own[0] if own else ("norms",), what, "make the one that shall win more specific")


def _requirements(graph: FlowGraph, task: Loc) -> Iterator[Problem]:
    for place, flow in enumerate(graph.instance.task.requires):
        loc: Loc = (*task, "requires", place)
        if graph.knows(flow.fact, flow.recipient):
            yield Problem("error", loc, f"{flow.recipient} knows {flow.fact} already", "require it for somebody else")
        verdicts = [graph.verdict(flow.fact, flow.recipient, principles=state) for state in states(graph)]
        if flow.after is None and verdicts[0].kind == "forbidden":
            remedy = "give 'after: consent' and somebody who grants it, or change the norm"
            yield Problem("error", loc, f"{flow.fact} is required, but {verdicts[0].norm} forbids it", remedy)
        elif flow.after is not None and not any(verdict.norm == "task" for verdict in verdicts[1:]):
            what = f"{flow.fact} may go to {flow.recipient} only after {flow.after}, which nobody gives"
            yield Problem("error", loc, what, f"add a person who grants {flow.after}")


def _unregulated(case: Case) -> Iterator[Problem]:
    for graph in case.graphs:
        kinds = [graph.verdict(fact, actor).kind for fact, actor in graph.pairs()]
        silent = kinds.count("unregulated")
        if silent > len(kinds) * _MUCH_UNREGULATED:
            what = f"norms say nothing of {silent} of {len(kinds)} flows (fact to somebody who does not know it)"
            yield Problem("warning", ("norms",), what, "add a norm, or name a norm base")


def _forms(case: Case) -> Iterator[Problem]:
    for place, fact in enumerate(case.instance.facts):
        loc: Loc = ("facts", place, "forms")
        if not fact.forms and fact.reliable:
            yield Problem("error", loc, "no form tells the fact", "give a value or forms, or say 'reliable: false'")
        elif fact.reliable and not case.instance.source and not holds(fact.statement, *fact.forms):
            what = "the fact's own statement holds none of its forms, so that plain words of it would not be found"
            yield Problem("warning", loc, what, "add the form that the statement uses, or say 'reliable: false'")
        for form in fact.forms:
            if len(form.strip()) < 3:
                yield Problem("warning", loc, f"the form {form!r} is short enough to stand anywhere", "lengthen it")


def _undeclared(case: Case) -> Iterator[Problem]:
    for (loc, item), found in zip(case.items, case.found, strict=True):
        for fact in sorted(found - case.graphs[0].closure(item.facts).keys()):
            what = f"the text tells {fact}, which the item does not list"
            yield Problem("warning", loc, what, "list the fact, or make its forms more specific")
    if not case.instance.source:
        yield from _unheld(case)


def _unheld(case: Case) -> Iterator[Problem]:
    """Facts that an item lists and nobody who reads it would learn."""
    for (loc, item), text in zip(case.items, case.texts, strict=True):
        told = case.graphs[0].closure(case.hits(text))
        for place, fact in enumerate(item.facts):
            if fact not in told and case.graphs[0].facts[fact].reliable:
                what = f"the item lists {fact}, which its text does not tell"
                yield Problem("warning", (*loc, "facts", place), what, "tell it in one of its forms, or do not list it")
