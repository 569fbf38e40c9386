"""What a model is: a conversation and tools in, one assistant turn out, whatever speaks behind it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, Protocol, runtime_checkable

from pydantic import Field, JsonValue

from discretion.models.chat import AssistantTurn, Message, ToolSpec
from discretion.scenarios.base import Record

__all__ = ["ChatModel", "Sampling", "SchemaModel", "turn_seed"]


class Sampling(Record):
    """How the next turn is drawn.

    Attributes:
        temperature: 0 is greedy; `None` leaves it to a server that takes no temperature.
        max_tokens: The longest turn, in tokens.
    """

    temperature: float | None = Field(default=0.0, ge=0.0, le=2.0)
    max_tokens: int = Field(default=1024, ge=1)


@runtime_checkable
class ChatModel(Protocol):
    """One chat interface over everything that speaks.

    Attributes:
        name: What is called, for messages to people.
        concurrency: How many turns may usefully be in the making at once.
    """

    name: str
    concurrency: int

    async def complete(self, messages: Sequence[Message], tools: Sequence[ToolSpec], *, seed: int) -> AssistantTurn:
        """Return the next turn.

        Args:
            messages: The whole conversation so far.
            tools: What may be called.
            seed: For sampling.

        Raises:
            ModelFault: If no turn came after the bounded retries.
        """
        ...

    def describe(self) -> dict[str, JsonValue]:
        """Return what identifies the model in a manifest, without any secret."""
        ...

    async def aclose(self) -> None:
        """Release weights, threads and connections."""
        ...


@runtime_checkable
class SchemaModel(ChatModel, Protocol):
    """A chat model that can be held to a JSON schema."""

    async def complete_as(self, messages: Sequence[Message], schema: Mapping[str, Any], *, seed: int) -> AssistantTurn:
        """Return a turn whose text is JSON of a schema.

        Args:
            messages: The whole conversation so far.
            schema: The JSON schema of an object.
            seed: For sampling.

        Raises:
            ModelFault: If no turn came after the bounded retries.
        """
        ...


def turn_seed(seed: int, turn: int) -> int:
    """Return the seed of one turn, 31 bits: turns of an episode shall not draw the same numbers.

    >>> turn_seed(0, 1) == turn_seed(0, 1) != turn_seed(0, 2)
    True
    """
    return int.from_bytes(hashlib.sha256(f"{seed}:{turn}".encode()).digest()[:4], "big") >> 1
