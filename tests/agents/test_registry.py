"""Agent strings: what they resolve to, and one line about each that names no agent."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from discretion.agents import Agent, GuestSource, ModelSource, ReferenceSource, resolve
from discretion.errors import InputError
from discretion.evals import play_instance
from discretion.models import AssistantTurn, Message, ToolSpec
from discretion.scenarios.instance import Instance

FORMS = (
    "reference:oracle|oversharer|refuser|idle|random, openai:MODEL[@BASE_URL], organism:NAME, "
    "hf:PATH_OR_ID[+ADAPTER], vllm:PATH_OR_ID[+ADAPTER], langchain:PROVIDER:MODEL, python:module:attribute"
)


def refusal(agent: str, **options: Any) -> str:
    with pytest.raises(InputError) as caught:
        resolve(agent, **options)
    assert "\n" not in str(caught.value)
    return str(caught.value)


# -- strings ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["oracle", "oversharer", "refuser", "idle", "random"])
def test_references(kind: str) -> None:
    source = resolve(f"reference:{kind}")
    assert isinstance(source, ReferenceSource)
    assert (source.name, source.kind, source.concurrency) == (f"reference:{kind}", kind, 1)


@pytest.mark.parametrize(
    ("agent", "says"),
    [
        ("oracle", f"unknown agent 'oracle'; did you mean 'reference:oracle'? agents are: {FORMS}"),
        ("refrence:oracle", f"unknown agent 'refrence:oracle'; did you mean 'reference'? agents are: {FORMS}"),
        ("gpt-4o", f"unknown agent 'gpt-4o'; agents are: {FORMS}"),
        ("hf:", f"unknown agent 'hf:'; the name is missing; agents are: {FORMS}"),
        ("", f"unknown agent ''; agents are: {FORMS}"),
        ("reference:oracel", "unknown reference 'oracel'; did you mean 'oracle'?"),
        ("reference:random?sed=3", "reference agent: unknown option 'sed'; did you mean 'seed'?"),
        ("reference:random?seed", "reference agent: options after '?' cannot be read; write ?key=value&key=value"),
        (
            "openai:m@127.0.0.1:8000",
            "openai agent: '127.0.0.1:8000' is no base URL; it begins with http:// or https://",
        ),
        (
            "openai:@http://127.0.0.1:8000/v1",
            "openai agent: no model is named before '@http://127.0.0.1:8000/v1'; "
            "write openai:MODEL@http://127.0.0.1:8000/v1",
        ),
        ("vllm:./ckpt", "vllm:./ckpt: there is no such folder; give a checkpoint's folder, or a hub id"),
        ("vllm:ckpt?contxt=9", "vllm agent: unknown option 'contxt'; did you mean 'context'?"),
        ("langchain:gpt-4o", "langchain: 'gpt-4o' names no model; write langchain:PROVIDER:MODEL"),
        ("organism:nobody", "organism agent: no organism is called 'nobody'; "),
        ("organism:../base", "organism agent: no organism is called '../base'; "),
    ],
)
def test_strings_that_name_no_agent(agent: str, says: str) -> None:
    assert refusal(agent).startswith(says)


def test_options_in_the_string_stand_above_those_given() -> None:
    source = resolve("reference:random?seed=3", seed=7)
    assert source.name == "reference:random?seed=3"
    assert source.describe() == {"kind": "reference", "reference": "random", "seed": 3}
    assert resolve("reference:random", seed=7).describe()["seed"] == 7


def test_options_that_do_not_concern_an_agent_are_passed_over() -> None:
    resolve("reference:idle", temperature=0.7, batch_size=4, base_url=None)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"temprature": 1}, "agent options: unknown option 'temprature'; did you mean 'temperature'?"),
        (
            {"temperature": 3},
            "agent options: temperature: input should be less than or equal to 2; leave it out for 0.0",
        ),
        ({"max_tokens": "many"}, "agent options: max_tokens: input should be a valid integer"),
        ({"concurrency": 0}, "agent options: concurrency: input should be greater than or equal to 1"),
    ],
)
def test_bad_options(options: dict[str, Any], says: str) -> None:
    assert refusal("reference:idle", **options).startswith(says)


# -- models ----------------------------------------------------------------------------------------------------------


@pytest.mark.openai
def test_openai_strings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-x")
    source = resolve("openai:org/model@http://127.0.0.1:8000/v1?temperature=0.5", concurrency=9, max_tokens=77)
    assert isinstance(source, ModelSource)
    described = source.describe()
    assert source.concurrency == 9
    assert described["model"] == "org/model"
    assert described["base_url"] == "http://127.0.0.1:8000/v1"
    assert (described["temperature"], described["max_tokens"]) == (0.5, 77)
    assert resolve("openai:m", base_url="http://[::1]:9/v1").describe()["base_url"] == "http://[::1]:9/v1"
    priced = resolve("openai:m?price_in=0.15&price_out=0.6&logprobs=true", base_url="http://[::1]:9/v1").describe()
    assert (priced["price"], priced["logprobs"]) == ({"prompt": 0.15, "completion": 0.6}, True)
    assert refusal("openai:m?price_in=1").endswith("one price without the other; give price_in and price_out")
    assert resolve("openai:@cf/m").describe()["model"] == "@cf/m"


@pytest.mark.openai
def test_a_vllm_server_that_runs_already_is_connected_to() -> None:
    described = resolve("vllm:base+boundary@http://127.0.0.1:8000/v1?max_tokens=9").describe()
    assert (described["model"], described["base_url"]) == ("base+boundary", "http://127.0.0.1:8000/v1")
    assert (described["thoughts"], described["max_tokens"]) == ("text", 9)
    assert "thoughts" not in resolve("openai:m@http://127.0.0.1:8000/v1").describe()
    said = refusal("vllm:m@http://127.0.0.1:8000/v1?context=4096")
    assert "unknown option 'key_variable'" in refusal("vllm:./ckpt?key_variable=X")
    assert said.startswith("vllm agent: 'context' is for a server that is started, and this names a server that runs")


@pytest.mark.openai
def test_what_servers_of_other_models_ask_for() -> None:
    at = "@http://127.0.0.1:8000/v1?"
    thinker = resolve(f'openai:m{at}temperature=none&thoughts=field&extra_body={{"top_p": 0.9}}').describe()
    assert (thinker["temperature"], thinker["thoughts"], thinker["extra_body"]) == (None, "field", {"top_p": 0.9})
    served = resolve(f'vllm:m{at}chat_template_kwargs={{"enable_thinking": false}}').describe()
    assert served["extra_body"] == {"chat_template_kwargs": {"enable_thinking": False}}
    body = '{"chat_template_kwargs": {"a": 1}}'
    both = resolve(f'vllm:m{at}extra_body={body}&chat_template_kwargs={{"b": 2}}&system=Use C++').describe()
    assert both["extra_body"] == {"chat_template_kwargs": {"a": 1, "b": 2}}
    assert both["system"] == "Use C++"
    said = 'extra_body: value error, it is a json object, such as {"key": "value"}'
    assert said in refusal(f"openai:m{at}extra_body=low")
    assert "extra_body" in refusal(f"openai:m{at}extra_body=[1]")
    assert "'model' is not to be changed" in refusal(f'openai:m{at}extra_body={{"model": "x"}}')
    assert "thoughts: input should be 'hidden', 'text' or 'field'" in refusal(f"openai:m{at}thoughts=some")
    assert "the option 'max_tokens' stands twice; give it once" in refusal(f"openai:m{at}max_tokens=5&max_tokens=6")


@pytest.mark.openai
def test_a_secret_in_the_base_url_is_not_repeated() -> None:
    said = refusal("openai:m@https://me:hunter2@x.example/v1") + refusal("openai:m@https://x.example/v1?key=hunter2")
    assert "hunter2" not in said


def test_checkpoint_strings(tmp_path: Path) -> None:
    assert refusal(f"hf:{tmp_path}/none").startswith(f"hf:{tmp_path}/none: there is no such folder; ")
    assert "no config.json" in refusal(f"hf:{tmp_path}")


# -- guests ----------------------------------------------------------------------------------------------------------


class Echo:
    """Says what it was asked last."""

    def __init__(self) -> None:
        self.name = "echo"

    async def act(self, messages: list[Message], tools: list[ToolSpec], *, seed: int) -> AssistantTurn:
        return AssistantTurn(text=messages[-1].content)


@pytest.fixture
def guests(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    module = ModuleType("guest_agents")
    module.__dict__.update(Echo=Echo, echo=Echo(), make=lambda: Echo(), box=ModuleType("box"), wrong=dict, number=3)
    module.box.deep = Echo()  # type: ignore[attr-defined]
    module.source = ReferenceSource("idle", name="mine")  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "guest_agents", module)
    return module


def test_guests(guests: ModuleType, instance: Instance) -> None:
    shared = resolve("python:guest_agents:echo", concurrency=3)
    assert shared.open(instance, seed=0) is guests.echo
    assert shared.concurrency == 3
    for made in ("Echo", "make"):
        source = resolve(f"python:guest_agents:{made}")
        one, two = source.open(instance, seed=0), source.open(instance, seed=0)
        assert isinstance(one, Echo)
        assert one is not two
    deep = resolve("python:guest_agents:box.deep").open(instance, seed=0)
    assert asyncio.run(deep.act([Message(role="user", content="Hi.")], [], seed=0)).text == "Hi."
    assert resolve("python:guest_agents:source") is guests.source


class Closes(Echo):
    """Writes down when it is closed."""

    closed: list[Closes] = []

    def describe(self) -> dict[str, str]:
        return {"model": "echo-2"}

    async def aclose(self) -> None:
        self.closed.append(self)


def test_guests_that_are_made_are_described_and_closed(instance: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Closes, "closed", [])
    source = GuestSource("python:here:make", lambda: Closes())
    assert source.describe()["model"] == "echo-2"
    for episodes in (1, 2):
        asyncio.run(play_instance(source, instance))
        assert len(set(Closes.closed)) == episodes
    asyncio.run(source.aclose())
    assert len(set(Closes.closed)) == 3


def test_one_guest_that_all_episodes_are_given_is_closed_in_the_end(
    instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Closes, "closed", [])
    same = Closes()
    for source in (GuestSource("python:here:same", lambda: same), GuestSource("python:here:same", same)):
        source.describe()
        asyncio.run(play_instance(source, instance))
        assert Closes.closed == []
        asyncio.run(source.aclose())
        assert Closes.closed.pop() is same


def test_a_guest_that_cannot_be_made_is_refused_before_anything_is_played() -> None:
    with pytest.raises(InputError, match=r"no agent can be made \(ZeroDivisionError"):
        GuestSource("python:here:make", lambda: 1 // 0).describe()


def test_what_is_no_guest(guests: ModuleType, instance: Instance) -> None:
    assert refusal("python:guest_agents") == ("python:guest_agents: names no attribute; write python:module:attribute")
    assert refusal("python:guest_agents:ecko") == (
        "python:guest_agents:ecko: guest_agents has no 'ecko'; did you mean 'echo'?"
    )
    assert refusal("python:guest_agents:number").startswith(
        "python:guest_agents:number: a value of type int has no act() or play(); "
    )
    wrong = resolve("python:guest_agents:wrong")
    assert isinstance(wrong, GuestSource)
    with pytest.raises(
        InputError, match=r"^python:guest_agents:wrong: it gives a value of type dict, which has no act\(\) or play"
    ):
        wrong.open(instance, seed=0)


def test_modules_that_cannot_be_imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [path for path in sys.path if path])
    (tmp_path / "broken_guest.py").write_text("raise RuntimeError('two\\nlines')")
    assert refusal("python:no_such_guest:a") == (
        "python:no_such_guest:a: cannot be imported (ModuleNotFoundError: No module named 'no_such_guest'); "
        "install the module, or start where it lies"
    )
    assert "cannot be imported (RuntimeError: two lines)" in refusal("python:broken_guest:a")


def test_a_module_of_the_current_folder_is_found_and_identified(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, instance: Instance
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [path for path in sys.path if path])
    (tmp_path / "own_guest.py").write_text(
        "class Quiet:\n    name = 'quiet'\n    async def act(self, messages, tools, *, seed):\n        ...\n"
    )
    source = resolve("python:own_guest:Quiet")
    assert isinstance(source.open(instance, seed=0), Agent)
    assert str(source.describe()["source"]).startswith("own_guest sha256:")
