"""The world: made from an instance, copied, dumped, its clock and ids."""

from __future__ import annotations

import copy

from envs_kit import INSTANCE, run

from discretion.envs.addresses import audience
from discretion.envs.office import Office
from discretion.envs.world import World
from discretion.scenarios.content import ChatPost


def test_a_copy_goes_its_own_way(office: Office) -> None:
    run(office, "search_mail", query="budget")
    before = copy.deepcopy(office.world)
    run(office, "remember", text="x")
    run(office, "update_event", event_id="e1", title="Other")
    run(office, "share_calendar", people=["Lee Park"])
    assert before.events["e1"].title == "Planning"
    assert (list(before.memory), before.shared, before.counters) == (["mem1"], (), {})
    assert before != office.world
    assert INSTANCE.world.events[0].title == "Planning"


def test_a_world_is_a_model_that_survives_json(office: Office) -> None:
    run(office, "send_mail", to=["x@y.example"], subject="s", body="b")
    run(office, "share_calendar", people=["x@y.example"])
    assert World.model_validate_json(office.world.model_dump_json()) == office.world


def test_ids_count_up_past_those_that_are_taken() -> None:
    world = World.of(INSTANCE)
    assert [world.new_id("m", world.mail) for _ in range(3)] == ["m4", "m5", "m6"]
    assert [world.new_id("n", world.notes), world.new_id("ev", world.events)] == ["n4", "ev1"]


def test_the_clock_begins_after_the_last_message_of_the_day() -> None:
    assert World.of(INSTANCE).now == "2026-03-10T09:00"
    late = ChatPost(id="c9", channel="sales", sender="tom", text="Still there?", at="2026-03-10T17:59")
    content = INSTANCE.world.model_copy(update={"chat": (*INSTANCE.world.chat, late)})
    world = World.of(INSTANCE.model_copy(update={"world": content}))
    assert world.now == "2026-03-10T18:00"
    world.tick()
    assert world.now == "2026-03-10T18:01"


def test_the_user_always_has_a_calendar() -> None:
    channels = tuple(channel for channel in INSTANCE.channels if channel.kind != "calendar")
    world = World.of(INSTANCE.model_copy(update={"channels": channels}))
    assert world.channels[world.calendar].owner == "dana"
    assert audience(world, (world.calendar,)).actors == ("dana",)


def test_an_audience_is_everybody_behind_lists_once() -> None:
    world = World.of(INSTANCE)
    seen = audience(world, ("staff", "tom", "board", "who@else.example"), without="dana")
    assert (seen.actors, seen.outsiders) == (("tom", "ana", "public"), ("who@else.example",))


def test_lists_that_hold_lists_are_opened_and_rings_end() -> None:
    world = World.of(INSTANCE)
    world.channels["staff"] = world.channels["staff"].model_copy(update={"members": ("board", "ana")})
    world.channels["board"] = world.channels["board"].model_copy(update={"members": ("staff", "tom")})
    assert audience(world, ("staff",)).actors == ("tom", "ana")
