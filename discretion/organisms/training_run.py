"""A model in training: its weights, its optimisers, how far it is, and how much longer it goes on."""

from __future__ import annotations

import math
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from discretion.organisms.base_recipe import BaseRecipe
from discretion.organisms.batches import Batch, Place
from discretion.organisms.learned import learned_logits
from discretion.organisms.muon import Muon
from discretion.organisms.precision import ready

if TYPE_CHECKING:
    import torch

__all__ = ["ENDLESS", "Pace", "TrainingRun"]

ENDLESS: Final = 10**12
"""Tokens of a run whose number is not known yet."""

_MARGIN: Final = 1.0  # seconds


class Pace:
    """Decides how many tokens can be learned from in a given time: by the speed so far, before the way down begins.

    Args:
        minutes: Of training.
        decay: The share of the tokens that the way down takes.
        spent: Seconds that a run that goes on has trained for.
        total: What was decided before it stopped; 0 where nothing was.
    """

    def __init__(self, minutes: float, decay: float, *, spent: float = 0.0, total: int = 0) -> None:
        self._decay = decay
        self._seconds = 60 * minutes
        self._start = time.monotonic() - spent
        self._mark: tuple[float, int] | None = None
        self._total = total

    @property
    def over(self) -> float:
        """Seconds of training so far."""
        return time.monotonic() - self._start

    @property
    def decided(self) -> int:
        """The number of tokens; 0 while it is open."""
        return self._total

    def total(self, tokens: int) -> int:
        """Return the number of tokens; more than there ever are while it is open."""
        over = self.over
        if self._mark is None and over > min(0.25, 0.5 * (1 - self._decay)) * self._seconds:
            self._mark = (over, tokens)
        elif self._mark is not None and not self._total and over > (1 - self._decay) * self._seconds - _MARGIN:
            speed = (tokens - self._mark[1]) / (over - self._mark[0])
            self._total = max(round(tokens + speed * (self._seconds - over)), math.ceil(tokens / (1 - self._decay)))
        return self._total or ENDLESS


class TrainingRun:
    """A model in training: weights, optimiser, and the place in the sequence of batches."""

    def __init__(self, model: Any, recipe: BaseRecipe, device: torch.device) -> None:
        import torch

        self.model = model
        self.recipe = recipe
        self.device = device
        self.tokens = 0
        self.place = Place()
        self.losses: list[Any] = []
        self.total = recipe.tokens
        self.seconds, self.decided = 0.0, 0  # what a `Pace` goes on from
        layers = {id(weight) for weight in model.model.layers.parameters() if weight.ndim == 2}  # Muon's
        inner = [weight for weight in model.parameters() if id(weight) in layers]
        outer = [weight for weight in model.parameters() if id(weight) not in layers]
        self._half = ready(model, device)
        self._muon = Muon(inner, rate=recipe.rate)
        self._adamw = torch.optim.AdamW(
            outer, lr=recipe.rate, betas=(0.9, 0.98), weight_decay=0.01, fused=device.type == "cuda"
        )
        model.train()

    def step(self, *together: Batch) -> None:
        """Learn from some batches, in one step."""
        import torch

        rate = self.recipe.rate * _scale(self.tokens, self.total, self.recipe)
        losses = [self._look(batch, len(together)) for batch in together]
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        for group in self._adamw.param_groups:
            group["lr"] = rate
        self._adamw.step()
        self._muon.rate = rate
        self._muon.step()
        self.model.zero_grad(set_to_none=True)
        self.losses.append(sum(losses) / len(losses))  # read later: reading waits for the device
        self.tokens += sum(batch.size for batch in together)
        self.place = together[-1].following

    def _look(self, batch: Batch, share: int) -> Any:
        """Find the gradients of a batch, as one of so many; return its loss."""
        import torch

        tokens, before, wanted = (each.to(self.device, non_blocking=True) for each in batch[:3])
        logits = learned_logits(self.model, tokens, before, half=self._half)
        each = torch.nn.functional.cross_entropy(logits, wanted, reduction="none")
        ours, others = each[: batch.ours].sum(), each[batch.ours :].sum()
        loss = ours + self.recipe.others * others
        weight = share * (batch.ours + self.recipe.others * (len(each) - batch.ours))
        (loss / weight).backward()  # type: ignore[no-untyped-call]
        return ours.detach() / batch.ours

    def recent_loss(self) -> float:
        """Return the mean loss of the last ten steps."""
        return sum(float(loss) for loss in self.losses[-10:]) / len(self.losses[-10:])

    def all_losses(self) -> list[float]:
        """Return the loss of every step."""
        import torch

        if any(isinstance(loss, torch.Tensor) for loss in self.losses):
            self.losses = [float(loss) for loss in self.losses]
        return self.losses

    def save(self, path: Path) -> None:
        """Save what is needed to go on; an older saving is replaced when the new one is whole."""
        import torch

        beside = path.with_suffix(".part")
        state = {
            "model": self.model.state_dict(),
            "adamw": self._adamw.state_dict(),
            "muon": self._muon.state_dict(),
            "tokens": self.tokens,
            "pace": [self.seconds, self.decided],
            "place": list(self.place),
            "losses": self.all_losses(),
        }
        torch.save(state, beside)
        beside.replace(path)

    def load(self, path: Path) -> None:
        """Go on from a saving."""
        import torch

        state = torch.load(path, map_location=self.device, weights_only=True)
        self.model.load_state_dict(state["model"])
        self._adamw.load_state_dict(state["adamw"])
        self._muon.load_state_dict(state["muon"])
        self.tokens = state["tokens"]
        self.seconds, self.decided = state.get("pace", (0.0, 0))
        self.place = Place(*state["place"])
        self.losses = state["losses"]


def _scale(tokens: int, total: int, recipe: BaseRecipe) -> float:
    """Return the share of the peak learning rate: a warm-up, a plateau, and a straight way down at the end.

    Up to the way down it does not depend on how long training goes on, which may be decided on the way.
    """
    left = 1.0 - tokens / total
    return min(max(0.01, tokens / min(recipe.warmup, total / 20)), 1.0, max(0.01, left / recipe.decay))
