"""LangChain and LangGraph agents in an office: their tools, whole episodes, and everything that may go wrong."""

from __future__ import annotations

import asyncio
import sys
import types
from pathlib import Path
from typing import Annotated, Any

import pytest

pytest.importorskip("langgraph", reason="the extra `langchain` is not installed")

from graph_kit import DUE, GOOD, Scripted, answers, calls, mail, play, scripted
from langchain.agents import create_agent
from langchain.agents.middleware import HumanInTheLoopMiddleware, ModelRetryMiddleware
from langchain.agents.structured_output import ToolStrategy
from langchain_core.messages import AIMessage, AnyMessage, HumanMessage
from langchain_core.outputs import ChatResult
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import END, START, StateGraph
from langgraph.graph.message import add_messages
from langgraph.prebuilt import ToolNode, tools_condition
from pydantic import BaseModel
from typing_extensions import TypedDict

from discretion.agents import GuestSource, LangGraphAgent, as_langchain
from discretion.errors import InputError, ModelFault, ModelUnusable
from discretion.evals import RunStore, Suite, measure, play_instance, run_sync
from discretion.judges import RuleJudge
from discretion.models.chat import AssistantTurn, Message, ToolCall
from discretion.scenarios import load_scenarios
from discretion.scenarios.instance import Instance
from discretion.scenarios.task import Behaviour, Budget

pytestmark = pytest.mark.langchain


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


class TestAnswers:
    def test_may_be_plain_dicts(self, instance: Instance) -> None:
        class State(TypedDict):
            messages: list[Any]

        def build(tools: list[Any]) -> Any:
            graph = StateGraph(State)
            graph.add_node("node", lambda state: {"messages": [{"role": "assistant", "content": "Tom has it."}]})
            graph.add_edge(START, "node")
            return graph.compile()

        episode = play(LangGraphAgent(build), instance)
        assert (episode.ending.kind, episode.messages[-1].content) == ("answered", "Tom has it.")

    def test_may_be_structured(self, instance: Instance) -> None:
        class Report(BaseModel):
            done: bool

        model = Scripted(responses=[calls(("Report", {"done": True}))])
        graph = LangGraphAgent(lambda tools: create_agent(model, tools, response_format=ToolStrategy(Report)))
        episode = play(graph, instance)
        assert (episode.ending.kind, episode.messages[-1].content) == ("answered", '{"done":true}')

    @pytest.mark.parametrize(
        ("last", "why"),
        [
            (None, "without a message of the assistant"),
            (HumanMessage("Tom has it."), "without a message of the assistant"),
            (calls(mail(DUE)), "before its call of 'send_mail' was run"),
            (AIMessage("", response_metadata={"finish_reason": "content_filter"}), "content filter"),
        ],
    )
    def test_that_are_none_are_faults(self, instance: Instance, last: Any, why: str) -> None:
        episode = play(answers(last), instance)
        assert (episode.ending.kind, episode.disclosures) == ("agent_fault", ())
        assert why in episode.ending.detail

    def test_that_wait_for_a_person_are_faults_and_a_checkpointer_is_none(self, instance: Instance) -> None:
        def build(tools: list[Any], **more: Any) -> Any:
            return create_agent(Scripted(responses=list(GOOD)), tools, checkpointer=InMemorySaver(), **more)

        assert play(LangGraphAgent(build), instance).ending.kind == "answered"
        asks: Any = HumanInTheLoopMiddleware(interrupt_on={"send_mail": True})
        episode = play(LangGraphAgent(lambda tools: build(tools, middleware=[asks])), instance)
        assert (episode.ending.kind, "interrupt" in episode.ending.detail) == ("agent_fault", True)

    def test_that_were_cut_off_say_so(self, instance: Instance) -> None:
        cut = {"finish_reason": "length"}
        assert (
            play(answers(AIMessage("Tom h", response_metadata=cut)), instance).ending.detail == "the answer was cut off"
        )
        empty = play(scripted(AIMessage("", response_metadata=cut), calls(text="Tom has it.")), instance)
        assert (empty.ending.kind, empty.counts.format_errors) == ("answered", 1)


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

    @pytest.mark.parametrize("error", [ConnectionError("no reply"), ModelFault("no reply")])
    def test_that_middleware_turns_into_words_are_no_answers(self, instance: Instance, error: Exception) -> None:
        episode = play(self.retried(error), instance)
        assert (episode.ending.kind, "no reply" in episode.ending.detail) == ("agent_fault", True)

    def test_of_every_request_stop_the_run_whatever_middleware_makes_of_them(self, instance: Instance) -> None:
        with pytest.raises(ModelUnusable):
            play(self.retried(ModelUnusable("HTTP 401")), instance)

    def retried(self, error: Exception) -> LangGraphAgent:
        class Down(Scripted):
            def _generate(self, *args: Any, **kwargs: Any) -> ChatResult:
                raise error

        retry: Any = ModelRetryMiddleware(max_retries=0)
        return LangGraphAgent(lambda tools: create_agent(Down(responses=[]), tools, middleware=[retry]))

    def test_a_model_of_another_make_is_refused(self) -> None:
        with pytest.raises(InputError, match="leave model out"):
            LangGraphAgent(lambda tools: None, model=Scripted(responses=[]))  # type: ignore[arg-type]

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


def test_a_model_that_agents_share_is_released_with_the_last(instance: Instance) -> None:
    closed: list[str] = []

    class Speaker:
        name, concurrency = "speaker", 1

        async def complete(self, messages: Any, tools: Any, *, seed: int) -> AssistantTurn:
            return AssistantTurn(text=f"Done, {len(closed)} closed.")

        def describe(self) -> dict[str, Any]:
            return {"backend": "speaker"}

        async def aclose(self) -> None:
            closed.append("speaker")

    model = as_langchain(Speaker())

    def make() -> LangGraphAgent:
        return LangGraphAgent(lambda tools: create_agent(model, tools), model=model)

    source = GuestSource("python:here:make", make)
    assert source.describe()["model"] == {"backend": "speaker"}

    async def episodes() -> None:
        await asyncio.gather(*(play_instance(source, instance) for _ in range(2)))
        assert closed == []
        await source.aclose()

    asyncio.run(episodes())
    assert closed == ["speaker"]


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
