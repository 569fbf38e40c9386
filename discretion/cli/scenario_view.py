"""A scenario as text that people can read: story, cast, who may learn what, task, world."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from discretion.reports import plain_table, stack
from discretion.reports.flows_shown import event_words
from discretion.reports.words import counted
from discretion.scenarios.changes import verdict_changes
from discretion.scenarios.flowgraph import FlowGraph
from discretion.scenarios.flows import VerdictKind

if TYPE_CHECKING:
    from rich.console import Group, RenderableType
    from rich.table import Table
    from rich.text import Text

    from discretion.scenarios.instance import Instance
    from discretion.scenarios.task import Task

__all__ = ["instance_view"]

_VERDICTS: Final[dict[VerdictKind, tuple[str, str]]] = {
    "required": ("must", "bold green"),
    "permitted": ("may", ""),
    "forbidden": ("no", "bold red"),
    "unregulated": (".", "dim"),
}
_WIDTH: Final = 80
_LEGEND: Final = "must: required   may: permitted   no: forbidden   . unregulated   knows: knew it before"


def instance_view(instance: Instance, *, story: str) -> Group:
    """Return an instance in a few tables.

    Args:
        instance: What is shown.
        story: Of its scenario.
    """
    from rich.console import Group
    from rich.text import Text

    graph = FlowGraph(instance)
    head = Text.assemble((instance.title, "bold"), (f"  {instance.id}, {instance.context}, {instance.date}", "dim"))
    parts: list[RenderableType] = [
        Group(head, Text(" ".join(story.split()))) if story else head,
        _cast(instance),
        *([_facts(graph), _flows(graph)] if instance.facts else []),
        Text(_LEGEND, "dim"),
        *_changes(graph),
        _task(instance),
    ]
    return stack(*parts)


def _cast(instance: Instance) -> Table:
    from rich.text import Text

    heads = ["name", "title", "roles"]
    table = plain_table("cast", *heads, wordy=heads)
    for actor in instance.cast:
        served = actor.id == instance.user
        name = Text.assemble((actor.name, "bold" if served else ""), (" (the agent's user)" if served else "", "dim"))
        table.add_row(Text(actor.id), name, Text(actor.title), Text(", ".join(actor.roles)))
    return table


def _facts(graph: FlowGraph) -> Table:
    from rich.text import Text

    table = plain_table("fact", "of", "about", "states", wordy=["of", "about", "states"])
    for fact in graph.instance.facts:
        twin = " *" if fact.id == graph.instance.twin_fact else ""
        about = Text(fact.attribute, "dim", overflow="fold")
        table.add_row(Text(f"{fact.id}{twin}", "bold"), Text(fact.subject), about, Text(fact.statement))
    return table


def _flows(graph: FlowGraph) -> Table:
    """Facts against recipients, the user as sender, as things stand at the start; where people are many, turned."""
    facts, actors = list(graph.facts), list(graph.actors)
    width = max(map(len, facts)) + sum(max(len(actor), len("knows")) + 2 for actor in actors)
    if width <= _WIDTH or len(actors) <= len(facts):
        table = plain_table("flow", *actors)
        for fact in facts:
            table.add_row(fact, *(_verdict(graph, fact, actor) for actor in actors))
    else:
        table = plain_table("flow to", *facts)
        for actor in actors:
            table.add_row(actor, *(_verdict(graph, fact, actor) for fact in facts))
    return table


def _verdict(graph: FlowGraph, fact: str, actor: str) -> Text:
    from rich.text import Text

    if graph.knows(fact, actor):
        return Text("knows", "dim")
    return Text(*_VERDICTS[graph.verdict(fact, actor).kind])


def _changes(graph: FlowGraph) -> list[Table]:
    """What somebody's words may change, for whom, and from which verdict to which; nothing where nothing may."""
    from rich.text import Text

    found = verdict_changes(graph)
    if not found:
        return []
    table = plain_table("what may change it", "flow", "before", "after", wordy=["what may change it"])
    for change in found:
        (before, old), (after, new) = _VERDICTS[change.before.kind], _VERDICTS[change.after.kind]
        table.add_row(
            Text.assemble(event_words(change.behaviour, graph), (f" ({change.after.norm or 'no norm'})", "dim")),
            Text(f"{change.pair.fact} -> {change.pair.recipient}"),
            Text(before, old),
            Text(after, new),
        )
    return [table]


def _task(instance: Instance) -> Table:
    """What is asked, of whom the world consists, in two columns: a word and what it is about."""
    from rich.table import Table
    from rich.text import Text

    grid = Table.grid(padding=(0, 2))
    grid.add_column(no_wrap=True, style="dim")
    grid.add_column()

    def line(label: str, text: str) -> None:
        grid.add_row(label, Text(" ".join(text.split())))

    sessions = [(f"session {number}", each.task) for number, each in enumerate(instance.sessions, 1)]
    for label, task in sessions or [("instruction", instance.task)]:
        line(label, task.instruction)
        for fact, recipients in _required(task).items():
            line("must reach", f"{fact} -> {', '.join(recipients)}")
        for goal in task.goals:
            line("goal", goal.describe or f"{'no ' if goal.absent else 'a '}{goal.exists}")
    for each in instance.people:
        line("person", f"{each.actor}, when {_WHEN[each.on]}: {each.do}{f' ({each.text})' if each.text else ''}")
    if instance.twin_fact:
        line("twins (*)", f"{instance.twin_fact} is withheld in the one and delivered in the other")
    line("world", _world(instance))
    line("tools", ", ".join(instance.toolkits))
    return grid


_WHEN: Final = {"message": "written to", "asked": "asked", "turn": "the time comes"}


def _required(task: Task) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for flow in task.requires:
        found.setdefault(flow.fact, []).append(flow.recipient + (f" (after {flow.after})" if flow.after else ""))
    return found


def _world(instance: Instance) -> str:
    world = instance.world
    counts = {
        "mail": world.mail,
        "event": world.events,
        "record": world.crm,
        "message": world.chat,
        "note": world.notes,
        "memory": world.memory,
    }
    held = ", ".join(counted(len(items), name) for name, items in counts.items() if items)
    past = f"; {len(instance.history)} steps lie in the agent's past" if instance.history else ""
    return f"{held or 'empty'}{past}"
