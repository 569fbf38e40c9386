"""Looking at scenarios, and importing cases."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cimemories_kit import export_rows, profiles, write

from discretion.scenarios import instantiate, load_scenario, load_scenarios
from discretion.scenarios.packs import pack_files


def test_list_names_every_shipped_scenario(call) -> None:
    text = call("scenario", "list").stdout
    rows = json.loads(call("scenario", "list", "--json").stdout)
    assert len(rows) >= 6
    assert all(f"{row['source']}/{row['id']}" in text for row in rows)
    assert len({row["context"] for row in rows}) >= 4


def rows(call, *options: str) -> list[dict[str, object]]:
    return json.loads(call("scenario", "list", "office", "--json", *options).stdout)


def test_the_list_is_filtered_by_context_channel_and_attribute(call) -> None:
    every = rows(call)
    health = rows(call, "--context", "health")
    assert 0 < len(health) < len(every)
    assert {row["context"] for row in health} == {"health"}
    feeds = rows(call, "--channel", "feed")
    assert 0 < len(feeds) < len(every)
    assert all("feed" in row["channels"] for row in feeds)
    treatment = rows(call, "--attribute", "health.treatment")
    assert all("health.treatment" in row["attributes"] for row in treatment)
    assert len(treatment) < len(rows(call, "--attribute", "health.*")) < len(every)
    assert rows(call, "--attribute", "health") == rows(call, "--attribute", "health.*")
    assert rows(call, "--context", "health", "--attribute", "health.treatment") == [
        row for row in treatment if row["context"] == "health"
    ]


@pytest.mark.parametrize(
    ("option", "given", "message"),
    [
        ("--context", "helth", "--context: no scenario has 'helth'; did you mean 'health'?"),
        ("--channel", "mial", "--channel: no scenario has 'mial'; did you mean 'mail'?"),
        (
            "--attribute",
            "health.diagnose",
            "'health.diagnose' is no attribute or context; did you mean 'health.diagnosis'",
        ),
    ],
)
def test_filters_that_nothing_can_pass(call, option: str, given: str, message: str) -> None:
    assert message in call("scenario", "list", option, given, code=2).stderr


def test_titles_that_name_somebody_are_filled(call) -> None:
    assert "{" not in call("scenario", "list", "generated:4").stdout


def test_the_taxonomy_is_listed(call) -> None:
    assert "diagnosis" in call("scenario", "list", "--taxonomy").stdout
    assert "diagnosis" in json.loads(call("scenario", "list", "--taxonomy", "--json").stdout)["health"]


def test_roles_and_purposes_of_the_norm_base_are_listed(call) -> None:
    listed = json.loads(call("scenario", "list", "--roles", "--json").stdout)
    assert "manager" in listed["employment"]
    assert "physician" in listed["health"]
    assert {"treatment", "payroll"} <= set(listed["purposes"])
    assert "public" not in listed
    assert "manager, " in call("scenario", "list", "--roles").stdout


def test_tools_are_listed_with_their_arguments(call) -> None:
    listed = json.loads(call("scenario", "list", "--tools", "--json").stdout)
    assert "read_mail(mail_id)" in listed["mail"]
    assert "create_event(title, start, end, [attendees], [location], [description], [private])" in listed["calendar"]
    assert "ask_user(question)" in listed["user (always there)"]
    assert "send_draft(draft_id)" in call("scenario", "list", "--tools").stdout
    assert "add_crm_note(record_id, text, [visibility])" in call("scenario", "list", "--tools").stdout


def test_show_tells_story_cast_flows_and_task(call) -> None:
    scenario = load_scenario("office/exam-plan")
    text = call("scenario", "show", f"office/{scenario.id}").stdout
    assert text.startswith(scenario.title)
    for heading in ("cast", "fact", "must: required", "instruction", "must reach", "world", "tools"):
        assert heading in text
    assert all(member.id in text for member in scenario.cast)
    assert text == call("scenario", "show", scenario.id, "--seed", "0").stdout
    assert text != call("scenario", "show", f"office/{scenario.id}", "--seed", "1").stdout
    assert "~sibling:0" in call("scenario", "show", f"office/{scenario.id}", "--twin", "sibling").stdout


def test_show_is_whole_on_a_narrow_terminal(call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    for name, head in {"exam-plan": "flow ", "board-guest": "flow to "}.items():  # of many people, one has a row each
        text = call("scenario", "show", name).stdout
        flows = text[text.index(f"\n{head}") : text.index("must: required")]
        assert "…" not in flows
        instance = instantiate(load_scenario(f"office/{name}"), 0)
        assert all(member.id in flows for member in instance.cast)
        assert all(fact.id in flows for fact in instance.facts)


def test_show_tells_what_an_event_may_change(call) -> None:
    text = call("scenario", "show", "interview-clash").stdout
    line = next(line for line in text.splitlines() if "salary -> paul" in line)
    assert line.split()[-2:] == ["no", "must"]
    assert "consents (task)" in line
    assert "what may change" not in call("scenario", "show", "leave-handover").stdout


def test_show_draws_the_flows(call, tmp_path: Path) -> None:
    assert call("scenario", "show", "rollout-trip", "--picture", "a.svg").stdout == "drawn to a.svg: session 2\n"
    call("scenario", "show", "rollout-trip", "--session", "2", "-p", "b.svg")
    call("scenario", "show", "rollout-trip", "--session", "1", "-p", "c.svg")
    drawn = [(tmp_path / f"{name}.svg").read_text() for name in "abc"]
    assert drawn[0] == drawn[1] != drawn[2]
    assert "no picture ends in '.gif'" in call("scenario", "show", "exam-plan", "-p", "a.gif", code=2).stderr
    assert "give one of 1 to 2" in call("scenario", "show", "rollout-trip", "--session", "3", code=2).stderr


def test_show_takes_other_norms(call, tmp_path: Path) -> None:
    (tmp_path / "lax.yaml").write_text("- {id: anything, verdict: permitted}\n")
    usual, lax = (call("scenario", "show", "exam-plan", *norms).stdout for norms in ((), ("--norms", "lax.yaml")))
    assert usual != lax


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["office"], f"discretion: show: 'office' holds {len(pack_files('office'))} scenarios; name one: office/"),
        (["office/exm-plan"], "discretion: office/exm-plan: no scenario 'exm-plan'; did you mean 'exam-plan'?"),
        (["offcie"], "discretion: no file, folder or pack is called 'offcie'; did you mean 'office'?"),
    ],
)
def test_what_cannot_be_shown_is_one_line(call, arguments: list[str], message: str) -> None:
    result = call("scenario", "show", *arguments, code=2)
    assert result.stderr.startswith(message)
    assert result.stderr.count("\n") == 1


def test_a_shipped_scenario_passes_the_linters(call) -> None:
    assert call("scenario", "lint", "exam-plan").stdout == "1 scenario: 0 errors, 0 warnings\n"
    assert json.loads(call("scenario", "lint", "office/exam-plan", "--json").stdout) == []


def test_lint_finds_what_is_said_and_what_is_played(call, tmp_path: Path) -> None:
    scenario = load_scenario("office/exam-plan")
    task = scenario.task.model_copy(update={"plan": scenario.task.plan[-1:]})
    broken = scenario.model_copy(update={"task": task, "sibling": None})
    (tmp_path / "broken.json").write_text(broken.model_dump_json(by_alias=True))
    text = call("scenario", "lint", "broken.json", code=1).stdout
    assert "error: broken.json:1 task.requires" in text
    assert "the plan does not bring" in text
    issues = json.loads(call("scenario", "lint", "broken.json", "--json", code=1).stdout)
    assert {"severity", "where", "what", "remedy"} == set(issues[0])


def test_the_schema_is_json(call) -> None:
    schema = json.loads(call("scenario", "schema").stdout)
    assert schema["title"] == "Discretion scenario"
    assert schema["properties"]["user"]["description"].startswith("The cast member whom the agent serves")


def test_the_schema_goes_to_a_file_for_editors(call, tmp_path: Path) -> None:
    text = call("scenario", "schema", "-o", "scenario.schema.json").stdout
    assert "# yaml-language-server: $schema=scenario.schema.json" in text
    assert json.loads((tmp_path / "scenario.schema.json").read_text())["title"] == "Discretion scenario"
    assert "cannot be written" in call("scenario", "schema", "-o", "no/such/folder.json", code=2).stderr


@pytest.mark.data
@pytest.mark.parametrize("play", ["replay", "live"])
def test_imported_cases_are_accounted_for_and_load_again(call, shared: Path, tmp_path: Path, play: str) -> None:
    cases = json.loads((shared / "data/privacylens/main_data.json").read_text())[:12]
    (tmp_path / "cases.json").write_text(json.dumps(cases))
    text = call("scenario", "import", "privacylens", "cases.json", "-o", "made", "--play", play).stdout
    assert text.startswith("12 cases = 12 scenarios + 0 refused")
    assert "12 files written to made" in text
    assert len(load_scenarios(tmp_path / "made")) == 12
    assert "PrivacyLens" in call("scenario", "show", "made/privacylens-main2.json").stdout


def test_a_file_of_cases_that_is_cut_off_is_one_line(call, tmp_path: Path) -> None:
    (tmp_path / "cases.json").write_text('[{"name": "main1", "se')
    result = call("scenario", "import", "privacylens", "cases.json", "-o", "made", code=2)
    assert "cases.json: is not whole JSON" in result.stderr
    assert result.stderr.count("\n") == 1
    assert not (tmp_path / "made").exists()


def test_profiles_with_labels_are_accounted_for_and_load_again(call, tmp_path: Path) -> None:
    write(tmp_path / "profiles.json", profiles())
    write(tmp_path / "labels.jsonl", export_rows())
    wanted = ("scenario", "import", "cimemories", "profiles.json", "-o", "made", "--labels", "labels.jsonl")
    text = call(*wanted).stdout
    assert text.startswith("6 cases = 4 scenarios + 2 refused\n45 facts in cases = 5 required + 8 forbidden")
    assert "refused Ivo Lang, Landlord / Give notice: no label says what may be told there" in text
    assert [scenario.profile for scenario in load_scenarios(tmp_path / "made")].count("cimemories-nora-quist") == 3
    assert "--play" in call(*wanted, "--play", "live", code=2).stderr
    assert "--labels" in call("scenario", "import", "privacylens", *wanted[3:], code=2).stderr
