# ruff: noqa: E501 - one mistake, one row
from __future__ import annotations

from typing import Any

import pytest
from scenario_kit import scenario, small

from discretion.errors import ScenarioError
from discretion.scenarios import Scenario, check_scenario, instantiate, load_scenarios
from discretion.scenarios.generator import generate
from discretion.scenarios.sibling import origin, twin_of


def twin(changes: dict[str, Any], **base: Any) -> Scenario:
    return twin_of(scenario(**base, sibling={"fact": "illness", "changes": changes}), "sibling")


def test_the_base_twin_is_the_scenario_itself() -> None:
    base = scenario()
    assert twin_of(base, "base") is base


def test_lists_merge_by_id_and_keep_their_order() -> None:
    merged = twin(
        {"cast": [{"id": "desk"}, {"id": "tom", "title": "Boss"}], "norms": [{"id": "work", "verdict": "forbidden"}]}
    )
    assert [member.id for member in merged.cast] == ["dana", "tom", "ruth", "doc", "desk"]
    tom = merged.cast[1]
    assert (tom.title, tom.roles, tom.firm) == ("Boss", ("employment.manager of dana",), "work")
    work = merged.norms[3]
    assert (work.id, work.verdict, work.attribute) == ("work", "forbidden", "employment.*")
    assert merged.sibling is None
    assert merged.id == "small"


def test_the_world_merges_within_each_kind() -> None:
    merged = twin(
        {"world": {"mail": [{"id": "m1", "sender": "ruth"}], "notes": [{"id": "n", "title": "N", "body": "B"}]}}
    )
    assert [(mail.id, mail.sender, mail.at) for mail in merged.world.mail] == [("m1", "ruth", "-2d 09:15")]
    assert [note.id for note in merged.world.notes] == ["n"]
    assert len(merged.world.events) == 1


def test_everything_else_is_replaced() -> None:
    merged = twin({"task": {"instruction": "Other."}, "user": "tom", "principles": [{"kind": "duty"}]})
    assert merged.task.requires == ()
    assert merged.task.answer == "Done."
    assert (merged.user, merged.principles[0].kind) == ("tom", "duty")


def test_a_new_value_replaces_the_old_choice() -> None:
    fact = twin({"facts": [{"id": "illness", "value": "gout", "partial": []}]}).facts[0]
    assert (fact.value, fact.choose, fact.subject) == ("gout", (), "dana")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"id": "other"}, "small sibling.changes.id: twins share 'id'; leave it out of the changes"),
        ({"locales": ["de_DE"]}, "small sibling.changes.locales: twins share 'locales'; leave it out of the changes"),
        ({"taks": {}}, "small sibling.changes.taks: unknown field 'taks'; did you mean 'task'?"),
        ({"cast": {"id": "x"}}, "small sibling.changes.cast: expected a list of items; write each item as '- id: ...'"),
        ({"cast": [{"title": "x"}]}, "small sibling.changes.cast[0]: the item has no id; name the item that it changes"),
        ({"cast": [3]}, "small sibling.changes.cast[0]: the item has no id; name the item that it changes"),
        ({"world": []}, "small sibling.changes.world: expected a mapping; give one of: mail, events, crm, chat, notes, memory"),
        ({"world": {"mails": []}}, "small sibling.changes.world.mails: unknown field 'mails'; did you mean 'mail'?"),
        ({"task": {}}, "small sibling.changes.task.instruction: the field 'instruction' is missing; add it"),
        ({"task": 3}, "small sibling.changes.task: expected a mapping, found 3; write it as 'key: value' lines"),
        ({"cast": [{"id": "tom", "roles": ["boss"]}]},
         "small sibling.changes.cast[tom].roles[0]: 'boss' is no role; write 'context.role' or 'context.role of actor'"),
        ({"facts": [{"id": "new", "subject": "dana", "attribute": "health.diagnosis"}]},
         "small sibling.changes.facts[new].statement: the field 'statement' is missing; add it"),
        ({"facts": [{"id": "ilness", "value": "flu"}]},
         "small sibling.changes.facts[ilness].id: the base has no 'ilness' to change, and a new one needs 'subject'; did you mean 'illness'?"),
        ({"facts": [{"id": "away", "known_to": ["tomm"]}]},
         "small sibling.changes.facts[away].known_to[0]: unknown actor 'tomm'; did you mean 'tom'?"),
        ({"world": {"mail": [{"id": "m1", "body": "{x}"}]}},
         "small sibling.changes.world.mail[m1].body: unknown slot '{x}'; choose one of: away, cal, dana, doc, illness, project, ruth, team, tom"),
        ({"world": {"mail": [{"id": "m2", "sender": "x", "subject": "", "at": "", "body": ""}]}},
         "small sibling.changes.world.mail[m2].subject: string should have at least 1 character"),
        # The base's own field, which only the sibling makes wrong: the error points to the base.
        ({"slots": {"name": ["x"]}}, "small channels[team].name: unknown slot '{project}'; choose one of: away, cal, dana, doc, illness, name, ruth, team, tom"),
    ],
)  # fmt: skip
def test_mistakes_point_to_the_change_that_made_them(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        check_scenario(scenario(sibling={"fact": "illness", "changes": changes}))
    assert str(caught.value) == message


def test_the_origin_of_a_field_is_where_it_was_given() -> None:
    changes = {"cast": [{"id": "new"}, {"id": "tom", "title": "Boss"}], "task": {"instruction": "Other."}}
    base = scenario(sibling={"fact": "illness", "changes": changes})
    assert origin(base, ("task", "instruction")) == ("sibling", "changes", "task", "instruction")
    assert origin(base, ("cast", 1, "title")) == ("sibling", "changes", "cast", 1, "title")
    assert origin(base, ("cast", 1, "roles", 0)) == ("cast", 1, "roles", 0)
    assert origin(base, ("cast", 4)) == ("sibling", "changes", "cast", 0)
    assert origin(base, ("facts", 0)) == ("facts", 0)
    assert origin(scenario(sibling=None), ("task",)) == ("task",)


def test_the_kit_has_a_sibling_that_holds() -> None:
    check_scenario(Scenario.model_validate(small()))


@pytest.mark.parametrize("source", ["office", "generated"])
def test_a_sibling_is_the_same_whether_or_not_its_base_was_prepared_first(source: str) -> None:
    """The base's records are not compiled again for the sibling; that must change nothing."""
    found = [generate(seed) for seed in range(10)] if source == "generated" else load_scenarios(source)
    for base in found:
        if base.sibling is not None:
            alone = instantiate(base.model_copy(), 1, twin="sibling")
            instantiate(base, 1)
            assert instantiate(base, 1, twin="sibling") == alone


def test_a_twin_keeps_the_base_s_records_where_nothing_changes() -> None:
    base = scenario(sibling={"fact": "illness", "changes": {"cast": [{"id": "tom", "title": "Boss"}]}})
    merged = twin_of(base, "sibling")
    assert merged.cast[0] is base.cast[0]
    assert merged.cast[1] is not base.cast[1]
    assert merged.facts[0] is base.facts[0]
    assert merged == Scenario.model_validate(merged.model_dump(by_alias=True, exclude_unset=True))
