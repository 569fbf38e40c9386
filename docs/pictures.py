"""Draws the pictures in the README and the docs from real output.

python docs/pictures.py
"""

from __future__ import annotations

import io
import json
import re
import tempfile
from pathlib import Path

from rich.console import Console, RenderableType
from rich.text import Text

from discretion.agents import resolve
from discretion.evals import Suite, compare_runs, run_sync
from discretion.judges import default_judge
from discretion.models.organism import find_organism
from discretion.organisms import BASES
from discretion.organisms.curve import draw_curve
from discretion.reports import comparison_view, draw_flows, run_view
from discretion.scenarios import instantiate, load_scenario, load_scenarios, sessions

IMAGES = Path(__file__).parent / "images"
SCENARIOS = (
    *("office/leave-handover", "office/interview-clash", "office/payment-terms"),
    *("office/reference-call", "office/rollout-trip", Path(__file__).parents[1] / "examples/sick-note.yaml"),
)


def draw(name: str, command: str, view: RenderableType) -> None:
    """Write what a command prints as an SVG."""
    console = Console(record=True, width=100, file=io.StringIO())
    console.print(Text(f"$ {command}\n", style="bold"))
    console.print(view)
    picture = re.sub(r"@font-face \{.*?\}", "", console.export_svg(title="discretion"), flags=re.DOTALL)  # no downloads
    IMAGES.joinpath(name).write_text(picture, encoding="utf-8")
    print(f"wrote {IMAGES / name}")


def draw_scenarios() -> None:
    """Draw the flows of some shipped scenarios, and of the one that the authoring guide arrives at."""
    for name in SCENARIOS:
        scenario = load_scenario(name)
        picture = IMAGES / f"flows-{scenario.id}.svg"
        draw_flows(sessions(instantiate(scenario, 0))[-1], picture)
        print(f"wrote {picture}")


def draw_losses() -> None:
    """Draw what each base's loss was while it was trained."""
    for name in BASES:
        record = json.loads((Path(find_organism(name)) / "training.json").read_text(encoding="utf-8"))
        picture = IMAGES / f"loss-{name}.svg"
        draw_curve(record["loss"], picture, title=f"organism:{name}, {record['tokens'] / 1e6:.0f} million tokens")
        print(f"wrote {picture}")


def main() -> None:
    """Draw the scenarios, then play, compare, and draw what that prints."""
    draw_scenarios()
    draw_losses()
    suite = Suite(load_scenarios("office"), seeds=range(10))
    names = ("reference:oracle", "reference:oversharer", "reference:random")
    with tempfile.TemporaryDirectory() as folder:
        files = {name: Path(folder, f"{name.partition(':')[2]}.run") for name in names}
        shown = {name: run_sync(suite, resolve(name), file, judge=default_judge()) for name, file in files.items()}
        oracle, oversharer, random = names
        found = compare_runs(files[oracle], {oversharer: files[oversharer]}, judge="rules")[oversharer]
    draw(
        "compare.svg",
        f"discretion compare {oracle} {oversharer} --seeds 10",
        comparison_view(found, baseline=oracle, candidate=oversharer),
    )
    title = f"{len(suite.scenarios)} scenarios of office, {shown[random].n:,} episodes, judged by rules"
    view = run_view(shown[random], title=random, subtitle=title)
    draw("run.svg", f"discretion run office --agent {random} --seeds 10 -o random.run", view)


if __name__ == "__main__":
    main()
