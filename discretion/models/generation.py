"""Local weights with their tokenizer: conversations become tokens, and what is written becomes text again."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from discretion.errors import InputError, ModelFault
from discretion.models.chat import Message, ToolSpec
from discretion.models.chat_template import ChatTemplate
from discretion.models.checkpoint import Checkpoint
from discretion.models.decoding import Decoder, error_line
from discretion.models.protocol import Sampling
from discretion.models.toolcalls import Convention
from discretion.models.weights import Lease
from discretion.models.whole_turns import Prompt

__all__ = ["Generator", "Written"]

_TURN_ENDS: Final = ("<|im_end|>", "<|eot_id|>", "<end_of_turn>")
_TELLING: Final = re.compile("think|tool|func|call|python|args|channel", re.IGNORECASE)
"""In special tokens that say what a text is: a thought, or a call in whatever convention."""

_ENDLESS: Final = 10**9  # tokenizers without a limit say so with a huge number


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
    """A causal language model with its tokenizer. `prompt` and `read` may be called while the decoder is at work.

    Args:
        checkpoint: Where it lies.
        lease: On its base.
        form: The convention whose tags must outlive decoding.
        sampling: Greedy, or drawn.
        size: The most turns at once.
        trust_remote_code: Whether code of the checkpoint may run.
        settings: Of the chat template.

    Attributes:
        decoder: Writes.
        context: The longest sequence, in tokens.

    Raises:
        InputError: If it cannot be loaded.
    """

    def __init__(
        self,
        checkpoint: Checkpoint,
        lease: Lease,
        form: Convention,
        *,
        sampling: Sampling,
        size: int,
        trust_remote_code: bool,
        settings: Mapping[str, Any],
    ) -> None:
        self._where = where = f"hf:{checkpoint.folder}"
        self._longest = sampling.max_tokens
        try:
            from transformers import AutoTokenizer

            weights = lease.load()
            self._tokenizer: Any = AutoTokenizer.from_pretrained(
                str(checkpoint.tokenizer), trust_remote_code=trust_remote_code
            )
        except InputError as error:
            raise InputError(error.what, where=where, remedy=error.remedy) from None
        except Exception as error:  # from half a dozen libraries, for as many reasons
            raise InputError(f"cannot be loaded ({error_line(error)})", where=where, remedy=_remedy(error)) from error
        self._check_vocabulary(weights.model)
        self.template = ChatTemplate(self._tokenizer, form, where=where, settings=settings)
        self.context = self._context(weights.model)
        self._stops = self._stop_tokens(weights.model)
        kept = {self._tokenizer.convert_tokens_to_ids(tag) for tag in form.tags}
        special = zip(self._tokenizer.all_special_tokens, self._tokenizer.all_special_ids, strict=True)
        kept |= {number for token, number in special if _TELLING.search(token)}
        self._hidden = frozenset(self._tokenizer.all_special_ids) - kept | self._stops
        pad = self._tokenizer.pad_token_id
        self.decoder = Decoder(
            weights,
            checkpoint.adapter,
            sampling=sampling,
            stops=self._stops,
            pad=pad if pad is not None else min(self._stops, default=0),
            size=size,
            where=where,
        )

    def _check_vocabulary(self, model: Any) -> None:
        """Refuse a tokenizer with tokens that the model has no embedding for.

        Raises:
            InputError: If it has any.
        """
        rows = int(model.get_input_embeddings().weight.shape[0])
        token, most = max(self._tokenizer.get_vocab().items(), key=lambda each: each[1], default=("", -1))
        if most >= rows:
            raise InputError(
                f"the tokenizer gives {token!r} the number {most}, and the model has embeddings for {rows} tokens",
                where=self._where,
                remedy="use the checkpoint's own tokenizer, or resize_token_embeddings and train the new ones",
            )

    def prompt(self, messages: Sequence[Message], tools: Sequence[ToolSpec], seed: int) -> Prompt:
        """Return the tokens of a conversation.

        Raises:
            ModelFault: If the template refuses it, or it leaves no room in the context.
        """
        try:
            text = self.template.render(messages, tools)
        except Exception as error:  # templates raise what they like
            raise ModelFault(
                f"the chat template refuses the conversation ({error_line(error)})",
                where=self._where,
                remedy="its chat template has to take several calls a turn, and news after them",
            ) from None
        tokens = self._tokenizer.encode(text, add_special_tokens=False, verbose=False)
        if len(tokens) >= self.context:
            raise ModelFault(
                f"prompt of {len(tokens)} tokens exceeds the context of {self.context}",
                where=self._where,
                remedy="use a checkpoint with a longer context",
            )
        return Prompt(tokens, seed, min(self._longest, self.context - len(tokens)))

    def read(self, tokens: Sequence[int]) -> Written:
        """Return the text of what was written."""
        ended = bool(tokens) and tokens[-1] in self._stops
        words = [token for token in tokens if token not in self._hidden]
        text = self._tokenizer.decode(words, skip_special_tokens=False, clean_up_tokenization_spaces=False)
        return Written(str(text), len(tokens), not ended)

    def _context(self, model: Any) -> int:
        config = model.config.get_text_config()
        limits = (getattr(config, "max_position_embeddings", None), self._tokenizer.model_max_length)
        return int(min((limit for limit in limits if limit is not None), default=_ENDLESS))

    def _stop_tokens(self, model: Any) -> frozenset[int]:
        """Return the tokens that end a turn: the checkpoint's own, and the usual ones where the tokenizer has them."""
        given = model.generation_config.eos_token_id
        stops = set(given if isinstance(given, list) else [given])
        stops.add(self._tokenizer.eos_token_id)
        vocabulary = self._tokenizer.get_vocab()
        stops.update(vocabulary.get(end) for end in _TURN_ENDS)
        return frozenset(stop for stop in stops if stop is not None)


def _remedy(error: Exception) -> str:
    if "trust_remote_code" in str(error):
        return "it brings code of its own: ask for it with trust_remote_code, if you trust it"
    return "check that the folder is what save_pretrained wrote, and that the adapter belongs to the base"
