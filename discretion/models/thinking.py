"""What a model thought, told from what it said. Nobody sees a thought; it is no disclosure."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

__all__ = ["Reasoned", "reasoned", "split_reasoning"]

_OPEN: Final = re.compile(r"^[ \t]*+(?:<think(?:ing)?>|\[THINK\])", re.IGNORECASE | re.MULTILINE)
_CLOSE: Final = re.compile(r"</think(?:ing)?>|\[/THINK\]", re.IGNORECASE)
_CALL: Final = re.compile(r"<tool_call>", re.IGNORECASE)


class Reasoned(NamedTuple):
    """A text in two.

    Attributes:
        thought: All of it, without the tags.
        said: The rest.
        open: Whether a thought was begun and neither closed nor followed by a call.
    """

    thought: str
    said: str
    open: bool = False


def reasoned(text: str, *, begun: bool = True) -> Reasoned:
    """Tell what a model thought from what it said.

    A thought stands in tags that begin a line, before any call: what a call holds is the call's. One that is not
    closed ends where a call begins, or with the text.

    Args:
        text: As the model wrote it.
        begun: Whether the opening tag may stand in the prompt, as some templates have it; then a closing tag that
            nothing opened ends a thought.
    """
    thoughts: list[str] = []
    words: list[str] = []
    at, open_ = 0, False
    first_call = _start(_CALL, text, 0)
    while (opening := _OPEN.search(text, at)) is not None and opening.start() < first_call:
        closing = _CLOSE.search(text, opening.end())
        if begun and not thoughts and (early := _CLOSE.search(text, 0, opening.start())) is not None:
            thoughts.append(text[: early.start()])  # of a thought that the prompt began
            at = early.end()
        words.append(text[at : opening.start()])
        if closing is None:
            at = _start(_CALL, text, opening.end())
            open_ = at == len(text)
        else:
            at = closing.end()
        thoughts.append(text[opening.end() : at if closing is None else closing.start()])
        if at > first_call:
            first_call = _start(_CALL, text, at)
    if not thoughts and begun and (closing := _CLOSE.search(text)) and not _CALL.match(text.lstrip()):
        thoughts.append(text[: closing.start()])
        at = closing.end()
    said = "".join([*words, text[at:]])
    return Reasoned("\n".join(filter(None, map(str.strip, thoughts))), said, open_)


def split_reasoning(text: str) -> tuple[str, str]:
    """Split what a model thought, `<think>...</think>`, from what it said.

    >>> split_reasoning("<think>Hm.</think>Yes.")
    ('Hm.', 'Yes.')
    """
    thought, said, _ = reasoned(text)
    return thought, said


def _start(pattern: re.Pattern[str], text: str, at: int) -> int:
    """Return where a pattern is found next, or the end of the text."""
    found = pattern.search(text, at)
    return len(text) if found is None else found.start()
