"""Memory over sessions: what is added when, whom it is disclosed to, and what the agent sees of it at the start."""

from __future__ import annotations

import json
from typing import Any

from envs_kit import INSTANCE, run

from discretion.envs.office import Office
from discretion.models.chat import AssistantTurn
from discretion.scenarios import sessions
from discretion.scenarios.content import Content, MemoryItem
from discretion.scenarios.instance import Instance
from discretion.scenarios.task import HistoryStep, Session, Task

SAME = Task(instruction="Send the weekly news.")


def weekly(count: int, **changes: Any) -> tuple[Instance, ...]:
    """Sessions that all ask the same, each of which brings one memory."""
    added = [Content(memory=(MemoryItem(id=f"mem{place + 2}", text=f"News {place}."),)) for place in range(count)]
    parts = tuple(Session(id=f"s{place}", task=SAME, add=add) for place, add in enumerate(added))
    return sessions(INSTANCE.model_copy(update={"sessions": parts, **changes}))


def play(parts: tuple[Instance, ...], *texts: str) -> list[Office]:
    """Let an agent remember one text in every session."""
    offices: list[Office] = []
    memory = None
    for part, text in zip(parts, texts, strict=True):
        office = Office(part, memory=memory)
        run(office, "remember", text=text)
        memory = office.episode().memory
        offices.append(office)
    return offices


def test_each_session_brings_its_own_memory_though_all_ask_the_same() -> None:
    offices = play(weekly(3), "a", "b", "c")
    assert [item.text for item in offices[-1].world.memory.values()] == [
        "Dana likes short mails.",
        *("News 0.", "a", "News 1.", "b", "News 2.", "c"),
    ]


def test_what_is_remembered_takes_no_id_of_a_memory_to_come() -> None:
    offices = play(weekly(3), "a", "b", "c")
    assert list(offices[0].world.memory) == ["mem1", "mem2", "mem5"]
    assert len(offices[-1].world.memory) == 7


def test_memory_grows_over_forty_sessions() -> None:
    offices = play(weekly(40), *(f"note {place}" for place in range(40)))
    assert len(offices[-1].world.memory) == 81


def test_an_agent_sees_no_memory_unless_it_looks_or_is_served() -> None:
    looks = Office(weekly(1)[0])
    assert [message.role for message in looks.start()] == ["system", "user"]
    served = Office(weekly(1, serve_memory=True)[0])
    opening = served.start()
    assert [message.role for message in opening] == ["system", "user", "assistant", "tool"]
    texts = [item["text"] for item in json.loads(opening[-1].content)["memories"]]
    assert texts == ["Dana likes short mails.", "News 0."]
    assert (served.counts.turns, served.counts.tool_calls, served.turn) == (0, 0, 0)


def test_served_memory_comes_before_the_history_and_has_no_turn() -> None:
    past = HistoryStep(tool="list_mail", args={}, raw="", observation="[]")
    office = Office(weekly(1, serve_memory=True, history=(past,))[0])
    assert [call.name for message in office.start() for call in message.tool_calls] == ["recall", "list_mail"]
    office.step(AssistantTurn(text="Done."))
    assert (office.done, office.counts.turns) == (True, 1)


def test_an_empty_memory_is_not_served() -> None:
    part = weekly(1, serve_memory=True)[0]
    assert len(Office(part, memory=()).start()) == 4  # what the session itself brings
    nothing = INSTANCE.model_copy(update={"serve_memory": True, "world": Content()})
    assert len(Office(nothing).start()) == 2
