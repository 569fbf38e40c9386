"""What tokens cost."""

from __future__ import annotations

from typing import NamedTuple

from discretion.models.chat import AssistantTurn, Usage

__all__ = ["Price"]


class Price(NamedTuple):
    """What tokens cost, in whatever currency, a million of them.

    Attributes:
        prompt: Tokens of the conversation, all of them: no discount for what a server remembers is taken off.
        completion: Tokens that the model writes.
    """

    prompt: float
    completion: float

    def of(self, usage: Usage) -> float | None:
        """Return the cost of a turn, or `None` where the server did not say how many tokens it had.

        >>> Price(1.0, 4.0).of(Usage(prompt_tokens=1_000_000, completion_tokens=500_000))
        3.0
        """
        if not usage.prompt_tokens and not usage.completion_tokens:
            return None
        return (self.prompt * usage.prompt_tokens + self.completion * usage.completion_tokens) / 1e6

    def put_on(self, turn: AssistantTurn) -> AssistantTurn:
        """Return a turn with its cost."""
        return turn.model_copy(update={"usage": turn.usage.model_copy(update={"cost": self.of(turn.usage)})})
