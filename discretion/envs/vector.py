"""`OfficeVectorEnv`: several offices in one process, batched.

An office answers in microseconds and an agent in seconds, so there is nothing to gain from processes, and the shared
memory of `gymnasium.vector.AsyncVectorEnv` does not carry text.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space, iterate
from numpy.typing import NDArray

from discretion.envs.env import Action, Observation, OfficeEnv, Scenarios
from discretion.errors import InputError

__all__ = ["OfficeVectorEnv"]


class OfficeVectorEnv(VectorEnv[dict[str, Any], Any, NDArray[Any]]):
    """Several offices side by side, the same as `gymnasium.vector.SyncVectorEnv` makes of them.

    An office whose episode has ended begins the next one at the following step, whatever the action
    (`AutoresetMode.NEXT_STEP`).

    Args:
        scenarios: What is played, as for `OfficeEnv`.
        num_envs: How many offices.
        options: Everything else that `OfficeEnv` takes.

    Raises:
        InputError: If there is nothing to play, or no office to play it in.
    """

    def __init__(self, scenarios: Scenarios, *, num_envs: int = 1, **options: Any) -> None:
        if num_envs < 1:
            raise InputError(f"{num_envs} environments", where="num_envs", remedy="give at least 1")
        self.envs = [OfficeEnv(scenarios, **options) for _ in range(num_envs)]
        self.num_envs = num_envs
        self.render_mode = self.envs[0].render_mode
        self.metadata = {**OfficeEnv.metadata, "autoreset_mode": AutoresetMode.NEXT_STEP}
        self.single_action_space = self.envs[0].action_space
        self.single_observation_space = self.envs[0].observation_space
        self.action_space = batch_space(self.single_action_space, num_envs)
        self.observation_space = batch_space(self.single_observation_space, num_envs)
        self._ended = np.zeros(num_envs, dtype=np.bool_)

    def reset(
        self, *, seed: int | Sequence[int | None] | None = None, options: dict[str, Any] | None = None
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Begin a new episode in every office; a single seed counts up from office to office."""
        if seed is None or isinstance(seed, int):
            seeds: Sequence[int | None] = [None if seed is None else seed + number for number in range(self.num_envs)]
        else:
            seeds = seed
        self._ended[:] = False
        infos: dict[str, Any] = {}
        observations: list[Observation] = []
        for number, (env, own) in enumerate(zip(self.envs, seeds, strict=True)):
            observation, info = env.reset(seed=own, options=options)
            observations.append(observation)
            infos = self._add_info(infos, info, number)
        return self._batch(observations), infos

    def step(self, actions: Any) -> tuple[dict[str, Any], NDArray[Any], NDArray[Any], NDArray[Any], dict[str, Any]]:
        """Play one turn in every office.

        Args:
            actions: A batch of the action space, or one `AssistantTurn` or action for each office.
        """
        each: Sequence[Action] = list(iterate(self.action_space, actions)) if isinstance(actions, dict) else actions
        rewards = np.zeros(self.num_envs, dtype=np.float64)
        terminations, truncations = (np.zeros(self.num_envs, dtype=np.bool_) for _ in range(2))
        infos: dict[str, Any] = {}
        observations: list[Observation] = []
        for number, (env, action) in enumerate(zip(self.envs, each, strict=True)):
            if self._ended[number]:
                observation, info = env.reset()
            else:
                observation, rewards[number], terminations[number], truncations[number], info = env.step(action)
            observations.append(observation)
            infos = self._add_info(infos, info, number)
        self._ended = terminations | truncations
        return self._batch(observations), rewards, terminations, truncations, infos

    def render(self) -> tuple[str, ...] | None:
        """Return the transcript of every office, where the render mode is `ansi`."""
        return tuple(env.render() or "" for env in self.envs) if self.render_mode == "ansi" else None

    def close_extras(self, **_: Any) -> None:
        """Close every office."""
        for env in self.envs:
            env.close()

    def _batch(self, observations: Sequence[Observation]) -> dict[str, Any]:
        return {
            "messages": tuple(one["messages"] for one in observations),
            "turn": np.array([one["turn"] for one in observations], dtype=np.int64),
        }
