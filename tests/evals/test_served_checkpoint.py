"""A real checkpoint acts in an office: behind a real vLLM server, and through transformers. Both deliver."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from discretion.agents import resolve
from discretion.evals import RunSummary, Suite, run_sync
from discretion.judges import default_judge
from discretion.scenarios import load_scenarios

CHECKPOINT = Path(__file__).parents[1] / "data" / "rollout-trip"
"""Trained on the instances that it plays here, as its README says."""

START_SECONDS = 240


def play(agent: str, path: Path) -> RunSummary:
    scenarios = [scenario for scenario in load_scenarios("office") if scenario.id == "rollout-trip"]
    source = resolve(agent, max_tokens=192, concurrency=4)
    return run_sync(Suite(scenarios, seeds=range(1000, 1003)), source, path, judge=default_judge())


def assert_acts(summary: RunSummary) -> None:
    """It calls tools, sees what it must keep, and at least one required flow arrives in full."""
    assert summary.scored == summary.n, summary.unscored
    assert summary.counts.tool_calls > summary.n
    assert summary.exposure.k > 0
    assert summary.coverage.k > 0


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    log = tmp_path_factory.mktemp("vllm") / "server.log"
    vllm = shutil.which(os.environ["DISCRETION_VLLM"])
    assert vllm is not None
    quiet = {"HF_HUB_OFFLINE": "1", "VLLM_NO_USAGE_STATS": "1", "DO_NOT_TRACK": "1", "VLLM_CPU_KVCACHE_SPACE": "1"}
    path = f"{Path(vllm).parent}{os.pathsep}{os.environ['PATH']}"
    options = "--dtype float32 --enforce-eager --enable-auto-tool-choice --tool-call-parser hermes"
    command = [vllm, "serve", str(CHECKPOINT), "--served-model-name", "office", "--port", str(port), *options.split()]
    with log.open("w") as out:
        process = subprocess.Popen(
            [*command, "--host", "127.0.0.1"],
            stdout=out,
            stderr=subprocess.STDOUT,
            env={**os.environ, **quiet, "PATH": path},
            start_new_session=True,
        )
    try:
        deadline = time.monotonic() + START_SECONDS
        while not _answers(port):
            assert process.poll() is None, log.read_text()[-4000:]
            assert time.monotonic() < deadline, log.read_text()[-4000:]
            time.sleep(1)
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        os.killpg(process.pid, signal.SIGTERM)  # the server and its engine
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.mark.vllm
@pytest.mark.openai
def test_a_served_checkpoint_acts(server: str, tmp_path: Path) -> None:
    assert_acts(play(f"openai:office@{server}", tmp_path / "served.run"))


@pytest.mark.local
def test_a_local_checkpoint_acts(tmp_path: Path) -> None:
    assert_acts(play(f"hf:{CHECKPOINT}", tmp_path / "local.run"))
