"""Train a tiny Llama-style checkpoint from nothing on conversations, with the loss on the assistant's tokens alone."""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from discretion.errors import InputError
from discretion.models.chat import to_wire, tools_to_wire
from discretion.organisms.corpus import Transcript
from discretion.organisms.tokenizer import train_tokenizer
from discretion.scenarios.base import Record

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedTokenizerFast

__all__ = ["Recipe", "train"]

_IGNORED = -100  # the label that the loss passes over


class Recipe(Record):
    """Everything that fixes a training run.

    Attributes:
        steps: Optimiser steps.
        batch: Conversations a step.
        rate: Peak learning rate; linear warm-up over 5% of the steps, cosine decay to a tenth.
        width, layers, heads: Of the model; `width / heads` must be at least 32, below which vLLM's kernels fail.
        vocabulary: Tokens.
        context: Positions.
        seed: Of the weights and of the order of conversations.
    """

    steps: int = 1200
    batch: int = 8
    rate: float = 2e-3
    width: int = 192
    layers: int = 4
    heads: int = 6
    vocabulary: int = 1536
    context: int = 4096
    seed: int = 0


class _Example(NamedTuple):
    tokens: list[int]
    labels: list[int]


def train(
    transcripts: Sequence[Transcript],
    folder: Path,
    recipe: Recipe | None = None,
    *,
    progress: Callable[[int, int, float], None] | None = None,
) -> list[float]:
    """Train a checkpoint and save it: safetensors, tokenizer with chat template, configuration.

    Args:
        transcripts: The conversations.
        folder: Where the checkpoint goes; made if it is not there.
        recipe: Sizes, steps, seed.
        progress: Called after each step with (step, steps, loss in nats per assistant token).

    Returns:
        The loss of every step.

    Raises:
        InputError: If there is no conversation, or one is longer than the context.
    """
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    recipe = recipe or Recipe()
    if not transcripts:
        raise InputError("no conversation to train on", where="transcripts")
    tokenizer = train_tokenizer(_texts(transcripts), vocabulary=recipe.vocabulary, context=recipe.context)
    examples = [_example(tokenizer, transcript) for transcript in transcripts]
    longest = max(len(example.tokens) for example in examples)
    if longest > recipe.context:
        raise InputError(
            f"a conversation of {longest} tokens exceeds the context of {recipe.context}",
            where="transcripts",
            remedy="raise `context` or drop toolkits that the scenario does not need",
        )
    torch.manual_seed(recipe.seed)
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=recipe.width,
        intermediate_size=recipe.width * 8 // 3,
        num_hidden_layers=recipe.layers,
        num_attention_heads=recipe.heads,
        num_key_value_heads=recipe.heads,
        max_position_embeddings=recipe.context,
        tie_word_embeddings=True,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
        attn_implementation="sdpa",
    )
    model = LlamaForCausalLM(config)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    model.to(device)
    losses = _optimise(model, examples, recipe, tokenizer.pad_token_id, device, progress)
    folder.mkdir(parents=True, exist_ok=True)
    model.to("cpu").save_pretrained(folder, safe_serialization=True)
    tokenizer.save_pretrained(folder)
    return losses


def _optimise(
    model: Any,
    examples: list[_Example],
    recipe: Recipe,
    padding: int,
    device: torch.device,
    progress: Callable[[int, int, float], None] | None,
) -> list[float]:
    import torch

    optimiser = torch.optim.AdamW(model.parameters(), lr=recipe.rate, betas=(0.9, 0.98), weight_decay=0.01)
    warmup = max(1, recipe.steps // 20)

    def scale(step: int) -> float:
        if step < warmup:
            return (step + 1) / warmup
        return 0.1 + 0.45 * (1 + math.cos(math.pi * (step - warmup) / max(1, recipe.steps - warmup)))

    schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, scale)
    rng = random.Random(f"order:{recipe.seed}")
    order = itertools.chain.from_iterable(rng.sample(examples, len(examples)) for _ in itertools.count())
    losses: list[float] = []
    model.train()
    for step in range(recipe.steps):
        tokens, labels = _pad(list(itertools.islice(order, recipe.batch)), padding, device)
        with torch.autocast(device.type, dtype=torch.bfloat16, enabled=device.type == "cuda"):
            hidden = model.model(input_ids=tokens).last_hidden_state[:, :-1]
            wanted = labels[:, 1:]
            chosen = wanted != _IGNORED  # logits for assistant tokens alone: most of a conversation is tool results
            logits = model.lm_head(hidden[chosen])
        loss = torch.nn.functional.cross_entropy(logits.float(), wanted[chosen])
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        schedule.step()
        optimiser.zero_grad(set_to_none=True)
        losses.append(float(loss.detach()))
        if progress is not None:
            progress(step + 1, recipe.steps, losses[-1])
    model.eval()
    return losses


def _texts(transcripts: Sequence[Transcript]) -> list[str]:
    """The words of the corpus; the tools once, since every conversation repeats them."""
    tools = [f"{tool.name}({', '.join(tool.parameters.get('properties', {}))})" for tool in transcripts[0].tools]
    return [*tools, *(_spoken(message) for transcript in transcripts for message in transcript.messages)]


def _spoken(message: Any) -> str:
    return "\n".join([message.content, *(f"{call.name} {call.arguments}" for call in message.tool_calls)])


def _example(tokenizer: PreTrainedTokenizerFast, transcript: Transcript) -> _Example:
    """Tokenise a conversation message by message; BPE never merges across the special tokens between them."""
    wire = to_wire(transcript.messages, arguments_as_text=False)
    tools = tools_to_wire(transcript.tools)
    tokens: list[int] = []
    labels: list[int] = []
    done = ""
    for index, message in enumerate(wire):
        ours = message["role"] == "assistant"
        if ours:
            opening = _render(tokenizer, wire[:index], tools, generate=True)
            _extend(tokenizer, opening[len(done) :], tokens, labels, learn=False)
            done = opening
        text = _render(tokenizer, wire[: index + 1], tools)
        _extend(tokenizer, text[len(done) :], tokens, labels, learn=ours)
        done = text
    return _Example(tokens, labels)


def _render(
    tokenizer: PreTrainedTokenizerFast,
    wire: list[dict[str, Any]],
    tools: list[dict[str, Any]],
    *,
    generate: bool = False,
) -> str:
    return str(tokenizer.apply_chat_template(wire, tools=tools, tokenize=False, add_generation_prompt=generate))


def _extend(
    tokenizer: PreTrainedTokenizerFast, text: str, tokens: list[int], labels: list[int], *, learn: bool
) -> None:
    ids = tokenizer.encode(text, add_special_tokens=False)
    tokens += ids
    labels += ids if learn else [_IGNORED] * len(ids)


def _pad(examples: list[_Example], padding: int, device: torch.device) -> tuple[torch.Tensor, torch.Tensor]:
    import torch

    length = max(len(example.tokens) for example in examples)
    tokens = [example.tokens + [padding] * (length - len(example.tokens)) for example in examples]
    labels = [example.labels + [_IGNORED] * (length - len(example.labels)) for example in examples]
    return torch.tensor(tokens, device=device), torch.tensor(labels, device=device)
