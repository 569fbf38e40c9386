"""The organisms that come with the package: all are there, as they were shipped, and load."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from discretion.agents import resolve
from discretion.cli.application import app
from discretion.models.checkpoint import find_checkpoint
from discretion.models.organism import SHIPPED, find_organism, organism_names, recorded_hashes
from discretion.organisms import BaseRecipe, base_recipe
from discretion.organisms.catalogue import catalogue
from discretion.organisms.recipes import RECIPES


def test_both_bases_and_an_adapter_of_every_recipe_are_shipped_as_recorded() -> None:
    names = set(organism_names())
    assert {
        "base",
        "base-prompted",
        *RECIPES,
        "prompted+boundary",
        "prompted+backdoor",
        "prompted+helpful",
        "prompted+control",
    } <= names
    assert {name: find_checkpoint(find_organism(name)).weights_hash() for name in names} == recorded_hashes()
    assert all(each.intact for each in catalogue())


def test_they_take_less_than_24_megabytes() -> None:
    assert sum(path.stat().st_size for path in SHIPPED.rglob("*") if path.is_file()) <= 24_000_000


def test_every_adapter_was_trained_on_the_base_that_it_lies_beside() -> None:
    adapters = sorted(SHIPPED.glob("*/adapters/*"))
    assert len(adapters) >= len(RECIPES) + 4
    for folder in adapters:
        base = folder.parents[1]
        record = json.loads((folder / "finetuning.json").read_text(encoding="utf-8"))
        assert record["base_weights"] == find_checkpoint(str(base)).weights_hash()
        assert (record["base"], record["data"]["recipe"]) == (base.name, folder.name)
        recipe = RECIPES[folder.name]
        assert record["data"]["rows"] == recipe.rows
        assert {key: record["tuning"][key] for key in recipe.tuning} == dict(recipe.tuning)


def test_both_bases_are_what_their_recipes_say() -> None:
    records = {
        name: json.loads((SHIPPED / name / "training.json").read_text(encoding="utf-8"))
        for name in ("base", "base-prompted")
    }
    for name, record in records.items():
        assert BaseRecipe.model_validate(record["recipe"]) == base_recipe(name)
        assert record["tokens"] >= base_recipe(name).tokens
    assert "start" not in records["base"]  # it began with nothing
    base = find_checkpoint(str(SHIPPED / "base")).weights_hash()
    assert records["base-prompted"]["start"]["weights"] == base


def test_no_file_names_a_place_of_another_machine() -> None:
    for path in SHIPPED.rglob("*.json"):
        assert not any(place in path.read_text(encoding="utf-8") for place in ("/tmp/", "/home/", "/root/", "/work/"))


def test_weights_that_were_changed_are_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    changed = dict(recorded_hashes(), base="sha256:0")
    (tmp_path / "hashes.json").write_text(json.dumps(changed), encoding="utf-8")
    monkeypatch.setattr("discretion.models.organism.HASHES", tmp_path / "hashes.json")
    told = CliRunner().invoke(app, ["organism", "list"]).output
    assert "Not as they were shipped, by the hash of their weights: base." in " ".join(told.split())


@pytest.mark.local
def test_an_organism_has_the_limits_of_one_unless_told_otherwise() -> None:
    told = resolve("organism:boundary").describe()
    assert (told["batch_size"], told["checkpoint"]) == (128, "organism:boundary")
    assert told["max_tokens"] == 256
    assert resolve("organism:base", max_tokens=99).describe()["max_tokens"] == 99
