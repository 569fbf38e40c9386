"""Where it flows: the world, its toolkits, the people in it, the Gymnasium environments, and the recorder.

An [`Office`][discretion.envs.office.Office] can be driven by anything that speaks in assistant turns; `OfficeEnv` and
`OfficeVectorEnv` put Gymnasium's interface on it. Everything is imported when it is first used, because importing the
package registers the environments.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from discretion.envs.env import OfficeEnv
    from discretion.envs.episode import Change, Counts, Disclosure, Ending, Episode, PrincipleEvent
    from discretion.envs.office import Office
    from discretion.envs.people_model import PeopleModel
    from discretion.envs.recorder import Recorder
    from discretion.envs.registration import register
    from discretion.envs.render import transcript
    from discretion.envs.toolkit import TOOLKITS, Tool, ToolError, tool, tools_of
    from discretion.envs.vector import OfficeVectorEnv
    from discretion.envs.world import World

__all__ = [
    "TOOLKITS",
    "Change",
    "Counts",
    "Disclosure",
    "Ending",
    "Episode",
    "Office",
    "OfficeEnv",
    "OfficeVectorEnv",
    "PeopleModel",
    "PrincipleEvent",
    "Recorder",
    "Tool",
    "ToolError",
    "World",
    "register",
    "tool",
    "tools_of",
    "transcript",
]

_HOMES = {
    "OfficeEnv": "env",
    "Change": "episode",
    "Counts": "episode",
    "Disclosure": "episode",
    "Ending": "episode",
    "Episode": "episode",
    "PrincipleEvent": "episode",
    "Office": "office",
    "PeopleModel": "people_model",
    "Recorder": "recorder",
    "register": "registration",
    "transcript": "render",
    "TOOLKITS": "toolkit",
    "Tool": "toolkit",
    "ToolError": "toolkit",
    "tool": "toolkit",
    "tools_of": "toolkit",
    "OfficeVectorEnv": "vector",
    "World": "world",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"discretion.envs.{_HOMES[name]}"), name)
