"""What a model can be asked for, found out before it is: on a few tokens, and from its configuration."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from discretion.models.whole_turns import Prompt, first_logits

if TYPE_CHECKING:
    import torch

__all__ = ["alike", "longest_alike", "takes_padding", "tokens_to_try"]


def tokens_to_try(vocabulary: int, *lengths: int) -> list[list[int]]:
    """Return prompts of these lengths, all different."""
    return [[(7 * i + 3 * j + 1) % vocabulary for i in range(length)] for j, length in enumerate(lengths)]


def alike(wanted: torch.Tensor, got: torch.Tensor, dtype: torch.dtype) -> bool:
    """Tell whether logits are the same up to what a model of this data type makes of sums in another order."""
    import torch

    exact = dtype in (torch.float32, torch.float64)
    wanted, got = wanted.float(), got.float()
    apart = float((wanted - got).square().mean().sqrt() / (wanted.std() + 1e-6))
    return apart <= (1e-3 if exact else 0.1)


def takes_padding(model: Any, vocabulary: int, pad: int) -> bool:
    """Tell whether a row that is padded on the left writes what it writes alone; some recurrent layers read padding."""
    import torch

    prompts = [Prompt(tokens, 0, 3) for tokens in tokens_to_try(vocabulary, 48, 5)]
    try:
        with torch.inference_mode():
            together, chosen = first_logits(model, prompts, pad=pad)
            for row, prompt in enumerate(prompts):
                alone, wrote = first_logits(model, [prompt], pad=pad)
                for step in range(len(alone)):
                    if not alike(alone[step][0], together[step][row], model.dtype):
                        return False
                    if wrote[0][step] != chosen[row][step]:
                        break  # tied: from here on they read different tokens
    except Exception:  # whatever a model does not take in a batch, it may take alone
        return False
    return True


def longest_alike(config: Any) -> int | None:
    """Return below which length a sequence is read alike in all company, or `None` where that is at any length.

    Some rotary positions (`longrope`, `dynamic`) have frequencies that follow from the longest sequence of a pass,
    once that is longer than what the model was first trained on.
    """
    found = [each for name in ("rope_parameters", "rope_scaling") for each in _nested(getattr(config, name, None))]
    if not any(each.get("rope_type", each.get("type")) in ("longrope", "su", "dynamic") for each in found):
        return None
    limits = [each.get("original_max_position_embeddings") for each in found]
    limits += [getattr(config, f"{which}max_position_embeddings", None) for which in ("original_", "")]
    return min((limit for limit in limits if isinstance(limit, int)), default=0)


def _nested(settings: Any) -> Iterator[dict[str, Any]]:
    """Give settings and, where each kind of layer has its own, theirs."""
    if isinstance(settings, dict):
        yield settings
        for inner in settings.values():
            yield from _nested(inner)
