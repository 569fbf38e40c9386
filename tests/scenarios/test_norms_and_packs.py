# ruff: noqa: E501 - one mistake, one row
from __future__ import annotations

from pathlib import Path

import pytest

from discretion.errors import ScenarioError
from discretion.scenarios import Norm, load_norms, load_scenarios, norm_names, pack_names
from discretion.scenarios.normbase import norms_hash, shipped_norms
from discretion.scenarios.packs import pack_files

GOOD = """\
- id: health
  verdict: forbidden
  attribute: health.*
  recipient: [employment.manager of subject, "*.*"]
- {id: doctor, verdict: permitted, recipient: health.physician of subject}
"""


def test_norms_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "own.yaml"
    path.write_text(GOOD, encoding="utf-8")
    norms = load_norms(path)
    assert [norm.id for norm in norms] == ["health", "doctor"]
    assert norms[0].recipient == ("employment.manager of subject", "*.*")
    assert load_norms(str(path)) == norms


def test_shipped_norms_are_read_once() -> None:
    assert "base" in norm_names()
    assert load_norms("base") is load_norms("base")
    assert shipped_norms(("base",)) is shipped_norms(("base",))
    assert shipped_norms(()) == ()
    with pytest.raises(ScenarioError, match=r"base: the norm '.*' is in two norm bases; use one of them"):
        shipped_norms(("base", "base"))


def test_the_hash_of_norms_goes_by_content() -> None:
    one, two = Norm(id="a", verdict="forbidden"), Norm(id="b", verdict="permitted")
    assert norms_hash((one, two)) == norms_hash((two, one))
    assert norms_hash((one,)) != norms_hash((two,))
    assert len(norms_hash(())) == 64


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("norms: []", ": a norm base is one list of norms; write each norm as '- id: ...'"),
        (GOOD.replace("doctor", "health"), ":5 [health].id: the id 'health' is taken; choose another"),
        (GOOD.replace("forbidden", "forbiden"), ":2 [health].verdict: 'forbiden' is none of the choices; did you mean 'forbidden'?"),
        (GOOD.replace("verdict: forb", "verdikt: forb"), ":2 [health].verdikt: unknown field 'verdikt'; did you mean 'verdict'?"),
        (GOOD.replace("health.*", "helth.*"), ":3 [health].attribute: 'helth.*' is no attribute, context ('health.*') or '*'"),
        (GOOD.replace("of subject}", "of dana}"), ":5 [doctor].recipient: 'health.physician of dana' names an actor, which a norm base does not know;"
         " give a role, maybe 'of subject', or move it to a scenario"),
        (GOOD.replace('"*.*"', '"@dana"'), ":4 [health].recipient: '@dana' names an actor, which a norm base does not know;"
         " give a role, maybe 'of subject', or move it to a scenario"),
        (GOOD.replace("attribute: health.*", "fact: illness"), ":3 [health].fact: a norm base knows no facts; give an attribute, or move it to a scenario"),
        ("- just a word", ":1 [0]: expected a mapping, found 'just a word'; write it as 'key: value' lines"),
    ],
)  # fmt: skip
def test_broken_norm_bases(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "own.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ScenarioError) as caught:
        load_norms(path)
    assert str(caught.value) == f"{path}{message}"


def test_unknown_norm_bases() -> None:
    with pytest.raises(
        ScenarioError, match="no norm base is called 'bass', and there is no such file; did you mean 'base'"
    ):
        load_norms("bass")


def test_packs_are_listed_and_load() -> None:
    assert "office" in pack_names()
    files = pack_files("office")
    assert [file.name for file in files] == sorted(file.name for file in files)
    scenarios = load_scenarios("office")
    assert len(scenarios) >= len(files)
    with pytest.raises(KeyError, match="nothing"):
        pack_files("nothing")
