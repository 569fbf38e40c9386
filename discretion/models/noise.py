"""Draws of tokens that depend on a seed and a place alone, not on the rows beside."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

__all__ = ["Noise"]


class Noise:
    """Makes the greedy choice a draw: the argmax of logits / T plus Gumbel noise is a sample of the softmax.

    Each row has a generator of its own, so that a draw depends on its seed and place in the turn alone, and not on the
    rows beside it. The numbers of a CPU and of a GPU differ.

    Args:
        seeds: One a row.
        temperature: T.
        device: Of the logits.
    """

    def __init__(self, seeds: Sequence[int], temperature: float, device: torch.device) -> None:
        self._temperature = temperature
        self._rows = [self.seeded(seed, device) for seed in seeds]

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        """Return the scores with noise; `generate` calls this."""
        return self.added(scores, self._temperature, self._rows)

    @staticmethod
    def seeded(seed: int, device: torch.device) -> torch.Generator:
        """Return the generator of a row."""
        import torch

        return torch.Generator(device).manual_seed(seed)

    @staticmethod
    def added(scores: torch.Tensor, temperature: float, rows: Sequence[torch.Generator | None]) -> torch.Tensor:
        """Return logits / T with the next noise of each row."""
        import torch

        drawn = torch.empty(scores.shape, dtype=torch.float32, device=scores.device)
        for row, generator in zip(drawn, rows, strict=True):
            row.exponential_(generator=generator)
        return scores.float() / temperature - drawn.log()
