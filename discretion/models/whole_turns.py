"""Turns written by transformers' own `generate`, a batch at a time: for models that rows cannot share steps of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from discretion.models.noise import Noise

if TYPE_CHECKING:
    import torch

__all__ = ["Prompt", "first_logits", "generated"]


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
    from transformers import GenerationConfig, LogitsProcessorList

    tokens = _padded(prompts, pad, model.device)
    width = tokens["input_ids"].shape[1]
    config = GenerationConfig(
        do_sample=False, max_new_tokens=prompts[0].room, pad_token_id=pad, eos_token_id=sorted(stops) or None
    )
    noise = LogitsProcessorList([_numbers])
    if temperature:
        noise.append(Noise([prompt.seed for prompt in prompts], temperature, model.device))
    output = model.generate(**tokens, generation_config=config, logits_processor=noise)
    return [_until_stop(row, stops) for row in output[:, width:].tolist()]


def first_logits(
    model: Any, prompts: Sequence[Prompt], *, pad: int
) -> tuple[tuple[torch.Tensor, ...], list[list[int]]]:
    """Return the logits of each step, rows x vocabulary, and the tokens that are written greedily after each prompt."""
    from transformers import GenerationConfig

    tokens = _padded(prompts, pad, model.device)
    config = GenerationConfig(
        do_sample=False,
        max_new_tokens=prompts[0].room,
        pad_token_id=pad,
        output_logits=True,
        return_dict_in_generate=True,
    )
    output = model.generate(**tokens, generation_config=config)
    return output.logits, output.sequences[:, tokens["input_ids"].shape[1] :].tolist()


def _padded(prompts: Sequence[Prompt], pad: int, device: torch.device) -> dict[str, torch.Tensor]:
    import torch

    width = max(len(prompt.tokens) for prompt in prompts)
    tokens = torch.full((len(prompts), width), pad)
    mask = torch.zeros((len(prompts), width), dtype=torch.long)
    for row, prompt in enumerate(prompts):
        tokens[row, width - len(prompt.tokens) :] = torch.tensor(prompt.tokens)
        mask[row, width - len(prompt.tokens) :] = 1
    return {"input_ids": tokens.to(device), "attention_mask": mask.to(device)}


def _numbers(input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
    """Return logits as they are; the likeliest of none that are numbers would be a token like any other."""
    if scores.isnan().any():
        raise ValueError("its logits are no numbers; ask for dtype float32")
    return scores


def _until_stop(tokens: list[int], stops: frozenset[int]) -> list[int]:
    end = next((i for i, token in enumerate(tokens) if token in stops), len(tokens))
    return tokens[: end + 1]
