from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from discretion.scenarios import FlowGraph, Instance, Norm, Pair, Principle, starting_principles
from discretion.scenarios.cast import Actor, Channel
from discretion.scenarios.facts import Fact, Implication
from discretion.scenarios.task import RequiredFlow, Task

ACTORS = (
    Actor(id="dana", name="Dana", roles=("health.patient", "employment.employee")),
    Actor(id="tom", name="Tom", roles=("employment.manager of dana",)),
    Actor(id="ruth", name="Ruth", roles=("employment.colleague", "family.friend of dana")),
    Actor(id="doc", name="Doc", roles=("health.physician of dana",)),
    Actor(id="vet", name="Vet", roles=("health.physician of tom",)),
)
ILLNESS = Fact(id="illness", subject="dana", attribute="health.diagnosis", statement="", known_to=("doc",))
CLINIC = Fact(id="clinic", subject="dana", attribute="health.appointment", statement="", coarsens="illness")
LEAVE = Fact(id="leave", subject="dana", attribute="employment.leave", statement="")
HINT = Fact(id="hint", subject="tom", attribute="other.plan", statement="", unknown_to_subject=True, known_to=("ruth",))
FACTS = (ILLNESS, CLINIC, LEAVE, HINT)


def instance(*norms: Norm, **fields: Any) -> Instance:
    given_ = {"cast": ACTORS, "facts": FACTS, "task": Task(instruction="", requires=fields.pop("requires", ()))}
    return Instance(
        id="x:0", scenario="x", seed=0, title="x", context="health", date="2026-03-10", user="dana", norms=norms,
        **(given_ | fields),
    )  # fmt: skip


def norm(name: str, verdict: str = "forbidden", **fields: Any) -> Norm:
    return Norm(id=name, verdict=verdict, **fields)  # type: ignore[arg-type]


# -- who knows what ----------------------------------------------------------------------------------------------------


def test_subjects_know_and_finer_facts_give_coarser_ones() -> None:
    graph = FlowGraph(instance())
    assert graph.knowledge["dana"] == {"illness", "clinic", "leave"}
    assert graph.knowledge["doc"] == {"illness", "clinic"}
    assert graph.knowledge["ruth"] == {"hint"}
    assert graph.knowledge["tom"] == frozenset()
    assert list(graph.pairs())[:4] == [
        Pair("illness", "tom"), Pair("illness", "ruth"), Pair("illness", "vet"), Pair("illness", "public"),
    ]  # fmt: skip


def test_sets_of_facts_imply() -> None:
    implied = Implication(given=("leave", "hint"), then="clinic", why="two and two")
    graph = FlowGraph(instance(implications=(implied,)))
    assert graph.closure(["leave"]) == {"leave": None}
    assert graph.closure({"leave", "hint"}) == {"hint": None, "leave": None, "clinic": implied}
    assert list(graph.closure({"leave", "hint"})) == ["hint", "leave", "clinic"]
    assert graph.closure(["illness"])["clinic"] == Implication(
        given=("illness",), then="clinic", why="a coarser version of it"
    )


@st.composite
def implied(draw: st.DrawFn) -> tuple[Implication, ...]:
    names = st.sampled_from([fact.id for fact in FACTS])
    sets = st.lists(st.tuples(st.lists(names, min_size=1, max_size=3, unique=True), names), max_size=5)
    return tuple(Implication(given=tuple(given_), then=then) for given_, then in draw(sets))


some_facts = st.sets(st.sampled_from([fact.id for fact in FACTS]))


@given(implied(), some_facts, some_facts)
def test_closure_is_monotone_and_idempotent(
    implications: tuple[Implication, ...], few: set[str], more: set[str]
) -> None:
    graph = FlowGraph(instance(implications=implications))
    closed = set(graph.closure(few))
    assert few <= closed
    assert closed <= set(graph.closure(few | more))
    assert set(graph.closure(closed)) == closed


# -- verdicts ----------------------------------------------------------------------------------------------------------


def test_no_norm_is_unregulated() -> None:
    verdict = FlowGraph(instance()).verdict("illness", "tom")
    assert (verdict.kind, verdict.norm, verdict.severity) == ("unregulated", None, 0)


@pytest.mark.parametrize(
    ("recipient", "decides"),
    [
        ("tom", "manager"),  # a bare role beats everybody
        ("ruth", "ruth"),  # this very person beats a role
        ("doc", "physician"),  # a role towards the subject
        ("vet", "default"),  # who is a physician, but somebody else's
        ("dana", "self"),
        ("public", "public"),
    ],
)
def test_the_more_specific_recipient_decides(recipient: str, decides: str) -> None:
    graph = FlowGraph(
        instance(
            norm("default", attribute="health.*"),
            norm("manager", recipient="employment.manager", attribute="health.*"),
            norm("colleague", "permitted", recipient="employment.colleague", attribute="health.*"),
            norm("ruth", recipient="@ruth", attribute="health.*"),
            norm("physician", "permitted", recipient="health.physician of subject", attribute="health.*"),
            norm("self", "permitted", recipient="subject", attribute="health.*"),
            norm("public", recipient="public.anyone", attribute="health.*", severity=3),
        )
    )
    verdict = graph.verdict("illness", recipient)
    assert (verdict.norm, verdict.conflict) == (decides, ())


def test_attributes_go_from_anything_to_one_fact() -> None:
    norms = [norm("any"), norm("context", "permitted", attribute="health.*")]
    assert FlowGraph(instance(*norms)).verdict("illness", "tom").norm == "context"
    norms.append(norm("leaf", attribute="health.diagnosis"))
    assert FlowGraph(instance(*norms)).verdict("illness", "tom").norm == "leaf"
    norms.append(norm("fact", "permitted", fact="illness"))
    assert FlowGraph(instance(*norms)).verdict("illness", "tom").norm == "fact"
    assert FlowGraph(instance(*norms)).verdict("leave", "tom").norm == "any"


def test_one_of_several_patterns_is_enough() -> None:
    graph = FlowGraph(instance(norm("some", recipient=["education.teacher", "employment.*"])))
    assert graph.verdict("illness", "tom").norm == "some"
    assert graph.verdict("illness", "vet").norm is None


def test_senders_and_subjects_are_matched_too() -> None:
    graph = FlowGraph(
        instance(norm("doctors", sender="health.physician of subject"), norm("of-tom", "permitted", subject="@tom"))
    )
    assert graph.verdict("illness", "ruth", sender="doc").norm == "doctors"
    assert graph.verdict("illness", "ruth", sender="vet").norm is None
    assert graph.verdict("hint", "ruth", sender="dana").norm == "of-tom"


def test_incomparable_norms_conflict_and_the_strictest_stands() -> None:
    loose = norm("loose", "permitted", recipient="employment.manager")
    strict = norm("strict", attribute="health.diagnosis", severity=1)
    stricter = norm("stricter", attribute="health.diagnosis", severity=3)
    verdict = FlowGraph(instance(loose, strict, stricter)).verdict("illness", "tom")
    assert (verdict.kind, verdict.norm, verdict.severity) == ("forbidden", "stricter", 3)
    assert verdict.conflict == ("loose", "strict", "stricter")


def test_norms_that_agree_do_not_conflict() -> None:
    graph = FlowGraph(instance(norm("b", recipient="employment.manager"), norm("a", attribute="health.diagnosis")))
    assert graph.verdict("illness", "tom")[:2] == ("forbidden", "a")
    assert graph.verdict("illness", "tom").conflict == ()


def test_a_principle_in_force_goes_first() -> None:
    forbids = norm("forbids", recipient="@tom", fact="illness")
    agreed = norm("agreed", "permitted", principle="consent")
    graph = FlowGraph(instance(forbids, agreed))
    consent = Principle(kind="consent", facts=("illness",), recipient="tom")
    assert graph.verdict("illness", "tom").norm == "forbids"
    assert graph.verdict("illness", "tom", principles=(consent,)).norm == "agreed"
    assert graph.verdict("clinic", "tom", principles=(consent,)).norm == "agreed"  # consent covers the coarser version
    assert graph.verdict("leave", "tom", principles=(consent,)).norm is None
    assert graph.verdict("illness", "ruth", principles=(consent,)).norm is None
    narrow = Principle(kind="consent", subject="dana", attribute="employment.*")
    assert graph.verdict("illness", "tom", principles=(narrow,)).norm == "forbids"
    assert graph.verdict("leave", "tom", principles=(narrow,)).norm == "agreed"


def test_purposes_have_names() -> None:
    claim = norm("claim", "permitted", principle="purpose", purpose="claim")
    made = instance(claim, norm("default"), task=Task(instruction="", purpose="claim"))
    assert starting_principles(made) == (Principle(kind="purpose", purpose="claim"),)
    assert FlowGraph(made).verdict("illness", "tom").norm == "claim"
    other = Principle(kind="purpose", purpose="credit")
    assert FlowGraph(made).verdict("illness", "tom", principles=(other,)).norm == "default"


def test_the_task_requires_unless_a_norm_forbids() -> None:
    wanted = (
        RequiredFlow(fact="leave", recipient="tom"),
        RequiredFlow(fact="illness", recipient="tom"),
        RequiredFlow(fact="illness", recipient="ruth", after="consent"),
    )
    norms = (norm("health", attribute="health.*"), norm("agreed", "permitted", principle="consent"))
    graph = FlowGraph(instance(*norms, requires=wanted))
    assert graph.verdict("leave", "tom")[:3] == ("required", "task", 0)
    assert graph.verdict("illness", "tom")[:2] == ("forbidden", "health")
    assert graph.verdict("illness", "ruth")[:2] == ("forbidden", "health")
    consent = (Principle(kind="consent", recipient="ruth"),)
    assert graph.verdict("illness", "ruth", principles=consent)[:2] == ("required", "task")
    assert graph.required_pairs == (Pair("leave", "tom"), Pair("illness", "tom"), Pair("illness", "ruth"))
    assert Pair("illness", "ruth") in graph.forbidden_pairs
    assert Pair("illness", "doc") not in graph.forbidden_pairs  # who knows it already


def test_unknown_facts_and_actors_are_key_errors() -> None:
    graph = FlowGraph(instance(norm("any")))
    for fact, actor in (("nothing", "tom"), ("illness", "nobody")):
        with pytest.raises(KeyError):
            graph.verdict(fact, actor)
    with pytest.raises(KeyError, match="nobody"):
        graph.verdict("illness", "tom", sender="nobody")


patterns = st.sampled_from(
    ["*", "@tom", "@public", "subject", "employment.*", "employment.manager", "health.physician of subject",
     "family.friend of dana", "employment.manager of sender", "public.anyone", "*.*"]
)  # fmt: skip
norms_drawn = st.lists(
    st.builds(
        norm,
        st.uuids().map(lambda uuid: f"n{uuid.hex}"),
        st.sampled_from(["required", "permitted", "forbidden"]),
        recipient=patterns,
        sender=patterns,
        subject=st.sampled_from(["*", "@dana", "subject", "health.patient"]),
        attribute=st.sampled_from(["*", "health.*", "health.diagnosis"]),
        principle=st.sampled_from([None, None, "consent", "duty"]),
        severity=st.sampled_from([1, 2, 3]),
    ),
    max_size=6,
)
states = st.sampled_from([(), (Principle(kind="consent"),), (Principle(kind="duty", recipient="tom"),)])


@given(norms_drawn, states, st.randoms(use_true_random=False))
def test_a_verdict_does_not_depend_on_the_order_of_norms(
    norms: list[Norm], principles: tuple[Principle, ...], random: Any
) -> None:
    shuffled = list(norms)
    random.shuffle(shuffled)
    one, other = FlowGraph(instance(*norms)), FlowGraph(instance(*shuffled))
    for fact in one.facts:
        for actor in one.actors:
            assert one.verdict(fact, actor, principles=principles) == other.verdict(fact, actor, principles=principles)


@given(norms_drawn, states)
def test_only_matching_norms_decide_and_conflicts_name_the_winner(
    norms: list[Norm], principles: tuple[Principle, ...]
) -> None:
    graph = FlowGraph(instance(*norms))
    by_id = {norm.id: norm for norm in norms}
    for fact in graph.facts:
        for actor in graph.actors:
            verdict = graph.verdict(fact, actor, principles=principles)
            if verdict.norm is None:
                assert (verdict.kind, verdict.conflict) == ("unregulated", ())
            else:
                assert verdict.kind == by_id[verdict.norm].verdict
                assert not verdict.conflict or verdict.norm in verdict.conflict


# -- as a graph --------------------------------------------------------------------------------------------------------


def test_the_network_holds_the_same() -> None:
    made = instance(
        norm("health", attribute="health.*", severity=3),
        channels=(Channel(id="team", kind="mail_list", name="Team", members=("dana", "tom")),),
    )
    graph = FlowGraph(made)
    network = graph.network
    assert network.nodes["channel:team"]["channel"] == "mail_list"
    assert network.has_edge("actor:tom", "channel:team")
    edges = [(start, end, data) for start, end, data in network.edges(data=True)]
    of_kind = {kind: [(s, e) for s, e, data in edges if data["kind"] == kind] for kind in ("knows", "flow", "implies")}
    assert ("actor:doc", "fact:illness") in of_kind["knows"]
    assert of_kind["implies"] == [("fact:illness", "fact:clinic")]
    assert of_kind["flow"] == [(f"fact:{fact}", f"actor:{actor}") for fact, actor in graph.forbidden_pairs]
    flow = next(data for _, _, data in edges if data["kind"] == "flow")
    assert (flow["verdict"], flow["norm"], flow["severity"]) == ("forbidden", "health", 3)
