"""`--people MODEL` on the command line: the same people on every side, and none by mistake."""

from __future__ import annotations

import json

import pytest
from fault_server import FaultServer, completion

pytestmark = pytest.mark.openai

ORACLE, IDLE = "reference:oracle", "reference:idle"
SILENT = completion(json.dumps({"do": "silent", "text": ""}))


def test_both_sides_meet_the_same_people(call) -> None:
    with FaultServer(SILENT) as server:
        people = f"openai:them@{server.url}"
        found = json.loads(
            call("run", "missing-winter", "-a", ORACLE, "-o", "a.run", "-n", "1", "--people", people, "--json").stdout
        )
        assert found["counts"]["people_calls"] > 0
        asked = len(server.requests)
        call("compare", "a.run", IDLE, "--people", people)
        call("compare", "a.run", ORACLE)  # as in the run file
        assert len(server.requests) > asked
        error = call("compare", "a.run", IDLE, "--people", "openai:others@http://127.0.0.1:1/v1", code=2).stderr
        assert "its people are played by openai:them" in " ".join(error.split())
    call("run", "missing-winter", "-a", ORACLE, "-o", "b.run", "-n", "1")
    error = call("compare", "b.run", IDLE, "--people", people, code=2).stderr
    assert "not played by a model" in " ".join(error.split())
    assert "nothing is played" in call("compare", "b.run", "b.run", "--people", people, code=2).stderr


def test_a_bad_name_is_told_before_anything_is_played(call, tmp_path) -> None:
    assert "is no model" in call("run", "office", "-a", IDLE, "-o", "a.run", "--people", ORACLE, code=2).stderr
    assert not (tmp_path / "a.run").exists()
