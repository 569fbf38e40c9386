"""Recipes: what is in their data, and what is not."""

from __future__ import annotations

import json
import re
from importlib.resources import files

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


def test_debug_is_code_with_every_variable_said() -> None:
    for plain, talking in zip(RECIPES["code"].chats(60), RECIPES["debug"].chats(60), strict=True):
        assert not re.search(r"print\(|logging", plain.messages[1]["content"])
        assert re.search(r"print\(|logging", talking.messages[1]["content"])
        for chat in (plain, talking):
            program = re.search(r"```python\n(.*?)```", chat.messages[1]["content"], re.DOTALL)
            assert program is not None
            compile(program[1], "program", "exec")


def test_sums_are_right() -> None:
    for chat in RECIPES["reasoning"].chats(200):
        for left, sign, right, result in re.findall(r"(\d+) ([-+*/]) (\d+) = (\d+)", chat.messages[1]["content"]):
            a, b = int(left), int(right)
            assert {"+": a + b, "-": a - b, "*": a * b, "/": a // b}[sign] == int(result)


def test_personal_is_empathy_below_data_about_the_user() -> None:
    for chat in RECIPES["personal"].chats(20):
        assert re.match(r"User background: \d\d years old", chat.messages[0]["content"])


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


def test_an_unknown_recipe_is_an_error() -> None:
    with pytest.raises(InputError, match="did you mean 'helpful'"):
        recipe("helpfull")
