"""The Gymnasium side: the checker, wrappers, spaces, determinism, rendering, and the batched environment."""

from __future__ import annotations

import copy
import pickle
import warnings
from collections.abc import Iterator
from typing import Any

import gymnasium
import numpy as np
import pytest
from envs_kit import INSTANCE, TOOLKITS, turn
from gymnasium.utils.env_checker import check_env
from gymnasium.wrappers import RecordEpisodeStatistics, TimeLimit

import discretion
from discretion.envs.env import MOST_OBSERVED, OfficeEnv, action_to_turn
from discretion.envs.registration import ENV_ID
from discretion.envs.spaces import AnyText, ToolCalls
from discretion.envs.toolkit import specs_of
from discretion.envs.vector import OfficeVectorEnv
from discretion.envs.world import World
from discretion.errors import InputError
from discretion.models.chat import AssistantTurn
from discretion.scenarios.instance import Instance
from discretion.scenarios.task import Budget

TEST_ID = "discretion-tests/Office-v0"


def instances(seed: int) -> Instance:
    """Instances that differ by their seed."""
    task = INSTANCE.task.model_copy(update={"instruction": f"Send budget {seed % 5}."})
    return INSTANCE.model_copy(update={"id": f"budget:{seed}", "seed": seed, "task": task, "budget": Budget(turns=4)})


def make(**options: Any) -> OfficeEnv:
    return OfficeEnv(instances, reward=lambda episode, instance: float(episode.counts.tool_calls), **options)


def make_many(**options: Any) -> OfficeVectorEnv:
    return OfficeVectorEnv(instances, reward=lambda episode, instance: float(episode.counts.tool_calls), **options)


@pytest.fixture
def registered() -> Iterator[str]:
    gymnasium.register(id=TEST_ID, entry_point=make, vector_entry_point=make_many)
    yield TEST_ID
    del gymnasium.registry[TEST_ID]


ANSWER = {"text": "Done.", "tool_calls": ()}
LOOK = {"text": "", "tool_calls": ({"name": "recall", "arguments": "{}"},)}


@pytest.mark.parametrize("render_mode", [None, "ansi", "human"])
def test_the_checker_has_nothing_to_say(registered: str, render_mode: str | None) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check_env(gymnasium.make(registered, render_mode=render_mode).unwrapped)


def test_wrappers_work_unmodified(registered: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        env = RecordEpisodeStatistics(TimeLimit(gymnasium.make(registered), max_episode_steps=2))
        env.reset(seed=1)
        assert env.step(LOOK)[2:4] == (False, False)
        *_, truncated, info = env.step(LOOK)
    assert truncated
    assert (info["episode"]["l"], info["ending"]) == (2, "running")


def test_the_registered_spec_travels() -> None:
    spec = gymnasium.spec(ENV_ID)
    assert pickle.loads(pickle.dumps(spec)) == spec == copy.deepcopy(spec)
    assert gymnasium.envs.registration.EnvSpec.from_json(spec.to_json()) == spec
    assert spec.max_episode_steps is None
    discretion.register()


class TestEpisodes:
    def test_an_answer_terminates_with_the_reward(self) -> None:
        env = make()
        observation, info = env.reset(seed=3)
        assert observation["turn"] == 0
        assert "Send budget" in observation["messages"]
        assert info["ending"] == "running"
        assert env.step(LOOK)[1:4] == (0.0, False, False)
        observation, reward, terminated, truncated, info = env.step(ANSWER)
        assert (reward, terminated, truncated, info["ending"]) == (1.0, True, False, "answered")
        assert observation == {"messages": "", "turn": 2}
        assert env.step(ANSWER)[1:4] == (0.0, True, False)

    def test_a_spent_budget_truncates(self) -> None:
        env = make()
        env.reset(seed=3)
        endings = [env.step(LOOK)[2:4] for _ in range(4)]
        assert endings == [(False, False)] * 3 + [(False, True)]

    def test_malformed_turns_terminate(self) -> None:
        env = make()
        env.reset(seed=3)
        broken = {"text": "", "tool_calls": ({"name": "recall", "arguments": "{"},)}
        observation = env.step(broken)[0]
        assert "could not be read" in observation["messages"]
        assert [env.step(broken)[2:4] for _ in range(2)] == [(False, False), (True, False)]

    def test_options_choose_the_case(self) -> None:
        env = make()
        assert env.reset(options={"scenario_seed": 77})[1]["instance"] == "budget:77"
        assert env.reset(options={"instance": INSTANCE})[1]["instance"] == "budget:7"
        with pytest.raises(InputError, match="options: 'instance' is a str; give an Instance"):
            env.reset(options={"instance": "budget:7"})

    def test_the_same_seed_and_turns_give_the_same_episode(self) -> None:
        def play() -> tuple[list[Any], str]:
            env = make()
            seen = [env.reset(seed=11)]
            env.action_space.seed(5)
            seen += [env.step(env.action_space.sample()) for _ in range(4)]
            assert env.office is not None
            return seen, env.office.episode().model_dump_json()

        assert play() == play()

    def test_seeds_draw_instances(self) -> None:
        env = make()
        drawn = [env.reset(seed=seed)[1]["instance"] for seed in (1, 1, 2)]
        assert drawn[0] == drawn[1] != drawn[2]
        assert env.reset()[1]["instance"] != env.reset()[1]["instance"]

    def test_several_instances_are_drawn_from(self) -> None:
        env = OfficeEnv([instances(1), instances(2)])
        assert {env.reset(seed=seed)[1]["instance"] for seed in range(12)} == {"budget:1", "budget:2"}

    def test_a_long_observation_is_cut(self) -> None:
        task = INSTANCE.task.model_copy(update={"instruction": "x" * (MOST_OBSERVED + 1)})
        observation, _ = OfficeEnv(INSTANCE.model_copy(update={"task": task})).reset()
        assert len(observation["messages"]) == MOST_OBSERVED
        assert observation["messages"].endswith("[cut]")

    def test_misuse_is_told_in_one_line(self) -> None:
        with pytest.raises(InputError, match="scenarios: nothing to play; give a Scenario"):
            OfficeEnv([])
        with pytest.raises(InputError, match="scenarios: nothing to play; give a Scenario"):
            OfficeEnv(5)  # type: ignore[arg-type]
        with pytest.raises(InputError, match="num_envs: 0 environments; give at least 1"):
            make_many(num_envs=0)
        with pytest.raises(InputError, match="options: 'scenario_seed' is a str; give a whole number"):
            make().reset(options={"scenario_seed": "x"})
        with pytest.raises(InputError, match="render_mode: unknown render mode 'rgb_array'; use 'ansi' or 'human'"):
            make(render_mode="rgb_array")
        with pytest.raises(gymnasium.error.ResetNeeded, match="call reset"):
            make().step(ANSWER)


class TestActions:
    def test_an_assistant_turn_is_taken_as_it_is(self) -> None:
        given = turn(("recall", {}))
        assert action_to_turn(given) is given

    def test_calls_are_parsed(self) -> None:
        made = action_to_turn({"text": "x", "tool_calls": [{"name": "recall", "arguments": '{"query": "y"}'}]}, 3)
        (call,) = made.tool_calls
        assert (made.text, call.id, call.name, call.arguments) == ("x", "call3_1", "recall", {"query": "y"})
        assert action_to_turn({"tool_calls": ({"name": "recall", "arguments": ""},)}).tool_calls[0].arguments == {}

    @pytest.mark.parametrize(
        "action",
        [
            None,
            7,
            {"tool_calls": 5},
            {"tool_calls": "recall"},
            {"tool_calls": [None]},
            {"tool_calls": [{"name": "recall"}]},
            {"tool_calls": [{"name": "recall", "arguments": "[]"}]},
            {"tool_calls": [{"name": "recall", "arguments": '{"a":' * 100_000}]},
            {"tool_calls": [{"name": "recall", "arguments": "9" * 5_000}]},
        ],
    )
    def test_what_cannot_be_read_is_a_format_error(self, action: Any) -> None:
        made = action_to_turn(action)
        assert made.tool_calls == ()
        assert len(made.format_errors) == 1

    def test_text_that_cannot_be_encoded_is_mended(self) -> None:
        assert action_to_turn({"text": "a\ud800b"}).text == "a?b"


class TestSpaces:
    @pytest.mark.parametrize("text", ["", "Grüße, 世界\n\x00", "x" * 50])
    def test_any_text_is_a_member(self, text: str) -> None:
        assert text in AnyText(50)
        assert "x" * 51 not in AnyText(50)
        assert 5 not in AnyText(50)

    def test_samples_are_members_and_follow_the_seed(self) -> None:
        space = make().action_space
        samples = []
        for _ in range(2):
            space.seed(9)
            samples.append([space.sample() for _ in range(30)])
        assert samples[0] == samples[1]
        assert all(sample in space for sample in samples[0])
        assert {len(sample["tool_calls"]) for sample in samples[0]} >= {1, 2}

    def test_samples_speak_of_the_world_at_hand(self) -> None:
        calls = ToolCalls(specs_of(TOOLKITS), seed=1)
        calls.look_at(World.of(INSTANCE))
        text = str([calls.sample() for _ in range(300)])
        assert all(word in text for word in ("m1", "acc1", "tom.reed@acme.example", "#sales", "2026-03-10"))

    def test_spaces_are_equal_by_what_they_hold(self) -> None:
        ours, other = make(), make(toolkits=("mail",))
        ours.reset(seed=1)
        assert ours.action_space == make().action_space != other.action_space
        assert pickle.loads(pickle.dumps(ours.action_space)) == ours.action_space
        assert AnyText(5) != AnyText(6)
        assert repr(AnyText(5)) == "AnyText(5)"


def test_random_turns_raise_nothing() -> None:
    env = make()
    env.action_space.seed(0)
    env.reset(seed=0)
    endings, refused, made = set(), 0, 0
    for _ in range(3_000):
        _, _, terminated, truncated, info = env.step(env.action_space.sample())
        if terminated or truncated:
            endings.add(info["ending"])
            refused, made = refused + info["tool_errors"], made + info["tool_calls"]
            assert env.office is not None
            env.office.episode().model_dump_json()
            env.reset()
    assert endings >= {"answered", "declined", "turn_budget"}
    assert 0.3 < refused / made < 0.7


class TestVector:
    def test_is_the_same_as_the_synchronous_one(self, registered: str) -> None:
        ours = gymnasium.make_vec(registered, num_envs=3)
        sync = gymnasium.make_vec(registered, num_envs=3, vectorization_mode="sync")
        assert isinstance(ours, OfficeVectorEnv)
        assert ours.action_space == sync.action_space
        assert ours.observation_space == sync.observation_space
        assert ours.metadata == sync.metadata
        _equal(ours.reset(seed=4), sync.reset(seed=4))
        sync.action_space.seed(8)
        for _ in range(40):
            actions = sync.action_space.sample()
            _equal(ours.step(actions), sync.step(actions))
        ours.close()
        sync.close()

    def test_takes_assistant_turns(self) -> None:
        env = make_many(num_envs=2)
        env.reset(seed=[1, None])
        turns = [AssistantTurn(text="Done."), turn(("recall", {}))]
        observation, rewards, terminations, truncations, infos = env.step(turns)
        assert observation in env.observation_space
        assert (rewards.tolist(), terminations.tolist(), truncations.tolist()) == (
            [0, 0],
            [True, False],
            [False, False],
        )
        assert infos["ending"].tolist() == ["answered", "running"]

    def test_renders_every_office(self) -> None:
        env = make_many(num_envs=2, render_mode="ansi")
        env.reset(seed=1)
        frames = env.render()
        assert frames is not None
        assert len(frames) == 2
        assert make_many(num_envs=1).render() is None


def _equal(ours: Any, theirs: Any) -> None:
    if isinstance(ours, dict):
        assert ours.keys() == theirs.keys()
        for key in ours:
            _equal(ours[key], theirs[key])
    elif isinstance(ours, tuple | list):
        assert len(ours) == len(theirs)
        for mine, other in zip(ours, theirs, strict=True):
            _equal(mine, other)
    else:
        assert np.array_equal(ours, theirs)
        assert getattr(ours, "dtype", None) == getattr(theirs, "dtype", None)
