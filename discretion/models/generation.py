"""Local weights: loaded once, and made to write several turns in one batch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from discretion.errors import InputError, ModelFault
from discretion.models.chat import Message, ToolSpec
from discretion.models.chat_template import ChatTemplate
from discretion.models.checkpoint import Checkpoint
from discretion.models.protocol import Sampling
from discretion.models.toolcalls import Convention

if TYPE_CHECKING:
    import torch

__all__ = ["Generator", "Prompt", "Written"]

_TURN_ENDS: Final = ("<|im_end|>", "<|eot_id|>", "<end_of_turn>")
_ENDLESS: Final = 10**9  # tokenizers without a limit say so with a huge number


class Prompt(NamedTuple):
    """Tokens to go on from, and the seed of what is drawn."""

    tokens: list[int]
    seed: int


class Written(NamedTuple):
    """What the model wrote.

    Attributes:
        text: Without the token that ended it.
        tokens: How many, the one that ended it included.
        cut: No token ended it.
    """

    text: str
    tokens: int
    cut: bool


class Generator:
    """A causal language model with its tokenizer. Every method may block; none is thread-safe.

    Args:
        checkpoint: Where it lies.
        form: The convention whose tags must outlive decoding.
        device: `auto` is a GPU where there is one.
        dtype: `auto` is float32 on a CPU and the checkpoint's own elsewhere.
        trust_remote_code: Whether code of the checkpoint may run.

    Raises:
        InputError: If it cannot be loaded.
    """

    def __init__(
        self, checkpoint: Checkpoint, form: Convention, *, device: str, dtype: str, trust_remote_code: bool
    ) -> None:
        import torch

        self._where = where = f"hf:{checkpoint.folder}"
        try:
            self.device = torch.device(_best_device() if device == "auto" else device)
            self.tokenizer, self.model = _load(checkpoint, self.device, dtype, trust_remote_code)
        except Exception as error:  # from half a dozen libraries, for as many reasons
            raise InputError(f"cannot be loaded ({_line(error)})", where=where, remedy=_remedy(error)) from error
        self.template = ChatTemplate(self.tokenizer, form, where=where)
        self.context = self._context()
        self._stops = self._stop_tokens()
        kept = {self.tokenizer.convert_tokens_to_ids(tag) for tag in form.tags}
        self._hidden = frozenset(self.tokenizer.all_special_ids) - kept | self._stops

    def prompt(self, messages: Sequence[Message], tools: Sequence[ToolSpec], seed: int) -> Prompt:
        """Return the tokens of a conversation.

        Raises:
            ModelFault: If the template refuses it, or it leaves no room in the context.
        """
        try:
            text = self.template.render(messages, tools)
        except Exception as error:  # templates raise what they like
            raise ModelFault(
                f"the chat template refuses the conversation ({_line(error)})",
                where=self._where,
                remedy="its chat template has to take several calls a turn, and news after them",
            ) from None
        tokens = self.tokenizer.encode(text, add_special_tokens=False, verbose=False)
        if len(tokens) >= self.context:
            raise ModelFault(
                f"prompt of {len(tokens)} tokens exceeds the context of {self.context}",
                where=self._where,
                remedy="use a checkpoint with a longer context",
            )
        return Prompt(tokens, seed)

    def write(self, prompts: Sequence[Prompt], sampling: Sampling) -> list[Written | ModelFault]:
        """Go on from each prompt. What one becomes does not depend on which others share its batch."""
        results: dict[int, Written | ModelFault] = {}
        # Rows near the end of the context run apart: they may write less, and must not shorten the others.
        room = [min(sampling.max_tokens, self.context - len(prompt.tokens)) for prompt in prompts]
        for longest in sorted(set(room)):
            rows = [i for i in range(len(prompts)) if room[i] == longest]
            results.update(zip(rows, self._try([prompts[i] for i in rows], longest, sampling), strict=True))
        return [results[i] for i in range(len(prompts))]

    def _try(self, prompts: Sequence[Prompt], longest: int, sampling: Sampling) -> Sequence[Written | ModelFault]:
        """Write; where a batch fails, its halves are tried, so that memory or one bad row fails as few as possible."""
        try:
            return self._write(prompts, longest, sampling)
        except Exception as error:
            problem = _line(error)
        if len(prompts) > 1:
            half = len(prompts) // 2
            return [*self._try(prompts[:half], longest, sampling), *self._try(prompts[half:], longest, sampling)]
        return [ModelFault(f"generation failed ({problem})", where=self._where, remedy="lower the batch size")]

    def _write(self, prompts: Sequence[Prompt], longest: int, sampling: Sampling) -> list[Written]:
        import torch
        from transformers import GenerationConfig, LogitsProcessorList

        pad = self.tokenizer.pad_token_id if self.tokenizer.pad_token_id is not None else min(self._stops, default=0)
        width = max(len(prompt.tokens) for prompt in prompts)
        tokens = torch.full((len(prompts), width), pad)
        mask = torch.zeros((len(prompts), width), dtype=torch.long)
        for row, prompt in enumerate(prompts):
            tokens[row, width - len(prompt.tokens) :] = torch.tensor(prompt.tokens)
            mask[row, width - len(prompt.tokens) :] = 1
        config = GenerationConfig(
            do_sample=False, max_new_tokens=longest, pad_token_id=pad, eos_token_id=sorted(self._stops) or None
        )
        noise = LogitsProcessorList()
        if sampling.temperature:
            noise.append(_Noise([prompt.seed for prompt in prompts], sampling.temperature, self.device))
        with torch.inference_mode():
            output = self.model.generate(
                input_ids=tokens.to(self.device),
                attention_mask=mask.to(self.device),
                generation_config=config,
                logits_processor=noise,
            )
        return [self._read(row) for row in output[:, width:].tolist()]

    def _read(self, tokens: list[int]) -> Written:
        end = next((i for i, token in enumerate(tokens) if token in self._stops), None)
        words = [token for token in tokens[:end] if token not in self._hidden]
        text = self.tokenizer.decode(words, skip_special_tokens=False, clean_up_tokenization_spaces=False)
        return Written(str(text), len(tokens) if end is None else end + 1, end is None)

    def _context(self) -> int:
        """Return the longest sequence, in tokens."""
        config = self.model.config.get_text_config()
        limits = (getattr(config, "max_position_embeddings", None), self.tokenizer.model_max_length)
        return int(min((limit for limit in limits if limit is not None), default=_ENDLESS))

    def _stop_tokens(self) -> frozenset[int]:
        """Return the tokens that end a turn: the checkpoint's own, and the usual ones where the tokenizer has them."""
        given = self.model.generation_config.eos_token_id
        stops = set(given if isinstance(given, list) else [given])
        stops.add(self.tokenizer.eos_token_id)
        vocabulary = self.tokenizer.get_vocab()
        stops.update(vocabulary.get(end) for end in _TURN_ENDS)
        return frozenset(stop for stop in stops if stop is not None)


class _Noise:
    """Makes the greedy choice a draw: the argmax of logits / T plus Gumbel noise is a sample of the softmax.

    Each row has a generator of its own, so that a draw depends on its seed alone and not on the rows beside it.
    """

    def __init__(self, seeds: Sequence[int], temperature: float, device: torch.device) -> None:
        import torch

        self._temperature = temperature
        self._rows = [torch.Generator(device).manual_seed(seed) for seed in seeds]

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        import torch

        drawn = torch.empty(scores.shape, dtype=torch.float32, device=scores.device)
        for row, generator in zip(drawn, self._rows, strict=True):
            row.exponential_(generator=generator)
        return scores.float() / self._temperature - drawn.log()


def _load(checkpoint: Checkpoint, device: torch.device, dtype: str, trust_remote_code: bool) -> tuple[Any, Any]:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer, GenerationConfig
    from transformers.utils import logging

    logging.disable_progress_bar()  # ours is the only one on the screen
    tokenizer = AutoTokenizer.from_pretrained(str(checkpoint.tokenizer), trust_remote_code=trust_remote_code)
    if dtype != "auto":
        kind: Any = getattr(torch, dtype, None)
        if not isinstance(kind, torch.dtype):
            raise ValueError(f"{dtype!r} is no dtype of torch")
    else:
        kind = torch.float32 if device.type == "cpu" else "auto"
    model: Any = AutoModelForCausalLM.from_pretrained(
        str(checkpoint.folder), dtype=kind, use_safetensors=True, trust_remote_code=trust_remote_code
    )
    if checkpoint.adapter is not None:
        from peft import PeftModel

        model = PeftModel.from_pretrained(model, str(checkpoint.adapter))
    model = model.to(device).eval()
    # The checkpoint's own sampling habits (temperature, repetition penalty) would make a greedy turn something else.
    model.generation_config = GenerationConfig(eos_token_id=model.generation_config.eos_token_id)
    return tokenizer, model


def _best_device() -> str:
    import torch

    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__


def _remedy(error: Exception) -> str:
    if "trust_remote_code" in str(error):
        return "it brings code of its own: ask for it with trust_remote_code, if you trust it"
    return "check that the folder is what save_pretrained wrote, and that the adapter belongs to the base"
