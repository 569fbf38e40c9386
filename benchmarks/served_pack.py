"""Lets a LangChain chat model and a LangGraph agent play a written pack against one local vLLM server.

    python benchmarks/served_pack.py                         # organism:base and the office pack
    python benchmarks/served_pack.py hf/checkpoint --pack memory --seeds 1

Beside them `vllm:` itself, which shows what the frameworks change, and in the first scenarios `reference:oracle` among
people who are played by the served model. Printed is what each completed: episodes, what was scored of them, tool
calls, how they ended.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from discretion.agents import AgentSource, GuestSource, LangGraphAgent, people_by, resolve
from discretion.cli.inputs import load
from discretion.evals import RunSummary, Suite, run
from discretion.judges import default_judge
from discretion.models.organism import find_organism
from discretion.models.vllm.chat import FLEET, VLLMChat
from discretion.models.vllm.server import VLLMServer

KEY = "DISCRETION_SERVED_KEY"


@contextmanager
def served(checkpoint: str) -> Iterator[VLLMServer]:
    """Yield a server of the checkpoint, as `base`; its key is in the environment."""
    chat = VLLMChat(checkpoint)
    berth = FLEET.join(chat.plan, None, patience_s=600)
    try:
        opened = berth.open(lambda words: None)
        assert opened is not None
        os.environ[KEY] = opened[0].key
        yield opened[0]
    finally:
        asyncio.run(chat.aclose())
        berth.leave()


def graph(server: VLLMServer, max_tokens: int) -> AgentSource:
    """Return a LangGraph agent on the server's own tool calls."""
    from langchain.agents import create_agent
    from langchain.chat_models import init_chat_model

    options: dict[str, Any] = {"base_url": server.url, "api_key": server.key, "temperature": 0}
    model = init_chat_model("openai:base", max_tokens=max_tokens, **options)
    return GuestSource("langgraph: create_agent", LangGraphAgent(lambda tools: create_agent(model, tools)))


async def play(suite: Suite, source: AgentSource, path: Path, people: str = "") -> RunSummary:
    """Play and judge."""
    crowd = people_by(people) if people else None
    try:
        return await run(suite, source, path, judge=default_judge(), people=crowd)
    finally:
        await source.aclose()
        if crowd is not None:
            await crowd.aclose()


def main() -> None:
    """Play and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint", nargs="?", default=find_organism("base"))
    parser.add_argument("--pack", default="office")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--max-tokens", type=int, default=256)
    parser.add_argument("--people", type=int, default=3, help="scenarios whose people the model plays")
    options = parser.parse_args()
    scenarios = load(options.pack)
    suite = Suite(scenarios, range(options.seeds))
    few = Suite(scenarios[: options.people], (0,))
    table = Table(title=f"{options.pack}, {len(suite):,} instances, one vLLM server")
    for column in ("agent", "seconds", "episodes", "scored", "tool calls", "exposed", "answers of people", "endings"):
        table.add_column(column, justify="left" if column in ("agent", "endings") else "right")
    with served(options.checkpoint) as server, tempfile.TemporaryDirectory() as folder:
        at = f"base_url={server.url}&key_variable={KEY}&max_tokens={options.max_tokens}"
        people = f"openai:base@{server.url}?key_variable={KEY}&max_tokens=640"
        rows = {
            "vllm": (resolve(f"vllm:base@{server.url}?key_variable={KEY}&max_tokens={options.max_tokens}"), ""),
            "langchain chat model": (resolve(f"langchain:openai:base?{at}"), ""),
            "langgraph agent": (graph(server, options.max_tokens), ""),
            "oracle, people by the model": (resolve("reference:oracle"), people),
        }
        for place, (name, (source, crowd)) in enumerate(rows.items()):
            began = time.monotonic()
            found = asyncio.run(play(few if crowd else suite, source, Path(folder) / f"{place}.run", crowd))
            endings = ", ".join(f"{ending} {number}" for ending, number in sorted(found.endings.items()))
            figures = (found.n, found.scored, found.counts.tool_calls, found.exposure.k, found.counts.people_calls)
            seconds = f"{time.monotonic() - began:,.0f}"
            table.add_row(name, seconds, *(f"{figure:,}" for figure in figures), endings)
            Console(stderr=True).print(f"{name}: {found.scored:,} of {found.n:,} scored in {seconds} s", style="dim")
    Console().print(table)


if __name__ == "__main__":
    main()
