"""How words are fitted into a sentence, and the one way in which a brief plan tells a fact."""

from __future__ import annotations

import re

__all__ = ["brief_words", "fitted", "inside"]


def brief_words(attribute: str, form: str) -> str:
    """Return a fact in one way.

    >>> brief_words("identity.birth_date", "26 September 1984")
    'Birth date: 26 September 1984.'
    """
    return f"{attribute.partition('.')[2].replace('_', ' ').capitalize()}: {form}."


def fitted(said: str, slot: re.Match[str]) -> str:
    """Fit a phrase into its sentence: a capital at the beginning, a comma behind an apposition."""
    before, after = slot.string[: slot.start()].rstrip(), slot.string[slot.end() : slot.end() + 1]
    if not before or before[-1] in ".!?":
        said = said[0].upper() + said[1:]
    return f"{said}," if ", " in said and slot[2] == "who" and after not in ("", *".,;:!?") else said


def inside(said: str, slot: re.Match[str]) -> str:
    """Fit a sentence into another that has begun already: `And {open.told_self}`."""
    before = slot.string[: slot.start()].rstrip(" ")
    if not before or not (before[-1].isalpha() or before[-1] == ",") or re.match(r"I\b|\{[a-z_-]+\.[a-z]", said):
        return said
    return re.sub(r"^\{([a-z_-]+)\.T", r"{\1.t", said) if said[0] == "{" else said[0].lower() + said[1:]
