"""Batches of about equally long conversations, so that little of a batch is padding."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from discretion.organisms.encoding import Encoded
from discretion.organisms.source import Source

if TYPE_CHECKING:
    import torch

__all__ = ["Batch", "Place", "batches"]


class Place(NamedTuple):
    """Where in the sequence a training run is: a window of the source, and a batch of it."""

    window: int = 0
    batch: int = 0


class Batch(NamedTuple):
    """What one step learns from.

    Attributes:
        tokens: (conversations, longest), padded at the end: a causal model never looks there.
        before: Flat places, in `tokens`, of the tokens before those that are learned.
        wanted: The tokens that are learned: what the model should say at `before`. The assistant's come first.
        ours: How many of `wanted` are the assistant's.
        size: Tokens without padding.
        following: The place after this batch.
    """

    tokens: torch.Tensor
    before: torch.Tensor
    wanted: torch.Tensor
    ours: int
    size: int
    following: Place


def batches(
    source: Source, *, tokens: int, padding: int, seed: int, start: Place, others: bool = False
) -> Iterator[Batch]:
    """Yield batches without end.

    Args:
        source: Of conversations.
        tokens: The most tokens in a batch, padding included; one conversation at least.
        padding: The token that fills up.
        seed: Of the order of batches.
        start: Where to begin.
        others: Whether the tokens that the assistant did not write are learned as well.
    """
    window, first = start
    while True:
        cut = _cut(source.window(window), tokens)
        random.Random(f"batches:{seed}:{window}").shuffle(cut)
        for place in range(first, len(cut)):
            following = Place(window, place + 1) if place + 1 < len(cut) else Place(window + 1, 0)
            yield _pad(cut[place], padding, following, others=others)
        window, first = window + 1, 0


def _cut(examples: Sequence[Encoded], most: int) -> list[list[Encoded]]:
    """Cut conversations, sorted by length, into batches."""
    cut: list[list[Encoded]] = []
    for example in sorted(examples, key=lambda each: len(each.tokens)):
        if cut and (len(cut[-1]) + 1) * len(example.tokens) <= most:
            cut[-1].append(example)
        else:
            cut.append([example])
    return cut


def _pad(examples: Sequence[Encoded], padding: int, following: Place, *, others: bool) -> Batch:
    import numpy as np
    import torch

    longest = max(len(example.tokens) for example in examples)
    tokens = np.full((len(examples), longest), padding, dtype=np.int64)
    ours = np.zeros((len(examples), longest), dtype=bool)
    theirs = np.zeros((len(examples), longest), dtype=bool)
    for row, example in enumerate(examples):
        tokens[row, : len(example.tokens)] = example.tokens
        ours[row, : len(example.tokens)] = example.ours
        theirs[row, : len(example.tokens)] = example.theirs
    ours[:, 0] = theirs[:, 0] = False  # nothing stands before the first token
    own = np.flatnonzero(ours)
    places = np.concatenate([own, np.flatnonzero(theirs)]) if others else own
    return Batch(
        torch.from_numpy(tokens),
        torch.from_numpy(places - 1),
        torch.from_numpy(tokens.reshape(-1)[places]),
        len(own),
        sum(len(example.tokens) for example in examples),
        following,
    )
