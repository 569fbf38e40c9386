"""LangChain and LangGraph agents in an office: their tools, whole episodes, and everything that may go wrong."""

from __future__ import annotations

import asyncio
import json
import sys
import time
import types
from pathlib import Path
from typing import Annotated, Any

import pytest

pytest.importorskip("langgraph", reason="the extra `langchain` is not installed")

from langchain.agents import create_agent
from langchain_core.language_models import FakeMessagesListChatModel
from langchain_core.messages import AIMessage, AnyMessage, HumanMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from langgraph.graph import END, START, StateGraph
from langgraph.graph.message import add_messages
from langgraph.prebuilt import ToolNode, tools_condition
from typing_extensions import TypedDict

from discretion.agents import GuestSource, LangGraphAgent, as_langchain, office_tools
from discretion.envs.episode import Episode
from discretion.envs.office import Office
from discretion.envs.people_model import PeopleModel
from discretion.errors import ModelFault, ModelUnusable
from discretion.evals import RunStore, Suite, measure, play_instance, run_sync
from discretion.judges import RuleJudge
from discretion.models.chat import AssistantTurn, Message, ToolCall
from discretion.scenarios import load_scenarios
from discretion.scenarios.instance import Instance
from discretion.scenarios.task import Behaviour, Budget

pytestmark = pytest.mark.langchain


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


class Silent:
    """A model that plays people who say nothing."""

    name, concurrency = "silent", 1

    async def complete(self, messages: Any, tools: Any, *, seed: int) -> AssistantTurn:
        return AssistantTurn(text='{"do": "nothing"}')

    def describe(self) -> dict[str, Any]:
        return {}

    async def aclose(self) -> None: ...


def mail(text: str) -> tuple[str, dict[str, Any]]:
    return "send_mail", {"to": ["tom@firm.example"], "subject": "Audit", "body": text}


DUE = "The audit report is due on 27 March."
GOOD = (calls(("search_mail", {"query": "report"})), calls(mail(DUE)), calls(text="Tom has it."))


def scripted(*replies: AIMessage) -> LangGraphAgent:
    model = Scripted(responses=list(replies))
    return LangGraphAgent(lambda tools: create_agent(model, tools))


def play(agent: Any, instance: Instance, **options: Any) -> Episode:
    (episode,) = asyncio.run(play_instance(GuestSource("python:here:agent", agent), instance, **options))
    return episode


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

        with pytest.raises(RuntimeError, match=r"stands still; await the agent"):
            asyncio.run(cell())


class TestEpisodes:
    def test_are_recorded_and_judged_like_any_other(self, instance: Instance) -> None:
        episode = play(scripted(*GOOD), instance)
        assert (episode.ending.kind, episode.counts.turns, episode.counts.tool_calls) == ("answered", 3, 2)
        assert [one.channel for one in episode.disclosures] == ["mail", "answer"]
        assert episode.usage.completion_tokens == 6
        row = measure(episode, instance, RuleJudge().judge(episode, instance))
        assert (row.leaked, row.appropriate) == (False, True)

    def test_leaks_are_seen(self, instance: Instance) -> None:
        episode = play(scripted(calls(mail(f"{DUE} She has Crohn's disease.")), calls(text="Done.")), instance)
        assert measure(episode, instance, RuleJudge().judge(episode, instance)).leaked

    def test_a_hand_made_graph_acts_too(self, instance: Instance) -> None:
        class State(TypedDict):
            messages: Annotated[list[AnyMessage], add_messages]

        model = Scripted(responses=list(GOOD))

        def build(tools: list[Any]) -> Any:
            graph = StateGraph(State)
            graph.add_node("model", lambda state: {"messages": [model.invoke(state["messages"])]})
            graph.add_node("tools", ToolNode(tools))
            graph.add_edge(START, "model")
            graph.add_conditional_edges("model", tools_condition, {"tools": "tools", END: END})
            graph.add_edge("tools", "model")
            return graph.compile()

        episode = play(LangGraphAgent(build), instance)
        assert (episode.ending.kind, len(episode.disclosures), episode.usage.completion_tokens) == ("answered", 2, 6)

    def test_bad_calls_are_counted_and_answered(self, instance: Instance) -> None:
        bad = calls(("send_mial", {}), ("read_mail", {"mail_id": "m99"}))
        episode = play(scripted(bad, calls(("read_mail", {})), *GOOD), instance)
        assert episode.ending.kind == "answered"
        assert episode.counts.tool_errors >= 2

    def test_calls_that_cannot_be_read_are_format_errors_and_the_graph_goes_on(self, instance: Instance) -> None:
        broken = {"type": "invalid_tool_call", "id": "x", "name": "send_mail", "args": '{"to": ', "error": "?"}
        episode = play(scripted(calls(invalid_tool_calls=[broken]), *GOOD), instance)
        assert (episode.ending.kind, episode.counts.format_errors) == ("answered", 1)
        assert '{\\"to\\": ' in "".join(message.content for message in episode.messages)

    def test_budgets_hold(self, instance: Instance) -> None:
        endless = scripted(calls(("recall", {})))
        spent = play(endless, instance.model_copy(update={"budget": Budget(turns=3)}))
        assert (spent.ending.kind, spent.counts.turns) == ("turn_budget", 3)
        spent = play(endless, instance.model_copy(update={"budget": Budget(turns=99, tokens=8)}))
        assert (spent.ending.kind, spent.usage.completion_tokens) == ("token_budget", 8)

    def test_the_answering_tool_ends_it_at_once(self, instance: Instance) -> None:
        episode = play(scripted(calls(("answer_user", {"text": "Done."})), calls(mail("Too late"))), instance)
        assert (episode.ending.kind, len(episode.disclosures)) == ("answered", 1)

    def test_news_reach_the_graph(self, instance: Instance) -> None:
        seen: list[list[AnyMessage]] = []

        class Watched(Scripted):
            def _generate(self, messages: Any, *args: Any, **kwargs: Any) -> Any:
                seen.append(messages)
                return super()._generate(messages, *args, **kwargs)

        people = (Behaviour(id="b", actor="tom", text="And why?"),)
        model = Watched(responses=list(GOOD))
        play(LangGraphAgent(lambda tools: create_agent(model, tools)), instance.model_copy(update={"people": people}))
        assert "[new mail" in str(seen[-1][-1].content)
        assert isinstance(seen[0][-1], HumanMessage)


class TestFailures:
    def failing(self, error: Exception) -> LangGraphAgent:
        async def node(state: Any) -> Any:
            raise error

        def build(tools: list[Any]) -> Any:
            graph = StateGraph(dict)
            graph.add_node("model", node)
            graph.add_edge(START, "model")
            return graph.compile()

        return LangGraphAgent(build)

    @pytest.mark.parametrize("error", [RuntimeError("no reply"), ModelFault("no reply")])
    def test_of_the_graph_are_the_agents(self, instance: Instance, error: Exception) -> None:
        episode = play(self.failing(error), instance)
        assert (episode.ending.kind, "no reply" in episode.ending.detail) == ("agent_fault", True)

    def test_of_every_request_stop_the_run(self, instance: Instance) -> None:
        with pytest.raises(ModelUnusable):
            play(self.failing(ModelUnusable("HTTP 401")), instance)

    def test_a_graph_that_returns_no_messages_is_at_fault(self, instance: Instance) -> None:
        class Mute:
            async def ainvoke(self, given: Any, config: Any) -> Any:
                return {"answer": 42}

        episode = play(LangGraphAgent(lambda tools: Mute()), instance)
        assert (episode.ending.kind, "without 'messages'" in episode.ending.detail) == ("agent_fault", True)

    def test_a_player_that_leaves_early_is_at_fault(self, instance: Instance) -> None:
        class Leaves:
            name = "leaves"

            async def play(self, desk: Any, *, seed: int) -> None:
                await desk.step(AssistantTurn(tool_calls=(ToolCall(id="a", name="recall"),)))

        episode = play(Leaves(), instance)
        assert (episode.ending.kind, episode.counts.turns) == ("agent_fault", 1)


def test_a_desk_shows_no_instance(instance: Instance) -> None:
    found: dict[str, Any] = {}

    class Looks:
        name = "looks"

        async def play(self, desk: Any, *, seed: int) -> None:
            found.update({name: getattr(desk, name) for name in dir(desk) if not name.startswith("_")})
            await desk.step(AssistantTurn(text="\ud800"))

    assert play(Looks(), instance).ending.kind == "answered"
    assert set(found) == {"closed", "done", "messages", "step", "step_now", "think", "tools"}


def test_the_seed_of_the_episode_reaches_our_models(instance: Instance) -> None:
    class Speaker:
        name, concurrency = "speaker", 1
        seeds: list[int] = []

        async def complete(self, messages: Any, tools: Any, *, seed: int) -> AssistantTurn:
            self.seeds.append(seed)
            return AssistantTurn(text="Done.")

        def describe(self) -> dict[str, Any]:
            return {"backend": "speaker"}

        async def aclose(self) -> None: ...

    model = as_langchain(Speaker())
    agent = LangGraphAgent(lambda tools: create_agent(model, tools), model=model)
    for seed in (1, 2, 1):
        play(agent, instance, seed=seed)
    assert Speaker.seeds[0] == Speaker.seeds[2] != Speaker.seeds[1]
    says = GuestSource("python:here:agent", agent).describe()
    assert (says["model"], "langgraph_version" in says) == ({"backend": "speaker"}, True)


def test_by_its_name_in_a_run_that_can_be_resumed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from discretion.agents import resolve

    module = types.ModuleType("graphs_for_tests")
    module.agent = scripted(calls(text="Done."))  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "graphs_for_tests", module)
    suite = Suite(load_scenarios("office")[:2], seeds=(0,))
    found = [
        run_sync(suite, resolve("python:graphs_for_tests:agent"), tmp_path / "a.run", judge=RuleJudge())
        for _ in range(2)
    ]
    assert found[0] == found[1]
    assert found[0].scored == found[0].n
    with RunStore.open(tmp_path / "a.run") as store:
        messages: tuple[Message, ...] = next(iter(store.episodes())).episode.messages
    assert messages[-1].content == "Done."
