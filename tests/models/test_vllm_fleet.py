"""Servers that agents share: who fits which, and what is left of one that failed. No real vLLM is needed here."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

import pytest

from discretion.errors import ModelUnusable
from discretion.models.vllm import fleet as fleets
from discretion.models.vllm.flags import Plan
from discretion.models.vllm.fleet import Fleet
from discretion.models.vllm.home import Home
from discretion.models.vllm.server import LOG_FOLDER


def adapter(path: Path, rank: int) -> Path:
    path.mkdir()
    (path / "adapter_config.json").write_text(json.dumps({"peft_type": "LORA", "r": rank}))
    return path


class Slow:
    """A server that starts when it is told to."""

    made: list[Slow] = []

    def __init__(self, plan: Plan, adapters: dict[Path, str], *, patience_s: float) -> None:
        self.adapters = adapters
        self.loaded: list[Path] = []
        self.starting, self.go = threading.Event(), threading.Event()
        self.made.append(self)

    def start(self, say: Any, abandoned: threading.Event) -> None:
        self.starting.set()
        assert self.go.wait(10)

    def load(self, adapter: Path, name: str) -> None:
        self.loaded.append(adapter)

    def stop(self) -> None: ...


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> list[Slow]:
    monkeypatch.setattr(fleets, "VLLMServer", Slow)
    Slow.made = []
    return Slow.made


def test_an_adapter_that_comes_while_its_server_starts_fits_that_server_or_gets_its_own(
    slow: list[Slow], tmp_path: Path
) -> None:
    fleet, plan = Fleet(), Plan(Home("python", "1"), tmp_path, tmp_path)
    small, large = adapter(tmp_path / "small", 4), adapter(tmp_path / "large", 64)
    first = fleet.join(plan, adapter(tmp_path / "first", 8), patience_s=1)
    opening = threading.Thread(target=first.open, args=(lambda words: None,))
    opening.start()
    while not slow:
        pass
    assert slow[0].starting.wait(10)
    fits, not_ = fleet.join(plan, small, patience_s=1), fleet.join(plan, large, patience_s=1)
    assert (fits.shared == first.shared, not_.shared == first.shared) == (True, False)
    slow[0].go.set()
    opening.join()
    fits.open(lambda words: None)
    assert slow[0].loaded == [small]


def test_the_log_of_a_server_that_failed_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(LOG_FOLDER, raising=False)
    python = tmp_path / "python"
    python.write_text("#!/bin/sh\necho 'RuntimeError: CUDA out of memory'\nexit 1\n")
    python.chmod(0o755)
    left: list[Any] = []
    monkeypatch.setattr(fleets.atexit, "register", left.append)
    monkeypatch.setattr(fleets.atexit, "unregister", left.remove)
    berth = Fleet().join(Plan(Home(str(python), "1"), tmp_path, tmp_path), None, patience_s=30)
    with pytest.raises(ModelUnusable, match="CUDA out of memory") as caught:
        berth.open(lambda words: None)
    log = Path(caught.value.remedy.rpartition("its log is ")[2])
    assert not left  # nobody comes for it when Python ends
    berth.leave()
    assert "out of memory" in log.read_text()
    log.unlink()
