"""LangChain's chat models as ours, and ours as LangChain's."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from typing import Any

import pytest

pytest.importorskip("langchain", reason="the extra `langchain` is not installed")
pytest.importorskip("langchain_openai", reason="the extra `langchain` is not installed")

from fault_server import FaultServer, call, completion, error, half, hang, reply, reset
from langchain_core.language_models import FakeMessagesListChatModel
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage, ToolMessage
from langchain_openai import ChatOpenAI

from discretion.agents import as_langchain, resolve
from discretion.agents.model_agent import ModelSource
from discretion.errors import InputError, ModelFault, ModelUnusable
from discretion.models.chat import AssistantTurn, FormatError, Message, ToolCall, ToolSpec, Usage
from discretion.models.conventions import convention
from discretion.models.langchain_chat import LangChainChat
from discretion.models.langchain_messages import from_langchain, read_message, to_langchain, write_turn
from discretion.models.openai_reply import BadReplyError
from discretion.models.protocol import turn_seed
from discretion.models.retry import Retry
from discretion.models.taming import tame

pytestmark = pytest.mark.langchain

TALK = (
    Message(role="system", content="Be kind."),
    Message(role="user", content="Read it."),
    Message(
        role="assistant", content="", tool_calls=(ToolCall(id="call00001", name="read", arguments={"from": "m1"}),)
    ),
    Message(role="tool", content="[]", tool_call_id="call00001", name="read"),
)
TOOL = ToolSpec(
    name="read",
    description="Read a mail.",
    parameters={"type": "object", "properties": {"from": {"type": "string"}}, "required": ["from"]},
)
QUICK = Retry(attempts=3, first_s=0.01)


def chat(server: FaultServer, **options: Any) -> LangChainChat:
    return LangChainChat("openai:office", base_url=server.url, retry=QUICK, **options)


def ask(model: LangChainChat, talk: Sequence[Message] = TALK, *, seed: int = 7) -> AssistantTurn:
    return asyncio.run(model.complete(talk, [TOOL], seed=seed))


class TestMessages:
    def test_go_there_and_back(self) -> None:
        there = to_langchain(TALK)
        assert [type(message) for message in there] == [SystemMessage, HumanMessage, AIMessage, ToolMessage]
        assert tuple(from_langchain(there)) == TALK

    def test_of_no_chat_are_refused(self) -> None:
        from langchain_core.messages import ChatMessage

        with pytest.raises(ValueError, match="no message for a chat model"):
            from_langchain([ChatMessage("x", role="oracle")])

    def test_a_turn_goes_there_and_back(self) -> None:
        turn = AssistantTurn(
            text="One moment.",
            tool_calls=(ToolCall(id="call00003", name="read", arguments={"from": "m1"}),),
            format_errors=(FormatError(detail="cut off", raw='{"name": "re'),),
            reasoning="Hm.",
            usage=Usage(prompt_tokens=11, completion_tokens=7),
            finish="length",
        )
        assert read_message(write_turn(turn, model="m"), convention("hermes"), first=3) == turn

    @pytest.mark.parametrize(
        ("content", "text", "thought"),
        [
            ([{"type": "text", "text": "Yes."}], "Yes.", ""),
            ([{"type": "reasoning", "reasoning": "Hm."}, {"type": "text", "text": "Yes."}], "Yes.", "Hm."),
            ("<think>Hm.</think>Yes.", "Yes.", "Hm."),
        ],
    )
    def test_reasoning_is_kept_apart(self, content: Any, text: str, thought: str) -> None:
        turn = read_message(AIMessage(content), convention("hermes"), first=1)
        assert (turn.text, turn.reasoning) == (text, thought)

    def test_what_langchain_cannot_read_gets_a_second_look(self) -> None:
        invalid = [
            {"type": "invalid_tool_call", "id": "x", "name": "read", "args": '{"from": "a\nb"}', "error": "?"},
            {"type": "invalid_tool_call", "id": "y", "name": "read", "args": '{"from": ', "error": "?"},
        ]
        turn = read_message(AIMessage("", invalid_tool_calls=invalid), convention("hermes"), first=4)
        assert turn.tool_calls == (ToolCall(id="call00004", name="read", arguments={"from": "a\nb"}),)
        (unread,) = turn.format_errors
        assert "cut off before the JSON ends" in unread.detail
        assert '{\\"from\\": ' in unread.raw


class TestOverHttp:
    def test_a_request_holds_the_conversation_the_tools_and_the_seed(self) -> None:
        with FaultServer(completion("", calls=(call("read", {"from": "m2"}),))) as server:
            turn = ask(chat(server))
            sent = server.requests[0]
        assert turn.tool_calls == (ToolCall(id="call00002", name="read", arguments={"from": "m2"}),)
        assert turn.usage == Usage(prompt_tokens=11, completion_tokens=7)
        assert [message["role"] for message in sent["messages"]] == ["system", "user", "assistant", "tool"]
        assert json.loads(sent["messages"][2]["tool_calls"][0]["function"]["arguments"]) == {"from": "m1"}
        assert sent["tools"][0]["function"] == {
            "name": "read",
            "description": "Read a mail.",
            "parameters": TOOL.parameters,
        }
        assert (sent["seed"], sent["temperature"]) == (7, 0.0)

    def test_malformed_calls_are_kept_verbatim(self) -> None:
        with FaultServer(completion("", calls=(call("read", '{"from": m2}'),))) as server:
            turn = ask(chat(server))
        assert (turn.tool_calls, len(turn.format_errors)) == ((), 1)
        assert '{\\"from\\": m2}' in turn.format_errors[0].raw

    @pytest.mark.parametrize("arguments", ['["m2"]', "5"])
    def test_arguments_that_are_no_object_are_format_errors(self, arguments: str) -> None:
        with FaultServer(completion("", calls=(call("read", arguments),))) as server:
            turn = ask(chat(server))
            assert len(server.requests) == 1
        (problem,) = turn.format_errors
        assert (turn.tool_calls, problem.raw) == ((), arguments)
        assert "no JSON object" in problem.detail

    @pytest.mark.parametrize("failure", [error(429, "slow down"), error(500, "oops"), reset, half, reply("<html>")])
    def test_what_may_pass_is_tried_again(self, failure: Any) -> None:
        with FaultServer(failure, completion("Better.")) as server:
            assert ask(chat(server)).text == "Better."
            assert len(server.requests) == 2

    def test_and_not_for_ever(self) -> None:
        with FaultServer(error(503, "closed")) as server:
            with pytest.raises(ModelFault, match=r"HTTP 503 .*\(3 attempts\)"):
                ask(chat(server))
            assert len(server.requests) == 3

    def test_a_wait_that_is_too_long_is_not_waited(self) -> None:
        with FaultServer(error(429, "tomorrow", Retry_After="86400")) as server:
            with pytest.raises(ModelFault, match="asks to wait 86400 s"):
                ask(chat(server))
            assert len(server.requests) == 1

    def test_silence_ends_with_the_timeout(self) -> None:
        with FaultServer(hang) as server, pytest.raises(ModelFault, match="no reply within"):
            ask(chat(server, timeout_s=0.1))

    @pytest.mark.parametrize(("status", "kind"), [(401, ModelUnusable), (404, ModelUnusable), (400, ModelFault)])
    def test_what_cannot_pass_is_told_at_once(self, status: int, kind: type[ModelFault]) -> None:
        with FaultServer(error(status, "no")) as server:
            with pytest.raises(ModelFault, match=f"HTTP {status}") as caught:
                ask(chat(server))
            assert type(caught.value) is kind
            assert len(server.requests) == 1

    def test_it_outlives_the_event_loops_that_ask_it(self) -> None:
        with FaultServer(completion("Yes.")) as server:
            model = chat(server)
            assert [ask(model).text for _ in range(3)] == ["Yes."] * 3


class TestStrings:
    def test_name_a_model_and_its_options(self) -> None:
        source = resolve("langchain:openai:office?base_url=http://127.0.0.1:9/v1&temperature=0.5", concurrency=3)
        assert isinstance(source, ModelSource)
        says = source.describe()
        assert (source.concurrency, says["backend"], says["model"]) == (3, "langchain", "openai:office")
        assert (says["base_url"], says["temperature"], says["seeded"]) == ("http://127.0.0.1:9/v1", 0.5, True)

    def test_no_key_is_in_a_manifest(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("OPENAI_API_KEY", "sk-hunter2hunter2")
        assert "hunter2" not in json.dumps(resolve("langchain:openai:office").describe())

    @pytest.mark.parametrize("name", ["office", "nobody:office", "anthropic:claude", "openai:office"])
    def test_that_lead_nowhere_say_so(self, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("OPENAI_API_KEY", raising=False)
        with pytest.raises(InputError, match="langchain"):
            resolve(f"langchain:{name}")

    def test_a_model_made_elsewhere_will_do(self) -> None:
        class Offline(FakeMessagesListChatModel):
            def bind_tools(self, tools: Any, **_: Any) -> Any:
                return self

        model = LangChainChat(Offline(responses=[AIMessage("Hello.")]))
        assert ask(model).text == "Hello."
        assert model.describe()["seeded"] is False

    def test_what_a_model_made_elsewhere_is_set_to_is_in_the_manifest(self) -> None:
        made = ChatOpenAI(model="m", temperature=0.7, max_tokens=77, base_url="http://127.0.0.1:9/v1", api_key="sk-x")
        says = LangChainChat(made).describe()
        assert (says["model_name"], says["temperature"], says["max_tokens"]) == ("m", 0.7, 77)
        assert says["base_url"] == "http://127.0.0.1:9/v1"
        unset = LangChainChat(FakeMessagesListChatModel(responses=[])).describe()
        assert "temperature" not in unset
        assert "max_tokens" not in unset

    def test_openais_responses_api_takes_no_seed(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("OPENAI_API_KEY", "sk-x")
        assert resolve("langchain:openai:gpt-5-pro").describe()["seeded"] is False
        made = ChatOpenAI(model="m", use_responses_api=True, api_key="sk-x")
        assert LangChainChat(made).describe()["seeded"] is False

    def test_a_keyword_that_a_provider_does_not_know_stops_the_run(self) -> None:
        class Strict(FakeMessagesListChatModel):
            def bind_tools(self, tools: Any, **_: Any) -> Any:
                raise TypeError("create() got an unexpected keyword argument 'seed'")

        with pytest.raises(ModelUnusable, match="unexpected keyword"):
            ask(LangChainChat(Strict(responses=[])))


class Speaker:
    """A chat model of ours that keeps what it is asked."""

    name = "speaker"
    concurrency = 1

    def __init__(self, turn: AssistantTurn) -> None:
        self.turn = turn
        self.asked: list[tuple[tuple[Message, ...], list[ToolSpec], int]] = []

    async def complete(self, messages: Any, tools: Any, *, seed: int) -> AssistantTurn:
        self.asked.append((tuple(messages), list(tools), seed))
        return self.turn

    def describe(self) -> dict[str, Any]:
        return {}

    async def aclose(self) -> None: ...


class TestOursAsTheirs:
    def test_messages_and_tools_arrive_as_they_were(self) -> None:
        speaker = Speaker(AssistantTurn(tool_calls=(ToolCall(id="call00002", name="read", arguments={"from": "a"}),)))
        bound = as_langchain(speaker, seed=5).bind_tools([{"type": "function", "function": TOOL.model_dump()}])
        said = bound.invoke(to_langchain(TALK))
        assert said.tool_calls == [{"name": "read", "args": {"from": "a"}, "id": "call00002", "type": "tool_call"}]
        assert speaker.asked == [(TALK, [TOOL], turn_seed(5, 2))]
        assert asyncio.run(bound.ainvoke(to_langchain(TALK))).tool_calls == said.tool_calls

    def test_nothing_can_be_forced(self) -> None:
        model = as_langchain(Speaker(AssistantTurn()))
        with pytest.raises(ValueError, match="cannot be made to call a tool"):
            model.bind_tools([], tool_choice="any")

    def test_a_reply_ends_before_the_words_at_which_it_shall_stop(self) -> None:
        model = as_langchain(Speaker(AssistantTurn(text="Thought: x\nObservation: y", finish="length")))
        said = model.bind(stop=["Result:", "Observation:"]).invoke("Hello")
        assert (said.text, said.response_metadata["finish_reason"]) == ("Thought: x\n", "stop")

    def test_what_is_bound_and_cannot_be_done_is_refused(self) -> None:
        model = as_langchain(Speaker(AssistantTurn(text="Yes.")))
        assert model.bind(temperature=None).invoke("Hello").text == "Yes."
        with pytest.raises(ValueError, match="takes no response_format, temperature"):
            model.bind(temperature=2, response_format={"type": "json_object"}).invoke("Hello")

    def test_the_words_of_a_string_are_said(self, monkeypatch: pytest.MonkeyPatch) -> None:
        speaker = Speaker(AssistantTurn(text="Yes."))
        source = ModelSource("openai:m", speaker, system="Be brief.", trigger="|NOW| ")
        monkeypatch.setattr("discretion.agents.langgraph_agent.model_source", lambda *_, **__: source)
        model = as_langchain("openai:m?system=Be brief.&trigger=|NOW| ")
        model.invoke("Hello")
        assert [message.content for message in speaker.asked[0][0]] == ["Be brief.", "|NOW| Hello"]
        assert model.speaker.describe()["system"] == "Be brief."

    def test_faults_stay_faults(self) -> None:
        class Broken(Speaker):
            async def complete(self, messages: Any, tools: Any, *, seed: int) -> AssistantTurn:
                raise ModelFault("no reply")

        with pytest.raises(ModelFault, match="no reply"):
            as_langchain(Broken(AssistantTurn())).invoke("Hello")


def test_a_reply_that_is_no_end_is_no_answer() -> None:
    form = convention("hermes")
    lost = AIMessage("", response_metadata={"finish_reason": "MALFORMED_FUNCTION_CALL"})  # langchain-google#725
    (problem,) = read_message(lost, form, first=1).format_errors
    assert "malformed_function_call" in problem.detail
    refused = AIMessage("", additional_kwargs={"refusal": "I will not."})
    assert read_message(refused, form, first=1).text == "I will not."
    cut = AIMessage("I have re", response_metadata={"finish_reason": "MAX_TOKENS"})
    assert read_message(cut, form, first=1).finish == "length"
    for said, words in (("SAFETY", "content filter"), ("error", "broke off")):
        with pytest.raises(BadReplyError, match=words):
            read_message(AIMessage("", response_metadata={"finish_reason": said}), form, first=1)


@pytest.mark.parametrize(
    "said",
    [
        {"finish_reason": "MAX_TOKENS"},
        {"stopReason": "max_tokens"},
        {"stop_reason": "model_context_window_exceeded"},
        {"status": "incomplete", "incomplete_details": {"reason": "max_output_tokens"}},
    ],
)
def test_providers_say_in_their_own_words_that_a_reply_was_cut_off(said: dict[str, Any]) -> None:
    cut = read_message(AIMessage("I have re", response_metadata=said), convention("hermes"), first=1)
    assert (cut.text, cut.finish) == ("I have re", "length")
    (problem,) = read_message(AIMessage("", response_metadata=said), convention("hermes"), first=1).format_errors
    assert "cut off before it said anything" in problem.detail


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"stop_reason": "refusal"}, "content filter"),
        ({"stopReason": "guardrail_intervened"}, "content filter"),
        ({"status": "incomplete", "incomplete_details": {"reason": "content_filter"}}, "content filter"),
        ({"stop_reason": "pause_turn"}, "broke off"),
        ({"status": "failed"}, "broke off"),
    ],
)
def test_providers_say_in_their_own_words_that_there_is_no_reply(said: dict[str, Any], words: str) -> None:
    with pytest.raises(BadReplyError, match=words):
        read_message(AIMessage("", response_metadata=said), convention("hermes"), first=1)


def test_a_refusal_in_a_block_of_its_own_is_the_answer() -> None:
    refused = AIMessage([{"type": "refusal", "refusal": "I will not."}])
    assert read_message(refused, convention("hermes"), first=1).text == "I will not."


def test_a_reply_that_broke_off_is_asked_for_again() -> None:
    with FaultServer(completion("I have re", finish="error"), completion("Yes.")) as server:
        assert ask(chat(server)).text == "Yes."


def test_half_a_letter_in_a_thought_stops_no_run() -> None:
    with FaultServer(completion("<think>a\ud83d b</think>Yes.")) as server:
        assert tame(ask(chat(server))).reasoning == "a\ufffd b"
