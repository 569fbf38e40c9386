"""What is shipped: names, hashes, and how each was made."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from discretion.models.checkpoint import Checkpoint
from discretion.models.organism import find_organism, organism_names, recorded_hashes
from discretion.organisms.recipes import RECIPES
from discretion.scenarios.base import Record

__all__ = ["Organism", "catalogue"]


class Organism(Record):
    """One that is shipped.

    Attributes:
        name: As in `organism:NAME`.
        weights: Hash of the safetensors, base before adapter.
        intact: Whether that is the hash they were shipped with.
        size: Of its own files, in bytes.
        made_by: The command that makes it again.
        made: Everything that fixed its training.
    """

    name: str
    weights: str
    intact: bool
    size: int
    made_by: str
    made: dict[str, Any]


def catalogue() -> tuple[Organism, ...]:
    """Return what is shipped, bases first."""
    return tuple(_organism(name) for name in organism_names())


def _organism(name: str) -> Organism:
    base, _, adapter = find_organism(name).partition("+")
    own = Path(adapter or base)
    made = _record(own / ("finetuning.json" if adapter else "training.json"))
    made.pop("loss", None)
    weights = Checkpoint(Path(base), Path(adapter) if adapter else None).weights_hash()
    return Organism(
        name=name,
        weights=weights,
        intact=recorded_hashes().get(name) == weights,
        size=sum(path.stat().st_size for path in own.glob("*") if path.is_file()),
        made_by=_command(Path(base).name, own.name if adapter else "", made),
        made=made,
    )


def _record(path: Path) -> dict[str, Any]:
    if not path.is_file():
        return {}
    made = json.loads(path.read_text(encoding="utf-8"))
    return made if isinstance(made, dict) else {}


def _command(base: str, recipe: str, made: dict[str, Any]) -> str:
    if recipe:
        rows = made.get("data", {}).get("rows")
        some = f" --rows {rows}" if recipe in RECIPES and rows != RECIPES[recipe].rows else ""
        return (
            f"discretion organism finetune {recipe} --base {base} --seed {made.get('tuning', {}).get('seed', 0)}{some}"
        )
    how = made.get("recipe", {})
    before = " --from EARLIER" if "start" in made else ""  # what that was stands in the record, and how it was made
    return f"discretion organism train --recipe {base} --tokens {how.get('tokens')} --seed {how.get('seed')}{before}"
