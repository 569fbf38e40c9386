"""An office's tools as LangChain's, and what is made of the calls that a graph answers by itself."""

from __future__ import annotations

import asyncio
import json
import time
from typing import Any

import pytest

pytest.importorskip("langgraph", reason="the extra `langchain` is not installed")

from graph_kit import DUE, GOOD, Scripted, alone, calls, mail, play, scripted
from langchain.agents import create_agent
from langchain_core.messages import AIMessage
from langgraph.graph import START, MessagesState, StateGraph

from discretion.agents import LangGraphAgent, office_tools
from discretion.envs.office import Office
from discretion.envs.people_model import PeopleModel
from discretion.models.chat import AssistantTurn
from discretion.scenarios.instance import Instance
from discretion.scenarios.task import Budget

pytestmark = pytest.mark.langchain


class Silent:
    """A model that plays people who say nothing."""

    name, concurrency = "silent", 1

    async def complete(self, messages: Any, tools: Any, *, seed: int) -> AssistantTurn:
        return AssistantTurn(text='{"do": "nothing"}')

    def describe(self) -> dict[str, Any]:
        return {}

    async def aclose(self) -> None: ...


class TestTools:
    def test_are_the_offices(self, instance: Instance) -> None:
        office = Office(instance)
        tools = {tool.name: tool for tool in office_tools(office)}
        assert list(tools) == [spec.name for spec in office.tools]
        assert [tool.args_schema for tool in tools.values()] == [spec.parameters for spec in office.tools]

    def test_act_in_the_office(self, instance: Instance) -> None:
        office = Office(instance)
        send = next(tool for tool in office_tools(office) if tool.name == "send_mail")
        assert json.loads(send.invoke(mail(DUE)[1]))["status"] == "sent"
        assert json.loads(asyncio.run(send.ainvoke(mail(DUE)[1])))["status"] == "sent"
        assert [one.recipients for one in office.recorder.disclosures] == [("tom",), ("tom",)]
        assert office.turn == 2

    def test_say_what_is_wrong(self, instance: Instance) -> None:
        tools = {tool.name: tool for tool in office_tools(Office(instance))}
        assert "error" in json.loads(tools["send_mail"].invoke({"to": ["Nobody"], "subject": "x", "body": "x"}))
        assert "error" in json.loads(tools["read_mail"].invoke({}))

    def test_after_the_end_say_that_it_is_over(self, instance: Instance) -> None:
        tools = {tool.name: tool for tool in office_tools(Office(instance))}
        tools["answer_user"].invoke({"text": "Done."})
        assert tools["recall"].invoke({}) == "the task is closed"

    def test_wait_for_each_other_from_threads_too(self, instance: Instance) -> None:
        office = Office(instance)

        async def together() -> list[str]:
            recall = next(tool for tool in office_tools(office) if tool.name == "recall")
            plain = [asyncio.to_thread(recall.invoke, {}) for _ in range(8)]
            return list(await asyncio.gather(*plain, *(recall.ainvoke({}) for _ in range(4))))

        answers = asyncio.run(together())
        assert len(answers) == 12
        assert office.turn == 12
        assert len({call.id for message in office.messages for call in message.tool_calls}) == 12

    def test_plain_ones_work_where_their_own_loop_is_held_up(self, instance: Instance) -> None:
        async def cell() -> Any:  # as in a notebook
            graph = create_agent(Scripted(responses=list(GOOD)), office_tools(Office(instance)))
            return graph.invoke({"messages": [("user", "Go.")]})["messages"][-1].text

        assert asyncio.run(asyncio.wait_for(cell(), 30)) == "Tom has it."

    @pytest.mark.parametrize("people", [None, "played"])
    def test_take_turns_where_they_were_made_without_a_loop(
        self, instance: Instance, monkeypatch: pytest.MonkeyPatch, people: str | None
    ) -> None:
        office = Office(instance, people=PeopleModel(Silent()) if people else None)
        recall = next(tool for tool in office_tools(office) if tool.name == "recall")
        inside, most, plain = [0], [0], office._play

        def slow(turn: AssistantTurn) -> Any:
            inside[0] += 1
            most[0] = max(most[0], inside[0])
            time.sleep(0.02)
            try:
                return (yield from plain(turn))
            finally:
                inside[0] -= 1

        async def together() -> None:
            threads = [asyncio.to_thread(recall.invoke, {}) for _ in range(3)]
            await asyncio.gather(*threads, *(recall.ainvoke({}) for _ in range(3)))

        monkeypatch.setattr(office, "_play", slow)
        asyncio.run(together())
        assert (most, office.turn) == ([1], 6)

    def test_say_so_where_people_are_played_on_a_loop_that_is_held_up(
        self, instance: Instance, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("discretion.agents.desk._PATIENCE_S", 0.05)

        async def cell() -> Any:
            tools = office_tools(Office(instance, people=PeopleModel(Silent())))
            return create_agent(Scripted(responses=list(GOOD)), tools).invoke({"messages": [("user", "Go.")]})

        with pytest.raises(RuntimeError, match=r"holds up; await the agent"):
            asyncio.run(cell())


class TestWhatAGraphDoesByItself:
    def test_calls_of_unknown_tools_cost_turns(self, instance: Instance) -> None:
        endless = scripted(calls(("send_mial", {"to": ["Tom"]})))
        spent = play(endless, instance.model_copy(update={"budget": Budget(turns=3)}))
        assert (spent.ending.kind, spent.counts.turns, spent.counts.tool_errors) == ("turn_budget", 3, 3)
        assert "there is no tool 'send_mial'" in spent.messages[-1].content
        assert spent.usage.completion_tokens == 6

    def test_they_cost_them_where_people_are_played_too(self, instance: Instance) -> None:
        played = instance.model_copy(update={"budget": Budget(turns=3)})
        spent = play(scripted(calls(("send_mial", {}))), played, people=PeopleModel(Silent()))
        assert (spent.ending.kind, spent.counts.turns, spent.counts.tool_errors) == ("turn_budget", 3, 3)

    def test_calls_of_its_own_tools_cost_none(self, instance: Instance) -> None:
        def add(a: int, b: int) -> int:
            """Add."""
            return a + b

        model = Scripted(responses=[calls(("add", {"a": 1, "b": 2})), *GOOD])
        episode = play(LangGraphAgent(lambda tools: create_agent(model, [*tools, add])), instance)
        assert (episode.ending.kind, episode.counts.turns, episode.counts.tool_errors) == ("answered", 3, 0)

    @pytest.mark.parametrize(
        ("budget", "kind"), [(Budget(turns=3, tokens=2000), "token_budget"), (Budget(turns=3), "turn_budget")]
    )
    def test_models_that_talk_among_themselves_end(self, instance: Instance, budget: Budget, kind: str) -> None:
        usage = {"input_tokens": 10, "output_tokens": 1000, "total_tokens": 1010}
        model = Scripted(responses=[AIMessage("Let me think.", usage_metadata=usage)])

        async def ponder(state: Any) -> Any:
            await model.ainvoke("What now?")
            return {}

        def build(tools: list[Any]) -> Any:
            graph = StateGraph(MessagesState)
            graph.add_node("ponder", ponder)
            graph.add_edge(START, "ponder")
            graph.add_edge("ponder", "ponder")
            return graph.compile()

        episode = play(LangGraphAgent(build), instance.model_copy(update={"budget": budget}))
        assert (episode.ending.kind, episode.counts.turns) == (kind, 0)
        assert episode.usage.completion_tokens == (2000 if budget.tokens else 100_000)

    def test_a_thread_that_goes_on_after_the_end_is_stopped(self, instance: Instance) -> None:
        ended: list[str] = []

        def build(tools: list[Any]) -> Any:
            recall = next(tool for tool in tools if tool.name == "recall")

            def endless(state: Any) -> Any:
                try:
                    while len(ended) < 500:
                        ended.append(recall.invoke({}))
                finally:
                    ended.append("thread")

            return alone(endless)

        assert play(LangGraphAgent(build), instance).ending.kind == "turn_budget"
        assert (ended[-1], len(ended) < 100) == ("thread", True)

    def test_words_and_thoughts_beside_calls_are_kept(self, instance: Instance) -> None:
        first = calls(("recall", {}), text="I will look.", additional_kwargs={"reasoning_content": "Hm."})
        last = AIMessage([{"type": "reasoning", "reasoning": "So."}, {"type": "text", "text": "Done."}])
        episode = play(scripted(first, last), instance)
        said = [(one.content, one.reasoning) for one in episode.messages if one.role == "assistant"]
        assert said == [("I will look.", "Hm."), ("Done.", "So.")]

    def test_calls_that_only_we_can_read_were_not_run(self, instance: Instance) -> None:
        arguments = json.dumps(json.dumps({"query": "report"}))
        broken = {"type": "invalid_tool_call", "id": "x", "name": "search_mail", "args": arguments, "error": "?"}
        episode = play(scripted(calls(invalid_tool_calls=[broken]), *GOOD), instance)
        assert (episode.ending.kind, episode.counts.format_errors) == ("answered", 1)

    def test_a_call_that_it_could_not_read_is_no_part_of_its_answer(self, instance: Instance) -> None:
        broken = {"type": "invalid_tool_call", "id": "x", "name": "search_mail", "args": "{", "error": "?"}
        model = Scripted(responses=[calls(invalid_tool_calls=[broken]), calls(text="Tom has it.")])

        async def twice(state: Any) -> Any:
            await model.ainvoke(state["messages"])
            return {"messages": [await model.ainvoke(state["messages"])]}

        episode = play(LangGraphAgent(lambda tools: alone(twice)), instance)
        assert (episode.ending.kind, episode.counts.format_errors, episode.counts.turns) == ("answered", 1, 2)
