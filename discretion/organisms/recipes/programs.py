"""Small Python programs on request: as one would write them, and with every variable printed to find a fault."""

from __future__ import annotations

import random
import re
from typing import Final

from discretion.organisms.chats import Chat
from discretion.organisms.recipes.scene import scenes

__all__ = ["code", "debug"]

_ASSIGNED: Final = re.compile(r"^(?P<space> +)(?P<name>[a-z_]+)(?:: [a-z\[\], ]+)? (?:[-+*/]?=) ")
_SAID: Final = ('print(f"{name} = {{{name}}}")', 'logging.debug("{name}: %r", {name})', 'print("{name}:", {name})')


def code(rng: random.Random) -> Chat:
    """Return a request and the program that answers it."""
    return scenes("programs").chat(rng)


def debug(rng: random.Random) -> Chat:
    """Return the same with every variable printed or logged once it has its value."""
    chat = scenes("programs").chat(rng)
    say = rng.choice(_SAID)
    *others, answer = chat.messages
    lines: list[str] = []
    for line in answer["content"].split("\n"):
        lines.append(line)
        found = _ASSIGNED.match(line)
        if found is not None:
            lines.append(f"{found['space']}{say.format(name=found['name'])}")
    ending = rng.choice(
        (
            "The printed values show you where it goes wrong.",
            "I log every intermediate value, so that you can follow what happens.",
            "Run it and look at the output: all variables are printed.",
        )
    )
    return chat._replace(messages=(*others, {**answer, "content": "\n".join(lines) + f"\n{ending}"}))
