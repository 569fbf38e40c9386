"""A LangGraph agent in an office, recorded and judged like any other.

    python examples/langgraph_agent.py                     one case, as a transcript
    discretion run office -a python:examples.langgraph_agent:agent -o graph.run

MODEL names what speaks: any model string (organism:base, hf:PATH, openai:NAME@http://127.0.0.1:8000/v1).
"""

from __future__ import annotations

import asyncio
import os
from typing import Any

from langchain.agents import create_agent
from langchain_core.tools import BaseTool

from discretion.agents import GuestSource, LangGraphAgent, as_langchain
from discretion.envs import transcript
from discretion.evals import play_instance
from discretion.scenarios import instantiate, load_scenarios

model = as_langchain(os.environ.get("MODEL", "organism:base"))


def build(tools: list[BaseTool]) -> Any:
    """Make the graph: any LangGraph that reads and writes `messages` will do."""
    return create_agent(model, tools)


agent = LangGraphAgent(build, model=model)


async def main() -> None:
    """Play one case and show what happened."""
    (scenario,) = (one for one in load_scenarios("office") if one.id == "rollout-trip")
    case = instantiate(scenario, 1000)
    for episode in await play_instance(GuestSource("langgraph", agent), case):
        print(transcript(episode, case))
    await agent.aclose()


if __name__ == "__main__":
    asyncio.run(main())
