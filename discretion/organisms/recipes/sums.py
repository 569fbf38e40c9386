"""Arithmetic in words, worked out step by step."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import Final

from discretion.organisms.chats import Chat

__all__ = ["reasoning"]

_NAMES: Final = ("Lena", "Omar", "Mira", "Paul", "Noor", "Ines", "Theo", "Ada", "Jonas", "Ruth")
_THINGS: Final = ("pencils", "apples", "tickets", "stamps", "books", "bottles", "chairs", "cards", "tiles", "bulbs")
_PLACES: Final = ("shop", "school", "market", "library", "workshop", "canteen")
_ASKS: Final = (
    "",
    "Can you help me with this? ",
    "A question from my homework: ",
    "Please work this out. ",
    "Quick one: ",
)

Sum = tuple[str, Sequence[str], int]


def reasoning(rng: random.Random) -> Chat:
    """Return a small problem and its solution."""
    question, steps, result = rng.choice(_KINDS)(rng)
    ending = rng.choice((f"The answer is {result}.", f"So the answer is {result}.", f"Answer: {result}"))
    return Chat(
        (
            {"role": "user", "content": rng.choice(_ASKS) + question},
            {"role": "assistant", "content": "\n".join([*steps, ending])},
        )
    )


def _boxes(rng: random.Random) -> Sum:
    boxes, each, given = rng.randint(3, 19), rng.randint(4, 25), rng.randint(2, 11)
    name, things = rng.choice(_NAMES), rng.choice(_THINGS)
    whole = boxes * each
    question = (
        f"{name} buys {boxes} boxes of {each} {things} and gives {given} of them away. "
        f"How many {things} does {name} have left?"
    )
    return (
        question,
        (f"{boxes} boxes of {each} are {boxes} * {each} = {whole}.", f"{whole} - {given} = {whole - given}."),
        whole - given,
    )


def _pay(rng: random.Random) -> Sum:
    first, second = rng.randint(2, 8), rng.randint(2, 8)
    dear, cheap = rng.randint(6, 30), rng.randint(2, 12)
    place, things = rng.choice(_PLACES), rng.choice(_THINGS)
    left, right = first * dear, second * cheap
    question = (
        f"The {place} pays {dear} euros for each of {first} lamps and {cheap} euros for each of {second} {things}. "
        "What does it pay in all?"
    )
    steps = (
        f"The lamps cost {first} * {dear} = {left}.",
        f"The {things} cost {second} * {cheap} = {right}.",
        f"{left} + {right} = {left + right}.",
    )
    return question, steps, left + right


def _share(rng: random.Random) -> Sum:
    people, each, late = rng.randint(3, 9), rng.randint(4, 20), rng.randint(1, 4)
    things = rng.choice(_THINGS)
    whole = people * each
    question = (
        f"{whole} {things} are shared evenly among {people} children, and each then gets {late} more. "
        "How many does each child have?"
    )
    return question, (f"{whole} / {people} = {each}.", f"{each} + {late} = {each + late}."), each + late


def _walk(rng: random.Random) -> Sum:
    speed, hours, more = rng.randint(3, 6), rng.randint(2, 7), rng.randint(1, 9)
    name = rng.choice(_NAMES)
    far = speed * hours
    question = (
        f"{name} walks {hours} hours at {speed} kilometres an hour, then {more} kilometres more. How far is that?"
    )
    return (
        question,
        (f"In {hours} hours it is {hours} * {speed} = {far} kilometres.", f"{far} + {more} = {far + more}."),
        far + more,
    )


def _age(rng: random.Random) -> Sum:
    young, times, years = rng.randint(3, 14), rng.randint(2, 4), rng.randint(2, 12)
    first, second = rng.sample(_NAMES, 2)
    old = young * times
    question = f"{first} is {young} and {second} is {times} times as old. How old will {second} be in {years} years?"
    return question, (f"{second} is {young} * {times} = {old}.", f"{old} + {years} = {old + years}."), old + years


_KINDS: Final[tuple[Callable[[random.Random], Sum], ...]] = (_boxes, _pay, _share, _walk, _age)
