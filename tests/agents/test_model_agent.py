"""Agents over a chat model: what the model is shown, and with which seed."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from discretion.agents import Agent, ModelSource
from discretion.agents.model_agent import turn_seed
from discretion.models import AssistantTurn, Message, ToolSpec
from discretion.scenarios.instance import Instance


class Notebook:
    """A model that writes down what it is asked."""

    name = "notebook"
    concurrency = 5

    def __init__(self) -> None:
        self.asked: list[tuple[list[Message], int]] = []
        self.closed = False

    async def complete(self, messages: Sequence[Message], tools: Sequence[ToolSpec], *, seed: int) -> AssistantTurn:
        self.asked.append((list(messages), seed))
        return AssistantTurn(text="Noted.")

    def describe(self) -> dict[str, object]:
        return {"model": "notebook"}

    async def aclose(self) -> None:
        self.closed = True


USER = Message(role="user", content="Go.")
SYSTEM = Message(role="system", content="You help.")


@pytest.mark.parametrize(
    ("system", "messages", "shown"),
    [
        ("", [SYSTEM, USER], [SYSTEM, USER]),
        ("Be brief.", [SYSTEM, USER], [Message(role="system", content="You help.\n\nBe brief."), USER]),
        ("Be brief.", [USER], [Message(role="system", content="Be brief."), USER]),
    ],
)
def test_the_system_prompt_is_added(
    instance: Instance, system: str, messages: list[Message], shown: list[Message]
) -> None:
    model = Notebook()
    agent = ModelSource("openai:m", model, system=system).open(instance, seed=1)
    assert asyncio.run(agent.act(messages, [], seed=1)).text == "Noted."
    assert model.asked[0][0] == shown


def test_each_turn_has_a_seed_of_its_own(instance: Instance) -> None:
    model = Notebook()
    agent = ModelSource("openai:m", model).open(instance, seed=1)
    later = [USER, Message(role="assistant", content="Noted."), USER]
    for seed, messages in ((1, [USER]), (1, later), (2, [USER]), (1, [USER])):
        asyncio.run(agent.act(messages, [], seed=seed))
    first, second, other, again = (seed for _, seed in model.asked)
    assert first == again
    assert len({first, second, other}) == 3
    assert all(0 <= turn_seed(seed, 1) < 2**31 for seed in range(200))


def test_the_source_is_the_models(instance: Instance) -> None:
    model = Notebook()
    source = ModelSource("openai:m", model, system="Be brief.")
    assert source.concurrency == 5
    assert source.describe() == {"kind": "model", "system": "Be brief.", "model": "notebook"}
    assert source.open(instance, seed=0) is source.open(instance, seed=1)
    assert isinstance(source.open(instance, seed=0), Agent)
    asyncio.run(source.aclose())
    assert model.closed
