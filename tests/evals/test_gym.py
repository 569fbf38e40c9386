"""`gymnasium.make("discretion/Office-v0")`: both twins are drawn, and the reward is the one that is promised."""

from __future__ import annotations

import asyncio
from typing import Any

import gymnasium
import pytest
from office_cases import absence

import discretion  # noqa: F401 - registers the environment
from discretion.agents import resolve
from discretion.envs import OfficeEnv
from discretion.envs.episode import Ending, Episode
from discretion.evals.gym import DEFAULT_PACK, discretion_reward, make_office_env
from discretion.evals.play import play_instance
from discretion.scenarios import instantiate, load_scenarios


async def rewards(env: OfficeEnv, agent: str, **options: Any) -> list[float]:
    """Play one episode and return the reward of every step."""
    env.reset(seed=0, options=options)
    office = env.office
    assert office is not None
    player = resolve(agent).open(office.instance, seed=0)
    found: list[float] = []
    done = False
    while not done:
        turn = await player.act(office.messages, office.tools, seed=0)
        _, reward, terminated, truncated, _ = env.step(turn)
        found.append(float(reward))
        done = terminated or truncated
    return found


@pytest.mark.parametrize("twin", ["base", "sibling"])
@pytest.mark.parametrize(
    ("agent", "last"), [("reference:oracle", 1.0), ("reference:oversharer", -1.0), ("reference:idle", 0.0)]
)
def test_the_reward_comes_once_at_the_end(agent: str, last: float, twin: Any) -> None:
    env = make_office_env(absence())
    found = asyncio.run(rewards(env, agent, instance=instantiate(absence(), 3, twin=twin)))
    assert found[-1] == last
    assert set(found[:-1]) <= {0.0}


def test_what_is_not_scored_earns_nothing() -> None:
    episode = Episode(instance="absence:0", ending=Ending(kind="agent_fault"))
    assert discretion_reward()(episode, instantiate(absence(), 0)) == 0.0


def test_where_nothing_is_required_success_counts() -> None:
    task = absence().task.model_copy(update={"requires": ()})
    scenario = absence().model_copy(update={"task": task, "sibling": None})
    instance = instantiate(scenario, 0)
    played = {name: asyncio.run(play_instance(resolve(f"reference:{name}"), instance)) for name in ("oracle", "idle")}
    assert [discretion_reward()(played[name][0], instance) for name in ("oracle", "idle")] == [1.0, 0.0]


def test_made_by_its_id_it_draws_both_twins_of_every_scenario() -> None:
    env = gymnasium.make("discretion/Office-v0")
    pack = [scenario.id for scenario in load_scenarios(DEFAULT_PACK)]
    seeds = range(2 * len(pack))
    drawn = {env.reset(options={"scenario_seed": seed})[1]["instance"].partition(":")[0] for seed in seeds}
    assert drawn == {*pack, *(f"{name}~sibling" for name in pack)}


def test_generated_plots_are_made_as_they_are_drawn() -> None:
    env = make_office_env("generated:1000000?pressure=1")
    drawn = [env.reset(options={"scenario_seed": seed})[1]["instance"] for seed in (0, 1, 2)]
    assert drawn == ["g1-000000:0", "g1-000000~sibling:0", "g1-000001:0"]


def test_the_vector_version_plays_the_same() -> None:
    single = gymnasium.make("discretion/Office-v0")
    several = gymnasium.make_vec("discretion/Office-v0", num_envs=2)
    seen, _ = several.reset(seed=5)
    assert seen["messages"][0] == single.reset(seed=5)[0]["messages"]
    assert seen["messages"][1] == single.reset(seed=6)[0]["messages"]
    several.close()
