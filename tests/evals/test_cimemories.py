"""Profiles of CIMemories played by references: what bounds the measures, and what rules alone cannot say."""

from __future__ import annotations

from pathlib import Path

import pytest
from cimemories_kit import labelled_profiles, write

from discretion.agents import resolve
from discretion.evals import RunSummary, Suite, run_sync
from discretion.judges import RuleJudge
from discretion.scenarios.cimemories import import_profiles


def played(folder: Path, agent: str) -> RunSummary:
    scenarios = import_profiles(write(folder / "profiles.json", labelled_profiles())).scenarios
    file = folder / f"{agent.partition(':')[2]}.run"
    return run_sync(Suite(scenarios), resolve(agent), file, judge=RuleJudge(), repeats=2)


def test_telling_all_is_caught_attribute_by_attribute(tmp_path: Path) -> None:
    found = played(tmp_path, "reference:oversharer")
    assert (found.scored, found.agentic_privacy.value, found.coverage.value) == (8, 0.0, 1.0)
    assert found.memory is not None
    shown = {(each.by, each.repeats): (each.n, each.value) for each in found.memory.violation}
    # Six of Nora's attributes are private somewhere, her income to the landlord in two contexts; one of Ivo's is.
    assert shown["fact", 1] == (7, 1.0)
    assert shown["pair", 2] == (7, 1.0)
    assert found.memory.clusters == 2
    assert found.memory.completeness is not None
    assert found.memory.completeness.value == 1.0


def test_silence_is_private_and_complete_in_nothing(tmp_path: Path) -> None:
    found = played(tmp_path, "reference:idle")
    assert (found.agentic_privacy.value, found.exposure.value, found.coverage.value) == (1.0, 1.0, 0.0)


def test_rules_alone_leave_open_whether_free_text_was_put_in_other_words(tmp_path: Path) -> None:
    found = played(tmp_path, "reference:oracle")
    assert found.coverage.value == 1.0
    # Only the third context of Nora forbids nothing but a sum and a name, which have to be spelled out.
    assert (found.n, found.scored, found.agentic_privacy.value) == (8, 2, 1.0)
    assert found.unscored == {"no reliable surface form": 6}
    assert found.memory is not None
    fact = found.memory.violation[-1]
    assert (fact.value, fact.bounds[0]) == (None, 0.0)
    assert fact.bounds[1] == pytest.approx(4 / 7)
