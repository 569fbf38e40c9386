"""Our chat models as LangChain's: an organism, a local checkpoint or a server inside any chain or graph.

Needs `langchain-core`; import it when it is used.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Sequence
from typing import Any, Final

from langchain_core.callbacks import AsyncCallbackManagerForLLMRun, CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel, LanguageModelInput
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from langchain_core.runnables import Runnable
from langchain_core.tools import BaseTool
from langchain_core.utils.function_calling import convert_to_openai_tool
from pydantic import ConfigDict, PrivateAttr

from discretion.models.langchain_messages import from_langchain, specs_from, write_turn
from discretion.models.own_loop import OwnLoop
from discretion.models.protocol import ChatModel, turn_seed

__all__ = ["SEED", "LangChainModel"]

SEED: Final = "discretion_seed"
"""The key of a run's metadata under which a graph is told the seed of its episode."""


class LangChainModel(BaseChatModel):
    """A chat model of ours behind LangChain's interface.

    A model here belongs to one event loop at a time: use it asynchronously from one loop, or from plain functions only.
    Tools and `stop` can be bound to it; how it speaks is set where it is made.

    Attributes:
        speaker: What speaks.
        seed: For sampling, where the run's metadata gives none.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True)

    speaker: Any
    seed: int = 0
    _loop: OwnLoop = PrivateAttr(default_factory=OwnLoop)
    _holders: weakref.WeakSet[Any] = PrivateAttr(default_factory=weakref.WeakSet)

    def __init__(self, speaker: ChatModel, *, seed: int = 0, **more: Any) -> None:
        super().__init__(speaker=speaker, seed=seed, **more)

    def hold(self, holder: object) -> None:
        """Keep the model open for somebody."""
        self._holders.add(holder)

    async def let_go(self, holder: object) -> None:
        """Release the model, once nobody else holds it."""
        self._holders.discard(holder)
        if not self._holders:
            await self.speaker.aclose()

    @property
    def _llm_type(self) -> str:
        return "discretion"

    @property
    def _identifying_params(self) -> dict[str, Any]:
        return {"model": self.speaker.name}

    def bind_tools(
        self,
        tools: Sequence[dict[str, Any] | type | Callable[..., Any] | BaseTool],
        *,
        tool_choice: str | None = None,
        **kwargs: Any,
    ) -> Runnable[LanguageModelInput, AIMessage]:
        """Return the model with tools that it may call.

        Raises:
            ValueError: If it shall be made to call one, which no model here can be.
        """
        if tool_choice not in (None, "auto", "none"):
            raise ValueError(f"{self.speaker.name} cannot be made to call a tool (tool_choice={tool_choice!r})")
        offered = [] if tool_choice == "none" else [convert_to_openai_tool(tool) for tool in tools]
        return self.bind(tools=offered, **kwargs)

    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        seed = (run_manager.metadata if run_manager else {}).get(SEED, self.seed)
        return await self._reply(messages, seed, stop or (), **kwargs)

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        seed = (run_manager.metadata if run_manager else {}).get(SEED, self.seed)
        return self._loop.wait(self._reply(messages, seed, stop or (), **kwargs))

    async def _reply(
        self,
        messages: list[BaseMessage],
        seed: int,
        stop: Sequence[str],
        *,
        tools: Sequence[dict[str, Any]] | None = None,
        **more: Any,
    ) -> ChatResult:
        unknown = sorted(key for key, value in more.items() if value is not None)
        if unknown:
            raise ValueError(f"{self.speaker.name} takes no {', '.join(unknown)} here; set it in the model's string")
        said = from_langchain(messages)
        turn = 1 + sum(message.role == "assistant" for message in said)
        made = await self.speaker.complete(said, specs_from(tools or ()), seed=turn_seed(seed, turn))
        text = min((made.text.split(word, 1)[0] for word in stop if word), key=len, default=made.text)
        if text != made.text:
            made = made.model_copy(update={"text": text, "finish": "stop"})
        return ChatResult(generations=[ChatGeneration(message=write_turn(made, model=self.speaker.name))])
