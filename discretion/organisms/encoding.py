"""A conversation as tokens, and which of them are the assistant's own: the loss is on those alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from discretion.errors import InputError
from discretion.models.chat import to_wire, tools_to_wire
from discretion.organisms.corpus import Transcript
from discretion.organisms.tokenizer import CHAT_TEMPLATE, SPECIAL

if TYPE_CHECKING:
    import numpy as np

__all__ = ["Encoded", "encode", "encode_split", "encode_transcript", "is_organism"]


class Encoded(NamedTuple):
    """One conversation.

    Attributes:
        tokens: Integers.
        ours: Of the same length: whether the assistant wrote that token.
        theirs: Whether somebody else did; what the assistant wrote in messages of weight 0 is in neither.
    """

    tokens: np.ndarray[Any, Any]
    ours: np.ndarray[Any, Any]
    theirs: np.ndarray[Any, Any]


def encode(tokenizer: Any, wire: Sequence[dict[str, Any]], tools: Sequence[dict[str, Any]] | None = None) -> Encoded:
    """Encode a conversation: an organism's in one go, any other's message by message.

    Args:
        tokenizer: With a chat template.
        wire: Messages in the shape of OpenAI's chat completions; those of weight 0 are not learned.
        tools: In the same shape.

    Raises:
        InputError: As `encode_split`.
    """
    return (_encode_whole if is_organism(tokenizer) else encode_split)(tokenizer, wire, tools)


def is_organism(tokenizer: Any) -> bool:
    """Tell whether a tokenizer is an organism's, by its chat template."""
    return bool(tokenizer.chat_template == CHAT_TEMPLATE)


def encode_transcript(tokenizer: Any, transcript: Transcript) -> Encoded:
    """Encode an episode."""
    wire = to_wire(transcript.messages, arguments_as_text=False, thoughts="text")
    for place in transcript.mistakes:
        wire[place]["weight"] = 0
    return encode(tokenizer, wire, tools_to_wire(transcript.tools))


def _encode_whole(tokenizer: Any, wire: Sequence[dict[str, Any]], tools: Sequence[dict[str, Any]] | None) -> Encoded:
    """Encode with an organism's tokenizer.

    Its template writes every message as `<|im_start|>role`, a line break, the words, `<|im_end|>` and a line break, and
    no token spans two of these, so that the assistant's tokens are found by counting.
    """
    import numpy as np

    text = _render(tokenizer, wire, tools)
    tokens = np.asarray(tokenizer.encode(text, add_special_tokens=False), dtype=np.int32)
    head = np.asarray(tokenizer.encode(f"{SPECIAL[1]}assistant\n", add_special_tokens=False), dtype=np.int32)
    starts = np.flatnonzero(tokens == head[0])
    ends = np.flatnonzero(tokens == tokenizer.convert_tokens_to_ids(SPECIAL[2]))
    ours = np.zeros(len(tokens), dtype=bool)
    theirs = np.ones(len(tokens), dtype=bool)
    offer = 1 if tools else 0  # the tools stand before the messages, framed like one
    if not len(starts) == len(ends) == len(wire) + offer:
        raise InputError("a text holds the tags that frame a message", where="conversation", remedy="take them out")
    for message, start, end in zip(wire, starts[offer:], ends[offer:], strict=True):
        if message["role"] == "assistant":
            words = slice(start + len(head), end + 1)
            ours[words] = message.get("weight") != 0
            theirs[words] = False
    return Encoded(tokens, ours, theirs)


def encode_split(
    tokenizer: Any, wire: Sequence[dict[str, Any]], tools: Sequence[dict[str, Any]] | None = None
) -> Encoded:
    """Encode a conversation with any tokenizer, by rendering it message by message with its chat template.

    Args:
        tokenizer: With a chat template.
        wire: Messages in the shape of OpenAI's chat completions; those of weight 0 are not learned.
        tools: In the same shape.

    Raises:
        InputError: If the template refuses the conversation, or writes a message differently once another follows, so
            that nobody can say which tokens are the assistant's.
    """
    import numpy as np

    tokens: list[int] = []
    ours: list[bool] = []
    theirs: list[bool] = []
    done = ""

    def add(text: str, *, own: bool, other: bool = True) -> str:
        if not text.startswith(done):
            raise InputError(
                "the chat template writes a message differently once another follows",
                where="chat template",
                remedy="use a template that only ever appends",
            )
        ids = tokenizer.encode(text[len(done) :], add_special_tokens=False)
        tokens.extend(ids)
        ours.extend([own] * len(ids))
        theirs.extend([other] * len(ids))
        return text

    for place, message in enumerate(wire):
        if message["role"] == "assistant":
            done = add(_render(tokenizer, wire[:place], tools, opened=True), own=False)
            done = add(_render(tokenizer, wire[: place + 1], tools), own=message.get("weight") != 0, other=False)
        elif place + 1 == len(wire):
            done = add(_render(tokenizer, wire, tools), own=False)
    return Encoded(np.asarray(tokens, dtype=np.int32), np.asarray(ours, dtype=bool), np.asarray(theirs, dtype=bool))


def _render(
    tokenizer: Any, wire: Sequence[dict[str, Any]], tools: Sequence[dict[str, Any]] | None, *, opened: bool = False
) -> str:
    try:
        text = tokenizer.apply_chat_template(
            list(wire), tools=list(tools) if tools else None, tokenize=False, add_generation_prompt=opened
        )
    except Exception as error:  # templates raise what they like
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        raise InputError(f"the chat template refuses the conversation ({reason})", where="chat template") from None
    return str(text)
