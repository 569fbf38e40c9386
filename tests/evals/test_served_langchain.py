"""Against a real vLLM server: a LangChain chat model and a LangGraph agent act, and a local model plays the people."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from discretion.agents import people_by, resolve
from discretion.evals import RunStore, RunSummary, Suite, run, run_sync
from discretion.judges import default_judge
from discretion.scenarios import load_scenarios

pytestmark = [pytest.mark.vllm, pytest.mark.langchain, pytest.mark.openai]

KEY = "key_variable=DISCRETION_TEST_KEY"


def suite(name: str, *seeds: int) -> Suite:
    return Suite([scenario for scenario in load_scenarios("office") if scenario.id == name], seeds)


def assert_acts(summary: RunSummary) -> None:
    assert summary.scored == summary.n, summary.unscored
    assert summary.counts.tool_calls > summary.n
    assert summary.exposure.k > 0


def test_a_langchain_chat_model_acts(vllm_server: Any, tmp_path: Path) -> None:
    source = resolve(f"langchain:openai:base?base_url={vllm_server.url}&{KEY}&max_tokens=192")
    summary = run_sync(suite("rollout-trip", 1000), source, tmp_path / "chat.run", judge=default_judge())
    assert_acts(summary)
    assert vllm_server.key not in (tmp_path / "chat.run").read_bytes().decode("latin-1")


def test_a_langgraph_agent_acts(vllm_server: Any, tmp_path: Path) -> None:
    from langchain.agents import create_agent
    from langchain.chat_models import init_chat_model

    from discretion.agents import GuestSource, LangGraphAgent

    options = {"base_url": vllm_server.url, "api_key": vllm_server.key, "temperature": 0, "max_tokens": 192}

    def build(tools: list[Any]) -> Any:
        return create_agent(init_chat_model("openai:base", **options), tools)

    source = GuestSource("python:here:agent", LangGraphAgent(build))
    assert_acts(run_sync(suite("rollout-trip", 1000), source, tmp_path / "graph.run", judge=default_judge()))


def test_a_local_model_plays_the_people(vllm_server: Any, tmp_path: Path) -> None:
    """The tiny checkpoint babbles, held to the schema; what counts is that it decides, and who answers for what."""

    async def play() -> RunSummary:
        people = people_by(f"openai:base@{vllm_server.url}?{KEY}&max_tokens=640")
        try:
            oracle = resolve("reference:oracle")
            path = tmp_path / "people.run"
            return await run(suite("sample-crate", 0), oracle, path, judge=default_judge(), people=people)
        finally:
            await people.aclose()

    summary = asyncio.run(play())
    assert summary.counts.people_calls > summary.counts.people_retries
    assert set(summary.endings) <= {"answered", "people_fault"}
    assert summary.scored == summary.endings.get("answered", 0)
    assert all(reason.startswith("people played by openai:base@") for reason in summary.unscored)
    with RunStore.open(tmp_path / "people.run") as store:
        told = [one for stored in store.episodes() for one in stored.episode.disclosures if not one.by_agent]
        assert vllm_server.key not in str(store.manifest)
    assert any(one.tool == "person:reply" and one.text for one in told)
