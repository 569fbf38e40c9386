"""Graphs for tests: a scripted model, agents made of it, and one played episode."""

from __future__ import annotations

import asyncio
from typing import Any

from langchain.agents import create_agent
from langchain_core.language_models import FakeMessagesListChatModel
from langchain_core.messages import AIMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from langgraph.graph import START, MessagesState, StateGraph

from discretion.agents import GuestSource, LangGraphAgent
from discretion.envs.episode import Episode
from discretion.evals import play_instance
from discretion.scenarios.instance import Instance


class Scripted(FakeMessagesListChatModel):
    """LangChain's own fake chat model; it takes tools and looks at none, and every reply is a message of its own."""

    def _generate(self, *args: Any, **kwargs: Any) -> ChatResult:
        (made,) = super()._generate(*args, **kwargs).generations
        return ChatResult(generations=[ChatGeneration(message=made.message.model_copy(update={"id": None}))])

    def bind_tools(self, tools: Any, **_: Any) -> Scripted:
        return self


def calls(*made: tuple[str, dict[str, Any]], text: str = "", **more: Any) -> AIMessage:
    listed = [{"name": name, "args": args, "id": f"x{place}"} for place, (name, args) in enumerate(made)]
    usage = {"input_tokens": 10, "output_tokens": 2, "total_tokens": 12}
    return AIMessage(text, tool_calls=listed, usage_metadata=usage, **more)


def mail(text: str) -> tuple[str, dict[str, Any]]:
    return "send_mail", {"to": ["tom@firm.example"], "subject": "Audit", "body": text}


DUE = "The audit report is due on 27 March."
GOOD = (calls(("search_mail", {"query": "report"})), calls(mail(DUE)), calls(text="Tom has it."))


def scripted(*replies: AIMessage) -> LangGraphAgent:
    model = Scripted(responses=list(replies))
    return LangGraphAgent(lambda tools: create_agent(model, tools))


def alone(node: Any) -> Any:
    """Return a graph of one node."""
    graph = StateGraph(MessagesState)
    graph.add_node("node", node)
    graph.add_edge(START, "node")
    return graph.compile()


def answers(last: Any) -> LangGraphAgent:
    """Return a graph that ends with a message, or without one."""
    return LangGraphAgent(lambda tools: alone(lambda state: {"messages": [] if last is None else [last]}))


def play(agent: Any, instance: Instance, **options: Any) -> Episode:
    (episode,) = asyncio.run(play_instance(GuestSource("python:here:agent", agent), instance, **options))
    return episode
