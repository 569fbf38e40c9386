from __future__ import annotations

import itertools
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from discretion.errors import ScenarioError
from discretion.scenarios.cast import Actor, CastMember
from discretion.scenarios.locales import LOCALES, pools
from discretion.scenarios.names import fold, words_of
from discretion.scenarios.personas import draw_people, pronoun

CAST = (
    CastMember(id="ann", firm="acme", roles=("employment.employee",)),
    CastMember(id="bob", firm="acme", gender="male"),
    CastMember(id="cat", household="home", gender="female"),
    CastMember(id="dan", household="home"),
    CastMember(id="eve", confusable_with="cat"),
    CastMember(id="acme", kind="organisation"),
    CastMember(id="shop", kind="organisation", name="Blue Door Ltd"),
    CastMember(id="fay", firm="shop"),
)


def draw(
    cast: tuple[CastMember, ...] = CAST, key: str = "k", locale: str = "en_US", **more: frozenset[str]
) -> dict[str, Actor]:
    return {actor.id: actor for actor in draw_people(cast, key=key, locale=locale, **more)}


def distance_at_most_one(one: str, other: str) -> bool:
    if one == other:
        return True
    if len(one) == len(other):
        return sum(a != b for a, b in zip(one, other, strict=True)) == 1
    short, long = sorted((one, other), key=len)
    return len(long) - len(short) == 1 and any(long[:i] + long[i + 1 :] == short for i in range(len(long)))


@pytest.mark.parametrize("locale", LOCALES)
def test_people_of_a_firm_and_a_household_share_what_they_share(locale: str) -> None:
    people = draw(locale=locale)
    assert people["ann"].firm == people["bob"].firm == people["acme"].name == people["acme"].firm
    domains = {people[name].email.partition("@")[2] for name in ("ann", "bob", "acme")}
    assert len(domains) == 1
    assert domains.pop().endswith(".example")
    assert people["cat"].last == people["dan"].last
    assert people["cat"].address == people["dan"].address
    assert people["cat"].first != people["dan"].first
    assert people["eve"].first == people["cat"].first
    assert people["eve"].last != people["cat"].last
    assert people["eve"].gender == people["cat"].gender == "female"
    assert people["fay"].firm == "Blue Door Ltd"
    assert people["fay"].email.endswith("@blue-door-ltd.example")


@pytest.mark.parametrize("locale", LOCALES)
def test_a_person_is_consistent(locale: str) -> None:
    for actor in draw(locale=locale).values():
        if actor.kind == "organisation":
            continue
        assert actor.name == f"{actor.first} {actor.last}"
        local = re.sub(r"[^a-z.]", "", f"{fold(actor.first)}.{fold(actor.last)}")
        assert actor.handle == local
        assert actor.email.partition("@")[0] == local
        assert actor.email.isascii()
        assert actor.email.endswith(".example")
        assert actor.street in actor.address
        assert actor.city in actor.address
        assert actor.first in getattr(pools(locale), str(actor.gender))


@settings(max_examples=40, deadline=None)
@given(st.integers(), st.sampled_from(sorted(LOCALES)))
def test_nobody_can_be_mistaken_for_somebody_else(seed: int, locale: str) -> None:
    people = draw(key=f"k|{seed}", locale=locale)
    names = {
        fold(word) for actor in people.values() for word in (actor.first, actor.last) if word and actor.kind == "person"
    }
    assert len(names) == 6 * 2 - 2  # one surname and one first name are shared on purpose
    for one, other in itertools.combinations(sorted(names), 2):
        assert not distance_at_most_one(one, other)
        assert not one.startswith(other)
        assert not other.startswith(one)
    for actor in people.values():
        assert names.isdisjoint(words_of(actor.address))
    for field in ("email", "phone", "handle"):
        assert len({getattr(actor, field) for actor in people.values()}) == len(people)


def test_the_same_key_gives_the_same_people_and_another_key_others() -> None:
    assert draw() == draw()
    assert draw()["ann"].name != draw(key="other")["ann"].name


@settings(max_examples=25, deadline=None)
@given(st.integers(), st.sampled_from(sorted(LOCALES)))
def test_a_member_at_the_end_changes_nobody(seed: int, locale: str) -> None:
    before = draw(key=f"k|{seed}", locale=locale)
    more = (*CAST, CastMember(id="gus", household="home"), CastMember(id="new", kind="organisation"))
    after = draw(more, key=f"k|{seed}", locale=locale)
    assert {name: after[name] for name in before} == before


def test_reserved_words_are_nobodys_name() -> None:
    first = draw()
    reserved = frozenset({fold(first["ann"].first), fold(first["ann"].last)})
    again = draw(reserved=reserved)
    assert reserved.isdisjoint({fold(again["ann"].first), fold(again["ann"].last)})


def test_no_name_is_an_everyday_word() -> None:
    for locale in LOCALES:
        names = {fold(name) for pool in pools(locale)[:3] for name in pool}
        assert names.isdisjoint({"will", "mark", "may", "grace", "hope", "young", "brown", "baker", "price", "rose"})
        assert all(name.isalpha() for name in names)
        female, male, last = (set(pool) for pool in pools(locale)[:3])
        assert not female & male
        assert not last & (female | male)


def test_phones_ring_nowhere() -> None:
    patterns = {
        "en_US": r"\(\d{3}\) 555-01\d\d",
        "en_GB": r"020 7946 0\d{3}|01\d\d 496 0\d{3}|07700 900\d{3}",
        "fr_FR": r"(01 99 00|02 61 91|03 53 01|04 65 71|06 39 98) \d\d \d\d",
    }
    for locale, pattern in patterns.items():
        assert all(re.fullmatch(pattern, actor.phone) for actor in draw(locale=locale).values())


def test_fixed_fields_stay_and_are_nobody_elses() -> None:
    fixed = CastMember(
        id="x", name="Dr. Emily Jane Rossi", email="e@clinic.example", phone="1", handle="em", title="Dr."
    )
    cast = (fixed, *(CastMember(id=f"p{n}") for n in range(20)))
    people = draw(cast)
    emily = people["x"]
    assert (emily.name, emily.first, emily.last) == ("Dr. Emily Jane Rossi", "Emily", "Rossi")
    assert (emily.email, emily.phone, emily.handle, emily.title) == ("e@clinic.example", "1", "em", "Dr.")
    others = [word for name, actor in people.items() if name != "x" for word in (actor.first, actor.last)]
    assert not any(distance_at_most_one(fold(word), fixed) for word in others for fixed in ("emily", "jane", "rossi"))


def test_fixed_people_of_one_name_get_addresses_of_their_own() -> None:
    people = draw((CastMember(id="a", name="Kim Li", firm="f"), CastMember(id="b", name="Kim Li", firm="f")))
    assert people["a"].email.replace("@", "2@") == people["b"].email


def test_a_household_takes_the_name_of_its_fixed_member() -> None:
    people = draw((CastMember(id="a", household="h"), CastMember(id="b", household="h", name="Jo Ferrante")))
    assert people["a"].last == "Ferrante"
    assert people["a"].address == people["b"].address


@pytest.mark.parametrize(
    ("gender", "forms"),
    [
        ("female", ["she", "her", "her", "hers", "She"]),
        ("male", ["he", "him", "his", "his", "He"]),
        (None, ["they", "them", "their", "theirs", "They"]),
    ],
)
def test_pronouns(gender: str | None, forms: list[str]) -> None:
    actor = Actor(id="a", name="A", gender=gender)  # type: ignore[arg-type]
    assert [pronoun(actor, which) for which in ("they", "them", "their", "theirs", "They")] == forms


def test_a_cast_that_no_locale_can_name() -> None:
    crowd = tuple(CastMember(id=f"p{n}") for n in range(400))
    with pytest.raises(ScenarioError, match="the cast needs more names than fr_FR has; use a smaller cast"):
        draw(crowd, locale="fr_FR")
    with pytest.raises(ScenarioError, match="unknown locale 'xx_XX'; choose one of: de_DE, en_GB"):
        pools("xx_XX")
    crowd = tuple(CastMember(id=f"p{n}", name=f"Person{n} Number{n}") for n in range(400))
    with pytest.raises(ScenarioError, match="the cast needs more phone numbers than en_US has"):
        draw(crowd)
