"""Writes docs/instances.md: ten rendered instances, as `reference:oracle` plays them.

python docs/instances.py
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import NamedTuple

from discretion.agents import resolve
from discretion.envs.render import transcript
from discretion.evals.play import play_instance
from discretion.scenarios import Scenario, instantiate, load_scenario, sessions
from discretion.scenarios.generator import generate
from discretion.scenarios.instance import Twin

PAGE = Path(__file__).parent / "instances.md"
HEAD = """# Ten instances, rendered

Six generated plots and four written scenarios, each as `reference:oracle` plays it: it does the task and tells nobody
what they must not know. Behind `⇢` stands whom a turn reached. Under each heading are the command that shows the
instance and what has to be kept in it. This page is written by `python docs/instances.py`.
"""


class Shown(NamedTuple):
    """What is shown: a generated plot's seed or a written scenario, the twin, and which of several sessions."""

    source: int | str
    twin: Twin = "base"
    session: int = -1


CHOSEN = (
    Shown(7),
    Shown(7, "sibling"),
    Shown(14),
    Shown(30),
    Shown(36),
    Shown(15),
    Shown("office/reference-call"),
    Shown("office/lost-pouch"),
    Shown("office/farewell-party"),
    Shown("office/birthday-trip"),
)


def scenario_of(shown: Shown) -> Scenario:
    """Return what is shown as a scenario."""
    return generate(shown.source) if isinstance(shown.source, int) else load_scenario(shown.source)


def rendered(shown: Shown) -> str:
    """Return one section of the page."""
    scenario = scenario_of(shown)
    instance = instantiate(scenario, 0, twin=shown.twin)
    episode = asyncio.run(play_instance(resolve("reference:oracle"), instance))[shown.session]
    part = sessions(instance)[shown.session]
    name = (
        f"generated:{shown.source}-{shown.source}"
        if isinstance(shown.source, int)
        else str(shown.source).partition("/")[2]
    )
    of = f" --twin {shown.twin}" if shown.twin == "sibling" else ""
    kept = dict.fromkeys(fact.statement for fact in part.facts if fact.id == part.twin_fact)
    what = "told to those who need it" if shown.twin == "sibling" else "kept"
    title = f"{part.title}{' (the sibling)' if of else ''}"
    return "\n".join(
        (
            f"\n## {title}\n",
            f"`discretion scenario show {name}{of}`; {what}: {' '.join(kept)}\n",
            "```text",
            transcript(episode, part).replace("```", "'''").rstrip(),
            "```",
        )
    )


def main() -> None:
    """Write the page."""
    PAGE.write_text(HEAD + "\n".join(rendered(shown) for shown in CHOSEN) + "\n", encoding="utf-8")
    print(f"wrote {PAGE}")


if __name__ == "__main__":
    main()
