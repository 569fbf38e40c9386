"""Draws the pictures in the README and the docs from real output.

python docs/pictures.py
"""

from __future__ import annotations

import io
import re
import tempfile
from pathlib import Path

from rich.console import Console, RenderableType
from rich.text import Text

from discretion.agents import resolve
from discretion.evals import Suite, compare_runs, run_sync
from discretion.judges import default_judge
from discretion.reports import comparison_view, run_view
from discretion.scenarios import load_scenarios

IMAGES = Path(__file__).parent / "images"


def draw(name: str, command: str, view: RenderableType) -> None:
    """Write what a command prints as an SVG."""
    console = Console(record=True, width=100, file=io.StringIO())
    console.print(Text(f"$ {command}\n", style="bold"))
    console.print(view)
    picture = re.sub(r"@font-face \{.*?\}", "", console.export_svg(title="discretion"), flags=re.DOTALL)  # no downloads
    IMAGES.joinpath(name).write_text(picture, encoding="utf-8")
    print(f"wrote {IMAGES / name}")


def main() -> None:
    """Play, compare, draw."""
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
