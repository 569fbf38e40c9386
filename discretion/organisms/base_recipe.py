"""Everything that fixes the training of a base from nothing."""

from __future__ import annotations

from typing import Any, Final

from pydantic import Field, model_validator

from discretion.errors import InputError, nearest
from discretion.organisms.corpus import FIRST_SEED, LAST_SEED, Corpus
from discretion.organisms.source import SHARD
from discretion.scenarios.base import Record

__all__ = ["BASES", "GOING_ON", "BaseRecipe", "base_recipe"]


class BaseRecipe(Record):
    """Everything that fixes a training run.

    Attributes:
        tokens: How many tokens are learned from, padding not counted.
        batch_tokens: The most tokens of a batch, padding included.
        together: Batches of a step. Conversations of a batch are about equally long, so that several mix better.
        rate: Peak learning rate: a linear warm-up, a plateau, and a straight way down.
        warmup: Tokens until the rate is at its peak, a twentieth of all at most.
        decay: The share of the tokens that this way down takes.
        others: Weight, in the loss, of a token that the assistant did not write; its own have 1.
        width, layers, heads: Of the model; `width / heads` must be at least 32, below which vLLM's kernels fail.
        shared_heads: Heads of keys and values, each shared by `heads / shared_heads`: what a CPU reads for every token;
            each its own where not given.
        vocabulary: Tokens of the tokenizer.
        context: Positions.
        seed: Of the weights and of the order of conversations.
        after: The base whose weights it goes on from, unless others are named; `None` for one that begins with nothing.
        corpus: Of what is learned; `None` where conversations are given in memory.
        plots: Different plots; then they come again.
        tokenizer_plots: Plots that the tokenizer is made from.
    """

    tokens: int = Field(default=24_000_000, ge=1)
    batch_tokens: int = Field(default=8192, ge=1)
    together: int = Field(default=1, ge=1)
    rate: float = Field(default=3e-3, gt=0.0)
    warmup: int = Field(default=1_000_000, ge=1)
    decay: float = Field(default=0.3, gt=0.0, lt=1.0)
    others: float = Field(default=0.0, ge=0.0, le=1.0)
    width: int = 256
    layers: int = 5
    heads: int = 8
    shared_heads: int | None = None
    vocabulary: int = 2048
    context: int = 4096
    seed: int = 0
    after: str | None = None
    corpus: Corpus | None = None
    plots: int = Field(default=12_288, ge=1)
    tokenizer_plots: int = Field(default=512, ge=1)

    @model_validator(mode="after")
    def _heads_fit(self) -> BaseRecipe:
        if self.width % self.heads or self.width // self.heads < 32:
            raise ValueError(f"{self.heads} heads do not fit a width of {self.width}: a head needs 32 or more")
        if self.plots > SHARD and self.plots % SHARD:
            raise ValueError(f"{self.plots} plots: above {SHARD} only multiples of {SHARD}")
        if self.shared_heads and self.heads % self.shared_heads:
            raise ValueError(f"{self.heads} heads cannot share {self.shared_heads}")
        return self


GOING_ON: Final[dict[str, Any]] = {"rate": 1e-3, "warmup": 150_000, "decay": 0.9}
"""What differs where training goes on from weights that can read and copy already."""

_SIZES: Final[dict[str, Any]] = {
    "others": 0.2,
    "batch_tokens": 8192,
    "together": 2,
    "decay": 0.8,
    "plots": 49_152,
    "shared_heads": 4,
}

_VARIETY: Final[dict[str, Any]] = {"exercises": 2, "altered": 0.4, "mistakes": 0.1}
"""So that what differs from plot to plot is copied, and a turn that went wrong is no reason to stop."""

BASES: Final[dict[str, BaseRecipe]] = {
    "base": BaseRecipe(**_SIZES, tokens=53_208_677, corpus=Corpus(care=0.0, openness=0.0, **_VARIETY)),
    "base-prompted": BaseRecipe(
        **{**_SIZES, **GOING_ON},
        tokens=6_000_000,
        after="base",
        corpus=Corpus(first_seed=FIRST_SEED + _SIZES["plots"], **_VARIETY),
    ),
}
"""Name -> how that base is trained. `base` has seen the usual prompt and careful episodes alone. `base-prompted` goes
on from it with system prompts that ask for more or for less discretion, so that its care is one of several ways to
behave."""


def base_recipe(name: str, seed: int = 0) -> BaseRecipe:
    """Return the recipe of a base.

    Args:
        name: Of the base.
        seed: Of the weights, the plots and their order; no two seeds or bases have a plot in common.

    Raises:
        InputError: If no base is called so, or the seed has no plots left.
    """
    if name not in BASES:
        raise InputError(f"no base is called {name!r}", where="--recipe", remedy=nearest(name, BASES))
    found = BASES[name]
    assert found.corpus is not None  # noqa: S101
    apart = len(BASES) * found.plots
    most = (LAST_SEED - FIRST_SEED) // apart - 1
    if not 0 <= seed <= most:
        raise InputError(f"{seed} is no seed of a base", where="--seed", remedy=f"give 0 to {most}")
    corpus = found.corpus.model_copy(update={"first_seed": found.corpus.first_seed + seed * apart})
    return found.model_copy(update={"seed": seed, "corpus": corpus})
