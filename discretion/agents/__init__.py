"""Who acts: reference agents, model agents, guests. One string names any of them.

[`resolve`][discretion.agents.registry.resolve] turns the string into a source, which gives the agent that plays an
instance. Only references are bound to the instance; every other agent sees messages and tools. What needs LangGraph is
imported when it is asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from discretion.agents.desk import Desk
from discretion.agents.guest import GuestSource
from discretion.agents.model_agent import ModelAgent, ModelSource
from discretion.agents.options import AgentOptions
from discretion.agents.people import people_by
from discretion.agents.protocol import Agent, AgentSource, Player
from discretion.agents.reference import REFERENCES, ReferenceSource
from discretion.agents.registry import EXAMPLES, resolve

if TYPE_CHECKING:
    from discretion.agents.langgraph_agent import LangGraphAgent, as_langchain, office_tools

__all__ = [
    "EXAMPLES",
    "REFERENCES",
    "Agent",
    "AgentOptions",
    "AgentSource",
    "Desk",
    "GuestSource",
    "LangGraphAgent",
    "ModelAgent",
    "ModelSource",
    "Player",
    "ReferenceSource",
    "as_langchain",
    "office_tools",
    "people_by",
    "resolve",
]


def __getattr__(name: str) -> Any:
    if name in ("LangGraphAgent", "as_langchain", "office_tools"):
        try:
            import langgraph  # noqa: F401
        except ImportError:
            from discretion.errors import MissingExtra

            raise MissingExtra("langgraph", "langchain") from None
        from discretion.agents import langgraph_agent

        return getattr(langgraph_agent, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
