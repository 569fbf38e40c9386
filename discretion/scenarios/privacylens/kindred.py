"""Other words for the same private thing: inflections of a word, and the few kindreds that such facts are told in."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from discretion.scenarios.privacylens.lexicon import groups

__all__ = ["kindred"]

_VOWELS: Final = "aeiou"
_NEED_E: Final = (
    "v",
    "c",
    "z",
    "u",
    "at",
    "it",
    "ut",
    "ir",
    "ur",
    "as",
    "is",
    "os",
    "us",
    "rs",
    "ns",
    "dg",
    "ng",
    "bl",
    "dl",
)
"""Ends of a verb that has lost its `e`."""

_NO_PLURAL: Final = ("ly", "en", "ic", "al", "able", "ible", "ous", "ive", "ful", "less", "ary", "ory", "ish", "ere")
"""Ends of adjectives and adverbs."""


@lru_cache(maxsize=1)
def _by_word() -> dict[str, tuple[str, ...]]:
    return {word: group for group in groups("kindred") for word in group}


@lru_cache(maxsize=10_000)
def kindred(word: str) -> tuple[str, ...]:
    """Return other forms of a word in lower case, without the word itself.

    >>> kindred("theft")[:3]
    ('thefts', 'thief', 'steal')
    >>> kindred("mortgage"), kindred("whispering"), kindred("advised"), kindred("horrified")
    (('mortgages',), ('whisper', 'whispered'), ('advise', 'advising'), ('horrify',))
    """
    group = _by_word().get(word)
    if group is not None:
        return tuple(other for other in group if other != word)
    if word.endswith(("ies", "ied")) and len(word) > 5:
        return (f"{word[:-3]}y",)
    if word.endswith("ing") and len(word) > 6:
        base = _base(word[:-3])
        return (base, f"{base}d" if base.endswith("e") else f"{base}ed")
    if word.endswith("ed") and len(word) > 5:
        base = _base(word[:-2])
        return (base, f"{base.removesuffix('e')}ing")
    if word.endswith(_NO_PLURAL):
        return ()
    if word.endswith("s"):
        return () if word.endswith(("ss", "us", "is")) else (word[:-1],)
    if word.endswith("y") and word[-2:-1] not in _VOWELS:
        return (f"{word[:-1]}ies",)
    return (f"{word}es",) if word.endswith(("sh", "ch", "x", "z")) else (f"{word}s",)


def _base(trunk: str) -> str:
    """The verb that is left when `-ing` or `-ed` is taken off: `convert`, `advise`, `stop`."""
    if trunk.endswith(_NEED_E):
        return f"{trunk}e"
    doubled = len(trunk) > 3 and trunk[-1] == trunk[-2] and trunk[-1] not in "lsz"
    return trunk[:-1] if doubled else trunk
