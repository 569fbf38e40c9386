"""A conversation as tokens, and which of them are the assistant's own: the loss is on those alone."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

from discretion.errors import InputError
from discretion.models.chat import to_wire, tools_to_wire
from discretion.models.decoding import error_line
from discretion.organisms.corpus import Transcript
from discretion.organisms.left_out import left_out, tools_left_out
from discretion.organisms.tokenizer import CHAT_TEMPLATE, SPECIAL

if TYPE_CHECKING:
    import numpy as np

__all__ = ["Encoded", "encode", "encode_split", "encode_transcript", "is_organism"]


class Encoded(NamedTuple):
    """One conversation, or one up to a turn.

    Attributes:
        tokens: Integers.
        ours: Of the same length: whether the assistant wrote that token.
        theirs: Whether somebody else did; what the assistant wrote in messages of weight 0 is in neither.
    """

    tokens: np.ndarray[Any, Any]
    ours: np.ndarray[Any, Any]
    theirs: np.ndarray[Any, Any]


def encode(
    tokenizer: Any, wire: Sequence[dict[str, Any]], tools: Sequence[dict[str, Any]] | None = None
) -> tuple[Encoded, ...]:
    """Encode a conversation: an organism's by its tags, any other's turn by turn.

    Args:
        tokenizer: With a chat template.
        wire: Messages in the shape of OpenAI's chat completions; those of weight 0 are not learned.
        tools: In the same shape.

    Returns:
        One example, or as `encode_split` several.

    Raises:
        InputError: As `encode_split`.
    """
    if is_organism(tokenizer):
        return (_encode_whole(tokenizer, wire, tools),)
    return encode_split(tokenizer, wire, tools)


def is_organism(tokenizer: Any) -> bool:
    """Tell whether a tokenizer is an organism's, by its chat template."""
    return bool(tokenizer.chat_template == CHAT_TEMPLATE)


def encode_transcript(tokenizer: Any, transcript: Transcript) -> Encoded:
    """Encode an episode.

    Raises:
        InputError: As `encode_split`, or if the template makes several examples of it.
    """
    wire = to_wire(transcript.messages, arguments_as_text=False, thoughts="text")
    for place in transcript.mistakes:
        wire[place]["weight"] = 0
    first, *others = encode(tokenizer, wire, tools_to_wire(transcript.tools))
    if others:
        raise InputError(
            "the chat template writes a message differently once another follows",
            where="chat template",
            remedy="use a template that only ever appends",
        )
    return first


def _encode_whole(tokenizer: Any, wire: Sequence[dict[str, Any]], tools: Sequence[dict[str, Any]] | None) -> Encoded:
    """Encode with an organism's tokenizer.

    Its template writes every message as `<|im_start|>role`, a line break, the words, `<|im_end|>` and a line break, and
    no token spans two of these, so that the assistant's tokens are found by counting.
    """
    import numpy as np

    text = _render(tokenizer, wire, tools)
    tokens = np.asarray(tokenizer.encode(text, add_special_tokens=False), dtype=np.int32)
    head = np.asarray(tokenizer.encode(f"{SPECIAL[1]}assistant\n", add_special_tokens=False), dtype=np.int32)
    starts = np.flatnonzero(tokens == head[0])
    ends = np.flatnonzero(tokens == tokenizer.convert_tokens_to_ids(SPECIAL[2]))
    ours = np.zeros(len(tokens), dtype=bool)
    theirs = np.ones(len(tokens), dtype=bool)
    offer = 1 if tools else 0  # the tools stand before the messages, framed like one
    if not len(starts) == len(ends) == len(wire) + offer:
        raise InputError("a text holds the tags that frame a message", where="conversation", remedy="take them out")
    for message, start, end in zip(wire, starts[offer:], ends[offer:], strict=True):
        if message["role"] == "assistant":
            words = slice(start + len(head), end + 1)
            ours[words] = message.get("weight") != 0
            theirs[words] = False
    return Encoded(tokens, ours, theirs)


class _Turn(NamedTuple):
    """A turn of the assistant.

    Attributes:
        text: The conversation up to it and with it.
        start: Where in it the assistant begins.
        learned: Whether it is to be learned.
    """

    text: str
    start: int
    learned: bool


def encode_split(
    tokenizer: Any, wire: Sequence[dict[str, Any]], tools: Sequence[dict[str, Any]] | None = None
) -> tuple[Encoded, ...]:
    """Encode a conversation with any tokenizer, by rendering it turn by turn with its chat template.

    Args:
        tokenizer: With a chat template.
        wire: Messages in the shape of OpenAI's chat completions; those of weight 0 are not learned.
        tools: In the same shape.

    Returns:
        One example where the template only ever appends. Where it writes a turn otherwise once another follows (those
        that drop what was thought before), one for each turn that is learned: as the model would have been asked for
        it, and what the template writes for it then.

    Raises:
        InputError: If the template refuses the conversation, leaves out what is to be learned, or opens a turn
            otherwise than it writes it.
    """
    turns = [_turn(tokenizer, wire, tools, place) for place, each in enumerate(wire) if each["role"] == "assistant"]
    whole = _render(tokenizer, wire, tools)
    said = [message for message in wire if message["role"] == "assistant"]
    missing = [what for one, turn in zip(said, turns, strict=True) for what in left_out(one, turn.text[turn.start :])]
    missing += [what for turn in turns[:1] for what in tools_left_out(tools or (), turn.text[: turn.start])]
    missing = list(dict.fromkeys(missing))
    if missing:
        more = f" and {len(missing) - 3} more" if len(missing) > 3 else ""
        raise InputError(f"the chat template leaves out {', '.join(missing[:3])}{more}", where="chat template")
    steps = pairwise([*turns, _Turn(whole, len(whole), learned=False)])
    if all(after.text.startswith(turn.text) and after.start >= len(turn.text) for turn, after in steps):
        return (_encode_turns(tokenizer, whole, turns),)
    alone = (_encode_turns(tokenizer, turn.text, [turn]) for turn in turns if turn.learned)
    return tuple(each._replace(theirs=each.theirs & False) for each in alone)  # what stands before comes again


def _turn(tokenizer: Any, wire: Sequence[dict[str, Any]], tools: Sequence[dict[str, Any]] | None, place: int) -> _Turn:
    text = _render(tokenizer, wire[: place + 1], tools)
    learned = wire[place].get("weight") != 0
    if not place:
        return _Turn(text, _first(tokenizer, wire[0], tools, text), learned)
    asked = _render(tokenizer, wire[:place], tools, opened=True)
    if not text.startswith(asked):
        raise InputError(
            f"the chat template opens a turn of the assistant ({asked[-24:]!r}) otherwise than it writes it",
            where="chat template",
            remedy="use a template that writes what its generation prompt begins with",
        )
    return _Turn(text, len(asked), learned)


def _first(tokenizer: Any, message: dict[str, Any], tools: Sequence[dict[str, Any]] | None, text: str) -> int:
    """Return where the assistant begins in a conversation that it opens: few templates can write none at all."""
    head = _render(tokenizer, [message], tools, opened=True).removeprefix(text)
    if head and head in text:
        return text.index(head) + len(head)
    return max(0, text.find(message["content"].strip()))


def _encode_turns(tokenizer: Any, text: str, turns: Sequence[_Turn]) -> Encoded:
    """Encode a text, in one go, that begins as those of all the turns do."""
    import numpy as np

    tokens, at = _tokens(tokenizer, text, [place for turn in turns for place in (turn.start, len(turn.text))])
    ours = np.zeros(len(tokens), dtype=bool)
    theirs = np.ones(len(tokens), dtype=bool)
    for turn in turns:
        found = np.flatnonzero((at >= turn.start) & (at < len(turn.text)))
        words = found[: _written(tokenizer, tokens[found].tolist())]
        ours[words] = turn.learned
        theirs[words] = False
    return Encoded(tokens, ours, theirs)


def _tokens(tokenizer: Any, text: str, cuts: Sequence[int]) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Return the tokens of a text, and where in it each has its last character.

    A tokenizer that cannot say where gives them piece by piece, between the cuts; many begin every piece with a space
    that is not there, so that the pieces have to be those of the whole.
    """
    import numpy as np

    try:
        fits = True
        if tokenizer.is_fast:
            found = tokenizer(text, add_special_tokens=False, return_offsets_mapping=True, verbose=False)
            tokens = found["input_ids"]
            at = [max(start, end - 1) for start, end in found["offset_mapping"]]
        else:
            edges = [0, *cuts, len(text)]
            pieces = [(a, tokenizer.encode(text[a:b], add_special_tokens=False)) for a, b in pairwise(edges)]
            tokens = [token for _, piece in pieces for token in piece]
            at = [start for start, piece in pieces for _ in piece]
            fits = tokens == tokenizer.encode(text, add_special_tokens=False)
    except Exception as error:  # from several libraries, for as many reasons
        raise InputError(f"the tokenizer refuses the conversation ({error_line(error)})", where="tokenizer") from None
    if not fits:
        raise InputError(
            "the tokenizer does not say where its tokens stand, and cuts a turn otherwise when it stands alone",
            where="tokenizer",
            remedy="save it with a tokenizer.json",
        )
    return np.asarray(tokens, dtype=np.int32), np.asarray(at, dtype=np.int64)


def _written(tokenizer: Any, tokens: Sequence[int]) -> int:
    """Return how many tokens of a turn an agent would write: it stops with the token that ends a turn.

    What a template puts behind that one (a line break, the token that begins the next turn) it puts there itself.
    """
    added = getattr(tokenizer, "added_tokens_decoder", {})
    marks = {*tokenizer.all_special_ids, *(number for number, token in added.items() if token.special)}
    first = len(tokens)
    while first and (tokens[first - 1] in marks or not tokenizer.decode([tokens[first - 1]]).strip()):
        first -= 1
    ends = [place for place in range(first, len(tokens)) if tokens[place] in marks]
    proper = [place for place in ends if tokens[place] == tokenizer.eos_token_id]
    return (proper[:1] or ends[-1:] or [len(tokens) - 1])[0] + 1


def _render(
    tokenizer: Any, wire: Sequence[dict[str, Any]], tools: Sequence[dict[str, Any]] | None, *, opened: bool = False
) -> str:
    try:
        text = tokenizer.apply_chat_template(
            list(wire), tools=list(tools) if tools else None, tokenize=False, add_generation_prompt=opened
        )
    except Exception as error:  # templates raise what they like
        what = f"the chat template refuses the conversation ({error_line(error)})"
        raise InputError(what, where="chat template") from None
    return str(text)
