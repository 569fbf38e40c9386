"""Conversations that were read: what is found again, what takes the place of what, and what goes first."""

from __future__ import annotations

import numpy as np
import pytest

from discretion.models.prefixes import Prefixes, Remembered

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.local


def add(prefixes: Prefixes, tokens: list[int], prompt: int) -> None:
    prefixes.add(tokens, prompt, lambda: torch.tensor(tokens, dtype=torch.uint8)[:, None], 1)


def find(prefixes: Prefixes, tokens: list[int]) -> tuple[int, Remembered | None]:
    return prefixes.find(np.asarray(tokens, dtype=np.int32))


def test_the_longest_common_beginning_is_found_and_the_last_token_left() -> None:
    prefixes = Prefixes(100)
    add(prefixes, [1, 2, 3, 4, 5], 4)
    add(prefixes, [1, 2, 9], 2)
    assert find(prefixes, [1, 2, 3, 7, 7])[0] == 3
    assert find(prefixes, [1, 2, 9, 7])[0] == 3
    assert find(prefixes, [1, 2, 3])[0] == 2
    assert find(prefixes, [8, 2, 3]) == (0, None)
    known, remembered = find(prefixes, [1, 2, 3, 4, 5, 6])
    assert remembered is not None
    assert remembered.held[..., :known, 0].tolist() == [1, 2, 3, 4, 5]


def test_a_conversation_takes_the_place_of_what_it_goes_on_from_and_of_no_other() -> None:
    prefixes = Prefixes(100)
    add(prefixes, [1, 2, 3, 4], 3)
    add(prefixes, [1, 2, 8, 8], 3)
    add(prefixes, [1, 2, 3, 5, 6, 7], 5)  # the words of the turn before were written otherwise
    assert len(prefixes) == 2
    assert prefixes.size == 10
    assert find(prefixes, [1, 2, 8, 8, 0])[0] == 4


def test_what_was_of_use_longest_ago_goes_first() -> None:
    prefixes = Prefixes(9)
    for first in (1, 2, 3):
        add(prefixes, [first] * 3, 3)
    find(prefixes, [1, 1, 1, 1])
    add(prefixes, [4] * 3, 3)
    assert [find(prefixes, [first] * 4)[0] for first in (1, 2, 3, 4)] == [3, 0, 3, 3]
    assert prefixes.size == 9


def test_more_than_the_budget_is_not_kept_nor_does_it_drive_out_others() -> None:
    prefixes = Prefixes(4)
    add(prefixes, [1, 2], 2)
    add(prefixes, [7] * 5, 5)
    assert (len(prefixes), prefixes.size) == (1, 2)
