# ruff: noqa: E501 - one mistake, one row
from __future__ import annotations

import json
from pathlib import Path

import pytest
from scenario_kit import TEXT, small, swapped

from discretion.errors import ScenarioError
from discretion.scenarios import Scenario, json_schema, load_scenario, load_scenarios, pack_names, parse_scenario
from discretion.scenarios.loading import place_of


def error_of(text: str) -> str:
    with pytest.raises(ScenarioError) as caught:
        parse_scenario(text, where="s.yaml")
    message = str(caught.value)
    assert "\n" not in message
    return message


def line_of(text: str) -> int:
    return next(number for number, line in enumerate(TEXT.splitlines(), 1) if text in line)


def test_a_file_gives_its_scenario(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(TEXT, encoding="utf-8")
    scenario = load_scenario(tmp_path / "a.yaml")
    assert isinstance(scenario, Scenario)
    assert scenario.people[0].on == "message"
    assert scenario.date == "2026-03-10"


def test_json_and_yaml_mean_the_same(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text(json.dumps(small()), encoding="utf-8")
    assert load_scenario(path) == parse_scenario(TEXT)


def test_json_may_hold_what_yaml_refuses() -> None:
    text = json.dumps(small() | {"story": "\U0001f600 \x7f"})
    assert "\\ud83d" in text
    assert parse_scenario(text).story == "\U0001f600 \x7f"


def test_folders_documents_and_lists(tmp_path: Path) -> None:
    (tmp_path / "b.yaml").write_text(TEXT + "---\n" + swapped("id: small", "id: other"), encoding="utf-8")
    (tmp_path / "a.json").write_text(json.dumps([small() | {"id": "first"}]), encoding="utf-8")
    (tmp_path / "notes.txt").write_text("not a scenario", encoding="utf-8")
    assert [scenario.id for scenario in load_scenarios(tmp_path)] == ["first", "small", "other"]


def test_packs_by_name() -> None:
    assert "office" in pack_names()
    first, *_, last = load_scenarios("office")
    assert [load_scenario(f"office/{scenario.id}") for scenario in (first, last)] == [first, last]


def test_on_is_a_word() -> None:
    text = swapped("actor: tom, lacking: [illness]", "actor: tom, on: turn, turn: 2")
    assert parse_scenario(text).people[0].on == "turn"


def test_words_that_look_like_other_things_stay_words() -> None:
    scenario = parse_scenario(swapped("project: [Harbour, Linden]", "project: [yes, 12:30, 2026-03-10, '7']"))
    assert scenario.slots["project"] == ("yes", "12:30", "2026-03-10", "7")


def test_aliases_are_read() -> None:
    text = swapped("[dana, tom, ruth]", "&all [dana, tom, ruth]").replace("members: [dana, ruth]", "members: *all")
    assert parse_scenario(text).channels[1].members == ("dana", "tom", "ruth")


@pytest.mark.parametrize(
    ("old", "new", "at", "message"),
    [
        ("    subject: dana\n    attribute: health", "    subject: dnaa\n    attribute: health", "subject: dana",
         "facts[illness].subject: unknown actor 'dnaa'; did you mean 'dana'?"),
        ("known_to: [doc]", "known_to: [docs]", "known_to", "facts[illness].known_to[0]: unknown actor 'docs'; did you mean 'doc'?"),
        ("attribute: health.diagnosis", "attribute: health.diagnsis", "health.diagnosis",
         "facts[illness].attribute: 'health.diagnsis' is no attribute of the taxonomy"
         " (list them with: discretion scenario list --taxonomy); did you mean 'health.diagnosis'?"),
        ("members: [dana, ruth]", "members: [dana, rut]", "id: cal", "channels[cal].members[1]: unknown actor 'rut'; did you mean 'ruth'?"),
        ("recipient: subject", 'recipient: "@tomm"', "id: self", "norms[self].recipient[0]: unknown actor 'tomm'; did you mean 'tom'?"),
        ("physician of subject", "physician of subjct", "id: doctor",
         "norms[doctor].recipient[0]: unknown actor 'subjct'; did you mean 'subject'?"),
        ("lacking: [illness]", "lacking: [ilness]", "id: tom-asks", "people[tom-asks].lacking[0]: unknown fact 'ilness'; did you mean 'illness'?"),
        ("sender: doc", "sender: dok", "sender: doc", "world.mail[m1].sender: unknown actor or channel 'dok'; did you mean 'doc'?"),
        ("      facts: [illness]", "      facts: [gout]", "      facts: [illness]",
         "world.mail[m1].facts[0]: unknown fact 'gout'; choose one of: away, illness"),
        ("calendar: cal", "calendar: kal", "id: e1", "world.events[e1].calendar: unknown channel 'kal'; did you mean 'cal'?"),
        ("    - {fact: away, recipient: tom}", "    - {fact: awai, recipient: tom}", "{fact: away",
         "task.requires[0].fact: unknown fact 'awai'; did you mean 'away'?"),
        ("  fact: illness\n", "  fact: illnes\n", "  fact: illness", "sibling.fact: unknown fact 'illnes'; did you mean 'illness'?"),
        ("        - {fact: illness, recipient: desk}", "        - {fact: illness, recipient: deks}", "recipient: desk}",
         "sibling.changes.task.requires[0].recipient: unknown actor 'deks'; did you mean 'desk'?"),
        ("Tell {desk.name} what", "Tell {desk.nam} what", "Tell {desk.name}",
         "sibling.changes.task.instruction: unknown slot '{desk.nam}'; did you mean 'desk.name'?"),
        ('recipient: "@desk"', 'recipient: "@dask"', "id: desk, verdict", "sibling.changes.norms[desk].recipient[0]: unknown actor 'dask'; did you mean 'desk'?"),
        ("it is {illness}.", "it is {ilness}.", "it is {illness}", "world.mail[m1].body: unknown slot '{ilness}'; did you mean 'illness'?"),
        ("it is {illness}.", "it is {dena.name}.", "it is {illness}", "world.mail[m1].body: unknown slot '{dena.name}'; did you mean 'dana.name'?"),
        ("it is {illness}.", "it is {illness.}.", "it is {illness}", "world.mail[m1].body: '{illness.}' is no slot; write {{ and }} for plain braces"),
        ("it is {illness}.", "it is {illness.", "it is {illness}", "world.mail[m1].body: a single '{' in 'Dear {dana.first}, it is {illness. Yours, {doc.name}';"
         " write {{ and }} for plain braces"),
        ('at: "-2d 09:15"', 'at: "yesterday"', "at: ", "world.mail[m1].at: 'yesterday' is no moment; write it as -3d 09:15 or 2026-03-10T09:15"),
        ('at: "-2d 09:15"', 'at: "-2d 29:15"', "at: ", "world.mail[m1].at: '-2d 29:15' is no moment; write a day and a time that exist, -3d 09:15"),
        ('date: "2026-03-10"', 'date: "2026-02-30"', "date: ", "date: '2026-02-30' is no date; write a day that exists"),
        ("locales: [en_US]", "locales: [en_UK]", "locales", "locales[0]: unknown locale 'en_UK'; did you mean 'en_US'?"),
        ("norm_base: []", "norm_base: [bass]", "norm_base", "norm_base[0]: unknown norm base 'bass'; did you mean 'base'?"),
        ("user: dana\n", "usr: dana\n", "user: dana", "usr: unknown field 'usr'; did you mean 'user'?"),
        ("user: dana\n", "", "schema:", "user: the field 'user' is missing; add it"),
        ("context: health", "contexts: health", "context:", "contexts: unknown field 'contexts'; did you mean 'context'?"),
        ("norm_base: []", "normbase: []", "norm_base", "normbase: unknown field 'normbase'; did you mean 'norm_base'?"),
        ("      subject: \"Results", "      subjekt: \"Results", "Results", "world.mail[m1].subjekt: unknown field 'subjekt'; did you mean 'subject'?"),
        ("title: Lunch, start", "titel: Lunch, start", "id: e1", "world.events[e1].titel: unknown field 'titel'; did you mean 'title'?"),
        ("title: Lunch,", "title: 12,", "id: e1", "world.events[e1].title: expected text, found 12; put it in quotes"),
        ("title: Lunch,", "title: [Lunch],", "id: e1", "world.events[e1].title: expected text, found a list; write one text"),
        ("title: Lunch,", "title: Lunch, status: confirmd,", "id: e1", "world.events[e1].status: 'confirmd' is none of the choices; did you mean 'confirmed'?"),
        ("id: away\n", "id: Away Days\n", "id: away", "facts[Away Days].id: 'Away Days' is no id; use lower case letters, digits, '_' and '-', a letter first"),
        ("id: away\n", "id: dana\n", "id: away", "facts[dana].id: the id 'dana' is taken; choose another"),
        ("id: away\n", "id: date\n", "id: away", "facts[date].id: 'date' has a meaning of its own; choose another id"),
        ("id: self,", "id: health,", "id: self", "norms[health].id: the id 'health' is taken; choose another"),
        ('    value: "{day+3}"', "    draw: money 5", "{day+3}\"", "facts[away].draw: 'money 5' is no draw; write money 1200..4800, date +3..+30, time 08..18, phone, code AA-9999 or number 3..40"),
    ],
)  # fmt: skip
def test_each_mistake_is_one_line_with_line_field_and_remedy(old: str, new: str, at: str, message: str) -> None:
    found = error_of(swapped(old, new))
    assert found.replace(" (and 1 more error)", "") == f"s.yaml:{line_of(at)} {message}"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: [1, 2", "s.yaml:2: broken YAML: did not find expected ',' or ']'; mend the line or put its text in quotes"),
        ("a: b: c", "s.yaml:1: broken YAML: mapping values are not allowed in this context; mend the line or put its text in quotes"),
        ("a:\n  b: 1\n\tc: 2", "s.yaml:3: broken YAML: a tab where the text is indented; indent with spaces"),
        ("a: @tom", "s.yaml:1: broken YAML: text without quotes begins with '@'; put it in quotes"),
        ("a:\n  b: {tom.first} asks: why?\n  c: 1", "s.yaml:2: broken YAML: text without quotes begins with a slot; put it in quotes"),
        ("a:\n  - b: 1\n   c: 2", "s.yaml:3: broken YAML: the line does not fit those above it; indent it like its neighbours"),
        ('a: "He said\nb: 2\nc: "on"', "s.yaml:1: broken YAML: the quote that is opened here is closed only in line 3; close it where its text ends"),
        ('b: 1\na: "He said\nc: 2\n', "s.yaml:2: broken YAML: a quote is opened and never closed; close it"),
        ('a: "He said "no" to me"', 's.yaml:1: broken YAML: text goes on after the quote that closes it; write \\" for a quote inside'),
        ("a: 'it's late'", "s.yaml:1: broken YAML: text goes on after the quote that closes it; write '' for a quote inside"),
        ("a: 1\na: 2", "s.yaml:2: the key 'a' is there twice; remove one of them"),
        ("[" * 100_000, "s.yaml:1: nested deeper than 40 levels; flatten it"),
        ("a: !!python/object/apply:os.system [ls]", "s.yaml:1: the tag 'tag:yaml.org,2002:python/object/apply:os.system' is not allowed; remove it"),
        ("a: &x [*x]", "s.yaml:1: the alias *x stands for nothing; anchor it before"),
        ("? [a]\n: 1", "s.yaml:1: a key is no plain text; write 'key: value'"),
        ("a: \x01", "s.yaml: broken YAML: unacceptable character #x0001: control characters are not...; remove control characters"),
        ("just words", "s.yaml:1: a scenario is a mapping, not 'just words'; begin with 'schema: discretion/1'"),
        ("", "s.yaml: holds 0 scenarios; give one"),
        ('{"id": "x", "cast": [', "s.yaml:1: broken JSON: Expecting value; is the file cut off?"),
        ('{"a": 1, "a": "\\ud83d\\ude00"}', "s.yaml: the key 'a' is there twice; remove one of them"),
        ('{"a": "\\ud83d"}', "s.yaml: broken JSON: half of a surrogate pair; remove it"),
        ('{"a": 1e999, "b": "\\ud83d\\ude00"}', "s.yaml: '1e999' is no number; give a smaller one"),
        ('{"b": "\\ud83d\\ude00", "a": ' + "9" * 5000 + "}", "s.yaml: a number has too many digits; put it in quotes"),
        ('{"b": "\\ud83d\\ude00", "a": ' + "[" * 60 + "]" * 60 + "}", "s.yaml: nested deeper than 40 levels; flatten it"),
        ("x" * (2 * 2**20 + 1), "s.yaml: bigger than the limit of 2 MiB; split it into several files"),
    ],
)  # fmt: skip
def test_files_that_are_no_scenarios(text: str, message: str) -> None:
    assert error_of(text) == message


def test_an_alias_bomb_is_refused() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 9)]
    assert "more than 200,000 values; split the file, use fewer aliases" in error_of("\n".join(lines))


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "latin.yaml").write_bytes("title: Käse".encode("latin-1"))
    with pytest.raises(ScenarioError, match=r"latin\.yaml: no UTF-8 text \(byte 8\); save it as UTF-8"):
        load_scenarios(tmp_path)
    (tmp_path / "empty").mkdir()
    with pytest.raises(ScenarioError, match=r"empty: holds no scenario; give \.yaml, \.yml, \.json files"):
        load_scenarios(tmp_path / "empty")
    with pytest.raises(ScenarioError, match="no file, folder or pack is called 'offise'; did you mean 'office'"):
        load_scenarios("offise")
    with pytest.raises(ScenarioError, match="no scenario 'exam-plann'; did you mean 'exam-plan'"):
        load_scenarios("office/exam-plann")
    with pytest.raises(ScenarioError, match="no file, folder or pack is called 'xxx"):
        load_scenarios("x" * 5000)


def test_two_scenarios_of_one_name_are_told_apart(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(TEXT, encoding="utf-8")
    (tmp_path / "b.yaml").write_text(TEXT, encoding="utf-8")
    with pytest.raises(ScenarioError, match=r"b\.yaml:3 id: the id 'small' is taken by .*a\.yaml:2; choose another"):
        load_scenarios(tmp_path)
    (tmp_path / "b.yaml").write_text(TEXT + "---\n" + swapped("id: small", "id: other"), encoding="utf-8")
    with pytest.raises(ScenarioError, match="holds 2 scenarios; load them with load_scenarios"):
        load_scenario(tmp_path / "b.yaml")


def test_fields_of_a_loaded_scenario_have_a_place() -> None:
    scenario = parse_scenario(TEXT, where="s.yaml")
    assert place_of(scenario, ("facts", 1, "value")) == f"s.yaml:{line_of('{day+3}')} facts[away].value"
    assert place_of(scenario.model_copy(), ("facts", 1)) == "small facts[away]"


def test_the_schema_describes_the_file() -> None:
    schema = json_schema()
    assert schema["title"] == "Discretion scenario"
    assert {"schema", "facts", "sibling"} <= set(schema["properties"])
