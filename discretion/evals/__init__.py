"""How much: runs of agents in offices, their measures, and the drop between two of them.

`run` plays a `Suite` with an agent into a run file, of which a `RunStore` reads; started again it does what is missing.
`rejudge` judges a finished run again, `replay_lint` plays a scenario with references, `compare` and `compare_runs` hold
two runs against each other. Everything is imported when it is first used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from discretion.evals.comparing import compare, compare_all
    from discretion.evals.comparing_runs import compare_runs
    from discretion.evals.comparison import Comparison, Drop, MemoryComparison, RelativeDrop, Stratum
    from discretion.evals.gates import Gate, parse_gate
    from discretion.evals.gym import discretion_reward, make_office_env, make_office_vector_env
    from discretion.evals.measures import EpisodeKey, EpisodeMeasures, measure
    from discretion.evals.memory import MemorySummary
    from discretion.evals.play import play_instance
    from discretion.evals.reader import StoredEpisode
    from discretion.evals.replaying import replay_lint
    from discretion.evals.runner import rejudge, run, run_sync
    from discretion.evals.scheduler import InProcess, Scheduler
    from discretion.evals.store import RunStore
    from discretion.evals.suite import Suite
    from discretion.evals.summary import Rate, RunSummary, summarise

__all__ = [
    "Comparison",
    "Drop",
    "EpisodeKey",
    "EpisodeMeasures",
    "Gate",
    "InProcess",
    "MemoryComparison",
    "MemorySummary",
    "Rate",
    "RelativeDrop",
    "RunStore",
    "RunSummary",
    "Scheduler",
    "StoredEpisode",
    "Stratum",
    "Suite",
    "compare",
    "compare_all",
    "compare_runs",
    "discretion_reward",
    "make_office_env",
    "make_office_vector_env",
    "measure",
    "parse_gate",
    "play_instance",
    "rejudge",
    "replay_lint",
    "run",
    "run_sync",
    "summarise",
]

_HOMES = {
    "comparing": ("compare", "compare_all"),
    "comparing_runs": ("compare_runs",),
    "comparison": ("Comparison", "Drop", "MemoryComparison", "RelativeDrop", "Stratum"),
    "gates": ("Gate", "parse_gate"),
    "gym": ("discretion_reward", "make_office_env", "make_office_vector_env"),
    "measures": ("EpisodeKey", "EpisodeMeasures", "measure"),
    "memory": ("MemorySummary",),
    "play": ("play_instance",),
    "replaying": ("replay_lint",),
    "runner": ("rejudge", "run", "run_sync"),
    "scheduler": ("InProcess", "Scheduler"),
    "reader": ("StoredEpisode",),
    "store": ("RunStore",),
    "suite": ("Suite",),
    "summary": ("Rate", "RunSummary", "summarise"),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"discretion.evals.{_HOME_OF[name]}"), name)
