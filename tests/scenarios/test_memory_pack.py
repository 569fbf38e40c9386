"""The pack of plots with one memory: what it spans, that it contradicts nothing, and that every session plays."""

from __future__ import annotations

import asyncio
from functools import cache
from itertools import pairwise

import pytest

from discretion.agents import resolve
from discretion.evals.measures import EpisodeMeasures, measure
from discretion.evals.play import play_instance
from discretion.judges import RuleJudge
from discretion.scenarios import FlowGraph, Instance, instantiate, lint, load_scenarios, sessions, twins
from discretion.scenarios.content import Item
from discretion.scenarios.forms import Matcher
from discretion.scenarios.lint_rules import text_of

PACK = {scenario.id: scenario for scenario in load_scenarios("memory")}
LENGTHS = {name: len(scenario.sessions) for name, scenario in PACK.items()}
TWINS = [name for name, scenario in PACK.items() if scenario.sibling is not None]

LONG = frozenset(name for name, length in LENGTHS.items() if length > 12)

every_plot = pytest.mark.parametrize("name", sorted(PACK))


@cache
def both(name: str, seed: int) -> tuple[Instance, ...]:
    return twins(PACK[name], seed)


@cache
def played(agent: str, name: str) -> tuple[EpisodeMeasures, ...]:
    """The measures of every session of both twins, of the first two seeds; in long plots less of it."""
    judge = RuleJudge()
    rows = []
    for seed in range(1 if name in LONG else 2):
        for twin in both(name, seed)[: 1 if name in LONG and agent == "reference:oversharer" else 2]:
            episodes = asyncio.run(play_instance(resolve(agent), twin))
            for episode, part in zip(episodes, sessions(twin), strict=True):
                rows.append(measure(episode, part, judge.judge(episode, part)))
    return tuple(rows)


def seeds(name: str) -> range:
    return range(2 if name in LONG else 5)


def items_of(instance: Instance) -> list[Item]:
    return [*instance.world.items(), *(item for session in instance.sessions for item in session.add.items())]


# -- what the pack spans ---------------------------------------------------------------------------------------------


def test_the_pack_spans_lengths_contexts_and_locales() -> None:
    assert sorted(LENGTHS.values()) == [5, 6, 6, 7, 8, 8, 10, 12, 15, 20, 30, 40]
    assert len({scenario.context for scenario in PACK.values()}) >= 8
    assert len(TWINS) >= 9
    assert all(len(set(scenario.locales)) >= 4 for scenario in PACK.values())


@every_plot
def test_facts_arrive_early_tempt_later_and_are_required_in_some(name: str) -> None:
    scenario = PACK[name]
    oracle = [row for row in played("reference:oracle", name) if row.twin == "base" and row.seed == 0]
    assert sum(row.exposed for row in oracle) >= len(oracle) / 2
    assert sum(row.required > 0 for row in oracle) >= len(oracle) / 2
    assert any(step.tool == "remember" for session in scenario.sessions[:3] for step in session.task.plan)
    protected = {pair.fact for part in sessions(both(name, 0)[0]) for pair in FlowGraph(part).forbidden_pairs}
    needed = {flow.fact for session in scenario.sessions[1:] for flow in session.task.requires}
    assert len(protected) >= 3
    assert protected & needed, "refusing to tell what is protected somewhere would do"


def test_two_people_of_a_house_or_an_office_share_one_memory() -> None:
    """What one of them must not hear is kept from the memory, and some of it lies there from before."""
    shared = [name for name in PACK if len({part.user for part in sessions(both(name, 0)[0])}) > 1]
    assert len(shared) >= 2
    for name in shared:
        parts = sessions(both(name, 0)[0])
        users = {part.user for part in parts}
        graphs = {part.user: FlowGraph(part) for part in parts}
        kept = {pair for graph in graphs.values() for pair in graph.forbidden_pairs if pair.recipient in users}
        assert {pair.recipient for pair in kept} == users
        told = {fact for item in parts[0].world.memory for fact in item.facts}
        assert told & {pair.fact for pair in kept}


@every_plot
def test_days_go_on_and_nothing_comes_from_the_future(name: str) -> None:
    parts = sessions(both(name, 0)[0])
    assert all(earlier.date < later.date for earlier, later in pairwise(parts))
    for part in parts:
        late = [item.id for item in part.world.items() if str(getattr(item, "at", None) or "")[:10] > part.date]
        assert late == []


# -- that it contradicts nothing -------------------------------------------------------------------------------------


@every_plot
def test_the_linter_has_nothing_to_say(name: str) -> None:
    assert [str(issue) for issue in lint(PACK[name], seeds=seeds(name))] == []


@every_plot
def test_no_form_hits_a_text_that_does_not_tell_the_fact(name: str) -> None:
    for seed in seeds(name):
        instance = instantiate(PACK[name], seed)
        matcher, graph = Matcher.of(instance), FlowGraph(instance)
        for item in items_of(instance):
            assert {hit.fact for hit in matcher.find(text_of(item))} <= set(graph.closure(item.facts)), item.id


@pytest.mark.parametrize("name", TWINS)
def test_twins_differ_in_one_session_and_in_who_needs_the_fact(name: str) -> None:
    base, sibling = both(name, 0)
    assert (base.world, base.cast, base.facts, base.norms) == (
        *(sibling.world, sibling.cast, sibling.facts, sibling.norms),
    )
    differ = [
        place for place, pair in enumerate(zip(base.sessions, sibling.sessions, strict=True)) if pair[0] != pair[1]
    ]
    assert len(differ) == 1
    assert differ[0] >= len(base.sessions) / 2
    assert [session.add for session in base.sessions] == [session.add for session in sibling.sessions]
    needs = [
        [flow.recipient for session in twin.sessions for flow in session.task.requires if flow.fact == twin.twin_fact]
        for twin in (base, sibling)
    ]
    assert (len(needs[0]), len(needs[1])) == (0, 1)
    kept = FlowGraph(sessions(sibling)[differ[0]]).forbidden_pairs
    assert {pair.fact for pair in kept} - {base.twin_fact}


@every_plot
def test_required_flows_are_news_and_not_forbidden(name: str) -> None:
    for twin in both(name, 0):
        for part in sessions(twin):
            graph = FlowGraph(part)
            for flow in part.task.requires:
                assert not graph.knows(flow.fact, flow.recipient), part.id
                assert graph.verdict(flow.fact, flow.recipient).kind == "required", part.id


# -- that it plays ---------------------------------------------------------------------------------------------------


@every_plot
def test_the_plan_delivers_everything_and_leaks_nothing(name: str) -> None:
    for row in played("reference:oracle", name):
        assert (row.leaked, row.delivered, row.success) == (False, row.required, True), row.instance
        assert row.appropriate in (True, None), row.instance
        assert (row.ending, row.counts.tool_errors) == ("answered", 0), row.instance
        assert False not in (row.twin_fact_withheld, row.twin_fact_delivered), row.instance


@every_plot
def test_the_oversharer_leaks_in_every_session(name: str) -> None:
    for row in played("reference:oversharer", name):
        assert (row.leaked, row.delivered) == (True, row.required), row.instance


@every_plot
@pytest.mark.parametrize("agent", ["reference:refuser", "reference:idle"])
def test_doing_nothing_is_neither_a_leak_nor_a_success(name: str, agent: str) -> None:
    for row in played(agent, name):
        assert (row.leaked, row.delivered, row.success) == (False, 0, False), row.instance
