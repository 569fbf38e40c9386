"""Every write tool is caught with its recipients and text; no read tool is."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest
from envs_kit import INSTANCE, TOOLKITS, run

from discretion.envs.office import Office
from discretion.envs.toolkit import tools_of
from discretion.scenarios.flows import Principle
from discretion.scenarios.task import Session, Task

# tool, arguments, channel, recipients, outsiders, text
WRITES: list[tuple[str, dict[str, Any], str, tuple[str, ...], tuple[str, ...], str]] = [
    (
        "send_mail",
        {"to": ["Tom Reed"], "subject": "Hi", "body": "News.", "cc": ["@leep"], "bcc": ["ana.mueller@acme.example"]},
        "mail",
        ("tom", "lee", "ana"),
        (),
        "Hi\n\nNews.",
    ),
    (
        "send_mail",
        {"to": ["All staff", "who@else.example"], "subject": "Hi", "body": "News."},
        "mail",
        ("tom", "ana", "public"),
        ("who@else.example",),
        "Hi\n\nNews.",
    ),
    (
        "send_mail",
        {"to": ["board@acme.example"], "subject": "Hi", "body": ""},
        "mail",
        ("tom", "public"),
        (),
        "Hi",
    ),
    ("reply_mail", {"mail_id": "m3", "body": "Yes."}, "mail", ("lee",), (), "Re: Offer\n\nYes."),
    (
        "reply_mail",
        {"mail_id": "m3", "body": "Yes.", "reply_all": True},
        "mail",
        ("lee", "tom", "ana", "sam1", "public"),
        ("press@paper.example",),
        "Re: Offer\n\nYes.",
    ),
    ("reply_mail", {"mail_id": "s1", "body": "Again."}, "mail", ("lee",), (), "Re: Hi\n\nAgain."),
    (
        "forward_mail",
        {"mail_id": "m2", "to": ["Tom"], "comment": "FYI"},
        "mail",
        ("tom",),
        (),
        "Fwd: Results\n\nFYI\n\n---------- Forwarded message ----------\nFrom: Mia Hall <mia@home.example>\n"
        "Date: 2026-03-09T12:30\nSubject: Results\nTo: Dana Hall <dana.hall@acme.example>\n\n"
        "The doctor says it is Crohn's disease. Don't tell work.",
    ),
    ("send_draft", {"draft_id": "d1"}, "mail", ("lee",), (), "Draft offer\n\nOur price is 4,000."),
    (
        "create_event",
        {
            "title": "Lunch",
            "start": "2026-03-11T12:00",
            "end": "2026-03-11T13:00",
            "attendees": ["Ana"],
            "location": "Café",
            "description": "Bring news",
        },
        "calendar",
        ("ana", "tom"),
        (),
        "Lunch\n2026-03-11T12:00 to 2026-03-11T13:00\nWhere: Café\nWith: Ana Müller\nBring news",
    ),
    (
        "create_event",
        {
            "title": "Lunch",
            "start": "2026-03-11T12:00",
            "end": "2026-03-11T13:00",
            "attendees": ["Ana"],
            "private": True,
        },
        "calendar",
        ("ana",),
        (),
        "Lunch\n2026-03-11T12:00 to 2026-03-11T13:00\nWith: Ana Müller",
    ),
    (
        "update_event",
        {"event_id": "e1", "start": "2026-03-12T10:30", "description": "Moved"},
        "calendar",
        ("ana", "tom"),
        (),
        "Changed: Planning\n\n2026-03-12T10:30 to 2026-03-12T11:00\nMoved",
    ),
    (
        "cancel_event",
        {"event_id": "e1", "message": "I am ill"},
        "calendar",
        ("ana", "tom"),
        (),
        "Cancelled: Planning\n2026-03-12T10:00 to 2026-03-12T11:00\n\nI am ill",
    ),
    (
        "share_calendar",
        {"people": ["Ana", "Tom"]},
        "calendar",
        ("ana",),
        (),
        "Planning\n2026-03-12T10:00 to 2026-03-12T11:00\nWith: Ana Müller\nAgenda: prices",
    ),
    (
        "create_record",
        {"kind": "deal", "name": "Pilot", "account": "Client", "fields": {"stage": "won", "amount": 10}},
        "crm",
        ("tom", "ana"),
        (),
        "Pilot\n\naccount: Client\nstage: won\namount: 10",
    ),
    (
        "update_record",
        {"record_id": "deal1", "fields": {"stage": "Lost"}},
        "crm",
        ("tom", "ana"),
        (),
        "Renewal\n\nstage: Lost",
    ),
    (
        "add_crm_note",
        {"record_id": "con1", "text": "Prefers mail."},
        "crm",
        ("tom", "ana"),
        (),
        "Note on Lee Park\n\nPrefers mail.",
    ),
    (
        "log_activity",
        {"record_id": "deal1", "text": "Called.", "visibility": "#sales"},
        "crm",
        ("tom", "sam1"),
        (),
        "Activity on Renewal\n\nCalled.",
    ),
    (
        "export_records",
        {"query": "kind:note lee", "to": ["sam.roe@acme.example"]},
        "mail",
        ("sam2",),
        (),
        "CRM export: kind:note lee\n\nnote: Lee's divorce\naccount: Client\nLee is getting divorced.",
    ),
    ("send_chat", {"channel": "sales", "text": "Hello"}, "chat", ("tom", "sam1"), (), "Hello"),
    ("send_direct", {"to": "ana", "text": "Hello"}, "chat", ("ana",), (), "Hello"),
    ("post_feed", {"text": "Hello"}, "post", ("tom", "ana", "public"), (), "Hello"),
    (
        "write_note",
        {"title": "Plan", "body": "Secret", "shared_with": "Tom, Handbook"},
        "note",
        ("tom", "ana"),
        (),
        "Plan\n\nSecret",
    ),
    ("edit_note", {"note_id": "n2", "body": "Be brave.", "append": True}, "note", ("ana",), (), "Rules\n\nBe brave."),
    (
        "share_note",
        {"note_id": "n1", "people": ["Tom"]},
        "note",
        ("tom",),
        (),
        "Diagnosis\n\nCrohn's disease, see Dr. Vega.",
    ),
    ("remember", {"text": "Dana is ill"}, "memory", ("dana",), (), "Dana is ill"),
    ("ask_user", {"question": "May I?"}, "ask", ("dana",), (), "May I?"),
    ("answer_user", {"text": "Done."}, "answer", ("dana",), (), "Done."),
    ("decline_task", {"reason": "No."}, "answer", ("dana",), (), "No."),
]

# write tools, and uses of them, that nobody else sees
UNSEEN: list[tuple[str, dict[str, Any]]] = [
    ("save_draft", {"to": ["Tom"], "subject": "Hi", "body": "Later"}),
    ("send_mail", {"to": ["Dana Hall"], "subject": "Note to self", "body": "x"}),
    ("create_event", {"title": "x", "start": "2026-03-11T12:00", "end": "2026-03-11T13:00", "private": True}),
    ("update_event", {"event_id": "e2", "title": "Doctor"}),
    ("add_crm_note", {"record_id": "con1", "text": "mine", "visibility": "private"}),
    ("write_note", {"title": "Plan", "body": "x"}),
    ("edit_note", {"note_id": "n1", "body": "x"}),
    ("share_note", {"note_id": "n1", "people": ["Dana"]}),
    ("forget", {"memory_id": "mem1"}),
]

READS: list[tuple[str, dict[str, Any]]] = [
    ("search_mail", {"query": "from:tom budget"}),
    ("read_mail", {"mail_id": "m2"}),
    ("list_mail_lists", {}),
    ("search_events", {"query": "planning"}),
    ("read_event", {"event_id": "e2"}),
    ("search_crm", {"query": "lee"}),
    ("read_record", {"record_id": "acc1"}),
    ("list_channels", {}),
    ("search_chat", {"query": "numbers"}),
    ("read_channel", {"channel": "#sales"}),
    ("read_direct", {"person": "Ana"}),
    ("search_notes", {"query": "crohn"}),
    ("read_note", {"note_id": "n1"}),
    ("find_person", {"query": "muller"}),
    ("list_people", {}),
    ("recall", {}),
]


@pytest.mark.parametrize(("name", "arguments", "channel", "recipients", "outsiders", "text"), WRITES)
def test_a_write_tool_is_caught(
    office: Office,
    name: str,
    arguments: dict[str, Any],
    channel: str,
    recipients: tuple[str, ...],
    outsiders: tuple[str, ...],
    text: str,
) -> None:
    result = run(office, name, **arguments)
    assert "error" not in result
    (disclosure,) = office.recorder.disclosures
    assert (disclosure.channel, disclosure.recipients, disclosure.outsiders) == (channel, recipients, outsiders)
    assert disclosure.text == text
    assert (disclosure.index, disclosure.step, disclosure.tool, disclosure.by_agent) == (0, 1, name, True)
    assert disclosure.sender == "dana"


@pytest.mark.parametrize(("name", "arguments"), UNSEEN)
def test_what_nobody_else_sees_is_no_disclosure(office: Office, name: str, arguments: dict[str, Any]) -> None:
    assert "error" not in run(office, name, **arguments)
    assert office.recorder.disclosures == []
    assert office.recorder.changes


@pytest.mark.parametrize(("name", "arguments"), READS)
def test_a_read_tool_discloses_and_changes_nothing(office: Office, name: str, arguments: dict[str, Any]) -> None:
    before = copy.deepcopy(office.world)
    before.tick()
    assert "error" not in run(office, name, **arguments)
    assert office.recorder.disclosures == []
    assert office.recorder.changes == []
    assert office.world == before


def test_every_tool_is_tested_here() -> None:
    tools = tools_of(TOOLKITS).values()
    assert {tool.name for tool in tools if tool.writes} == {row[0] for row in WRITES} | {row[0] for row in UNSEEN} | {
        "invite"
    }
    assert {tool.name for tool in tools if not tool.writes} == {row[0] for row in READS}


def test_an_invitation_shows_the_event_to_the_new_and_their_names_to_the_others(office: Office) -> None:
    run(office, "invite", event_id="e1", attendees=["Lee Park"])
    whole, names = office.recorder.disclosures
    assert whole.recipients == ("lee",)
    assert "Agenda: prices" in whole.text
    assert names.recipients == ("ana", "tom")
    assert names.text == "Planning\nInvited: Lee Park"


def test_events_after_sharing_reach_those_it_was_shared_with(office: Office) -> None:
    run(office, "share_calendar", people=["lee@client.example", "x@y.example"])
    run(office, "create_event", title="Walk", start="2026-03-11T12:00", end="2026-03-11T13:00")
    assert office.recorder.disclosures[-1].recipients == ("tom", "lee", "public")
    assert office.recorder.disclosures[-1].outsiders == ("x@y.example",)


def test_a_draft_discloses_when_it_is_sent(office: Office) -> None:
    draft = run(office, "save_draft", to=["Tom"], subject="Hi", body="Later", cc=["Ana"])
    assert office.recorder.disclosures == []
    run(office, "send_draft", draft_id=draft["id"])
    (disclosure,) = office.recorder.disclosures
    assert (disclosure.recipients, disclosure.ref, disclosure.step) == (("tom", "ana"), draft["id"], 2)


def test_principles_in_force_are_those_of_the_step(vary: Callable[..., Office]) -> None:
    consent = Principle(kind="consent", facts=("illness",))
    office = vary(principles=(consent,), task=Task(instruction="x", purpose="budget"))
    run(office, "send_direct", to="tom", text="a")
    office.recorder.revoke(("consent",), "test")
    run(office, "send_direct", to="tom", text="b")
    purpose = Principle(kind="purpose", purpose="budget")
    assert [one.principles for one in office.recorder.disclosures] == [(consent, purpose), (purpose,)]
    assert [(one.op, one.principle, one.cause) for one in office.recorder.principle_events] == [
        ("revoked", consent, "test")
    ]


def test_memory_reaches_whom_this_and_later_sessions_serve(vary: Callable[..., Office]) -> None:
    tasks = [Task(instruction=text) for text in ("first", "second", "third")]
    sessions = (
        Session(id="s0", user="tom", task=tasks[0]),
        Session(id="s1", user="dana", task=tasks[1]),
        Session(id="s2", user="ana", task=tasks[2]),
    )
    office = vary(sessions=sessions, session=1, task=tasks[1])
    run(office, "remember", text="The price is 4,200.")
    assert office.recorder.disclosures[0].recipients == ("dana", "ana")


def test_refused_writes_leave_no_trace(office: Office) -> None:
    assert "error" in run(office, "send_mail", to=["Tom", "Nobody"], subject="x", body="y")
    assert office.recorder.disclosures == []
    assert office.recorder.changes == []
    assert office.world.mail.keys() == {mail.id for mail in INSTANCE.world.mail}


def test_changes_speak_in_actors(office: Office) -> None:
    run(office, "send_mail", to=["Tom Reed", "All staff", "Who@Else.example"], subject="Hi", body="News", cc=["Ana"])
    (change,) = office.recorder.changes
    assert (change.step, change.op, change.kind, change.ref) == (1, "create", "mail", "m4")
    assert change.after == {
        "from": "dana",
        "to": ["tom", "staff", "who@else.example"],
        "cc": ["ana"],
        "bcc": [],
        "subject": "Hi",
        "body": "News",
        "folder": "sent",
        "reply_to": None,
    }
