"""Muon: momentum whose update of a matrix is made orthogonal; it learns from about half the tokens that AdamW needs.

Keller Jordan and others, "Muon: an optimizer for hidden layers in neural networks" (2024), with the scale of Liu and
others, "Muon is scalable for LLM training" (arXiv 2502.16982), under which AdamW's learning rates fit. PyTorch's own
`torch.optim.Muon` computes in bfloat16, which takes twenty times as long on a CPU that has no instructions for it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import torch

__all__ = ["Muon"]

_STEPS: Final = 5
_A, _B, _C = 3.4445, -4.7750, 2.0315  # of the quintic Newton-Schulz iteration
_LIKE_ADAMW: Final = 0.2  # root mean square of AdamW's updates


class Muon:
    """Optimises matrices; those of one shape are worked on together.

    Args:
        weights: Matrices alone.
        rate: Learning rate, as for AdamW; set anew with every step.
        momentum: Of the running mean of gradients.
        decay: Weight decay, times the learning rate.
    """

    def __init__(
        self, weights: Iterable[torch.nn.Parameter], *, rate: float, momentum: float = 0.95, decay: float = 0.01
    ) -> None:
        import torch

        shapes: dict[tuple[int, ...], list[torch.nn.Parameter]] = {}
        for weight in weights:
            shapes.setdefault(tuple(weight.shape), []).append(weight)
        self._groups = [
            (alike, torch.zeros(len(alike), *shape, device=alike[0].device)) for shape, alike in shapes.items()
        ]
        self.rate = rate
        self._momentum = momentum
        self._decay = decay

    def step(self) -> None:
        """Move along the gradients."""
        import torch

        for alike, mean in self._groups:
            given = [weight.grad for weight in alike if weight.grad is not None]
            gradients = torch.stack(given)
            mean.lerp_(gradients, 1 - self._momentum)
            update = _orthogonal(gradients.lerp_(mean, self._momentum))
            scale = _LIKE_ADAMW * max(alike[0].shape) ** 0.5
            values = [weight.data for weight in alike]
            torch._foreach_mul_(values, 1 - self.rate * self._decay)
            torch._foreach_add_(values, list(update.unbind()), alpha=-self.rate * scale)

    def state_dict(self) -> dict[str, Any]:
        """Return what is needed to go on."""
        return {"means": [mean for _, mean in self._groups]}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from what was returned."""
        for (_, mean), saved in zip(self._groups, state["means"], strict=True):
            mean.copy_(saved)


def _orthogonal(matrices: torch.Tensor) -> torch.Tensor:
    """Return matrices with about the same singular vectors, and singular values near 1."""
    tall = matrices.shape[-2] > matrices.shape[-1]
    x: torch.Tensor = matrices.mT if tall else matrices
    x = x / (x.norm(dim=(-2, -1), keepdim=True) + 1e-7)
    for _ in range(_STEPS):
        square = x @ x.mT
        x = _A * x + (_B * square + _C * (square @ square)) @ x
    return x.mT if tall else x
