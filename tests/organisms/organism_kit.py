"""How the bases of these tests are trained: for a moment."""

from __future__ import annotations

from discretion.organisms import BaseRecipe, Corpus

TINY = BaseRecipe(
    tokens=40_000,
    batch_tokens=8_000,
    width=32,
    layers=1,
    heads=1,
    vocabulary=500,
    corpus=Corpus(),
    plots=12,
    tokenizer_plots=4,
)
