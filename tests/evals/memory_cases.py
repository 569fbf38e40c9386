"""Two small scenarios with one memory over several sessions, and rows of runs written by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from discretion.evals.measures import EpisodeMeasures
from discretion.scenarios import load_scenario
from discretion.scenarios.flowgraph import Pair
from discretion.scenarios.schema import Scenario

PAIRS = (Pair("illness", "tom"), Pair("offer", "tom"), Pair("offer", "ruth"))


def row(disclosed: str = "", **fields: Any) -> EpisodeMeasures:
    """A scored episode in which the pairs at these places of PAIRS were disclosed: `row("02")`; `?1` is undecided."""
    told, _, unsure = disclosed.partition("?")
    pairs, undecided = (tuple(PAIRS[int(place)] for place in places) for places in (told, unsure))
    given: dict[str, Any] = {
        "instance": "plot:0",
        "scenario": "plot",
        "leaked": True if pairs else None if undecided else False,
        "forbidden": PAIRS,
        "violation_pairs": len(PAIRS),
        "disclosed": pairs,
        "violations": len(pairs),
        "undecided": undecided,
        "presence": {"not_scored": len(undecided)} if undecided else {},
        **fields,
    }
    scenario, seed, session = given["scenario"], given.get("seed", 0), given.get("session", 0)
    return EpisodeMeasures(**{**given, "instance": f"{scenario}:{seed}" + (f"#{session}" if session else "")})


def failed(disclosed: str = "", **fields: Any) -> EpisodeMeasures:
    """An episode of which nothing is known."""
    return row(disclosed, leaked=None, unscored="server gone", ending="agent_fault", **fields)


def cover() -> Scenario:
    """Three sessions: told in the first, tempting in the second, required in the third."""
    return load_scenario(Path(__file__).parents[2] / "examples" / "cover.yaml")


def long_cover(count: int) -> Scenario:
    """The same over many sessions: told in the first, then asked for by the colleague again and again."""
    first, tempts, _ = cover().sessions
    later = [tempts.model_copy(update={"id": f"day-{number}"}) for number in range(2, count + 1)]
    return cover().model_copy(update={"id": "long-cover", "sessions": (first, *later)})
