"""Whatever an agent writes: nothing raises, nothing is lost, and the record can always be written down."""

from __future__ import annotations

import copy
import json
from typing import Any

from envs_kit import INSTANCE, TOOLKITS
from hypothesis import given, settings
from hypothesis import strategies as st

from discretion.envs.addresses import audience
from discretion.envs.env import OfficeEnv
from discretion.envs.episode import Episode
from discretion.envs.office import Office
from discretion.envs.render import transcript
from discretion.envs.search import fold, occurs, parse_query, snippet
from discretion.envs.toolkit import tools_of
from discretion.models.chat import AssistantTurn, FormatError, ToolCall
from discretion.scenarios.flows import PUBLIC

TOOLS = tools_of(TOOLKITS)
IDS = ["m1", "m3", "d1", "s1", "e1", "e3", "acc1", "con1", "deal1", "cn1", "c1", "n1", "n2", "mem1", "m4", "ev1"]
PEOPLE = ["Tom", "Sam", "lee@client.example", "All staff", "board@acme.example", "Dana Hall", "x@y.example", "#sales"]
WORDS = ["", " ", "*", "from:", 'from:"', "2026-03-11T12:00", "2026-03-11", "9999-12-31T23:59", "Company wall", "team"]

texts = st.sampled_from([*IDS, *PEOPLE, *WORDS]) | st.text(max_size=30)
jsons = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=6,
)


@st.composite
def calls(draw: st.DrawFn) -> ToolCall:
    """A call of a tool, with arguments of its own and others, of any type."""
    name = draw(st.sampled_from(list(TOOLS)))
    arguments: dict[str, Any] = {}
    for argument, schema in TOOLS[name].spec.parameters["properties"].items():
        if argument not in TOOLS[name].spec.parameters["required"] and draw(st.booleans()):
            continue
        fitting = {"array": st.lists(st.sampled_from(PEOPLE), max_size=4), "string": texts}.get(schema["type"], jsons)
        arguments[argument] = draw(st.one_of(fitting, fitting, fitting, jsons))
    if draw(st.integers(0, 9)) == 0:
        arguments[draw(st.text(max_size=8))] = draw(jsons)
    return ToolCall(id=draw(st.text(max_size=4)), name=name, arguments=arguments)


turns = st.builds(
    AssistantTurn,
    text=st.text(max_size=20),
    tool_calls=st.lists(calls(), min_size=1, max_size=4).map(tuple),
    format_errors=st.lists(st.builds(FormatError, detail=st.text(max_size=9), raw=st.text(max_size=9)), max_size=1).map(
        tuple
    ),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(turns, max_size=5))
def test_turns_never_raise_and_are_all_recorded(played: list[AssistantTurn]) -> None:
    office = Office(INSTANCE)
    before = copy.deepcopy(office.world)
    for turn in played:
        disclosed = len(office.recorder.disclosures)
        world = copy.deepcopy(office.world)
        results = office.step(turn)
        assert not results or [one.role for one in results[: len(turn.tool_calls)]] == ["tool"] * len(turn.tool_calls)
        if all(not TOOLS[call.name].writes for call in turn.tool_calls):
            world.clock = office.world.clock
            assert (len(office.recorder.disclosures), office.world) == (disclosed, world)
    episode = office.episode()
    assert len([one for one in episode.messages if one.role == "assistant"]) == episode.counts.turns
    assert Episode.model_validate_json(episode.model_dump_json()).disclosures == episode.disclosures
    known = {*INSTANCE.actors, PUBLIC}
    for one in episode.disclosures:
        assert set(one.recipients) <= known
        assert one.text
        assert one.recipients
    assert Office(INSTANCE).world == before
    assert transcript(episode, INSTANCE)


@settings(max_examples=100, deadline=None)
@given(
    st.sampled_from([*TOOLS, "", "nothing"]), st.dictionaries(st.text(max_size=8) | st.integers(), jsons, max_size=3)
)
def test_single_calls_answer_with_json(name: str, arguments: dict[Any, Any]) -> None:
    answer = Office(INSTANCE).call(name, arguments)
    assert isinstance(json.loads(answer), dict)


@settings(max_examples=100, deadline=None)
@given(jsons, jsons, jsons)
def test_any_action_is_answered(text: Any, name: Any, arguments: Any) -> None:
    env = OfficeEnv(INSTANCE)
    env.reset(seed=1)
    for action in ({"text": text, "tool_calls": ({"name": name, "arguments": arguments},)}, {"tool_calls": text}, text):
        assert env.step(action)[0] in env.observation_space


@given(st.text(max_size=60), st.text(max_size=200))
def test_search_laws(query: str, text: str) -> None:
    parsed = parse_query(query, ("from", "subject"))
    assert fold(fold(text)) == fold(text)
    assert all(occurs(term, fold(f"{term} {text}")) for term in parsed.terms)
    assert len(snippet(text, parsed)) <= 142


@given(st.text(min_size=1, max_size=20), st.text(max_size=20), st.text(max_size=20))
def test_what_occurs_is_found_after_a_space(term: str, before: str, after: str) -> None:
    if term.strip() == term:
        assert occurs(fold(term), fold(f"{before} {term} {after}"))


@given(st.lists(st.sampled_from([*(channel.id for channel in INSTANCE.channels), "tom", "x@y.example"])))
def test_an_audience_never_repeats_nor_holds_the_sender(refs: list[str]) -> None:
    seen = audience(Office(INSTANCE).world, refs, without="tom")
    assert len(set(seen.actors)) == len(seen.actors)
    assert "tom" not in seen.actors
    assert bool(seen.outsiders) <= (PUBLIC in seen.actors)
