"""`OfficeEnv`: an office behind Gymnasium's interface, for one agent."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

import gymnasium
import numpy as np
from gymnasium import spaces

from discretion.envs.episode import Episode
from discretion.envs.office import Office
from discretion.envs.people_model import PeopleModel
from discretion.envs.render import readable, render_ending, render_messages, transcript
from discretion.envs.spaces import AnyText, ToolCalls
from discretion.envs.toolkit import TOOLKITS, shown, specs_of
from discretion.envs.turns import MOST_CHARACTERS
from discretion.errors import InputError
from discretion.models.chat import AssistantTurn, FormatError, Message, ToolCall
from discretion.scenarios.instance import Instance
from discretion.scenarios.schema import Scenario

__all__ = ["MOST_OBSERVED", "Action", "Observation", "OfficeEnv", "Reward", "Scenarios", "action_to_turn"]

MOST_OBSERVED: Final = 400_000
"""Characters of one observation; a longer one is cut."""

_MOST_TURNS: Final = 500
_SEEDS: Final = 2**31
_CUT: Final = "\n[cut]"

Observation = dict[str, Any]
Action = Mapping[str, Any] | AssistantTurn
Reward = Callable[[Episode, Instance], float]
Scenarios = Scenario | Instance | Sequence[Scenario | Instance] | Callable[[int], Instance]


class OfficeEnv(gymnasium.Env[Observation, Action]):
    """One episode after the other in simulated offices.

    An action is one assistant turn, `{"text": str, "tool_calls": ({"name": str, "arguments": JSON text}, ...)}`, or an
    `AssistantTurn`. An observation is what the agent now sees, as text, and the number of turns it has had. An episode
    terminates when the task is closed (answered, declined, given up after malformed turns) and is truncated by the
    scenario's budget of turns or tokens. Bad actions are answered by an observation and never raise.

    Args:
        scenarios: What is played: a scenario, an instance, several of them, or a function from a seed to an instance.
        reward: Gives the reward of a finished episode; before, and without it, the reward is 0.
        render_mode: `ansi` for a transcript, `human` to have it written to the terminal as it happens.
        toolkits: Whose tools the action space samples.
        system_prompt: The agent's system prompt, in place of the usual one.
        people: The model that plays the people, in place of their script; closed with the environment.

    `reset` takes `options={"instance": Instance}` or `options={"scenario_seed": int}` to play a given case.

    Raises:
        InputError: If there is nothing to play, or the render mode or a toolkit does not exist.
    """

    metadata = {"render_modes": ["ansi", "human"], "render_fps": 1}

    def __init__(
        self,
        scenarios: Scenarios,
        *,
        reward: Reward | None = None,
        render_mode: str | None = None,
        toolkits: Sequence[str] = TOOLKITS,
        system_prompt: str | None = None,
        people: PeopleModel | None = None,
    ) -> None:
        if render_mode is not None and render_mode not in self.metadata["render_modes"]:
            raise InputError(
                f"unknown render mode {render_mode!r}", where="render_mode", remedy="use 'ansi' or 'human'"
            )
        self._instances = _source(scenarios)
        self._reward = reward
        self._system_prompt = system_prompt
        self._people = people
        self._calls = ToolCalls(specs_of(tuple(toolkits)))
        self._written = 0
        self.render_mode = render_mode
        self.office: Office | None = None
        self.action_space = spaces.Dict({"text": AnyText(MOST_CHARACTERS), "tool_calls": self._calls})
        self.observation_space = spaces.Dict(
            {"messages": AnyText(MOST_OBSERVED), "turn": spaces.Discrete(_MOST_TURNS + 1)}
        )

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observation, dict[str, Any]]:
        """Begin a new episode; see the class for `options`."""
        super().reset(seed=seed)
        instance = self._instance(options or {})
        own = 0 if self._people is None else int(self.np_random.integers(_SEEDS))
        self.office = Office(instance, system_prompt=self._system_prompt, people=self._people, seed=own)
        self._calls.look_at(self.office.world, self.office.tools)
        self._written = 0
        seen = self.office.start()
        self._write(self.office)
        return self._observation(self.office, seen), self._info(self.office)

    def step(self, action: Action) -> tuple[Observation, float, bool, bool, dict[str, Any]]:
        """Play one assistant turn."""
        office = self.office
        if office is None:
            raise gymnasium.error.ResetNeeded("OfficeEnv: there is no episode yet; call reset() first")
        playing = not office.done
        seen = office.step(action_to_turn(action, office.turn + 1))
        self._calls.look_at(office.world, office.tools)
        reward = 0.0
        if playing and office.done and self._reward is not None:
            reward = float(self._reward(office.episode(), office.instance))
        self._write(office)
        truncated = office.ending.kind in ("turn_budget", "token_budget")
        return self._observation(office, seen), reward, office.done and not truncated, truncated, self._info(office)

    def render(self) -> str | None:
        """Return the transcript so far where the render mode is `ansi`."""
        if self.office is None or self.render_mode != "ansi":
            return None
        return transcript(self.office.episode(), self.office.instance)

    def close(self) -> None:
        """Release the model that plays the people."""
        if self._people is not None:
            self._people.close()

    def _instance(self, options: dict[str, Any]) -> Instance:
        given = options.get("instance")
        if given is not None:
            if not isinstance(given, Instance):
                raise InputError(f"'instance' is a {type(given).__name__}", where="options", remedy="give an Instance")
            return given
        seed = options.get("scenario_seed")
        if seed is None:
            seed = self.np_random.integers(_SEEDS)
        if not isinstance(seed, int | np.integer):
            raise InputError(
                f"'scenario_seed' is a {type(seed).__name__}", where="options", remedy="give a whole number"
            )
        return self._instances(int(seed))

    def _observation(self, office: Office, seen: Iterable[Message]) -> Observation:
        text = readable(seen)
        if len(text) > MOST_OBSERVED:
            text = text[: MOST_OBSERVED - len(_CUT)] + _CUT
        return {"messages": text, "turn": office.turn}

    def _info(self, office: Office) -> dict[str, Any]:
        return {"instance": office.instance.id, "ending": office.ending.kind, **office.counts.model_dump()}

    def _write(self, office: Office) -> None:
        """Write to the terminal what is new, where a person is watching."""
        if self.render_mode != "human":
            return
        new = office.messages[self._written :]
        self._written = len(office.messages)
        reached = [one for one in office.recorder.disclosures if office.turn and one.step == office.turn]
        sys.stdout.write(render_messages(new, office.turn, reached, office.instance) + "\n")
        if office.done and new:
            sys.stdout.write(render_ending(office.episode()) + "\n")
        sys.stdout.flush()


def action_to_turn(action: Any, number: int = 1) -> AssistantTurn:
    """Read an action as an assistant turn; what cannot be read becomes a format error of that turn.

    Args:
        action: An assistant turn, or a mapping with `text` and `tool_calls`.
        number: The turn's number, for the ids of its calls.
    """
    if isinstance(action, AssistantTurn):
        return action
    if not isinstance(action, Mapping):
        return AssistantTurn(format_errors=(FormatError(detail="an action is a mapping", raw=_text(action)),))
    calls: list[ToolCall] = []
    errors: list[FormatError] = []
    given = action.get("tool_calls") or ()
    if isinstance(given, str | Mapping) or not isinstance(given, Iterable):
        errors.append(FormatError(detail="tool_calls is a sequence of calls", raw=_text(given)))
        given = ()
    for place, call in enumerate(given, start=1):
        try:
            name, text = _text(call["name"]), call["arguments"]
            arguments = json.loads(text) if isinstance(text, str) and text else text or {}
            calls.append(ToolCall(id=f"call{number}_{place}", name=name, arguments=arguments))
        except (ValueError, TypeError, KeyError, IndexError, RecursionError) as error:
            raw = _text(call)
            reason = (
                "the arguments are no JSON object"
                if isinstance(error, ValueError)
                else "a call has a name and arguments"
            )
            errors.append(FormatError(detail=f"{shown(raw)}: {reason}", raw=raw))
    return AssistantTurn(text=_text(action.get("text", "")), tool_calls=tuple(calls), format_errors=tuple(errors))


def _text(value: Any) -> str:
    """Anything as text that can be encoded, and that is not longer than an office takes."""
    text = value if isinstance(value, str) else repr(value)
    return text[:MOST_CHARACTERS].encode("utf-8", "replace").decode()


def _source(scenarios: Scenarios) -> Callable[[int], Instance]:
    if callable(scenarios):
        return scenarios
    items = tuple(scenarios) if isinstance(scenarios, Sequence) else (scenarios,)
    if not items or not all(isinstance(item, Scenario | Instance) for item in items):
        raise InputError(
            "nothing to play", where="scenarios", remedy="give a Scenario, an Instance, several, or seed -> Instance"
        )

    def draw(seed: int) -> Instance:
        item = items[seed % len(items)]
        if isinstance(item, Instance):
            return item
        from discretion.scenarios import instantiate

        return instantiate(item, seed)

    return draw
