"""Conversations as a checkpoint's chat template and tokenizer write them, and the rows that cannot be learned from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from discretion.errors import InputError
from discretion.models.checkpoint import Checkpoint
from discretion.models.decoding import error_line
from discretion.organisms.chats import BadRow, Chat
from discretion.organisms.encoding import Encoded, encode, is_organism

__all__ = ["encoded_chats", "unloaded"]


def encoded_chats(
    checkpoint: Checkpoint, chats: Sequence[Chat], longest: int
) -> tuple[Any, list[list[Encoded]], list[BadRow]]:
    """Encode conversations; name those that the template or the tokenizer refuses, or that are too long.

    Args:
        checkpoint: Whose tokenizer it is.
        chats: The conversations.
        longest: The most tokens of one; the checkpoint's context where that is less.

    Returns:
        The tokenizer; the examples of each conversation that can be learned from; the others.

    Raises:
        InputError: If the tokenizer cannot be loaded.
    """
    from transformers import AutoConfig, AutoTokenizer

    try:
        tokenizer = AutoTokenizer.from_pretrained(str(checkpoint.tokenizer), trust_remote_code=False)
        config = AutoConfig.from_pretrained(str(checkpoint.folder), trust_remote_code=False).get_text_config()
    except Exception as error:  # from half a dozen libraries, for as many reasons
        raise unloaded(checkpoint, error) from error
    context = getattr(config, "max_position_embeddings", None)
    longest = min(longest, context) if isinstance(context, int) and context > 0 else longest
    good: list[list[Encoded]] = []
    bad: list[BadRow] = []
    for number, chat in enumerate(chats, start=1):
        line = chat.line or number
        try:
            told = chat.thinking() if is_organism(tokenizer) else chat
            found = encode(tokenizer, told.messages, told.tools)
        except InputError as error:
            bad.append(BadRow(line, error.what))
            continue
        examples = [each for each in found if each.ours[1:].any()]  # nothing stands before the first token
        size = max((len(each.tokens) for each in found), default=0)
        if size > longest:
            bad.append(BadRow(line, f"{size} tokens, more than {longest}"))
        elif not examples:
            bad.append(BadRow(line, "no token of the assistant's is left to learn"))
        else:
            good.append(examples)
    return tokenizer, good, bad


def unloaded(checkpoint: Checkpoint, error: Exception) -> InputError:
    """Return the error of a checkpoint that cannot be loaded."""
    return InputError(f"cannot be loaded ({error_line(error)})", where=str(checkpoint.folder))
