"""Every command in the README and the docs runs as it stands there."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
FENCE = re.compile(
    r"^(?P<skip><!-- (?:main|tests|needs .*) -->\n)?```(?P<kind>console|python|text)\n(?P<body>.*?)^```", re.M | re.S
)
"""A block under `<!-- main -->` or `<!-- tests -->` is what the CI script itself runs; `<!-- needs ... -->` says what
a block needs that a test machine has not (a model server, say), and a test elsewhere covers it. A block of `text` is
what the block before it prints, or some lines of it."""


def blocks(page: Path) -> list[tuple[str, str]]:
    return [(m["kind"], m["body"]) for m in FENCE.finditer(page.read_text(encoding="utf-8")) if not m["skip"]]


def commands(body: str) -> list[str]:
    joined = body.replace("\\\n", " ")
    return [line[2:] for line in joined.splitlines() if line.startswith("$ ")]


@pytest.fixture
def workshop(tmp_path: Path) -> tuple[Path, dict[str, str]]:
    """An empty folder with the repository's example files, and an environment whose PATH finds this Python first."""
    for name in ("examples", "docs"):
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, tmp_path / name)
    tools = tmp_path / ".bin"
    tools.mkdir()
    for name, module in {"python": "", "discretion": "-m discretion"}.items():
        script = tools / name
        script.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} {module} "$@"\n')
        script.chmod(0o755)
    path = f"{tools}{os.pathsep}{os.environ['PATH']}"
    return tmp_path, {**os.environ, "PATH": path, "PYTHONPATH": str(ROOT), "COLUMNS": "110", "OMP_NUM_THREADS": "1"}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_page_runs(page: Path, workshop: tuple[Path, dict[str, str]]) -> None:
    """The blocks of a page run in order, in one folder; a command exits 0, or with what `# exits N` behind it says."""
    folder, env = workshop
    printed: str | None = None
    for kind, body in blocks(page):
        if kind == "text":
            assert printed is None or [line for line in body.splitlines() if line not in printed] == []
            continue
        printed = ""
        for command in commands(body) if kind == "console" else [f"{sys.executable} - <<'PYTHON'\n{body}PYTHON"]:
            expected = re.search(r"# exits (\d+)\s*$", command)
            done = subprocess.run(
                ["bash", "-c", command], cwd=folder, env=env, capture_output=True, text=True, timeout=300, check=False
            )
            printed += done.stdout
            assert done.returncode == int(expected[1] if expected else 0), f"{command}\n{done.stdout}\n{done.stderr}"


def test_what_the_authoring_guide_writes_is_in_the_file_that_it_arrives_at() -> None:
    text = (ROOT / "docs/authoring.md").read_text(encoding="utf-8")
    snippets = re.findall(r"^```yaml\n(.*?)^```", text, re.M | re.S)
    finished = (ROOT / "examples/sick-note.yaml").read_text(encoding="utf-8")
    assert len(snippets) > 5
    assert [snippet for snippet in snippets if snippet not in finished] == []


def test_pages_have_blocks_and_no_dead_links() -> None:
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", text):
            assert (page.parent / target).exists(), f"{page.name}: {target} is not there"
