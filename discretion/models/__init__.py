"""What speaks: one chat interface over local checkpoints and OpenAI-compatible servers.

`chat` holds what passes between an agent and a world; a [`ChatModel`][discretion.models.protocol.ChatModel] makes
turns of it. The models themselves, which need an extra, are imported when they are asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from discretion.models.chat import (
    AssistantTurn,
    FormatError,
    Message,
    ToolCall,
    ToolSpec,
    Usage,
    to_wire,
    tools_to_wire,
)
from discretion.models.conventions import CONVENTIONS, convention
from discretion.models.protocol import ChatModel, Sampling, SchemaModel
from discretion.models.retry import Retry
from discretion.models.toolcalls import Convention, Parsed, call_id, next_call

if TYPE_CHECKING:
    from discretion.models.openai_chat import OpenAIChat
    from discretion.models.transformers_chat import TransformersChat
    from discretion.models.vllm.chat import VLLMChat

__all__ = [
    "CONVENTIONS",
    "AssistantTurn",
    "ChatModel",
    "Convention",
    "FormatError",
    "Message",
    "OpenAIChat",
    "Parsed",
    "Retry",
    "Sampling",
    "SchemaModel",
    "ToolCall",
    "ToolSpec",
    "TransformersChat",
    "Usage",
    "VLLMChat",
    "call_id",
    "convention",
    "next_call",
    "to_wire",
    "tools_to_wire",
]


def __getattr__(name: str) -> Any:
    if name == "OpenAIChat":
        from discretion.models.openai_chat import OpenAIChat

        return OpenAIChat
    if name == "TransformersChat":
        from discretion.models.transformers_chat import TransformersChat

        return TransformersChat
    if name == "VLLMChat":
        from discretion.models.vllm.chat import VLLMChat

        return VLLMChat
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
