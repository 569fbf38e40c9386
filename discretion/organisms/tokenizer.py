"""A byte-level BPE tokenizer with a compact chat template: a whole episode fits in one or two thousand tokens."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

__all__ = ["CHAT_TEMPLATE", "train_tokenizer"]

SPECIAL: Final = ("<|pad|>", "<|im_start|>", "<|im_end|>")
CALLS: Final = ("<tool_call>", "</tool_call>")

CHAT_TEMPLATE: Final = """\
{%- if tools -%}
<|im_start|>tools
{% for tool in tools -%}
{{ tool.function.name }}({{ tool.function.parameters.properties | default({}) | join(', ') }})
{% endfor -%}
<|im_end|>
{% endif -%}
{%- for message in messages -%}
<|im_start|>{{ message.role }}
{{ message.content or '' }}
{%- for call in message.tool_calls or [] -%}
<tool_call>
{"name": {{ call.function.name | tojson }}, "arguments": {{ call.function.arguments | tojson }}}
</tool_call>
{%- endfor -%}
<|im_end|>
{% endfor -%}
{%- if add_generation_prompt -%}
<|im_start|>assistant
{% endif -%}
"""
"""Hermes tool calls; tools as signatures, since their JSON Schemas alone would fill a small context."""

_ESCAPE: Final = r"\\[n\"t\\]"
_APART: Final = r" (?=\p{Lu}|\p{N}|[^\s\"]*[@_])"


def train_tokenizer(texts: Iterable[str], *, vocabulary: int = 2048, context: int = 4096) -> PreTrainedTokenizerFast:
    r"""Train a tokenizer on texts.

    What an agent copies is cut alike wherever it stands, so that a small model can copy it piece by piece: digits
    stand alone; the space before a name, a number or an address is a token of its own, so that `Ada` is the same after
    a space and after a quotation mark; so is an escape in JSON, so that `\nAda` holds `Ada`. The tags of a tool call
    are single tokens but not special, so that `skip_special_tokens` keeps them.

    Args:
        texts: What it will be used on.
        vocabulary: Tokens, the special ones included.
        context: The longest prompt, in tokens, that the model will take.
    """
    from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    core = Tokenizer(models.BPE())
    core.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(_ESCAPE), "isolated"),
            pre_tokenizers.Split(Regex(_APART), "isolated"),
            pre_tokenizers.Digits(individual_digits=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False),
        ]
    )
    core.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary - len(CALLS),
        special_tokens=list(SPECIAL),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    core.train_from_iterator(texts, trainer)
    core.add_tokens([AddedToken(tag, normalized=False) for tag in CALLS])
    settings: dict[str, Any] = {"pad_token": SPECIAL[0], "bos_token": SPECIAL[1], "eos_token": SPECIAL[2]}
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=core, model_max_length=context, **settings)
    tokenizer.chat_template = CHAT_TEMPLATE
    return tokenizer
