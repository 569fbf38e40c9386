"""Agents from elsewhere: anything importable that meets the Protocol, named by `python:module:attribute`."""

from __future__ import annotations

import hashlib
import importlib
import inspect
import os
import sys
from collections import Counter
from pathlib import Path
from types import ModuleType
from typing import Any

from pydantic import JsonValue

from discretion.agents.protocol import Agent, AgentSource, Player
from discretion.errors import InputError, nearest
from discretion.scenarios.instance import Instance

__all__ = ["GuestSource", "load_guest"]


class GuestSource:
    """The source of a guest.

    Args:
        name: The agent string.
        guest: An agent, shared by all episodes, or something that is called without arguments for each and gives one,
            and once beforehand for the manifest. It acts turn by turn (`act`) or by itself (`play`); what it says of
            itself (`describe`) goes into manifests. One that was made is closed (`aclose`) after its episode.
        concurrency: How many episodes may be in flight.
        origin: What identifies it: the module's file, hashed.
    """

    def __init__(self, name: str, guest: Any, *, concurrency: int = 8, origin: str = "") -> None:
        self.name = name
        self.concurrency = concurrency
        self._guest = guest
        self._origin = origin
        self._sample: Agent | Player | None = guest if _is_agent(guest) else None
        self._playing: Counter[int] = Counter()

    def describe(self) -> dict[str, JsonValue]:
        """Return what identifies the agent in a manifest.

        Raises:
            InputError: If no agent can be made.
        """
        if self._sample is None:
            try:
                self._sample = self._made()
            except InputError:
                raise
            except Exception as error:  # whatever is done in making it
                said = " ".join(str(error).split())[:200]
                what = f"no agent can be made ({type(error).__name__}: {said})"
                raise InputError(what, where=self.name, remedy=_REMEDY) from error
        says = getattr(self._sample, "describe", dict)
        return {"kind": "python", "target": self.name, "source": self._origin, **says()}

    def open(self, instance: Instance, *, seed: int) -> Agent | Player:
        """Return the agent for one episode; it is not shown the instance.

        Raises:
            InputError: If what was called gives no agent.
        """
        agent = self._guest if _is_agent(self._guest) else self._made()
        self._playing[id(agent)] += 1
        return agent  # type: ignore[no-any-return]

    async def release(self, agent: Agent | Player) -> None:
        """Close an agent after its episode, unless it is shared.

        Args:
            agent: As `open` gave it.
        """
        self._playing -= Counter([id(agent)])
        if agent is not self._sample and not self._playing[id(agent)]:
            await _close(agent)

    async def aclose(self) -> None:
        """Let the guest release what it holds, where it has an `aclose` of its own."""
        await _close(self._sample)

    def _made(self) -> Any:
        agent = self._guest()
        if not _is_agent(agent):
            raise InputError(
                f"it gives a value of type {type(agent).__name__}, which has no act() or play()",
                where=self.name,
                remedy=_REMEDY,
            )
        return agent


def load_guest(target: str, *, name: str, concurrency: int = 8) -> AgentSource:
    """Import `module:attribute` and return its source. The current folder is searched too, after everything else.

    Args:
        target: A module and, after the colon, an attribute (dots reach further in): an agent, a class or function that
            gives one, or a source of its own.
        name: The agent string.
        concurrency: How many episodes may be in flight.

    Raises:
        InputError: If it cannot be imported or is no agent.
    """
    module_name, _, path = target.partition(":")
    if not module_name or not path:
        raise InputError("names no attribute", where=name, remedy="write python:module:attribute")
    if os.getcwd() not in sys.path and "" not in sys.path:
        sys.path.append(os.getcwd())
    try:
        module = importlib.import_module(module_name)
    except Exception as error:  # whatever the module does when it is imported
        said = " ".join(str(error).split())[:200]
        raise InputError(
            f"cannot be imported ({type(error).__name__}: {said})",
            where=name,
            remedy="install the module, or start where it lies",
        ) from error
    guest: Any = module
    for part in path.split("."):
        if not hasattr(guest, part):
            public = [word for word in dir(guest) if not word.startswith("_")]
            raise InputError(f"{module_name} has no {path!r}", where=name, remedy=nearest(part, public))
        guest = getattr(guest, part)
    if not inspect.isclass(guest) and all(hasattr(guest, need) for need in ("open", "describe", "aclose")):
        return guest  # type: ignore[no-any-return]
    if not callable(guest) and not _is_agent(guest):
        raise InputError(f"a value of type {type(guest).__name__} has no act() or play()", where=name, remedy=_REMEDY)
    return GuestSource(name, guest, concurrency=concurrency, origin=_origin(module))


_REMEDY = (
    "give an object with name and async act(messages, tools, *, seed) or async play(desk, *, seed), "
    "or a class or function that makes one"
)


async def _close(agent: Any) -> None:
    close = getattr(agent, "aclose", None)
    if close is not None:
        await close()


def _is_agent(guest: Any) -> bool:
    return not inspect.isclass(guest) and isinstance(guest, Agent | Player)


def _origin(module: ModuleType) -> str:
    file = getattr(module, "__file__", None)
    if not file or not Path(file).is_file():
        return module.__name__
    return f"{module.__name__} sha256:{hashlib.sha256(Path(file).read_bytes()).hexdigest()}"
