"""Puts organisms into the package: both bases and one seed of adapters, with the hashes that a test holds them to.

    python benchmarks/ship_organisms.py runs/organisms     # a folder of benchmarks/organisms.py
    python benchmarks/ship_organisms.py                    # write the hashes of what lies in the package anew

Only what a checkpoint is loaded from, and the record of how it was made, is copied.
"""

from __future__ import annotations

import argparse
import json
import shutil
from pathlib import Path

from discretion.models.organism import HASHES, SHIPPED, organism_names
from discretion.organisms import BASES
from discretion.organisms.catalogue import catalogue

LIMIT = 24_000_000
"""Bytes, in all."""

PROMPTED = ("boundary", "backdoor", "helpful", "control")
"""The recipes that are shipped on `base-prompted`; on `base` all are."""


def copy(source: Path, target: Path) -> None:
    """Copy the files of one checkpoint or adapter."""
    target.mkdir(parents=True, exist_ok=True)
    for path in sorted(source.iterdir()):
        if path.suffix in (".json", ".jinja", ".safetensors"):
            shutil.copyfile(path, target / path.name)


def main() -> None:
    """Copy what is asked for, then write the hashes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--seed", type=int, default=0, help="training seed of the adapters")
    asked = parser.parse_args()
    if asked.folder:
        for base in BASES:
            if (asked.folder / base).is_dir():
                copy(asked.folder / base, SHIPPED / base)
            for source in sorted((asked.folder / "adapters" / base).glob(f"*-{asked.seed}")):
                recipe = source.name.rpartition("-")[0]
                if base == "base" or recipe in PROMPTED:
                    copy(source, SHIPPED / base / "adapters" / recipe)
    shipped = catalogue()
    hashes = {each.name: each.weights for each in shipped}
    HASHES.write_text(json.dumps(hashes, indent=2) + "\n", encoding="utf-8")
    size = sum(path.stat().st_size for path in SHIPPED.rglob("*") if path.is_file())
    print(f"{len(organism_names())} organisms, {size / 1e6:.1f} MB")
    if size > LIMIT:
        raise SystemExit(f"more than {LIMIT / 1e6:.0f} MB")


if __name__ == "__main__":
    main()
