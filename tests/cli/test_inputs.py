"""Seeds, sides and scenario names as people write them."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from discretion.cli.inputs import kind_of, load, parse_seeds, run_file_near
from discretion.errors import InputError


@pytest.mark.parametrize(
    ("text", "seeds"),
    [
        ("3", (0, 1, 2)),
        ("1", (0,)),
        ("5-7", (5, 6, 7)),
        ("4 - 4", (4,)),
        ("3,7,11", (3, 7, 11)),
        ("4,", (4,)),
        (" 2 , 1 ,2", (2, 1)),
    ],
)
def test_seeds(text: str, seeds: tuple[int, ...]) -> None:
    assert parse_seeds(text) == seeds


@pytest.mark.parametrize("text", ["", "0", "x", "-", "7-5", "1-", "-3", "1,x", ",", "1e3", "5000000", "١", "9" * 5000])
def test_bad_seeds_are_one_line(text: str) -> None:
    with pytest.raises(InputError, match=r"^--seeds: '.*' names (no|5,000,000) seeds") as caught:
        parse_seeds(text)
    assert str(caught.value).endswith("; write how many (10), a range (5-9) or a list (3,7,11)")
    assert len(str(caught.value)) < 150


@given(st.lists(st.integers(0, 10**8), min_size=2, unique=True))
def test_a_list_of_seeds_is_what_it_says(seeds: list[int]) -> None:
    assert parse_seeds(",".join(map(str, seeds))) == tuple(seeds)


def test_agents_runs_and_scenarios_are_told_apart(tmp_path: Path) -> None:
    run = tmp_path / "mine.run"
    with sqlite3.connect(run) as db:
        db.execute("CREATE TABLE t (x)")
    assert kind_of(str(run)) == "run"
    (tmp_path / "pack.yaml").write_text("id: x")
    assert kind_of(str(tmp_path / "pack.yaml")) == "other"
    assert kind_of(str(tmp_path)) == kind_of("office") == "other"
    assert kind_of("privacylens:cases.json") == "other"
    for agent in ("reference:oracle", "hf:some/path", "openai:m@http://127.0.0.1:1/v1", "nonsense:x"):
        assert kind_of(agent) == "agent"


def test_a_text_that_is_nothing_gets_the_nearest_thing(tmp_path: Path) -> None:
    (tmp_path / "tuned.run").touch()
    assert run_file_near(str(tmp_path / "tunde.run")) == f"did you mean '{tmp_path}/tuned.run'?"
    assert run_file_near("oracle") == "did you mean 'reference:oracle'?"


def test_options_of_imported_cases_are_checked() -> None:
    with pytest.raises(InputError, match=r"privacylens:x\.json: unknown play 'lve'; did you mean 'live'\?"):
        load("privacylens:x.json?play=lve")
    with pytest.raises(InputError, match=r"privacylens:x\.json: unknown option 'way'; choose one of: play"):
        load("privacylens:x.json?way=live")
    with pytest.raises(InputError, match=r"cimemories:x\.json: unknown option 'label'; did you mean 'labels'\?"):
        load("cimemories:x.json?label=y.json")


def test_a_file_of_cases_is_no_agent() -> None:
    assert kind_of("cimemories:profiles.json?labels=labels.csv") == "other"
