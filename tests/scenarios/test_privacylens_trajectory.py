"""The parser of trajectories: what models wrote, as they wrote it, and nothing lost."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from privacylens_kit import PAGES, TRAJECTORY, step

from discretion.scenarios.privacylens.readers import items_of
from discretion.scenarios.privacylens.times import read_moment
from discretion.scenarios.privacylens.trajectory import parse_trajectory


def bare(text: str) -> str:
    """Text without white space and labels."""
    return re.sub(r"\s+", "", re.sub(r"Action Input:|Action:|Observation:", "", text))


def kinds(text: str) -> list[str]:
    return [kind for each in parse_trajectory(text) for kind, _ in each.faults]


def test_a_clean_trajectory_has_no_faults() -> None:
    steps = parse_trajectory(TRAJECTORY)
    assert [(each.tool, each.args) for each in steps] == [
        ("MessengerReceiveMessage", {"max_count": 10}),
        ("NotionManagerSearchContent", {"keywords": "team news"}),
    ]
    assert steps[1].result == PAGES
    assert kinds(TRAJECTORY) == []


@pytest.mark.parametrize(
    ("text", "fault", "args"),
    [
        ('Action: Find\nAction Input:{\\"n\\": 10}\nObservation: {}', "input-repaired", {"n": 10}),
        ('Action: Find"\nAction Input: {"n": 1}\nObservation: {}', "tool-name", {"n": 1}),
        ('Action: Find\nAction Input: {"a": "b", "c"}\nObservation: {}', "input-unreadable", None),
        ('Action: Find\nAction Input: {"n": 1}\nObservation: {"cut', "observation-not-json", {"n": 1}),
        ('Thought: hm\nAction: Find\nAction Input: {"n": 1}\nObservation: {}', "text-outside-steps", {"n": 1}),
    ],
)
def test_malformed_steps_are_kept_and_named(text: str, fault: str, args: dict[str, int] | None) -> None:
    assert kinds(text) == [fault]
    steps = parse_trajectory(text)
    assert steps[-1].args == args
    assert bare("".join(each.raw + each.observation for each in steps)) == bare(text)


def test_labels_may_be_glued_to_what_is_before() -> None:
    text = 'Action: Find\nAction Input: {"n": 1\n}Observation: {"ok": 1}Action: Look\nAction Input: {}\nObservation: {}'
    assert [(each.tool, each.result) for each in parse_trajectory(text)] == [("Find", {"ok": 1}), ("Look", {})]


def test_a_label_inside_a_json_string_does_not_count() -> None:
    text = step("Find", {"words": "Observation: none"}, {"said": "Action: sign it"})
    (only,) = parse_trajectory(text)
    assert only.args == {"words": "Observation: none"}
    assert only.result == {"said": "Action: sign it"}


@given(st.text(alphabet='Action Input:Observation{}[]"\\\n 1a', max_size=200))
def test_no_text_breaks_the_parser_and_none_is_lost(text: str) -> None:
    steps = parse_trajectory(text)
    assert bare("".join(each.raw + each.observation for each in steps)) == bare(text)


def test_a_mail_read_completes_the_mail_listed() -> None:
    listed = {
        "emails": [{"id": "e1", "subject": "Hi", "from": "a@x.org", "to": "b@x.org", "timestamp": "2022-02-01 09:30"}]
    }
    read = {
        "from": "a@x.org",
        "to": "b@x.org",
        "subject": "Hi",
        "body": "Long text.",
        "attachments": [{"name": "f.pdf"}],
    }
    text = "\n\n".join([step("GmailSearchEmails", {}, listed), step("GmailReadEmail", {"email_id": "e1"}, read)])
    (mail,) = items_of(parse_trajectory(text))
    assert (mail.ref, mail.title, mail.text, mail.at) == (
        "e1",
        "Hi",
        "Long text.\n[attached: f.pdf]",
        "2022-02-01 09:30",
    )


def test_what_has_an_unknown_shape_becomes_a_note() -> None:
    notes = items_of(
        parse_trajectory(step("Unheard", {}, {"odd": "shape"}) + "\n\n" + step("GmailReadEmail", {}, "no json"))
    )
    assert [(note.kind, note.title) for note in notes] == [
        ("note", "Result of Unheard"),
        ("note", "Result of GmailReadEmail"),
    ]
    assert "shape" in notes[0].text
    assert notes[1].text == "no json"


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2022-02-21T16:45:00Z", "2022-02-21T16:45"),
        ("2022-02-15 09:30", "2022-02-15T09:30"),
        ("2022-02-15", "2022-02-15T12:00"),
        ("11:32 AM UTC-05:00, Tuesday, February 22, 2022", "2022-02-22T11:32"),
        ("11:15 AM UTC-05:00", "2022-02-22T11:15"),
        ("Yesterday 04:45 PM UTC-05:00", "2022-02-21T16:45"),
        ("12:05 am", "2022-02-22T00:05"),
        ("2022-13-45T99:99", None),
        ("soon", None),
    ],
)
def test_times_as_the_trajectories_write_them(text: str, moment: str | None) -> None:
    found = read_moment(text)
    assert (found and found.isoformat(timespec="minutes")) == moment
