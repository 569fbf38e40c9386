"""What has been read stays read: keys and values of past conversations, for the next turn that begins the same way."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import torch

__all__ = ["Prefixes", "Remembered"]

Tokens = npt.NDArray[np.int32]


class Remembered(NamedTuple):
    """A conversation that was read.

    Attributes:
        tokens: All of it, the model's last words included.
        prompt: How many of them were the prompt.
        held: Their keys and values, tokens along the last dimension but one.
    """

    tokens: Tokens
    prompt: int
    held: torch.Tensor


class Prefixes:
    """Conversations within a budget of memory; the one that was of use longest ago goes first.

    Args:
        budget: In bytes.
    """

    def __init__(self, budget: int) -> None:
        self._budget = budget
        self._known: OrderedDict[int, Remembered] = OrderedDict()
        self._next = 0
        self.size = 0
        """Bytes that are held."""

    def __len__(self) -> int:
        return len(self._known)

    def find(self, tokens: Tokens) -> tuple[int, Remembered | None]:
        """Return how many tokens of a prompt were read before, and where; the last token is always read anew."""
        best, key = 0, None
        for candidate, known in self._known.items():
            shared = _shared(known.tokens, tokens)
            if shared >= best and shared:
                best, key = shared, candidate
        if key is None:
            return 0, None
        self._known.move_to_end(key)
        return min(best, len(tokens) - 1), self._known[key]

    def add(self, tokens: Sequence[int], prompt: int, held: Callable[[], torch.Tensor], token_bytes: int) -> None:
        """Remember a conversation, in place of those that it goes on from.

        Args:
            tokens: All of it.
            prompt: How many of them were the prompt.
            held: Copies their keys and values, tokens along the last dimension but one; called once there is room.
            token_bytes: What one token of them takes.
        """
        all_tokens = np.asarray(tokens, dtype=np.int32)
        for key, known in list(self._known.items()):
            # The prompt of the one is the beginning of the other: the same conversation, a turn ago.
            if known.prompt <= prompt and _shared(known.tokens, all_tokens) >= known.prompt:
                self._forget(key)
        size = len(tokens) * token_bytes
        if size > self._budget:
            return
        while self._known and self.size + size > self._budget:
            self._forget(next(iter(self._known)))
        new = Remembered(all_tokens, prompt, held())
        self._known[self._next] = new
        self._next += 1
        self.size += _bytes(new.held)

    def clear(self) -> None:
        """Forget everything."""
        self._known.clear()
        self.size = 0

    def _forget(self, key: int) -> None:
        self.size -= _bytes(self._known.pop(key).held)


def _shared(one: Tokens, other: Tokens) -> int:
    """Return how many tokens two conversations begin with alike."""
    most = min(len(one), len(other))
    differ = np.flatnonzero(one[:most] != other[:most])
    return int(differ[0]) if differ.size else most


def _bytes(held: torch.Tensor) -> int:
    return held.numel() * held.element_size()
