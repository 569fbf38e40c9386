"""The OpenAI client against a server that answers, refuses, hangs and breaks off."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from fault_server import FaultServer, Reaction, call, completion, error, half, hang, reply, reset, slow, trickle

from discretion.errors import InputError, ModelFault, ModelUnusable
from discretion.models import Message, OpenAIChat, Retry, Sampling, ToolCall, ToolSpec, Usage, openai_chat
from discretion.models.price import Price
from discretion.models.server import find_server

pytestmark = pytest.mark.openai

TOOLS = [
    ToolSpec(
        name="recall",
        description="Recall.",
        parameters={"type": "object", "properties": {"query": {"type": "string"}}},
    )
]
ASKED = [Message(role="system", content="Help."), Message(role="user", content="What do you remember?")]
SOON = Retry(attempts=3, refusals=2, first_s=0.001, longest_s=0.05)
SECRET = "sk-not-to-be-seen-1234567890"


def chat(server: FaultServer, **options: Any) -> OpenAIChat:
    return OpenAIChat("m", server.url, **{"retry": SOON, "timeout_s": 5.0, **options})


SPENT = {
    "error": {"message": "You exceeded your current quota", "type": "insufficient_quota", "code": "insufficient_quota"}
}


def ask(model: OpenAIChat, messages: list[Message] = ASKED, tools: list[ToolSpec] = TOOLS, seed: int = 5) -> Any:
    async def once() -> Any:
        try:
            return await model.complete(messages, tools, seed=seed)
        finally:
            await model.aclose()

    return asyncio.run(once())


def fault(*script: Reaction, **options: Any) -> tuple[ModelFault, FaultServer]:
    with FaultServer(*script) as server, pytest.raises(ModelFault) as caught:
        ask(chat(server, **options))
    assert "\n" not in str(caught.value)
    return caught.value, server


# -- what is sent ----------------------------------------------------------------------------------------------------


def test_the_request_carries_everything() -> None:
    history = [
        *ASKED,
        Message(role="assistant", tool_calls=(ToolCall(id="call00001", name="recall", arguments={"query": "ä"}),)),
        Message(role="tool", content="{}", tool_call_id="call00001", name="recall"),
    ]
    with FaultServer(completion("Nothing.")) as server:
        ask(chat(server, sampling=Sampling(temperature=0.5, max_tokens=99)), history)
    (request,) = server.requests
    assert request["path"] == "/v1/chat/completions"
    assert (request["model"], request["seed"], request["max_tokens"], request["temperature"]) == ("m", 5, 99, 0.5)
    assert request["tools"][0]["function"]["name"] == "recall"
    assert request["messages"][2]["tool_calls"][0]["function"]["arguments"] == '{"query": "ä"}'
    assert request["messages"][3] == {"role": "tool", "content": "{}", "tool_call_id": "call00001", "name": "recall"}


def test_thoughts_are_sent_where_the_server_wants_them_alone() -> None:
    history = [*ASKED, Message(role="assistant", content="Yes.", reasoning="Hm."), ASKED[1]]
    with FaultServer(completion("A"), completion("B")) as server:
        ask(chat(server), history)
        ask(chat(server, thoughts="text"), history)
    assert [request["messages"][2]["content"] for request in server.requests] == ["Yes.", "<think>Hm.</think>Yes."]
    assert all("reasoning_content" not in request["messages"][2] for request in server.requests)


def test_thoughts_go_back_in_the_field_that_they_came_in() -> None:
    with FaultServer(completion(calls=(call("recall", {}),), reasoning_content="Hm."), completion("A")) as server:
        turn = ask(chat(server))
        said = Message(role="assistant", tool_calls=turn.tool_calls, reasoning=turn.reasoning)
        result = Message(role="tool", content="{}", tool_call_id="call00001", name="recall")
        ask(chat(server, thoughts="field"), [*ASKED, said, result])
    assert [message.get("reasoning_content") for message in server.requests[1]["messages"]] == [None, None, "Hm.", None]


def test_a_request_can_carry_more_and_leave_out_what_a_server_does_not_take() -> None:
    more = {"reasoning_effort": "low", "seed": None, "max_tokens": None, "temperature": None, "top_p": 0.9}
    with FaultServer(completion("A")) as server:
        asked = chat(server, extra_body=more)
        ask(asked)
    (request,) = server.requests
    assert (request["reasoning_effort"], request["top_p"]) == ("low", 0.9)
    assert not {"seed", "max_tokens", "temperature"} & set(request)
    assert request["tools"]
    assert asked.describe()["extra_body"] == more
    with FaultServer() as server, pytest.raises(InputError, match="extra_body: 'stream' is not to be changed"):
        chat(server, extra_body={"stream": True})
    with FaultServer() as server, pytest.raises(InputError, match="chat_template_kwargs is no JSON object"):
        chat(server, extra_body={"chat_template_kwargs": 7})


@pytest.mark.parametrize(
    ("status", "says", "param", "remedy"),
    [
        (400, "Unsupported value: 'temperature' does not support 0.0.", "temperature", "temperature=none"),
        (400, "Unsupported parameter: 'max_tokens' is not supported with this model.", "max_tokens", "max_completion_"),
        (422, [{"type": "extra_forbidden", "loc": ["body", "seed"], "msg": "Extra inputs not allowed"}], "", "seed"),
        (400, "The reasoning_content in the thinking mode must be passed back to the API.", "", "thoughts=field"),
        (400, "Missing `reasoning_content` field in the assistant message at message index 2.", "", "thoughts=field"),
    ],
)
def test_a_field_that_the_server_refuses_is_named_with_what_to_do(
    status: int, says: Any, param: str, remedy: str
) -> None:
    body = {"detail": says} if isinstance(says, list) else {"error": {"message": says, "param": param or None}}
    caught, server = fault(reply(body, status=status))
    assert isinstance(caught, ModelUnusable)
    assert remedy in caught.remedy
    assert len(server.requests) == 1


def test_no_tools_and_no_temperature_are_not_sent() -> None:
    with FaultServer(completion("B")) as server:
        ask(chat(server, sampling=Sampling(temperature=None)), tools=[])
    assert not {"tools", "temperature"} & set(server.requests[0])


# -- what comes back -------------------------------------------------------------------------------------------------


def test_native_calls() -> None:
    with FaultServer(
        completion("One moment.", calls=(call("recall", {"query": "flat"}), call("recall", "")), finish="tool_calls")
    ) as server:
        turn = ask(chat(server))
    assert turn.text == "One moment."
    assert [(each.id, each.name, each.arguments) for each in turn.tool_calls] == [
        ("call00001", "recall", {"query": "flat"}),
        ("call00002", "recall", {}),
    ]
    assert (turn.usage, turn.finish) == (Usage(prompt_tokens=11, completion_tokens=7), "stop")


def test_malformed_native_arguments_are_format_errors() -> None:
    calls = (call("recall", '{"query": '), call("recall", "[1]"), call("", {}), call("recall", {"query": "x"}))
    with FaultServer(completion(calls=calls)) as server:
        turn = ask(chat(server))
    assert [each.arguments for each in turn.tool_calls] == [{"query": "x"}]
    assert [each.detail for each in turn.format_errors] == [
        "the arguments of 'recall' are cut off before the JSON ends",
        "the arguments of 'recall' are no JSON object",
        "the tool call gives no 'name'",
    ]
    assert json.loads(turn.format_errors[0].raw) == calls[0]


def test_calls_that_the_server_left_in_the_text() -> None:
    with FaultServer(completion('Hm. <tool_call>{"name": "recall", "arguments": {}}</tool_call>')) as server:
        turn = ask(chat(server))
    assert (turn.text, [each.name for each in turn.tool_calls]) == ("Hm.", ["recall"])


@pytest.mark.parametrize(
    ("reaction", "text", "reasoning"),
    [
        (completion("Yes.", reasoning_content="Hm."), "Yes.", "Hm."),
        (completion("Yes.", reasoning="Hm."), "Yes.", "Hm."),
        (completion("<think>Hm.</think>Yes."), "Yes.", "Hm."),
        (completion([{"type": "text", "text": "Ye"}, {"type": "text", "text": "s."}]), "Yes.", ""),
        (completion(None, refusal="I will not."), "I will not.", ""),
        (completion(None), "", ""),
        (completion("half \ud83d of it"), "half ? of it", ""),
    ],
)
def test_the_many_places_of_text(reaction: Reaction, text: str, reasoning: str) -> None:
    with FaultServer(reaction) as server:
        turn = ask(chat(server))
    assert (turn.text, turn.reasoning) == (text, reasoning)


def test_a_cut_off_reply() -> None:
    with FaultServer(completion("And then", finish="length")) as server:
        assert ask(chat(server)).finish == "length"


def test_odd_but_readable_replies() -> None:
    odd = {"choices": [{"message": {"content": "Yes.", "tool_calls": {"function": {"name": "recall"}}}}], "usage": 7}
    with FaultServer(reply(odd)) as server:
        turn = ask(chat(server))
    assert (turn.text, turn.tool_calls[0].name, turn.usage) == ("Yes.", "recall", Usage())


def test_log_probabilities_where_they_are_asked_for_and_given() -> None:
    logprobs = {"content": [{"token": "Y", "logprob": -0.5}, {"token": "es", "logprob": -0.25}]}
    body = {"choices": [{"message": {"content": "Yes."}, "logprobs": logprobs}]}
    with FaultServer(reply(body)) as server:
        turn = ask(chat(server, logprobs=True))
        assert ask(chat(server)).logprobs == (-0.5, -0.25)
    assert [request.get("logprobs") for request in server.requests] == [True, None]
    assert turn.logprobs == (-0.5, -0.25)
    assert (turn.usage.logprob, turn.usage.logprob_tokens) == (-0.75, 2)


@pytest.mark.parametrize("odd", [None, 3, {"content": None}, {"content": [{"logprob": "low"}]}, {"content": [{}]}])
def test_odd_log_probabilities_are_none(odd: Any) -> None:
    with FaultServer(reply({"choices": [{"message": {"content": "Yes."}, "logprobs": odd}]})) as server:
        turn = ask(chat(server, logprobs=True))
    assert (turn.text, turn.logprobs, turn.usage.logprob_tokens) == ("Yes.", (), 0)


def test_prices() -> None:
    silent = reply({"choices": [{"message": {"content": "Yes."}}]})
    with FaultServer(completion("Yes."), completion("Yes."), silent) as server:
        priced = chat(server, price=Price(2.0, 10.0))
        # 11 tokens read and 7 written, see the server
        assert ask(priced).usage.cost == pytest.approx((11 * 2.0 + 7 * 10.0) / 1e6)
        assert ask(chat(server)).usage.cost is None  # not known is not 0
        assert ask(priced).usage.cost is None
    assert priced.describe()["price"] == {"prompt": 2.0, "completion": 10.0}


# -- what passes -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "trouble",
    [
        error(429, "slow down", Retry_After="0.01"),
        error(500, "oops"),
        error(503, "loading"),
        error(408, "timeout"),
        reset,
        half,
        reply("<html>bad gateway</html>", status=502, headers={"Content-Type": "text/html"}),
        reply("<html>hello</html>", headers={"Content-Type": "text/html"}),
        reply('{"choices": [{"mess'),
        reply(""),
        reply({"choices": []}),
        reply({"error": {"message": "upstream"}}),
        reply([1]),
        reply({"choices": [{"message": {"content": 3}}]}),
    ],
)
def test_what_may_pass_is_tried_again(trouble: Reaction) -> None:
    with FaultServer(trouble, completion("Now.")) as server:
        assert ask(chat(server)).text == "Now."
    assert len(server.requests) == 2
    assert server.requests[0] == server.requests[1]


@pytest.mark.parametrize("trouble", [error(429, "slow down"), reset, half])
def test_without_aiohttp_it_is_the_same(trouble: Reaction, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(openai_chat, "_AIOHTTP", False)
    with FaultServer(trouble, completion("Now.")) as server:
        assert ask(chat(server)).text == "Now."


@pytest.mark.parametrize("trouble", [hang, trickle])
def test_a_server_that_does_not_finish_is_left(trouble: Reaction) -> None:
    with FaultServer(trouble, completion("Now.")) as server:
        assert ask(chat(server, timeout_s=0.2)).text == "Now."


def test_retry_after_is_honoured() -> None:
    with FaultServer(error(429, "slow down", Retry_After="0.04"), completion("Now.")) as server:
        model = chat(server)
        slept: list[float] = []

        async def sleep(seconds: float, real: Callable[..., Any] = asyncio.sleep) -> None:
            slept.append(seconds)
            await real(0)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("discretion.models.openai_chat.asyncio.sleep", sleep)
            ask(model)
    assert slept == [0.04]


def test_a_server_that_asks_for_a_minute_is_waited_for() -> None:
    slept: list[float] = []

    async def sleep(seconds: float, real: Callable[..., Any] = asyncio.sleep) -> None:
        slept.append(seconds)
        await real(0)

    with FaultServer(error(429, "slow down", Retry_After="60"), completion("Now.")) as server:
        model = chat(server, retry=Retry(first_s=0.001))
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("discretion.models.openai_chat.asyncio.sleep", sleep)
            patch.setattr("discretion.models.pace.Pace.pause", lambda self, seconds: None)
            assert ask(model).text == "Now."
    assert slept == [60.0]


@pytest.mark.parametrize(
    ("status", "says", "unusable", "remedy"),
    [
        (402, "Insufficient Balance", True, "the account's quota is spent"),
        (403, "Your input was flagged by moderation", False, "the server does not take this conversation"),
        (403, "No access to this model", True, "check the key"),
    ],
)
def test_what_is_spent_ends_the_run_and_what_is_forbidden_the_episode(
    status: int, says: str, unusable: bool, remedy: str
) -> None:
    caught, _ = fault(error(status, says))
    assert isinstance(caught, ModelUnusable) is unusable
    assert caught.remedy.startswith(remedy)


# -- what does not pass ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("trouble", "says"),
    [
        (error(429, "slow down"), r"HTTP 429 \(slow down\) \(3 attempts\); lower the concurrency, or try again later"),
        (error(500, "oops"), r"HTTP 500 \(oops\) \(3 attempts\); lower the concurrency, or try again later"),
        (reset, r"the connection failed \(.+\) \(3 attempts\); is the server running\?"),
        (half, r"the connection failed \(.+\) \(3 attempts\); is the server running\?"),
        (reply("no json"), r"not valid JSON .+ \(3 attempts\); does the base URL lead to chat completions\?"),
        (reply('{"choi'), r"cut off before the JSON ends \(3 attempts\); .*"),
        (reply({}), r"the reply has no choices\[0\]\.message \(3 attempts\); .*"),
        (reply({"error": {"message": "gpu\nlost"}}), r"the reply is an error: gpu lost \(3 attempts\); .*"),
        (completion(finish="content_filter"), r"the server's content filter took the reply \(3 attempts\); .*"),
        (reply(json.dumps("x" * 5_000_000)), r"the reply has 5000002 bytes \(3 attempts\); .*"),
    ],
)
def test_the_attempts_are_bounded(trouble: Reaction, says: str) -> None:
    caught, server = fault(trouble)
    assert re.fullmatch(rf"m at {re.escape(server.url)}: {says}", str(caught))
    assert len(server.requests) == 3
    assert not isinstance(caught, ModelUnusable)


def test_a_hanging_server_is_named() -> None:
    caught, _ = fault(hang, timeout_s=0.05)
    assert "no reply within 0.05 s (3 attempts); raise the timeout or lower the concurrency" in str(caught)


def test_nobody_listens() -> None:
    with FaultServer(hang) as server:
        pass
    with pytest.raises(ModelFault, match=r"the connection failed \(.*\) \(3 attempts\); is the server running\?$"):
        ask(chat(server))


def test_a_server_that_asks_for_too_long_a_wait_is_given_up() -> None:
    caught, server = fault(error(429, "come back tomorrow", Retry_After="86400"))
    assert "HTTP 429 (come back tomorrow), and asks to wait 86400 s; " in str(caught)
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("trouble", "says", "unusable"),
    [
        (error(401, "bad key"), "HTTP 401 (bad key); check the key", True),
        (error(404, "no model m"), "HTTP 404 (no model m); check the model's name, and that the base URL", True),
        (reply(SPENT, status=429), "the account's quota is spent", True),
        (
            error(400, '"auto" tool choice requires --enable-auto-tool-choice and --tool-call-parser to be set'),
            "start vLLM with --enable-auto-tool-choice --tool-call-parser hermes",
            True,
        ),
        (error(500, "tools param requires --jinja flag"), "llama.cpp: --jinja", True),
        (error(400, "m does not support tools"), "the server takes no tool calls: HTTP 400", True),
        (error(400, "This model's maximum context length is 4096 tokens"), "serve the model with a longer", False),
        (error(400, "seed must be odd"), "HTTP 400 (seed must be odd); the server does not accept", False),
        (reply("nope", status=422), "HTTP 422 (nope)", False),
        (reply({"detail": [{"msg": "field"}]}, status=422), 'HTTP 422 ([{"msg": "field"}])', False),
    ],
)
def test_what_cannot_pass_is_not_tried_again(trouble: Reaction, says: str, unusable: bool) -> None:
    caught, server = fault(trouble)
    assert says in str(caught)
    assert len(server.requests) == 1
    assert isinstance(caught, ModelUnusable) is unusable


# -- keys ------------------------------------------------------------------------------------------------------------


def test_a_loopback_server_is_not_sent_the_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", SECRET)
    with FaultServer(completion("Yes.")) as server:
        ask(chat(server))
    assert SECRET not in json.dumps(server.headers)


def test_the_key_is_shown_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOCAL_KEY", SECRET)
    with FaultServer(error(401, f"wrong key {SECRET}")) as server:
        model = chat(server, key_variable="LOCAL_KEY")
        with pytest.raises(ModelFault) as caught:
            ask(model)
    assert server.headers[0]["authorization"] == f"Bearer {SECRET}"
    assert "wrong key ***" in str(caught.value)
    assert "LOCAL_KEY" in str(caught.value)
    assert SECRET not in str(caught.value) + repr(model) + json.dumps(model.describe())
    assert caught.value.__cause__ is None


def test_a_missing_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with pytest.raises(
        InputError, match=r"^no key for https://x\.example/v1; set the environment variable OPENAI_API_KEY$"
    ):
        OpenAIChat("m", "https://x.example/v1")


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("ftp://x/v1", "'ftp://x/v1' is no base URL; write it like http://127.0.0.1:8000/v1"),
        ("http://", "'http:' is no base URL"),
        ("http://x:port/v1", "'http://x:port/v1' is no base URL ("),
        (f"https://me:{SECRET}@x.example/v1", "the base URL of 'x.example' holds credentials"),
        (f"https://x.example/v1?key={SECRET}", "the base URL of 'x.example' holds credentials, a query or a fragment"),
    ],
)
def test_bad_base_urls(url: str, says: str) -> None:
    with pytest.raises(InputError) as caught:
        find_server(url)
    assert says in str(caught.value)
    assert SECRET not in str(caught.value)


def test_the_base_url_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", "http://localhost:9/v1/")
    assert find_server().url == "http://localhost:9/v1"
    monkeypatch.delenv("OPENAI_BASE_URL")
    assert find_server().key_variable == "OPENAI_API_KEY"


# -- many at once ----------------------------------------------------------------------------------------------------


def test_requests_in_flight_are_capped() -> None:
    async def many(model: OpenAIChat) -> list[Any]:
        turns = await asyncio.gather(*(model.complete(ASKED, TOOLS, seed=i) for i in range(12)))
        await model.aclose()
        return turns

    with FaultServer(slow(0.02, completion("Yes."))) as server:
        turns = asyncio.run(many(chat(server, concurrency=4)))
    assert len(turns) == 12
    assert server.most == 4


def rationed(room: int) -> Reaction:
    """A server that answers so many at once, and refuses the others."""
    inside = 0

    async def react(writer: asyncio.StreamWriter) -> None:
        nonlocal inside
        if inside >= room:
            await error(429, "no room")(writer)
            return
        inside += 1
        try:
            await slow(0.01, completion("Yes."))(writer)
        finally:
            inside -= 1

    return react


def test_a_server_with_little_room_gets_as_much_as_it_takes() -> None:
    async def many(model: OpenAIChat) -> list[Any]:
        turns = await asyncio.gather(*(model.complete(ASKED, TOOLS, seed=i) for i in range(60)))
        await model.aclose()
        return turns

    with FaultServer(rationed(3)) as server:
        turns = asyncio.run(many(chat(server, concurrency=32, retry=Retry(first_s=0.01))))
    assert [turn.text for turn in turns] == ["Yes."] * 60  # every one, although most were refused at first


def test_when_a_server_asks_to_wait_nobody_asks_again_before() -> None:
    async def two(model: OpenAIChat) -> None:
        loop = asyncio.get_running_loop()
        begun = loop.time()
        first = asyncio.create_task(model.complete(ASKED, TOOLS, seed=1))
        while not server.requests:  # refused, and asked to wait
            await asyncio.sleep(0.001)
        await asyncio.sleep(0.02)
        await model.complete(ASKED, TOOLS, seed=2)
        assert loop.time() - begun >= 0.2
        await first
        await model.aclose()

    with FaultServer(error(429, "wait", Retry_After="0.25"), completion("Yes.")) as server:
        asyncio.run(two(chat(server, retry=Retry(first_s=0.001, longest_s=1.0))))


def test_a_model_outlives_its_event_loop() -> None:
    with FaultServer(completion("Yes.")) as server:
        model = chat(server)
        for _ in range(2):
            assert asyncio.run(model.complete(ASKED, TOOLS, seed=0)).text == "Yes."


def test_connections_are_closed_with_their_loop() -> None:
    with FaultServer(completion("Yes.")) as server:
        model = chat(server)

        async def once() -> Any:
            await model.complete(ASKED, TOOLS, seed=0)
            return (await model._ready()).lines[-1]

        assert asyncio.run(once()).is_closed()  # although nobody called aclose()


def test_the_description_identifies_the_model() -> None:
    with FaultServer(hang) as server:
        described = chat(server).describe()
    assert described["model"] == "m"
    assert described["base_url"] == server.url
    assert described["temperature"] == 0.0
    json.dumps(described)


def test_a_schema_is_sent_as_it_is_and_to_openai_without_lengths(monkeypatch: pytest.MonkeyPatch) -> None:
    schema = {"type": "object", "properties": {"text": {"type": "string", "maxLength": 9}}}
    for own, sent in ((False, schema), (True, {"type": "object", "properties": {"text": {"type": "string"}}})):
        with FaultServer(completion("{}")) as server:
            if own:
                monkeypatch.setattr("discretion.models.openai_request.OPENAI_URL", server.url)
            model = OpenAIChat("m", server.url)

            async def ask(model: OpenAIChat = model) -> None:
                await model.complete_as([Message(role="user", content="Go")], schema, seed=1)
                await model.aclose()

            asyncio.run(ask())
            asked = server.requests[0]["response_format"]
        assert asked == {"type": "json_schema", "json_schema": {"name": "reply", "schema": sent, "strict": True}}


@pytest.mark.parametrize(
    "trouble",
    [
        error(429, "You exceeded your current quota. Please retry in 11.6s"),  # Gemini's, each minute
        error(429, "Rate limit reached. Please retry after 6 seconds. For an increase in quota go to the portal"),
        error(500, "Please contact support with request id tool_x"),
        error(429, "Enable billing to raise limits for this tool"),
        error(502, "tool use temporarily not supported"),
    ],
)
def test_what_may_pass_is_no_end_of_the_run(trouble: Reaction) -> None:
    with FaultServer(trouble, completion("Yes.")) as server:
        assert ask(chat(server)).text == "Yes."


@pytest.mark.parametrize(
    ("trouble", "raw"),
    [
        (
            reply(
                {
                    "error": {
                        "message": "Failed to call a function.",
                        "code": "tool_use_failed",
                        "failed_generation": "<go>",
                    }
                },
                status=400,
            ),
            "<go>",
        ),
        (error(400, "Tool choice is none, but model called a tool"), ""),
        (error(400, "tool call validation failed: parameters for tool go did not match schema"), ""),
        (error(500, "Failed to parse tool call arguments as JSON"), ""),
    ],
)
def test_a_call_that_the_server_refuses_is_the_models_own_mistake(trouble: Reaction, raw: str) -> None:
    with FaultServer(trouble) as server:
        turn = ask(chat(server))
        assert len(server.requests) == 1
    (problem,) = turn.format_errors
    assert problem.raw == raw
    assert (turn.text, turn.tool_calls) == ("", ())


def test_a_reply_of_blank_lines_is_read_at_once() -> None:
    with FaultServer(completion("\n" * 400_000)) as server:
        assert ask(chat(server, timeout_s=20.0)).text == ""
