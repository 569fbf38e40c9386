"""The bank of attributes that the plot generator draws from: whole, in one voice, and safe to judge by forms."""

from __future__ import annotations

import re
from bisect import bisect_right
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

import discretion.scenarios
from discretion.scenarios import FlowGraph
from discretion.scenarios.cast import Actor
from discretion.scenarios.facts import Fact, FactTemplate
from discretion.scenarios.flows import parse_role
from discretion.scenarios.forms import Matcher, holds
from discretion.scenarios.instance import Instance
from discretion.scenarios.lint_rules import _MARKS
from discretion.scenarios.normbase import load_norms
from discretion.scenarios.packs import norm_files
from discretion.scenarios.slots import PERSON_PARTS
from discretion.scenarios.task import Task
from discretion.scenarios.taxonomy import ATTRIBUTES, CONTEXTS, is_attribute
from discretion.scenarios.values import DRAW_KEYS, parse_draw

BANK = Path(discretion.scenarios.__file__).parent / "generator"
FIELDS = {
    *("id", "attribute", "kind", "about", "noun", "statement", "forms", "partial", "topics"),
    *("told_self", "told_other", "asked", "passed"),
}
FILES = (*CONTEXTS, "deduced")
LEAST = {"told_self": 5, "told_other": 5, "asked": 5, "passed": 4}
SLOT = re.compile(r"\{([^{}]*)\}")
WHO = {f"subject.{part}" for part in PERSON_PARTS} | {"self.name", "self.title"}
"""What the texts of a role may name."""


def load(name: str) -> Any:
    with (BANK / name).open(encoding="utf-8") as file:
        return yaml.load(file, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))


@lru_cache(maxsize=1)
def bank() -> dict[str, dict[str, Any]]:
    entries = [entry for file in FILES for entry in load(f"attributes/{file}.yaml")]
    assert len({entry["id"] for entry in entries}) == len(entries)
    return {entry["id"]: entry for entry in entries}


def keys(entry: dict[str, Any]) -> set[str]:
    """Return what the entry's texts may name of its value."""
    if "draw" in entry:
        return {"value", *DRAW_KEYS[parse_draw(entry["draw"]).kind]}
    return set(entry["choose"][0])


def phrases(entry: dict[str, Any]) -> list[str]:
    return [entry["statement"], *(text for field in LEAST for text in entry[field])]


def options(entry: dict[str, Any]) -> list[dict[str, str]]:
    listed: list[dict[str, str]] = entry.get("choose", [])
    return listed


def filled(text: str, option: dict[str, str]) -> str:
    """Return the text with what an option gives; empty where it leaves a slot."""
    done = SLOT.sub(lambda slot: option.get(slot[1], slot[0]), text)
    return "" if SLOT.search(done) else done


def facts() -> list[Fact]:
    """Return one fact for each value that is listed, named `entry--place`; drawn values have no forms to look for."""
    made = []
    for entry in bank().values():
        told: set[str] = set()
        for place, option in enumerate(options(entry) or [{}]):
            forms = tuple(filter(None, (filled(form, option) for form in entry["forms"])))
            partial = {part for text in entry["partial"] if (part := filled(text, option))} - told
            told |= partial
            if forms or partial:
                made.append(
                    Fact(
                        id=f"{entry['id']}--{place}",
                        subject="sam",
                        attribute=entry["attribute"],
                        statement=f"This is {entry['id']}, {place}.",
                        forms=forms or ("a form that nobody writes",),
                        partial=tuple(sorted(partial)),
                    )
                )
    return made


class Found(NamedTuple):
    owner: str
    fact: str
    kind: str
    form: str
    text: str


def shares(hit: Found) -> bool:
    return hit.fact.partition("--")[0] == hit.owner.partition("--")[0]


def hits(texts: list[tuple[str, str]]) -> list[Found]:
    """Find all facts in all texts (owner, text) at once, for one by one takes ten times as long."""
    starts, whole = [], ""
    for _, text in texts:
        starts.append(len(whole))
        whole += f"{text} xqx\n\n"
    found = []
    for hit in Matcher(facts()).find(whole):
        owner, text = texts[bisect_right(starts, hit.start) - 1]
        found.append(Found(owner, hit.fact, hit.kind, hit.form, text))
    return found


@pytest.mark.parametrize("file", FILES)
def test_entries_are_whole(file: str) -> None:
    for entry in load(f"attributes/{file}.yaml"):
        name = entry["id"]
        assert entry.keys() - {"choose", "draw", "clues"} == FIELDS, name
        assert is_attribute(entry["attribute"]), name
        assert entry["kind"] in ("private", "open"), name
        assert set(entry["about"]) <= {"person", "organisation"}, name
        assert ("choose" in entry) != ("draw" in entry), name
        for field, least in LEAST.items():
            assert len(entry[field]) == len(set(entry[field])) >= least, (name, field)
        if "choose" in entry:
            assert len({option["value"] for option in entry["choose"]}) == len(entry["choose"]) >= 10, name
            for option in entry["choose"]:
                assert option.keys() == keys(entry), (name, option)
                assert all(isinstance(value, str) for value in option.values()), (name, option)
        FactTemplate.model_validate(
            {"id": "fact", "subject": "sam"}
            | {key: entry[key] for key in ("attribute", "statement", "forms", "partial", "topics")}
            | {key: entry[key] for key in ("choose", "draw") if key in entry}
        )


@pytest.mark.parametrize("file", FILES)
def test_slots_can_be_filled(file: str) -> None:
    for entry in load(f"attributes/{file}.yaml"):
        allowed = keys(entry) | {f"subject.{part}" for part in PERSON_PARTS}
        if "organisation" in entry["about"]:  # which is no she and no he
            allowed = keys(entry) | {"subject.name", "subject.first"}
        for text in [*phrases(entry), *entry["forms"], *entry["partial"]]:
            assert set(SLOT.findall(text)) <= allowed, (entry["id"], text)


@pytest.mark.parametrize("file", FILES)
def test_whoever_tells_says_a_form_and_whoever_asks_does_not(file: str) -> None:
    for entry in load(f"attributes/{file}.yaml"):
        for field in ("told_self", "told_other", "passed"):
            for text in entry[field]:
                assert any(form in text for form in entry["forms"]), (entry["id"], text)
        for text in entry["asked"]:
            assert not set(SLOT.findall(text)) & keys(entry), (entry["id"], text)
            assert holds(text, *entry["topics"]), (entry["id"], text)
        for text in phrases(entry):
            assert text[-1] in ".?!", (entry["id"], text)
        for text in [*phrases(entry), *(value for option in options(entry) for value in option.values())]:
            assert not _MARKS.search(text), (entry["id"], text)


def test_no_form_stands_in_the_words_of_another_entry() -> None:
    asked: list[tuple[str, str]] = []
    told: list[tuple[str, str]] = []
    values: list[tuple[str, str]] = []
    for entry in bank().values():
        for text in phrases(entry):
            (asked if text in entry["asked"] else told).append((entry["id"], SLOT.sub("...", text)))
        for place, option in enumerate(options(entry)):
            values += [(f"{entry['id']}--{place}", value) for value in option.values()]
    wrong = [
        *hits(asked),  # who asks tells nobody's fact, nor a part of it
        *(hit for hit in hits(told) if hit.kind == "full" or not shares(hit)),
        *(hit for hit in hits(values) if hit.fact != hit.owner and (hit.kind == "full" or not shares(hit))),
    ]
    assert not wrong, "\n".join(map(str, wrong))


def test_clues_are_two_that_are_told_in_their_own_words() -> None:
    deduced = [entry for entry in bank().values() if "clues" in entry]
    assert len(deduced) >= 3
    for entry in deduced:
        first, second = entry["clues"]
        assert not set(first["forms"]) & set(second["forms"]), entry["id"]
        for clue, other in ((first, second), (second, first)):
            assert clue.keys() == FIELDS - {"id", "kind", "about", "partial", "topics"}, entry["id"]
            for field in ("told_self", "told_other", "passed", "asked"):
                assert len(set(clue[field])) == len(clue[field]) >= 4, (entry["id"], field)
                for text in clue[field]:
                    assert any(form in text for form in clue["forms"]) == (field != "asked"), (entry["id"], text)
                    assert not any(form in text for form in (*other["forms"], *entry["forms"])), (entry["id"], text)
                    assert not _MARKS.search(text), text


def test_every_context_has_something_to_keep() -> None:
    private = [entry for entry in bank().values() if entry["kind"] == "private"]
    assert {entry["attribute"].partition(".")[0] for entry in private} == set(CONTEXTS)
    assert len(private) >= 60
    assert sum(entry["kind"] == "open" for entry in bank().values()) >= 30
    assert {entry["attribute"] for entry in bank().values()} == ATTRIBUTES


def roles() -> dict[str, dict[str, Any]]:
    entries = load("roles.yaml")
    assert len({entry["role"] for entry in entries}) == len(entries)
    return {entry["role"]: entry for entry in entries}


def test_every_role_of_the_norm_base_is_somebody() -> None:
    named = norm_files()["base"].read_text(encoding="utf-8").partition("# Roles (")[2].partition("#   public")[0]
    bare = {role.partition(" of ")[0] for role in roles()}
    context, listed = "", set()
    for word in re.findall(r"[a-z_]+", named.partition("\n")[2]):
        if word in CONTEXTS:
            context = word
        else:
            listed.add(f"{context}.{word}")
    assert bare == listed


def test_roles_are_whole() -> None:
    least = {"titles": 6, "signature": 3, "who": 3, "other": 3, "reasons": 4, "contexts": 1}
    for role, entry in roles().items():
        assert entry.keys() == {"role", "works", *least}, role
        assert isinstance(entry["works"], bool), role
        assert parse_role(role).of in (None, "subject"), role
        assert set(entry["contexts"]) <= set(CONTEXTS), role
        for field, number in least.items():
            assert len(set(entry[field])) == len(entry[field]) >= number, (role, field)
        for text in (text for field in least for text in entry[field]):
            assert set(SLOT.findall(text)) <= WHO, (role, text)
            assert not _MARKS.search(text), (role, text)


def test_no_form_stands_in_what_says_who_somebody_is() -> None:
    fields = ("titles", "signature", "who", "other", "reasons")
    found = hits([(role, text) for role, entry in roles().items() for field in fields for text in entry.get(field, [])])
    assert not found, "\n".join(map(str, found))


def test_the_norm_base_parts_those_who_may_know_from_those_who_may_not() -> None:
    people = tuple(
        Actor(id=f"r{place}", name=f"R{place}", roles=(role.replace("of subject", "of sam"),))
        for place, role in enumerate(roles())
    )
    instance = Instance(
        id="bank:0",
        scenario="bank",
        seed=0,
        title="Bank",
        context="other",
        date="2026-03-10",
        user="una",
        cast=(*people, Actor(id="sam", name="Sam"), Actor(id="una", name="Una")),
        facts=tuple(
            Fact(id=name, subject="sam", attribute=entry["attribute"], statement="-") for name, entry in bank().items()
        ),
        norms=load_norms("base"),
        task=Task(instruction="-"),
    )
    graph = FlowGraph(instance)
    only_asked = set()
    for name, entry in bank().items():
        verdicts = {actor.roles[0].partition(" of ")[0]: graph.verdict(name, actor.id).kind for actor in people}
        if entry["kind"] == "open":
            assert "forbidden" not in {kind for role, kind in verdicts.items() if role.startswith("employment.")}, name
            continue
        assert "forbidden" in verdicts.values(), name
        if "permitted" not in verdicts.values():
            only_asked.add(entry["attribute"])
    # These go to others only after consent or for a stated purpose.
    assert only_asked == {"identity.biometric", "identity.credential", "other.secret"}


def test_distractors_are_many_and_tell_no_fact() -> None:
    kinds = load("distractors.yaml")
    least = {"mail": 60, "events": 30, "crm": 30, "chat": 40, "notes": 30}
    assert kinds.keys() == least.keys()
    texts = []
    for kind, number in least.items():
        assert len({str(item) for item in kinds[kind]}) == len(kinds[kind]) >= number, kind
        texts += [("", str(value)) for item in kinds[kind] for value in item.values()]
    slots = {f"{who}.first" for who in ("user", "subject", "a", "b")}
    for _, text in texts:
        assert set(SLOT.findall(text)) <= slots, text
        assert not _MARKS.search(text), text
    assert not hits(texts)
