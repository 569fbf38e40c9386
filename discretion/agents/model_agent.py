"""Agents that are chat models: one model, shared by all episodes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from pydantic import JsonValue

from discretion.models.chat import AssistantTurn, Message, ToolSpec
from discretion.models.protocol import ChatModel, turn_seed
from discretion.scenarios.instance import Instance

__all__ = ["ModelAgent", "ModelSource", "turn_seed"]


class ModelAgent:
    """An agent whose every turn is the model's.

    Args:
        name: The agent string.
        model: What speaks.
        system: Words that are put under the office's own system prompt.
        trigger: Words that are put before the user's instruction.
    """

    def __init__(self, name: str, model: ChatModel, *, system: str = "", trigger: str = "") -> None:
        self.name = name
        self._model = model
        self._system = system
        self._trigger = trigger

    async def act(self, messages: Sequence[Message], tools: Sequence[ToolSpec], *, seed: int) -> AssistantTurn:
        """Return the model's next turn.

        Raises:
            ModelFault: If the model failed after its bounded retries.
        """
        turn = 1 + sum(message.role == "assistant" for message in messages)
        return await self._model.complete(self.instructed(messages), tools, seed=turn_seed(seed, turn))

    def instructed(self, messages: Sequence[Message]) -> Sequence[Message]:
        """Return a conversation with the words that are said to the model beside it."""
        if self._trigger:
            messages = _triggered(messages, self._trigger)
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
        trigger: Words that are put before the user's instruction.
        known: What the manifest says in place of what the model says about itself.

    Attributes:
        known: As given.
    """

    def __init__(
        self,
        name: str,
        model: ChatModel,
        *,
        system: str = "",
        trigger: str = "",
        known: Mapping[str, JsonValue] | None = None,
    ) -> None:
        self.name = name
        self.concurrency = model.concurrency
        self._model = model
        self._agent = ModelAgent(name, model, system=system, trigger=trigger)
        self._words: dict[str, JsonValue] = {"system": system, **({"trigger": trigger} if trigger else {})}
        self.known: dict[str, JsonValue] = dict(known or {})

    @property
    def model(self) -> ChatModel:
        """What speaks."""
        return self._model

    @property
    def speaker(self) -> ChatModel:
        """What speaks, told the words of this source whoever asks it."""
        return _Instructed(self, self._agent) if self.words else self._model

    @property
    def words(self) -> str:
        """Everything that is said to the model beside the conversation itself."""
        return "".join(str(words) for words in self._words.values())

    def describe(self) -> dict[str, JsonValue]:
        """Return what identifies the agent in a manifest."""
        return {"kind": "model", **self._words, **self._model.describe(), **self.known}

    @property
    def shared(self) -> object:
        """What the model shares with others that say the same here; `None` for a model of its own."""
        return getattr(self._model, "shared", None)

    def watch(self, say: Callable[[str], None]) -> None:
        """Tell `say`, in a few words, what the model makes everybody wait for, such as a server that starts."""
        watch = getattr(self._model, "watch", None)
        if watch is not None:
            watch(say)

    def open(self, instance: Instance, *, seed: int) -> ModelAgent:
        """Return the agent, which is the same for every instance."""
        return self._agent

    async def aclose(self) -> None:
        """Release the model."""
        await self._model.aclose()


class _Instructed:
    """The model of a source, for those who ask it by themselves."""

    def __init__(self, source: ModelSource, agent: ModelAgent) -> None:
        self.name = source.model.name
        self.concurrency = source.concurrency
        self._source = source
        self._agent = agent

    async def complete(self, messages: Sequence[Message], tools: Sequence[ToolSpec], *, seed: int) -> AssistantTurn:
        return await self._source.model.complete(self._agent.instructed(messages), tools, seed=seed)

    def describe(self) -> dict[str, JsonValue]:
        return self._source.describe()

    async def aclose(self) -> None:
        await self._source.aclose()


def _triggered(messages: Sequence[Message], trigger: str) -> Sequence[Message]:
    """Put words before the first of the user's messages, the instruction."""
    place = next((place for place, message in enumerate(messages) if message.role == "user"), None)
    if place is None:
        return messages
    first = messages[place].model_copy(update={"content": f"{trigger}{messages[place].content}"})
    return [*messages[:place], first, *messages[place + 1 :]]
