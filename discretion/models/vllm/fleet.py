"""Servers that agents share: one for each base, with the adapters of all agents that were named before it started."""

from __future__ import annotations

import atexit
import threading
from pathlib import Path

from discretion.errors import ModelUnusable
from discretion.models.vllm.flags import Plan, adapter_rank, round_rank
from discretion.models.vllm.server import Say, VLLMServer

__all__ = ["Berth", "Fleet"]


class Fleet:
    """The servers of this process. They are stopped when nobody needs them, and at the latest when Python ends."""

    def __init__(self) -> None:
        self._ships: list[_Ship] = []
        self._lock = threading.Lock()

    def join(self, plan: Plan, adapter: Path | None, *, patience_s: float) -> Berth:
        """Take a place on the server of a plan, which need not run yet.

        Args:
            plan: What the server is started with.
            adapter: The LoRA adapter that is to be spoken to; `None` for the base.
            patience_s: How long the server may take to start, in seconds.
        """
        with self._lock:
            ship = next((ship for ship in self._ships if ship.plan == plan and ship.takes(adapter)), None)
            if ship is None:
                ship = _Ship(plan, patience_s, self._lock)
                self._ships.append(ship)
            ship.board(adapter)
        return Berth(self, ship, adapter)

    def leave(self, ship: _Ship) -> None:
        """Give a place up; the last one to leave stops the server."""
        with self._lock:
            ship.users -= 1
            if ship.users > 0:
                return
            self._ships.remove(ship)
        ship.stop()

    @property
    def servers(self) -> tuple[VLLMServer, ...]:
        """Those that were started and not stopped."""
        with self._lock:
            return tuple(ship.server for ship in self._ships if ship.server is not None)


class Berth:
    """An agent's place on a server."""

    def __init__(self, fleet: Fleet, ship: _Ship, adapter: Path | None) -> None:
        self._fleet = fleet
        self._ship = ship
        self._adapter = adapter
        self._abandoned = threading.Event()

    @property
    def shared(self) -> int:
        """Agents with the same number share a server."""
        return id(self._ship)

    def open(self, say: Say) -> tuple[VLLMServer, str] | None:
        """Start the server unless it runs, and return it with the name under which it serves this agent. Blocks.

        Returns:
            `None` if it was given up.

        Raises:
            ModelUnusable: If it cannot be started, or does not take the adapter.
        """
        try:
            return self._ship.open(self._adapter, say, self._abandoned)
        except ModelUnusable:
            if self._abandoned.is_set():
                return None
            raise

    def abandon(self) -> None:
        """Have a thread that waits in `open` give up."""
        self._abandoned.set()

    def check(self) -> None:
        """Look whether the server, if it was started, still runs.

        Raises:
            ModelUnusable: If not.
        """
        if self._ship.server is not None:
            self._ship.server.check()

    def leave(self) -> None:
        """Give the place up. Blocks while the server stops, if this was the last place."""
        self._fleet.leave(self._ship)


class _Ship:
    """One server, or one that will be.

    Args:
        plan: What it is started with.
        patience_s: How long it may take to start, in seconds.
        joining: The lock under which agents take their places.
    """

    def __init__(self, plan: Plan, patience_s: float, joining: threading.Lock) -> None:
        self.plan = plan
        self.users = 0
        self.server: VLLMServer | None = None
        self._patience_s = patience_s
        self._names: dict[Path, str] = {}
        self._loaded: set[Path] = set()
        self._rank: int | None = None  # the largest that the server takes; open until it starts
        self._joining = joining
        self._lock = threading.Lock()

    def takes(self, adapter: Path | None) -> bool:
        """Tell whether an adapter can be served: any before the start, later what fits the rank it was started for."""
        return adapter is None or self._rank is None or adapter in self._names or adapter_rank(adapter) <= self._rank

    def board(self, adapter: Path | None) -> None:
        self.users += 1
        if adapter is not None:
            self._names.setdefault(adapter, f"adapter{len(self._names) + 1}")

    def open(self, adapter: Path | None, say: Say, abandoned: threading.Event) -> tuple[VLLMServer, str]:
        with self._lock:
            if self.server is None:
                with self._joining:  # whoever comes later has to fit the server that starts now
                    names = dict(self._names)
                    self._rank = round_rank(max(map(adapter_rank, names))) if names else 0
                server = VLLMServer(self.plan, names, patience_s=self._patience_s)
                atexit.register(server.stop)
                try:
                    server.start(say, abandoned)
                except BaseException:
                    atexit.unregister(server.stop)
                    self._rank = None
                    raise
                self._loaded = set(names)
                self.server = server
            if adapter is None:
                return self.server, "base"
            if adapter not in self._loaded:
                self.server.load(adapter, self._names[adapter])
                self._loaded.add(adapter)
            return self.server, self._names[adapter]

    def stop(self) -> None:
        with self._lock:
            if self.server is not None:
                atexit.unregister(self.server.stop)
                self.server.stop()
                self.server = None
