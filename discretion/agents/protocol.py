"""What an agent is: messages and tools in, one assistant turn out. Agents never see norms."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from pydantic import JsonValue

from discretion.agents.desk import Desk
from discretion.models.chat import AssistantTurn, Message, ToolSpec
from discretion.scenarios.instance import Instance

__all__ = ["Agent", "AgentSource", "Player"]


@runtime_checkable
class Agent(Protocol):
    """Anything that can act in an office.

    Attributes:
        name: The agent string that it was made from.
    """

    name: str

    async def act(self, messages: Sequence[Message], tools: Sequence[ToolSpec], *, seed: int) -> AssistantTurn:
        """Return the next turn.

        Args:
            messages: The whole conversation so far, the system prompt first.
            tools: What may be called.
            seed: For sampling; the same seed and conversation should give the same turn where the model allows it.

        Raises:
            ModelFault: If the model failed after its bounded retries; the episode is then not scored.
        """
        ...


@runtime_checkable
class Player(Protocol):
    """An agent that acts in an office by itself, such as a graph that calls its tools whenever it likes.

    Attributes:
        name: What it is called.
    """

    name: str

    async def play(self, desk: Desk, *, seed: int) -> None:
        """Act until `desk.done`.

        Args:
            desk: The conversation, the tools, and `step`, which plays a turn.
            seed: For sampling.

        Raises:
            ModelFault: If the model failed after its bounded retries; the episode is then not scored.
        """
        ...


class AgentSource(Protocol):
    """What an agent string resolves to: gives the agent that plays an instance, and says what it is made of.

    Attributes:
        name: The agent string.
        concurrency: How many episodes may usefully be in flight.
    """

    name: str
    concurrency: int

    def describe(self) -> dict[str, JsonValue]:
        """Return what identifies the agent in a manifest: its options, and for local weights their content hash."""
        ...

    def open(self, instance: Instance, *, seed: int) -> Agent | Player:
        """Return the agent for one episode. Only references look at the instance; a model's agent is shared."""
        ...

    async def aclose(self) -> None:
        """Release the model, server or client."""
        ...
