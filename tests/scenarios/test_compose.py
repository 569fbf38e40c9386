"""Composed workflows: parts put together at random, each number another."""

from __future__ import annotations

import json
import re
import subprocess
import sys

import pytest

from discretion.errors import InputError
from discretion.evals.replaying import replay_lint
from discretion.scenarios import lint
from discretion.scenarios.generator import Knobs, generate, generated, skeleton, skeleton_names
from discretion.scenarios.generator.compose import compose, sequences
from discretion.scenarios.generator.parts import parts_bank

SOME = range(60)


@pytest.mark.parametrize("seed", SOME)
def test_a_composed_plot_passes_both_lints(seed: int) -> None:
    scenario = generate(seed, skeletons=["composed"])
    assert lint(scenario, seeds=[0]) == ()
    assert replay_lint(scenario, seeds=[0]) == ()


def test_every_tool_of_the_parts_comes_up() -> None:
    bank = parts_bank()
    seen: set[tuple[str, ...]] = set()
    for number in range(400):
        seen |= sequences(compose(number)["plan"])
    tools = {tool for plan in seen for tool in plan}
    out = {step["tool"] for act in bank.acts.values() for step in act.plan}
    opened = {place.read["tool"] for place in (*bank.sources.values(), *bank.requests.values()) if place.read}
    assert out | opened <= tools
    assert len(seen) > 200


@pytest.mark.parametrize("seed", range(0, 40, 4))
def test_the_hardest_composed_plots_can_be_played(seed: int) -> None:
    name = f"composed-{seed}"
    knobs = Knobs(distance=1, pressure=skeleton(name).reachable[-1], distractors=4)
    scenario = generate(seed, knobs=knobs, skeletons=[name])
    assert replay_lint(scenario, seeds=[0]) == ()


def test_composed_workflows_have_nothing_of_those_that_are_held_out() -> None:
    held_out = [skeleton(name) for name in skeleton_names() if skeleton(name).held_out]
    kept = {plan for each in held_out for plan in sequences(each.plan)}
    words = {
        text if isinstance(text, str) else text.text
        for each in held_out
        for said in each.texts.values()
        for text in said
    }
    for number in range(300):
        made = skeleton(f"composed-{number}")
        assert kept.isdisjoint(sequences(made.plan))
        assert words.isdisjoint(
            text if isinstance(text, str) else text.text for said in made.texts.values() for text in said
        )
    parts = json.dumps(parts_bank().model_dump(mode="json"))
    assert not [text for text in words if len(text) > 12 and json.dumps(text)[1:-1] in parts]


def test_instructions_say_one_of_each_choice_in_whole_sentences() -> None:
    texts = {said["text"] for number in range(200) for said in compose(number)["texts"]["instruction"]}
    assert len(texts) == 200 * 12  # two distances, six each, hardly ever the same
    assert not [text for text in texts if set("[|]") & set(text)]
    assert not [text for text in texts if "  " in text or " ." in text or text != text.strip()]
    starts = re.compile(r"(?:^|[.!?] |\{asks\} )[a-z]")
    assert not [text for text in texts if starts.search(text)]


def test_each_group_of_words_has_a_choice() -> None:
    groups = re.findall(r"\[([^\[\]]*)\]", json.dumps(parts_bank().model_dump(mode="json")["frames"]))
    parts = parts_bank()
    said = [
        text for part in (*parts.sources.values(), *parts.requests.values(), *parts.acts.values()) for text in part.says
    ]
    groups += [group for text in said for group in re.findall(r"\[([^\[\]]*)\]", text)]
    words = [group.split("|") for group in groups if "|" in group]
    assert len(words) > 200
    assert not [each for each in words if len(set(each)) != len(each)]


def test_a_sequence_that_is_taken_is_not_made() -> None:
    first = sequences(compose(5)["plan"])
    assert first.isdisjoint(sequences(compose(5, taken=first)["plan"]))


def test_a_number_gives_the_same_workflow_in_another_process() -> None:
    code = "from discretion.scenarios.generator import skeleton; print(skeleton('composed-17').model_dump_json())"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == skeleton("composed-17").model_dump_json()


def test_composed_plots_can_be_named() -> None:
    first, second = generated("generated:2?skeleton=composed")
    assert first.plot is not None
    assert second.plot is not None
    assert (first.plot.skeleton, second.plot.skeleton) == ("composed-0", "composed-1")
    (again,) = generated("generated:0-0?skeleton=composed-0")
    assert again == first
    for wrong in ("composed-", "composed-07", "composed-x", "composed-9999999999"):
        with pytest.raises(InputError, match="no skeleton is called"):
            list(generated(f"generated:1?skeleton={wrong}"))


def test_nobody_asks_where_the_instruction_asks_elsewhere() -> None:
    for number in range(100):
        made = compose(number)
        names = [item["name"] for items in made["world"].values() for item in items]
        assert len(names) == len(set(names))
        assert "source" in names or any("source" in json.dumps(items) for items in made["world"].values())
        assert ("request" in names) or ("{open.asked}" in json.dumps(made["texts"]["own"]))
