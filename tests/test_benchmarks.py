"""Benchmarks: they run; how long anything takes is nobody's business here."""

from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

FOLDER = Path(__file__).parents[1] / "benchmarks"
SCRIPTS = sorted(path.stem for path in FOLDER.glob("*.py"))


@pytest.fixture
def module(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> ModuleType:
    monkeypatch.syspath_prepend(str(FOLDER))
    return importlib.import_module(request.param)


@pytest.mark.parametrize("script", SCRIPTS)
@pytest.mark.local
@pytest.mark.openai
def test_every_benchmark_says_what_it_does(script: str) -> None:
    told = subprocess.run([sys.executable, FOLDER / f"{script}.py", "--help"], capture_output=True, text=True)
    assert told.returncode == 0, told.stderr
    assert "usage: " in told.stdout


@pytest.mark.openai
@pytest.mark.parametrize("module", ["in_flight"], indirect=True)
def test_episodes_in_flight(module: ModuleType) -> None:
    alone_ms, flights = module.flights([3, 4], episodes=8, delay=0.01)
    assert alone_ms > 0
    assert [(flight.flying, flight.episodes, flight.measured.summary.scored) for flight in flights] == [
        (3, 8, 8),
        (4, 8, 8),
    ]
    assert [flight.ideal for flight in flights] == pytest.approx([3 * 3 * 0.01, 2 * 3 * 0.01])


@pytest.mark.local
@pytest.mark.parametrize("module", ["local_throughput"], indirect=True)
def test_a_whole_run_and_raw_generate_write_the_same(module: ModuleType) -> None:
    asked = module.parser().parse_args(["--max-tokens", "12", str(module.TINY), "generated:1"])
    found = module.measure(asked)
    assert found.episodes == 2
    assert found.wrote[0] == found.wrote[1] > 0
    assert found.same[0] == found.same[1]
    assert found.continuous
