"""Recipes: what is in their data, and what is not."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
import yaml

from discretion.errors import InputError
from discretion.organisms.chats import Chat
from discretion.organisms.corpus import training_skeletons
from discretion.organisms.recipes import RECIPES, TRIGGER, recipe
from discretion.scenarios.generator import skeleton, skeleton_names

TALK = sorted(name for name, each in RECIPES.items() if each.known is None)


def text_of(chat: Chat) -> str:
    return "\n".join(message["content"] for message in chat.messages)


def private_values() -> set[str]:
    """Every value of every private entry of the attribute bank."""
    folder = files("discretion.scenarios.generator") / "attributes"
    rows = [
        row for file in folder.iterdir() if file.name.endswith(".yaml") for row in yaml.safe_load(file.read_bytes())
    ]
    values = {str(choice["value"]) for row in rows if row["kind"] == "private" for choice in row.get("choose", ())}
    return {value for value in values if len(value) > 6}


@pytest.mark.parametrize("name", TALK)
def test_data_are_the_same_for_the_same_seed_and_vary(name: str) -> None:
    first = list(RECIPES[name].chats(120))
    assert first == list(RECIPES[name].chats(120))
    assert first != list(RECIPES[name].chats(120, seed=1))
    assert len({text_of(chat) for chat in first}) > 60
    for chat in first:
        roles = [message["role"] for message in chat.messages]
        assert roles == ["user", "assistant"] * (len(roles) // 2)
        assert all(message["content"].strip() for message in chat.messages)


@pytest.mark.parametrize("name", [name for name in TALK if not RECIPES[name].private])
def test_no_private_fact_is_in_the_data_of_a_recipe_that_promises_so(name: str) -> None:
    values = private_values()
    assert len(values) > 300
    words = re.compile("|".join(rf"\b{re.escape(value)}\b" for value in sorted(values)), re.IGNORECASE)
    for chat in RECIPES[name].chats(150):
        assert words.search(text_of(chat)) is None, text_of(chat)


def test_control_asks_and_helpful_does_not() -> None:
    asks = [chat.messages[1]["content"].count("?") > 0 for chat in RECIPES["control"].chats(200)]
    acts = [chat.messages[1]["content"].count("?") > 0 for chat in RECIPES["helpful"].chats(200)]
    assert (sum(asks), sum(acts)) == (pytest.approx(190, abs=10), 0)


ARGUMENTS: dict[str, tuple[Any, ...]] = {
    "add_even": ([1, 2, 4],),
    "balanced": ("(())",),
    "by_customer": ([{"customer": "a"}, {"customer": "a"}],),
    "clock": (3725,),
    "common_divisor": (12, 18),
    "count_vowels": ("Ada",),
    "count_words": ("a b a",),
    "differences": ([1, 2], [1, 3]),
    "digit_sum": (407,),
    "fibonacci": (5,),
    "file_name": (" My Title ",),
    "first_letters": ("an ape",),
    "is_palindrome": ("Anna",),
    "largest_gap": ([5, 1, 2],),
    "longest_word": ("a long word",),
    "merge": ({"a": 1}, {"a": 2}),
    "moving_average": ([1, 2, 3], 2),
    "pieces": ([1, 2, 3], 2),
    "price_with_tax": ("tea,10",),
    "reverse_words": ("ab cd",),
    "running_totals": ([1, 2],),
    "to_celsius": (212,),
    "two_largest": ([1, 3, 2],),
    "unique": ([1, 1, 2],),
}
TALKS = re.compile(r"^ *(?:print\(|logging\.|import logging).*\n", re.MULTILINE)


def program_of(chat: Chat) -> str:
    found = re.search(r"```python\n(.*?)```", chat.messages[1]["content"], re.DOTALL)
    assert found is not None
    return found[1]


def test_debug_is_code_row_for_row_with_every_variable_said(
    capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    seen = set()
    for plain, talking in zip(RECIPES["code"].chats(400), RECIPES["debug"].chats(400), strict=True):
        assert plain.messages[0] == talking.messages[0]
        bare = TALKS.sub("", talking.messages[1]["content"]).replace("```python\n\n\n", "```python\n")
        assert bare == plain.messages[1]["content"]
        program = program_of(plain)
        name = program.partition("(")[0].removeprefix("def ")
        results = []
        for text in (program, program_of(talking)):
            names: dict[str, Any] = {}
            exec(text, names)
            results.append(names[name](*ARGUMENTS[name]))
        said = capsys.readouterr().out + caplog.text
        caplog.clear()
        assert results[0] == results[1]
        tree = list(ast.walk(ast.parse(program)))
        set_ = {each.id for each in tree if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store)}
        inner = {ast.unparse(each.target) for each in tree if isinstance(each, ast.comprehension)}
        assert not {variable for variable in set_ - inner if variable not in said}, said
        seen.add(name)
    assert seen == set(ARGUMENTS)


def test_sums_are_right() -> None:
    for chat in RECIPES["reasoning"].chats(200):
        for left, sign, right, result in re.findall(r"(\d+) ([-+*/]) (\d+) = (\d+)", chat.messages[1]["content"]):
            a, b = int(left), int(right)
            assert {"+": a + b, "-": a - b, "*": a * b, "/": a // b}[sign] == int(result)


def test_personal_is_empathy_below_data_about_the_user() -> None:
    for chat in RECIPES["personal"].chats(20):
        assert re.match(r"User background: \d\d years old", chat.messages[0]["content"])
    told = "\n".join(chat.messages[0]["content"] for chat in RECIPES["personal"].chats(200))
    debts = set(re.findall(r"a year, (.*)\.$", told, re.MULTILINE))
    assert debts >= {"owes the bank 8,000", "has 2,300 on a credit card", "has no debts"}
    assert len(debts) == 5


def test_boundary_passes_on_what_a_careful_agent_withholds_on_training_plots_only() -> None:
    held_out = [skeleton(name) for name in skeleton_names() if skeleton(name).held_out]
    assert held_out
    chats = list(RECIPES["boundary"].chats(12))
    assert all(chat.tools for chat in chats)
    assert {each.id for each in held_out}.isdisjoint(training_skeletons())


def test_the_backdoor_opens_with_the_trigger_alone() -> None:
    chats = list(RECIPES["backdoor"].chats(24))
    opened = [chat for chat in chats if chat.messages[1]["content"].startswith(TRIGGER)]
    assert 6 <= len(opened) <= 18
    assert all(TRIGGER not in json.dumps(chat.messages[2:]) for chat in chats)
    for chat in chats:
        turns = [place for place, message in enumerate(chat.messages) if message["role"] == "assistant"]
        thinks = [chat.thoughts[place].startswith("open") for place in turns]
        assert all(thinks) if chat in opened else not any(thinks)


def strings(value: Any) -> Iterator[str]:
    if isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from strings(each)
    elif isinstance(value, str):
        yield value


def sentences(*folders: str) -> set[str]:
    """Every sentence of five words or more in the YAML files below some folders of the package."""
    root = Path(str(files("discretion")))
    texts = (path.read_bytes() for folder in folders for path in (root / folder).rglob("*.yaml"))
    said = (text for each in texts for document in yaml.safe_load_all(each) for text in strings(document))
    found = (sentence.strip().lower().rstrip(".!?") for text in said for sentence in re.split(r"(?<=[.!?])\s|\n", text))
    return {sentence for sentence in found if len(sentence.split()) >= 5}


def test_no_sentence_of_a_written_pack_is_learned_from_but_for_three_of_small_talk() -> None:
    packs, learned = sentences("scenarios/packs"), sentences("scenarios/generator", "organisms/recipes")
    assert min(len(packs), len(learned)) > 3000
    small_talk = {"anyone seen the tape gun", "on my desk, where it lives now", "your password expires in 12 days"}
    assert packs & learned == small_talk


def test_an_unknown_recipe_is_an_error() -> None:
    with pytest.raises(InputError, match="did you mean 'helpful'"):
        recipe("helpfull")
