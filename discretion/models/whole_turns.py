"""Turns written by transformers' own `generate`, a batch at a time: for models that rows cannot share steps of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from discretion.models.noise import Noise

if TYPE_CHECKING:
    import torch

__all__ = ["Prompt", "generated"]


class Prompt(NamedTuple):
    """Tokens to go on from.

    Attributes:
        tokens: At least one.
        seed: Of what is drawn.
        room: How many may be written.
    """

    tokens: list[int]
    seed: int
    room: int


def generated(
    model: Any, prompts: Sequence[Prompt], *, temperature: float | None, stops: frozenset[int], pad: int
) -> list[list[int]]:
    """Return what is written after each prompt, the token that ended it included.

    Args:
        model: Of transformers.
        prompts: At least one, all with the same room.
        temperature: Greedy where there is none.
        stops: Tokens that end a turn.
        pad: A token for where there is none.
    """
    import torch
    from transformers import GenerationConfig, LogitsProcessorList

    width = max(len(prompt.tokens) for prompt in prompts)
    tokens = torch.full((len(prompts), width), pad)
    mask = torch.zeros((len(prompts), width), dtype=torch.long)
    for row, prompt in enumerate(prompts):
        tokens[row, width - len(prompt.tokens) :] = torch.tensor(prompt.tokens)
        mask[row, width - len(prompt.tokens) :] = 1
    config = GenerationConfig(
        do_sample=False, max_new_tokens=prompts[0].room, pad_token_id=pad, eos_token_id=sorted(stops) or None
    )
    noise = LogitsProcessorList([_numbers])
    if temperature:
        noise.append(Noise([prompt.seed for prompt in prompts], temperature, model.device))
    output = model.generate(
        input_ids=tokens.to(model.device),
        attention_mask=mask.to(model.device),
        generation_config=config,
        logits_processor=noise,
    )
    return [_until_stop(row, stops) for row in output[:, width:].tolist()]


def _numbers(input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
    """Return logits as they are; the likeliest of none that are numbers would be a token like any other."""
    if scores.isnan().any():
        raise ValueError("its logits are no numbers; ask for dtype float32")
    return scores


def _until_stop(tokens: list[int], stops: frozenset[int]) -> list[int]:
    end = next((i for i, token in enumerate(tokens) if token in stops), len(tokens))
    return tokens[: end + 1]
