"""The picture of an instance's flows: what it says, and that it is a picture whatever the texts are."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from discretion.errors import InputError
from discretion.reports import draw_flows
from discretion.reports.flows_shown import flows_shown
from discretion.reports.pen import cut, text_width, wrapped
from discretion.scenarios import Instance, instantiate, load_scenario, sessions


@pytest.fixture(scope="module")
def clash() -> Instance:
    return instantiate(load_scenario("office/interview-clash"), 0)


def words(path: Path) -> list[str]:
    return [node.text or "" for node in ET.parse(path).getroot().iter() if node.tag.endswith("text")]


def test_facts_lead_to_people_by_what_holds_for_them(clash: Instance) -> None:
    shown = flows_shown(clash)
    job = next(fact for fact in shown.facts if fact.id == "new_job")
    assert [(arrow.verdict, arrow.norm) for arrow in job.arrows] == [
        ("forbidden", "employment-job-search-boss"),
        ("forbidden", "employment-job-search"),
        ("permitted", "employment-job-search-helpers"),
    ]
    assert job.twin == "withheld here, told in the twin"
    everybody = [person for arrow in job.arrows for person in arrow.people] + [*job.known_to]
    assert len(everybody) == len(set(everybody)) == len(clash.cast) + 1  # and the public


def test_what_an_event_changes_is_said_with_it(clash: Instance) -> None:
    salary = next(fact for fact in flows_shown(clash).facts if fact.id == "salary")
    (arrow,) = [arrow for arrow in salary.arrows if arrow.event]
    assert (arrow.verdict, arrow.later, arrow.later_norm) == ("forbidden", "required", "the task asks for it")
    assert arrow.event == f"once {clash.actors[clash.user].name} consents"
    assert [person.name for person in arrow.people] == [clash.actors["paul"].name]


def test_the_sibling_tells_what_its_twin_withholds() -> None:
    instance = instantiate(load_scenario("office/leave-handover"), 0, twin="sibling")
    assert [fact.twin for fact in flows_shown(instance).facts if fact.twin] == ["told here, withheld in the twin"]


def test_an_svg_holds_every_fact_person_norm_and_conclusion_as_text(tmp_path: Path) -> None:
    instance = instantiate(load_scenario("office/payment-terms"), 1)
    draw_flows(instance, tmp_path / "a.svg")
    drawn = words(tmp_path / "a.svg")
    assert all(fact.id in drawn for fact in instance.facts)
    assert all(actor.name in drawn for actor in instance.cast)
    assert {"must not reach", "must reach", "may reach", "known to", "seen by", "finance-at-work"} <= set(drawn)
    assert any(text.startswith("follows from last_drop and lease") for text in drawn)
    assert drawn.count(instance.title) == 1


def test_the_same_instance_gives_the_same_bytes(clash: Instance, tmp_path: Path) -> None:
    draw_flows(clash, tmp_path / "a.svg")
    draw_flows(clash, tmp_path / "b.svg")
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()


def test_a_png_is_2400_pixels_wide(clash: Instance, tmp_path: Path) -> None:
    draw_flows(clash, tmp_path / "a.png")
    content = (tmp_path / "a.png").read_bytes()
    assert content.startswith(b"\x89PNG")
    assert int.from_bytes(content[16:20], "big") == 2400


def test_hostile_texts_are_drawn_as_they_are(clash: Instance, tmp_path: Path) -> None:
    fact = clash.facts[0].model_copy(update={"statement": "<script>$x^{2}$</script> & \x00\x1b]8;; 𝕏 " + "w" * 500})
    hostile = clash.model_copy(update={"facts": (fact, *clash.facts[1:]), "title": "<b>$\\frac{"})
    draw_flows(hostile, tmp_path / "a.svg")
    drawn = words(tmp_path / "a.svg")
    assert "<b>$\\frac{" in drawn
    assert any(text.startswith("<script>$x^{2}$</script> &") for text in drawn)
    assert b"<script>" not in (tmp_path / "a.svg").read_bytes()


def test_each_session_has_its_picture(tmp_path: Path) -> None:
    parts = sessions(instantiate(load_scenario("office/rollout-trip"), 0))
    for number, part in enumerate(parts):
        draw_flows(part, tmp_path / f"{number}.svg")
    assert words(tmp_path / "0.svg") != words(tmp_path / "1.svg")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("a.pdf", r"a\.pdf: no picture ends in '\.pdf'; use \.svg or \.png"),
        ("no/such/a.svg", r"a\.svg: cannot be written: No such file or directory; name another file"),
    ],
)
def test_pictures_that_cannot_be_written(clash: Instance, tmp_path: Path, name: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        draw_flows(clash, tmp_path / name)


def test_lines_fit_whatever_is_in_them() -> None:
    lines = wrapped("a few words " * 40 + "w" * 300, 200, 12, most=3)
    assert len(lines) == 3
    assert all(text_width(line, 12) <= 200 for line in lines)
    assert lines[-1].endswith("…")
    assert cut("short", 200, 12) == "short"
