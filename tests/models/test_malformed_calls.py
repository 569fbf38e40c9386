"""Malformed tool calls as people met them, each with the thread in which it was reported: read where it is plain what
was meant, else a counted format error with the text kept; never dropped, never a call that nobody wrote."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

from discretion.errors import InputError
from discretion.models.chat import Message, ToolCall, ToolSpec
from discretion.models.conventions import convention, read_turn
from discretion.models.hermes import Hermes
from discretion.models.openai_reply import BadReplyError, read_reply

HERMES = Hermes()
GO = '{"name": "go", "arguments": {"to": "x"}}'
GONE = [("go", {"to": "x"})]


def tagged(inside: str) -> str:
    return f"<tool_call>{inside}</tool_call>"


def turn_of(message: dict[str, Any], finish: str = "stop") -> Any:
    return read_reply({"choices": [{"message": message, "finish_reason": finish}]}, HERMES, first=1)


def native(arguments: Any, name: str = "go") -> dict[str, Any]:
    return {"content": None, "tool_calls": [{"id": "1", "function": {"name": name, "arguments": arguments}}]}


def calls(turn: Any) -> list[tuple[str, dict[str, Any]]]:
    return [(call.name, call.arguments) for call in turn.tool_calls]


READ_IN_TEXT = {
    "vllm-project/vllm#17790 two objects in one tag": (f"<tool_call>\n{GO}\n{GO}\n</tool_call>", 2),
    "ggml-org/llama.cpp#12153 tags not closed": (f"<tool_call>\n{GO}\n<tool_call>\n{GO}\n</tool_call>\n", 2),
    "vllm-project/vllm#5649 the last tag not closed": (f"<tool_call>\n{GO}", 1),
    "ollama/ollama#13519 fenced, with parameters": (f"```json\n{GO.replace('arguments', 'parameters')}\n```", 1),
    "ardanlabs/kronk#950 fenced": (f"```json\n{GO}\n```", 1),
    "skye-harris/hass_local_openai_llm#19 a bare list": (f"[{GO}]", 1),
    "raullenchai/Rapid-MLX#700 bare JSON": (GO.replace("arguments", "parameters"), 1),
    "raullenchai/Rapid-MLX#703 python tag": (f"<|python_tag|>{GO.replace('arguments', 'parameters')}", 1),
    "theroyallab/tabbyAPI#314 Mistral's own form": (f"[TOOL_CALLS] [{GO}]", 1),
    "huggingface/smolagents#1003 arguments as text": (
        tagged(json.dumps({"name": "go", "arguments": json.dumps({"to": "x"})})),
        1,
    ),
}


@pytest.mark.parametrize("thread", READ_IN_TEXT)
def test_in_text_and_plain_enough_to_read(thread: str) -> None:
    text, number = READ_IN_TEXT[thread]
    turn = read_turn(text, HERMES)
    assert calls(turn) == GONE * number
    assert (turn.text, turn.format_errors) == ("", ())


ERRORS_IN_TEXT = {
    "vllm-project/vllm#26561 Qwen3-Coder's XML": tagged(
        "\n<function=go>\n<parameter=to>\nx\n</parameter>\n</function>\n"
    ),
    "ggml-org/llama.cpp#24807 closed twice": tagged(
        "\n<function=go>\n<parameter=to>x</parameter></parameter>\n</function>"
    ),
    "ggml-org/llama.cpp#16377 XML without the tag": "<function=go>\n<parameter=to>x</parameter>\n</function>",
    "madroidmaq/mlx-omni-server#126 the name outside the JSON": tagged('\n<function>go</function>\n{"to": "x"}\n'),
    "waybarrios/vllm-mlx#63 Python literals": "<tool_call>{'name': 'go', 'arguments': {'to': True}}</tool_call>",
    "ml-explore/mlx-lm#1785 a Python call": "<|tool_call_start|>[go(to='x, y')]<|tool_call_end|>",
    "meta-llama/llama-models#266 a call after the python tag": '<|python_tag|>go(to="x")',
    "ml-explore/mlx-lm#1271 Olmo's own form": '<function_calls>go(to="x")</function_calls>',
    "AmanCode22/deeperseeker#12 invoke": '<invoke name="go"><parameter name="to">x</parameter></invoke>',
    "NousResearch/hermes-agent#1796 a trailing comma": tagged('{"name": "go", "arguments": {"to": "x",}}'),
    "NousResearch/hermes-agent#1796 unquoted keys": tagged('{name: "go", arguments: {to: "x"}}'),
    "nextcloud/llm2#68 a quote missing": tagged('{"name: "go", "arguments": {"to": "x"}}'),
    "OpenHands/software-agent-sdk#2488 escapes outside strings": tagged('{"name": "go", "arguments": \\n{"to": "x"}}'),
    "yigit353/langchain-qwq#30 a brace too many": tagged('{"name": "go", "arguments": {"to": "x"}}}'),
}


@pytest.mark.parametrize("thread", ERRORS_IN_TEXT)
def test_in_text_and_not_to_be_read(thread: str) -> None:
    text = ERRORS_IN_TEXT[thread]
    turn = read_turn(f"I will go.\n{text}", HERMES)
    assert turn.tool_calls == ()
    assert [error.raw for error in turn.format_errors] == [text]
    assert turn.text == "I will go."


@pytest.mark.parametrize(
    "text",
    [
        f"<tools>{GO}</tools>",
        f"<tool_calls>[{GO}]</tool_calls>",  # UKGovernmentBEIS/inspect_ai#1871
        f"<function_call>{GO}</function_call>",
        f"<functioncall> {GO}",
        f"<toolcall>\n{GO}\n</toolcall>",
        json.dumps({"tool_calls": [json.loads(GO)]}),
        json.dumps({"id": "c1", "type": "function", "function": json.loads(GO)}),
        json.dumps({"function": "go", "arguments": {"to": "x"}}),
        f"\ufeff{GO}",
        f"\u200b{GO}",
        tagged(json.dumps({"name": "go", "arguments": None, "parameters": {"to": "x"}})),
        tagged(json.dumps({"function": {"name": "go"}, "arguments": {"to": "x"}})),
    ],
)
def test_near_relatives_are_read(text: str) -> None:
    turn = read_turn(text, HERMES)
    assert calls(turn) == GONE
    assert (turn.text, turn.format_errors) == ("", ())


@pytest.mark.parametrize(
    "text",
    [
        "{'name': 'go', 'arguments': {'to': 'x'}}",
        "```json\n{'name': 'go', 'arguments': {'to': 'x'}}\n```",
        '{name: "go", arguments: {to: "x"}}',
        json.dumps({"name": "go", "args": {"to": "x"}}),
        json.dumps({"tool": "go", "args": {"to": "x"}}),
        '[go(to="x")]',
        '```tool_code\ngo(to="x")\n```',
        '<|python_start|>go(to="x")',
        "<start_function_call>call:go{to:x}<end_function_call>",
        '<|tool_call>call:go{to:"x"}<tool_call|>',
        '<|channel|>commentary to=functions.go <|constrain|>json<|message|>{"to": "x"}',
        '<|tool_call_begin|>functions.go:0<|tool_call_argument_begin|>{"to": "x"}',
        "<｜tool▁call▁begin｜>function<｜tool▁sep｜>go",
        'Action: go\nAction Input: {"to": "x"}',
        tagged(json.dumps({"name": "go", "args": {"to": "x"}})),
        tagged(json.dumps({"name": "go", "to": "x"})),
    ],
)
def test_what_is_meant_as_a_call_and_not_read_is_an_error_and_no_answer(text: str) -> None:
    turn = read_turn(text, HERMES)
    assert turn.tool_calls == ()
    assert [error.raw for error in turn.format_errors] == [text]
    assert turn.text == ""


@pytest.mark.parametrize(
    "text",
    [
        "Use the <tools> tag, or <function_call>.",
        "I set { name: go } in the file.",
        "[see the list (below)]",
        "Action: none needed.",
        json.dumps({"id": 7, "type": "cat"}),
        json.dumps({"name": "go", "description": "Goes.", "parameters": {"type": "object", "properties": {}}}),
    ],
)
def test_prose_and_other_json_stay_text(text: str) -> None:
    turn = read_turn(text, HERMES)
    assert (turn.text, turn.tool_calls, turn.format_errors) == (text, (), ())


def test_a_block_is_one_error_however_many_values_it_holds() -> None:
    text = tagged('{"to": "x"}\n' * 2000)
    (error,) = read_turn(text, HERMES).format_errors
    assert error.raw == text


def test_a_call_in_both_of_a_servers_fields_is_one_call() -> None:
    function = {"name": "go", "arguments": '{"to": "x"}'}
    turn = turn_of({"content": None, "tool_calls": [{"id": "1", "function": function}], "function_call": function})
    assert calls(turn) == GONE
    assert calls(turn_of({"content": None, "function_call": function})) == GONE


@pytest.mark.parametrize("finish", ["error", "abort", {"type": "abort"}, "insufficient_system_resource"])
def test_a_reply_that_its_server_broke_off_is_no_answer(finish: Any) -> None:
    with pytest.raises(BadReplyError, match="the server broke off"):
        turn_of({"content": "I have re"}, finish)
    with pytest.raises(BadReplyError, match="the reply is an error: gone"):
        read_reply({"choices": [{"message": {"content": ""}, "error": {"message": "gone"}}]}, HERMES, first=1)


@pytest.mark.parametrize("finish", ["SAFETY", "content_filter"])
def test_a_filtered_reply_is_no_answer(finish: str) -> None:
    with pytest.raises(BadReplyError, match="content filter"):
        turn_of({"content": ""}, finish)


@pytest.mark.parametrize("finish", ["length", "MAX_TOKENS", "model_length", "max_tokens"])
def test_a_reply_that_was_cut_is_known_by_any_name(finish: str) -> None:
    assert turn_of({"content": "I have re"}, finish).finish == "length"


def test_odd_fields_beside_the_content_do_no_harm() -> None:
    odd = {"content": ["Yes", {"text": "."}, 7], "reasoning": {"text": "Hm"}, "refusal": False}
    assert turn_of(odd).text == "Yes."
    assert turn_of({"content": "", "refusal": False}).text == ""
    reply = {"choices": [{"message": {"content": "Yes."}, "logprobs": {"content": [{"logprob": -(10**400)}]}}]}
    turn = read_reply({**reply, "usage": {"prompt_tokens": 10**400}}, HERMES, first=1)
    assert (turn.usage.prompt_tokens, turn.logprobs) == (0, ())


def test_a_number_that_no_float_holds_is_no_json() -> None:
    turn = read_turn(tagged('{"name": "go", "arguments": {"to": 1e999}}'), HERMES)
    assert turn.tool_calls == ()
    assert "too large" in turn.format_errors[0].detail


@pytest.mark.parametrize(
    "text",
    [
        "\n" * 200_000,
        "\n" * 200_000 + "x" * 200_000,
        f"<tool_call>{GO}" + "\n" * 200_000,
        GO + "\n" * 200_000,
        f"{tagged(GO)}```" + " " * 200_000 + "x",
        "\n<think></think>" * 20_000,
        "\n<think><tool_call>" * 20_000,
        "<tools>" + " " * 200_000,
        "Action: go\n" * 20_000,
        "[a(" * 60_000,
    ],
)
def test_hostile_text_takes_no_time(text: str) -> None:
    start = time.process_time()
    read_turn(text, HERMES)
    assert time.process_time() - start < 10  # a quadratic search takes minutes


READ_NATIVE: dict[str, tuple[Any, dict[str, Any]]] = {
    "openai/openai-agents-js#664 no arguments": ("", {}),
    "vllm-project/vllm#19419 null": (None, {}),
    "huggingface/smolagents#1000 an object": ({"to": "x"}, {"to": "x"}),
    "FoundationAgents/OpenManus#989 encoded twice": (json.dumps(json.dumps({"to": "x"})), {"to": "x"}),
    "dynamiq-ai/dynamiq#734 raw line breaks": ('{"to": "x\ny"}', {"to": "x\ny"}),
}


@pytest.mark.parametrize("thread", READ_NATIVE)
def test_native_and_plain_enough_to_read(thread: str) -> None:
    given, arguments = READ_NATIVE[thread]
    turn = turn_of(native(given))
    assert calls(turn) == [("go", arguments)]
    assert turn.format_errors == ()


ERRORS_NATIVE: dict[str, Any] = {
    "camel-ai/camel#4338 cut off": '{"to": "x',
    "bojieli/ai-agent-book#210 commentary behind it": '{"to": "x"} Now I wait.',
    "yigit353/langchain-qwq#30 a brace too many": '{"to": "x"}}',
    "vllm-project/vllm#32638 several objects": '{"to": "x"}{"to": "y"}',
    "OpenHands/software-agent-sdk#2488 escapes outside strings": '{"to": \\n["x"]\\n}',
    "lsdefine/GenericAgent#746 a list": "[1]",
    "lsdefine/GenericAgent#746 a number": "3",
    "lsdefine/GenericAgent#746 a truth value": "true",
    "futuregene/future-os#334 a list of objects": '[{"to": "x"}]',
    "liveloveapp/hashbrown#60 half of it encoded twice": '"{\\""',
    "continuedev/continue#7491 a key that does not end": '{"{"to": "x"}',
    "BaseIntelligence/bounty-challenge#49630 no JSON": "to=x",
}


@pytest.mark.parametrize("thread", ERRORS_NATIVE)
def test_native_and_not_to_be_read(thread: str) -> None:
    message = native(ERRORS_NATIVE[thread])
    turn = turn_of(message)
    assert turn.tool_calls == ()
    assert [json.loads(error.raw) for error in turn.format_errors] == message["tool_calls"]


@pytest.mark.parametrize(
    ("message", "finish"),
    [
        pytest.param({"content": "", "tool_calls": []}, "tool_calls", id="vllm-project/vllm#53255"),
        pytest.param({"content": None}, "tool_calls", id="openclaw/openclaw#97187"),
        pytest.param({"content": ""}, "MALFORMED_FUNCTION_CALL", id="lbjlaq/Antigravity-Manager#1559"),
    ],
)
def test_a_call_that_a_server_lost_is_no_empty_answer(message: dict[str, Any], finish: str) -> None:
    turn = turn_of(message, finish)
    (error,) = turn.format_errors
    assert error.detail == f"the server says {finish.lower()!r} and gives no tool call"
    assert json.loads(error.raw)["finish_reason"] == finish


def test_words_beside_a_lost_call_are_an_answer() -> None:
    turn = turn_of({"content": "Hello."}, "tool_calls")
    assert (turn.text, turn.format_errors) == ("Hello.", ())


# -- conventions -----------------------------------------------------------------------------------------------------


def test_native_leaves_texts_alone() -> None:
    text = f"<tool_call>{GO}</tool_call>"
    assert convention("native").parse(text) == (text, (), ())


def test_what_fenced_writes_it_reads() -> None:
    form = convention("fenced")
    call = ToolCall(id="call00001", name="go", arguments={"to": "``` and\n{}"})
    assert form.parse(form.write_calls([call, call])).calls == (call, call.model_copy(update={"id": "call00002"}))
    assert '"name": "go"' in form.offer([ToolSpec(name="go", description="Go.", parameters={})])
    assert "done" in form.write_result(Message(role="tool", content="done", name="go"))


def test_a_convention_of_ones_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "own_forms.py").write_text(
        "from discretion.models.hermes import Hermes\nclass Mine(Hermes):\n    tags = ('<go>',)\nhalf = 3\n"
    )
    assert convention("own_forms:Mine").tags == ("<go>",)
    with pytest.raises(InputError, match=r"^convention own_forms:half: has no tags, parse, offer, write_calls, "):
        convention("own_forms:half")
    with pytest.raises(InputError, match=r"^convention own_forms:none: cannot be imported \(AttributeError: "):
        convention("own_forms:none")
