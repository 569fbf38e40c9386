"""Agents that are chat models: one model, shared by all episodes."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from pydantic import JsonValue

from discretion.models.chat import AssistantTurn, Message, ToolSpec
from discretion.models.protocol import ChatModel
from discretion.scenarios.instance import Instance

__all__ = ["ModelAgent", "ModelSource", "turn_seed"]


def turn_seed(seed: int, turn: int) -> int:
    """Return the seed of one turn, 31 bits: turns of an episode shall not draw the same numbers.

    >>> turn_seed(0, 1) == turn_seed(0, 1) != turn_seed(0, 2)
    True
    """
    return int.from_bytes(hashlib.sha256(f"{seed}:{turn}".encode()).digest()[:4], "big") >> 1


class ModelAgent:
    """An agent whose every turn is the model's.

    Args:
        name: The agent string.
        model: What speaks.
        system: Words that are put under the office's own system prompt.
    """

    def __init__(self, name: str, model: ChatModel, *, system: str = "") -> None:
        self.name = name
        self._model = model
        self._system = system

    async def act(self, messages: Sequence[Message], tools: Sequence[ToolSpec], *, seed: int) -> AssistantTurn:
        """Return the model's next turn.

        Raises:
            ModelFault: If the model failed after its bounded retries.
        """
        turn = 1 + sum(message.role == "assistant" for message in messages)
        return await self._model.complete(self._instructed(messages), tools, seed=turn_seed(seed, turn))

    def _instructed(self, messages: Sequence[Message]) -> Sequence[Message]:
        if not self._system:
            return messages
        if messages and messages[0].role == "system":
            head = f"{messages[0].content}\n\n{self._system}".strip()
            return [Message(role="system", content=head), *messages[1:]]
        return [Message(role="system", content=self._system), *messages]


class ModelSource:
    """The source of an agent that is a model.

    Args:
        name: The agent string.
        model: What speaks.
        system: Words that are put under the office's own system prompt.
    """

    def __init__(self, name: str, model: ChatModel, *, system: str = "") -> None:
        self.name = name
        self.concurrency = model.concurrency
        self._model = model
        self._agent = ModelAgent(name, model, system=system)
        self._system = system

    def describe(self) -> dict[str, JsonValue]:
        """Return what identifies the agent in a manifest."""
        return {"kind": "model", "system": self._system, **self._model.describe()}

    def open(self, instance: Instance, *, seed: int) -> ModelAgent:
        """Return the agent, which is the same for every instance."""
        return self._agent

    async def aclose(self) -> None:
        """Release the model."""
        await self._model.aclose()
