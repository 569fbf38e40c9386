"""Turns that wait to be written, and how many of them go together: by memory, and by what company would change."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable, Iterator, Sequence

from discretion.models.kv_rows import stepped
from discretion.models.whole_turns import Prompt

__all__ = ["Waiting", "need"]


def need(prompt: Prompt) -> int:
    """Return how many tokens a turn will have read and written in the end."""
    return len(prompt.tokens) + prompt.room


class Waiting:
    """Turns in the order in which they came, each with its ticket.

    Args:
        size: The most turns side by side.
        budget: Bytes for the keys and values of all of them.
        token_bytes: What one token takes of it; 0 if that is not known.
        alike: How long a turn has to be for company to change it, or `None`.
        batches: Whether turns can go together at all.

    Attributes:
        size: See above; it may be lowered.
    """

    def __init__(self, size: int, budget: int, token_bytes: int, *, alike: int | None, batches: bool) -> None:
        self.size = size
        self._budget = budget
        self._token_bytes = token_bytes
        self._alike = alike
        self._batches = batches
        self._turns: deque[tuple[int, Prompt]] = deque()

    def __len__(self) -> int:
        return len(self._turns)

    def __iter__(self) -> Iterator[tuple[int, Prompt]]:
        return iter(self._turns)

    def add(self, new: Iterable[tuple[int, Prompt]]) -> None:
        """Let turns wait."""
        self._turns += new

    def drop(self, tickets: Collection[int]) -> None:
        """Forget turns that nobody wants any more."""
        self._turns = deque(each for each in self._turns if each[0] not in tickets)

    def clear(self) -> None:
        """Forget all."""
        self._turns.clear()

    def most(self, needs: Iterable[int]) -> int:
        """Return how many turns memory bears side by side where the longest needs as much as the longest of these."""
        bytes_each = self._token_bytes * stepped(max(needs, default=0))
        return min(self.size, max(1, self._budget // bytes_each)) if bytes_each else self.size

    def in_company(self) -> bool:
        """Tell whether the first can share its passes with others and come out the same."""
        return bool(self._turns) and self._shares(self._turns[0][1])

    def joining(self, running: Sequence[Prompt]) -> list[tuple[int, Prompt]]:
        """Take those that may join rows, in order, as long as memory bears what all will need in the end."""
        new: list[tuple[int, Prompt]] = []
        widest = max(map(need, running), default=0)
        while self.in_company() and len(running) + len(new) < self.most((widest, need(self._turns[0][1]))):
            widest = max(widest, need(self._turns[0][1]))
            new.append(self._turns.popleft())
        return new

    def batch(self) -> list[tuple[int, Prompt]]:
        """Take the first, and all that can share a batch with it to their ends: none must shorten another."""
        alone = not self.in_company()
        batch = [self._turns.popleft()]
        room, widest = batch[0][1].room, need(batch[0][1])
        for each in () if alone else list(self._turns):
            fits = each[1].room == room and self._shares(each[1])
            if fits and len(batch) < self.most((widest, need(each[1]))):
                widest = max(widest, need(each[1]))
                batch.append(each)
                self._turns.remove(each)
        return batch

    def _shares(self, prompt: Prompt) -> bool:
        return self._batches and (self._alike is None or need(prompt) < self._alike)
