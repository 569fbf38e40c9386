"""A real checkpoint acts in an office: behind a real vLLM server, alone and with adapters, and through transformers."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from tiny_checkpoint import save_adapter

from discretion.agents import resolve
from discretion.cli import app
from discretion.errors import ModelUnusable
from discretion.evals import RunSummary, Suite, run_sync
from discretion.evals.store import RunStore
from discretion.judges import default_judge
from discretion.models import AssistantTurn, Message, ToolSpec
from discretion.scenarios import instantiate, load_scenarios

CHECKPOINT = Path(__file__).parents[1] / "data" / "rollout-trip"
"""Trained on the instances that it plays here, as its README says."""

TOOLS = [ToolSpec(name="recall", description="Recall.", parameters={"type": "object", "properties": {}})]


def play(agent: str, path: Path, seeds: int = 3) -> RunSummary:
    scenarios = [scenario for scenario in load_scenarios("office") if scenario.id == "rollout-trip"]
    source = resolve(agent, max_tokens=192, concurrency=4)
    return run_sync(Suite(scenarios, seeds=range(1000, 1000 + seeds)), source, path, judge=default_judge())


def assert_acts(summary: RunSummary) -> None:
    """It calls tools, sees what it must keep, and at least one required flow arrives in full."""
    assert summary.scored == summary.n, summary.unscored
    assert summary.counts.tool_calls > summary.n
    assert summary.exposure.k > 0
    assert summary.coverage.k > 0


def said(agent: str) -> AssistantTurn:
    """What an agent says first in an office."""
    from discretion.envs import Office

    scenario = next(scenario for scenario in load_scenarios("office") if scenario.id == "rollout-trip")
    instance = instantiate(scenario, 1000)
    office = Office(instance)
    office.start()
    source = resolve(agent, max_tokens=48)

    async def act() -> Any:
        try:
            return await source.open(instance, seed=0).act(tuple(office.messages), office.tools, seed=0)
        finally:
            await source.aclose()

    return asyncio.run(act())


def messages_of(path: Path) -> list[Any]:
    with RunStore.open(path) as store:
        return sorted((stored.episode.messages for stored in store.episodes()), key=str)  # they end in any order


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> tuple[RunSummary, list[Any]]:
    path = tmp_path_factory.mktemp("local") / "local.run"
    return play(f"hf:{CHECKPOINT}", path), messages_of(path)


@pytest.mark.local
def test_a_local_checkpoint_acts(local: tuple[RunSummary, list[Any]]) -> None:
    assert_acts(local[0])


# -- behind vLLM -----------------------------------------------------------------------------------------------------


@pytest.mark.vllm
@pytest.mark.local
def test_a_served_checkpoint_acts_as_the_local_one_does(
    vllm_server: Any, local: tuple[RunSummary, list[Any]], tmp_path: Path
) -> None:
    assert_acts(play(f"vllm:{CHECKPOINT}", tmp_path / "served.run"))
    assert messages_of(tmp_path / "served.run") == local[1]  # float32, greedy


@pytest.mark.vllm
@pytest.mark.local
def test_a_template_that_asks_for_the_day_is_told_that_of_the_scenario(tmp_path: Path) -> None:
    shutil.copytree(CHECKPOINT, tmp_path / "dated")
    template = tmp_path / "dated" / "chat_template.jinja"
    scenario = next(scenario for scenario in load_scenarios("office") if scenario.id == "rollout-trip")
    other = f"messages|length > 1 and strftime_now('%Y-%m-%d') != '{instantiate(scenario, 1000).date}'"
    template.write_text(f"{{% if {other} %}}{{{{ raise_exception('no day') }}}}{{% endif %}}" + template.read_text())
    assert said(f"vllm:{tmp_path / 'dated'}") == said(f"hf:{CHECKPOINT}")


@pytest.mark.vllm
@pytest.mark.local
def test_base_and_adapters_share_one_server(vllm_server: Any, served_adapter: Path, tmp_path: Path) -> None:
    from discretion.models.vllm.chat import FLEET

    late = save_adapter(tmp_path / "late", CHECKPOINT, seed=2)  # not named before the server started
    base, early = said(f"vllm:{CHECKPOINT}"), said(f"vllm:{CHECKPOINT}+{served_adapter}")
    assert FLEET.servers == (vllm_server,)
    assert base != early
    assert early == said(f"hf:{CHECKPOINT}+{served_adapter}")
    assert said(f"vllm:{CHECKPOINT}+{late}") == said(f"hf:{CHECKPOINT}+{late}")
    assert FLEET.servers == (vllm_server,)


@pytest.mark.vllm
def test_a_running_server_is_an_openai_server(vllm_server: Any, tmp_path: Path) -> None:
    agent = f"openai:base@{vllm_server.url}?key_variable=DISCRETION_TEST_KEY"
    found = play(agent, tmp_path / "openai.run", seeds=1)
    assert found.scored == found.n
    assert found.counts.tool_calls > found.n
    strange = resolve(f"openai:base@{vllm_server.url}").open(None, seed=0)  # type: ignore[arg-type]
    with pytest.raises(ModelUnusable, match=r"HTTP 401 .*; check the key"):
        asyncio.run(strange.act([Message(role="user", content="Hi.")], TOOLS, seed=0))


@pytest.mark.vllm
@pytest.mark.local
def test_a_comparison_runs_on_the_server(
    vllm_server: Any, served_adapter: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from typer.testing import CliRunner

    monkeypatch.chdir(tmp_path)
    agents = [f"vllm:{CHECKPOINT}", f"vllm:{CHECKPOINT}+{served_adapter}"]
    options = ["--seeds", "1000-1001", "--max-tokens", "64", "--json"]
    done = CliRunner().invoke(app, ["compare", *agents, "rollout-trip", *options])
    assert done.exit_code == 0, done.output
    with RunStore.open(next((tmp_path / "runs").glob("*rollout-trip-?*.run"))) as store:
        told: Any = store.manifest["agent"]
    assert told["weights"].startswith("sha256:")
    assert (told["backend"], told["context"], told["tool_parser"]) == ("vllm", 4096, "hermes")
    assert vllm_server.key not in str(told)


@pytest.mark.vllm
def test_a_server_that_cannot_start_says_why_and_where(tmp_path: Path) -> None:
    source = resolve(f"vllm:{CHECKPOINT}?tool_parser=nonsense")
    with pytest.raises(ModelUnusable) as caught:
        asyncio.run(source.open(None, seed=0).act([Message(role="user", content="Hi.")], TOOLS, seed=0))  # type: ignore[arg-type]
    what, _, remedy = str(caught.value).partition("; ")
    assert "the vLLM server ended with code 1: " in what
    assert "nonsense" in what
    log = Path(remedy.rpartition("its log is ")[2])
    assert "nonsense" in log.read_text()
    log.unlink()
    asyncio.run(source.aclose())


@pytest.mark.vllm
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks into /proc")
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_a_server_does_not_outlive_its_run(tmp_path: Path, number: signal.Signals) -> None:
    """The run is stopped while its server starts: a real one, with the processes that it has by then."""
    command = [sys.executable, "-m", "discretion", "run", "rollout-trip", "-a", f"vllm:{CHECKPOINT}", "-o", "a.run"]
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), "DISCRETION_VLLM_LOGS": str(tmp_path / "logs")}
    run = subprocess.Popen(
        [*command, "--seeds", "1"], cwd=tmp_path, env=env, stderr=subprocess.PIPE, text=True, preexec_fn=_listen
    )
    deadline = time.monotonic() + 120
    while not any(log.stat().st_size for log in tmp_path.glob("logs/*.log")):  # it speaks: it is well on its way
        assert run.poll() is None, run.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.2)
    family = descendants(run.pid)
    assert len(family) >= 2  # the supervisor and the server
    run.send_signal(number)
    _, said = run.communicate()
    if number is signal.SIGINT:
        assert said == "stopped; what was committed is kept, the same command goes on from there\n"
    while any(alive(pid) for pid in family):
        assert time.monotonic() < deadline, family
        time.sleep(0.2)


def _listen() -> None:
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job would not hear it


def descendants(pid: int) -> list[int]:
    found = [pid]
    for stat in sorted(
        Path("/proc").glob("[0-9]*/stat"), key=lambda path: int(path.parent.name)
    ):  # children come after their parents, as a rule
        with contextlib.suppress(OSError):
            child, _, rest = stat.read_text().partition(" ")
            if int(rest.rpartition(")")[2].split()[1]) in found:
                found.append(int(child))
    return found[1:]


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
