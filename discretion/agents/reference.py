"""Agents without a model. They know the instance, play its plan more or less discreetly, and bound every measure."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from pydantic import JsonValue

from discretion.agents.outgoing import add_words, compose
from discretion.errors import InputError, nearest
from discretion.models.chat import AssistantTurn, Message, ToolCall, ToolSpec
from discretion.models.toolcalls import call_id
from discretion.scenarios.flowgraph import FlowGraph
from discretion.scenarios.flows import PUBLIC
from discretion.scenarios.instance import Instance

__all__ = ["REFERENCES", "ReferenceSource"]

_REFUSAL: Final = "I would rather not do this."

Calls = list[tuple[str, Mapping[str, Any]]]
Tools = Mapping[str, ToolSpec]
Script = Iterator[AssistantTurn | Calls]


def _oracle(instance: Instance, tools: Tools, rng: random.Random) -> Script:
    """Play the plan."""
    for step in instance.task.plan:
        yield [(step.tool, step.args)]
    yield AssistantTurn(text=instance.task.answer)


def _oversharer(instance: Instance, tools: Tools, rng: random.Random) -> Script:
    """Play the plan, tell everything in every outgoing text, and write to everybody who must not know something."""
    secrets = "\n".join(fact.statement for fact in instance.facts)
    extra = _sends(instance, tools, _forbidden(instance), secrets)
    plan = [(step.tool, _with(tools, step.tool, step.args, secrets)) for step in instance.task.plan]
    for step in plan[:-1]:
        yield [step]
    # In one turn with the last step, so that the budget suffices, and before it, since it may end the episode.
    if extra or plan:
        yield [*extra, *plan[-1:]]
    yield AssistantTurn(text=f"{instance.task.answer}\n\n{secrets}".strip())


def _refuser(instance: Instance, tools: Tools, rng: random.Random) -> Script:
    """Decline at once."""
    yield [("decline_task", {"reason": _REFUSAL})] if "decline_task" in tools else AssistantTurn(text=_REFUSAL)


def _idle(instance: Instance, tools: Tools, rng: random.Random) -> Script:
    """Say nothing and do nothing."""
    yield AssistantTurn()


def _random(instance: Instance, tools: Tools, rng: random.Random) -> Script:
    """Play each step of the plan with probability 1/2, and add each fact to each outgoing text with probability 0.3.

    One step more is a message to somebody who must not know something, so that chance can leak in every instance.
    """

    def some() -> str:
        return "\n".join(fact.statement for fact in instance.facts if rng.random() < 0.3)

    for step in instance.task.plan:
        if rng.random() < 0.5:
            yield [(step.tool, _with(tools, step.tool, step.args, some()))]
    forbidden = _forbidden(instance)
    if forbidden and rng.random() < 0.5:
        extra = _sends(instance, tools, [rng.choice(forbidden)], some())
        if extra:
            yield extra
    yield AssistantTurn(text=f"{instance.task.answer}\n\n{some()}".strip())


REFERENCES: Final[dict[str, Callable[[Instance, Tools, random.Random], Script]]] = {
    "oracle": _oracle,
    "oversharer": _oversharer,
    "refuser": _refuser,
    "idle": _idle,
    "random": _random,
}
"""Name -> script. Each bounds a measure: the best, the worst, doing nothing in two ways, and chance."""


class ReferenceSource:
    """The source of `reference:NAME`.

    Args:
        kind: One of [`REFERENCES`][discretion.agents.reference.REFERENCES].
        seed: The action seed of `random`; two seeds are two agents of the same habits.
        name: The agent string.

    Raises:
        InputError: If there is no such reference.
    """

    concurrency = 1  # they wait for nothing

    def __init__(self, kind: str, *, seed: int = 0, name: str = "") -> None:
        if kind not in REFERENCES:
            raise InputError(f"unknown reference {kind!r}", remedy=nearest(kind, REFERENCES))
        self.kind = kind
        self.seed = seed
        self.name = name or f"reference:{kind}"

    def describe(self) -> dict[str, JsonValue]:
        """Return what identifies the agent in a manifest."""
        return {"kind": "reference", "reference": self.kind, "seed": self.seed if self.kind == "random" else None}

    def open(self, instance: Instance, *, seed: int) -> _Reference:
        """Return the agent that plays this instance, once."""
        # Sessions of one instance share its id, not their instruction.
        key = f"{self.seed}:{seed}:{instance.id}:{instance.task.instruction}"
        rng = random.Random(key)
        return _Reference(self.name, instance, REFERENCES[self.kind], rng)

    async def aclose(self) -> None:
        """Do nothing: there is nothing to release."""


class _Reference:
    """An agent that plays a script, one entry a turn; after its end it has nothing more to say."""

    def __init__(
        self,
        name: str,
        instance: Instance,
        script: Callable[[Instance, Tools, random.Random], Script],
        rng: random.Random,
    ) -> None:
        self.name = name
        self._instance = instance
        self._write = script
        self._rng = rng
        self._script: Script | None = None
        self._calls = 0

    async def act(self, messages: Sequence[Message], tools: Sequence[ToolSpec], *, seed: int) -> AssistantTurn:
        """Return the next turn of the script."""
        if self._script is None:
            self._script = self._write(self._instance, {tool.name: tool for tool in tools}, self._rng)
            self._calls = sum(len(message.tool_calls) for message in messages)
        entry = next(self._script, None)
        if isinstance(entry, AssistantTurn):
            return entry
        calls: list[ToolCall] = []
        for tool, arguments in entry or ():
            self._calls += 1
            calls.append(ToolCall(id=call_id(self._calls), name=tool, arguments=dict(arguments)))
        return AssistantTurn(tool_calls=tuple(calls))


def _with(tools: Tools, tool: str, arguments: Mapping[str, Any], words: str) -> Mapping[str, Any]:
    """Return the arguments with words added, where the call carries any."""
    spec = tools.get(tool)
    return arguments if spec is None else add_words(spec, arguments, words) or arguments


def _forbidden(instance: Instance) -> list[str]:
    """Return the actors to whom some fact must not flow."""
    return list(dict.fromkeys(pair.recipient for pair in FlowGraph.of(instance).forbidden_pairs))


def _sends(instance: Instance, tools: Tools, recipients: Sequence[str], words: str) -> Calls:
    """Return calls that send words to people of the instance."""
    people = [instance.actors[actor] for actor in recipients if actor in instance.actors and actor != instance.user]
    to = [actor.email or actor.name for actor in people]
    public = PUBLIC in recipients
    if not words or not (to or public):
        return []
    planned = [step.tool for step in instance.task.plan]
    feed = any(channel.kind == "feed" for channel in instance.channels)
    return list(compose(tools, planned, to, words, date=instance.date, public=public, feed=feed))
