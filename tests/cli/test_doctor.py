"""Doctor: what is there, what is not, and how to get it."""

from __future__ import annotations

import json

import pytest

from discretion.cli import doctor


def test_doctor_lists_core_extras_and_packs(call) -> None:
    text = call("doctor").stdout
    assert "pydantic" in text
    assert "office" in text


def test_doctor_speaks_json(call) -> None:
    found = json.loads(call("doctor", "--json").stdout)
    assert found["ok"] is True
    assert {"name", "needed", "found", "use", "remedy"} == set(found["checks"][0])


def test_a_missing_extra_is_no_fault_and_has_a_remedy(call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "_version", lambda name: "" if name == "openai" else "1.0")
    assert "pip install 'discretion[openai]'" in " ".join(call("doctor").stdout.split())


def test_a_missing_core_is_a_fault(call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "_version", lambda name: "" if name == "scipy" else "1.0")
    assert "MISSING" in call("doctor", code=2).stdout
    assert json.loads(call("doctor", "--json", code=2).stdout)["ok"] is False
