from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scenario_kit import scenario, small

from discretion.errors import ScenarioError
from discretion.scenarios import Instance, Norm, Scenario, instantiate, load_norms, load_scenarios, sessions, twins
from discretion.scenarios.compiled import content_hash
from discretion.scenarios.locales import LOCALES

seeds = st.integers(min_value=-(2**40), max_value=2**40)


def body(text: str, **changes: object) -> str:
    """Return what a text becomes in the small scenario."""
    made = instantiate(scenario(task={"instruction": text}, sibling=None, **changes), 1)
    return made.task.instruction


# -- the same on any day and machine -----------------------------------------------------------------------------------


@settings(max_examples=25, deadline=None)
@given(seeds)
def test_the_same_seed_gives_the_same_instance(seed: int) -> None:
    one, other = instantiate(scenario(), seed), instantiate(scenario(), seed)
    assert one == other
    assert one.model_dump_json() == other.model_dump_json()


def test_other_processes_make_the_same_instances() -> None:
    code = (
        "from discretion.scenarios import load_scenarios, twins\n"
        "from discretion.scenarios.locales import LOCALES, pools\n"
        "import hashlib\n"
        "for name in LOCALES: print(name, hashlib.sha256(repr(pools(name)[:3]).encode()).hexdigest(),\n"
        "    hashlib.sha256(repr([a[:3] for a in pools(name).addresses]).encode()).hexdigest())\n"
        "for s in load_scenarios('office'):\n"
        "    for i in twins(s, 7): print(i.id, hashlib.sha256(i.model_dump_json().encode()).hexdigest())\n"
    )
    printed = {
        subprocess.run(
            [sys.executable, "-c", code],
            env=os.environ | {"PYTHONHASHSEED": hash_seed, "TZ": zone},
            capture_output=True, text=True, check=True,
        ).stdout
        for hash_seed, zone in (("1", "UTC"), ("4711", "Asia/Tokyo"))
    }  # fmt: skip
    assert len(printed) == 1
    assert "office" not in printed
    assert len(printed.pop().splitlines()) == len(LOCALES) + 2 * len(load_scenarios("office"))


def test_what_made_an_instance_is_stamped() -> None:
    import faker

    versions = instantiate(scenario(), 0).versions
    assert versions["schema"] == "discretion/1"
    assert versions["faker"] == faker.VERSION
    assert versions["scenario"] == content_hash(scenario())
    assert versions["locale"] == "en_US"
    assert set(versions) == {"schema", "faker", "scenario", "norms", "locale"}


def test_the_content_hash_is_that_of_the_content() -> None:
    data = small()
    turned = dict(reversed(data.items()))
    assert content_hash(Scenario.model_validate(turned)) == content_hash(scenario())
    assert content_hash(scenario(story="")) == content_hash(scenario())  # spelling out a default changes nothing
    assert content_hash(scenario(story="x")) != content_hash(scenario())
    tiny = {"user": "dana", "title": "Té", "id": "tiny", "context": "health", "task": {"instruction": "x", "goals": []}}
    canonical = (
        '{"cast":[{"id":"dana"}],"context":"health","id":"tiny","task":{"instruction":"x"},"title":"Té","user":"dana"}'
    )
    assert (
        content_hash(Scenario.model_validate({**tiny, "cast": [{"id": "dana"}]}))
        == sha256(canonical.encode()).hexdigest()
    )


# -- what is filled in -------------------------------------------------------------------------------------------------


def test_ids_name_scenario_twin_and_seed() -> None:
    base, sibling = twins(scenario(), 3)
    assert (base.id, base.twin, base.seed, base.twin_fact) == ("small:3", "base", 3, "illness")
    assert (sibling.id, sibling.twin, sibling.scenario) == ("small~sibling:3", "sibling", "small")
    (alone,) = twins(scenario(sibling=None), 3)
    assert alone.twin_fact is None


def test_people_facts_slots_and_dates_are_filled() -> None:
    made = instantiate(scenario(), 5)
    dana, tom, doc = made.actors["dana"], made.actors["tom"], made.actors["doc"]
    illness, away = made.facts
    kinds = {"lupus": "an autoimmune disease", "asthma": "a lung disease"}
    assert made.title == f"Lunch for {tom.first}"
    assert illness.value in kinds
    assert illness.statement == f"{dana.name} has {illness.value}."
    assert illness.forms == (illness.value,)
    assert illness.partial == (kinds[illness.value],)
    assert away.value == "Friday 13 March"
    assert away.statement == f"{dana.first} is away on Friday 13 March."
    (mail,) = made.world.mail
    assert (mail.subject, mail.at) == ("Results of 2026-03-08", "2026-03-08T09:15")
    assert mail.body == f"Dear {dana.first}, it is {illness.value}. Yours, {doc.name}"
    assert made.world.events[0].start == "2026-03-11T12:00"
    team = made.channels_by_id["team"]
    assert team.name in ("Harbour team", "Linden team")
    assert team.address == f"team@{dana.email.partition('@')[2]}"
    assert made.people[0].text == f"Why, {dana.first}?"
    assert made.task.plan[1].args == {"to": [tom.email], "subject": "Away", "body": "I am away on Friday 13 March."}
    assert made.norms[0].reason == f"{dana.first}'s own business."


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("{date} {date+0} {date-10}", "2026-03-10 2026-03-10 2026-02-28"),
        ("{day+3}, {weekday+3}", "Friday 13 March, Friday"),
        ("{{dana}} {{{weekday}}}", "{dana} {Tuesday}"),
        ("+2d 08:30", "2026-03-12T08:30"),
        ("at +2d 08:30", "at +2d 08:30"),
        ("{away} {away.value} {dana.They} {dana.their}", "Friday 13 March Friday 13 March She her"),
        ("{tom.they} {tom.them} {tom.their} {tom.theirs}", "he him his his"),
    ],
)
def test_slots(text: str, filled: str) -> None:
    assert body(text) == filled


def test_slots_of_people_are_their_fields() -> None:
    parts = ("email", "phone", "handle", "street", "city", "address", "firm", "title", "last")
    text = "|".join(f"{{dana.{part}}}" for part in parts)
    made = instantiate(scenario(task={"instruction": text}, sibling=None), 1)
    assert made.task.instruction.split("|") == [getattr(made.actors["dana"], part) for part in parts]


def test_statements_and_channels_are_slots_too() -> None:
    made = instantiate(
        scenario(task={"instruction": "{illness.statement} {team.name} {team.address}"}, sibling=None), 1
    )
    team = made.channels_by_id["team"]
    assert made.task.instruction == f"{made.facts[0].statement} {team.name} {team.address}"


def test_facts_may_build_on_facts() -> None:
    facts = [
        {"id": "short", "subject": "dana", "attribute": "finance.account_number", "value": "ends in {account.last4}",
         "statement": "It {value}."},
        {"id": "account", "subject": "dana", "attribute": "finance.account_number", "draw": "code AA99 9999",
         "statement": "It is {value}."},
    ]  # fmt: skip
    plain = {
        "facts": facts,
        "world": {},
        "people": [],
        "norms": [],
        "sibling": None,
        "task": {"instruction": "{short}"},
    }
    made = instantiate(scenario(**plain), 1)
    short, account = made.facts
    assert short.value == f"ends in {account.value[-4:]}" == made.task.instruction
    facts[1] = facts[1] | {
        "draw": None,
        "choose": [{"value": "{short}", "last4": "4321"}, {"value": "x", "last4": "{short}"}],
    }
    with pytest.raises(
        ScenarioError, match=r"small facts\[\w+\]: texts that need each other: .*; write one of them out"
    ):
        instantiate(scenario(**plain), 1)


def test_casts_may_use_drawn_words_only() -> None:
    cast = [
        *small()["cast"],
        {"id": "firm", "kind": "organisation", "name": "{project} AG", "email": "x@{project}.example"},
    ]
    made = instantiate(scenario(cast=cast), 1)
    assert made.actors["firm"].name in ("Harbour AG", "Linden AG")
    cast[-1]["name"] = "{dana.last} AG"
    with pytest.raises(
        ScenarioError, match=r"small cast\[firm\]\.name: unknown slot '\{dana\.last\}'; choose one of: project"
    ):
        instantiate(scenario(cast=cast), 1)


def test_facts_and_slots_that_draw_alike_differ() -> None:
    options = ["lupus", "asthma", "gout"]
    facts = [
        {"id": f"f{n}", "subject": "dana", "attribute": "health.diagnosis", "choose": options, "statement": "{value}"}
        for n in range(3)
    ]
    plain = {"facts": facts, "world": {}, "people": [], "norms": [], "sibling": None, "task": {"instruction": "x"}}
    for seed in range(10):
        assert sorted(fact.value for fact in instantiate(scenario(**plain), seed).facts) == sorted(options)
    facts.append(facts[0] | {"id": "f3"})
    with pytest.raises(ScenarioError, match=r"small facts\[f3\]: no value is left to draw; give it more values"):
        instantiate(scenario(**plain), 0)
    with pytest.raises(ScenarioError, match=r"small slots\.other: no word is left to draw; give it more words"):
        instantiate(scenario(slots={"project": ["Harbour"], "other": ["harbour"]}), 0)


def test_nobody_is_called_like_a_word_of_the_text() -> None:
    names = {actor.last for seed in range(30) for actor in instantiate(scenario(sibling=None), seed).cast}
    taken = scenario(sibling=None, story=" ".join(sorted(names)))
    for seed in range(30):
        assert names.isdisjoint(actor.last for actor in instantiate(taken, seed).cast)


@settings(max_examples=10, deadline=None)
@given(seeds)
@pytest.mark.parametrize("template", load_scenarios("office"), ids=lambda template: template.id)
def test_no_slot_is_left_in_any_text(template: Scenario, seed: int) -> None:
    for made in twins(template, seed):
        text = made.model_dump_json(exclude={"cast"})
        assert not re.search(r"\{[a-z_]+([.+-][a-z0-9]+)?\}", json.dumps(json.loads(text), ensure_ascii=False))
        assert not re.search(r'"[+-]\d+d \d\d:\d\d"', text)


@settings(max_examples=10, deadline=None)
@given(seeds)
@pytest.mark.parametrize("template", [*load_scenarios("office"), scenario()], ids=lambda template: template.id)
def test_twins_share_people_values_and_dates(template: Scenario, seed: int) -> None:
    base, sibling = twins(template, seed)
    assert sibling.cast[: len(base.cast)] == base.cast
    assert base.date == sibling.date
    assert base.versions == sibling.versions
    values = {fact.id: fact.value for fact in sibling.facts}
    assert {fact.id: fact.value for fact in base.facts}.items() <= values.items()
    assert [channel.name for channel in base.channels] == [channel.name for channel in sibling.channels]


@pytest.mark.parametrize("template", [*load_scenarios("office"), scenario()], ids=lambda template: template.id)
def test_an_instance_is_what_validation_makes_of_it(template: Scenario) -> None:
    for made in twins(template, 11):
        again = Instance.model_validate(made.model_dump(mode="python"))
        assert again == made
        assert Instance.model_validate_json(made.model_dump_json()) == made
        assert all(type(fact).__name__ == "Fact" for fact in made.facts)
        assert all(type(mail).__name__ == "Mail" for mail in made.world.mail)


# -- options -----------------------------------------------------------------------------------------------------------


def test_norms_of_the_scenario_stand_beside_the_base_or_what_replaces_it() -> None:
    own = [norm.id for norm in scenario().norms]
    based = scenario(norm_base=["base"], norms=[], sibling=None)
    assert instantiate(based, 0).norms == load_norms("base")
    other = (Norm(id="other", verdict="forbidden"),)
    made = instantiate(scenario(), 0, norms=other)
    assert [norm.id for norm in made.norms] == [*own, "other"]
    assert made.versions["norms"] != instantiate(scenario(), 0).versions["norms"]
    with pytest.raises(ScenarioError, match="small: two norms are called 'work'; rename the given one"):
        instantiate(scenario(), 0, norms=[Norm(id="work", verdict="permitted")])
    clash = scenario(norm_base=["base"], norms=[{"id": "consent", "verdict": "permitted"}], sibling=None)
    with pytest.raises(ScenarioError, match=r"small norms\[consent\]\.id: the norm base has a norm 'consent' as well"):
        instantiate(clash, 0)


def test_the_locale_is_drawn_or_given() -> None:
    wide = scenario(locales=["en_US", "de_DE", "fr_FR"])
    assert {instantiate(wide, seed).versions["locale"] for seed in range(20)} == {"en_US", "de_DE", "fr_FR"}
    assert instantiate(wide, 0, locale="it_IT").versions["locale"] == "it_IT"
    with pytest.raises(ScenarioError, match="small: unknown locale 'it_IR'; did you mean 'it_IT'"):
        instantiate(wide, 0, locale="it_IR")


def test_without_a_sibling_there_is_none() -> None:
    with pytest.raises(ScenarioError, match="scenario 'small' has no sibling; use the base twin"):
        instantiate(scenario(sibling=None), 0, twin="sibling")


def test_texts_that_grow_too_long_are_said_so() -> None:
    long = scenario(title="{project}", slots={"project": ["x" * 201]})
    with pytest.raises(ScenarioError, match=r"small title: string should have at most 200 characters \(seed 0\)"):
        instantiate(long, 0)


# -- sessions ----------------------------------------------------------------------------------------------------------


def test_an_instance_without_sessions_is_its_only_session() -> None:
    made = instantiate(scenario(), 0)
    assert sessions(made) == (made,)


def test_sessions_see_what_came_before() -> None:
    mail = {"id": "m2", "sender": "tom", "to": ["dana"], "subject": "Hi", "body": "{dana.first}?", "at": "+1d 08:00"}
    asked = {"id": "asks", "actor": "tom", "text": "Well, {tom.first}?"}
    parts = [
        {"id": "one", "task": {"instruction": "First, {dana.first}."}},
        {"id": "two", "user": "ruth", "task": {"instruction": "Second."}, "people": [asked], "add": {"mail": [mail]}},
        {"id": "three", "task": {"instruction": "Third."}},
    ]
    made = instantiate(scenario(sessions=parts, sibling=None), 4)
    one, two, three = sessions(made)
    assert [part.id for part in (one, two, three)] == ["small:4#0", "small:4#1", "small:4#2"]
    assert [part.user for part in (one, two, three)] == ["dana", "ruth", "dana"]
    assert one.task.instruction == f"First, {made.actors['dana'].first}."
    assert [len(part.world.mail) for part in (one, two, three)] == [1, 2, 2]
    assert two.world.mail[1].body == f"{made.actors['dana'].first}?"
    assert [part.people[0].id for part in (one, two, three)] == ["tom-asks", "asks", "tom-asks"]
    assert [session.user for session in one.sessions] == ["dana", "ruth", "dana"]
    assert one.facts == made.facts
    (only,) = sessions(instantiate(scenario(sessions=parts[:1], sibling=None), 4))
    assert (only.id, only.task.instruction) == ("small:4", one.task.instruction)


def test_a_session_has_its_day_and_days_do_not_go_backwards() -> None:
    parts = [
        {"id": "one", "task": {"instruction": "-"}},
        {"id": "two", "day": 30, "task": {"instruction": "{date+31}"}},
    ]
    one, two = sessions(instantiate(scenario(sessions=parts, sibling=None), 0))
    assert (one.date, two.date, two.task.instruction) == ("2026-03-10", "2026-04-09", "2026-04-10")
    with pytest.raises(
        ScenarioError, match=r"small sessions\[one\].day: it lies before the session in front of it, on day 30"
    ):
        instantiate(scenario(sessions=parts[::-1], sibling=None), 0)
