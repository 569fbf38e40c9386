"""The office: a world, its tools, the people in it and the recorder, driven one assistant turn at a time.

Whatever schedules episodes, and whatever protocol an agent speaks, ends here. Nothing that an agent writes raises:
what cannot be done is answered as a service would answer it, and counted.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError
from pydantic_core import to_json

from discretion.envs.episode import Counts, Ending, EndingKind, Episode
from discretion.envs.people import Acting, People
from discretion.envs.prompt import system_prompt
from discretion.envs.recorder import Recorder
from discretion.envs.toolkit import Result, Tool, ToolError, shown, specs_of, tools_of
from discretion.envs.turns import MOST_CHARACTERS, MOST_REPLIES, admitted, verbatim
from discretion.envs.world import World
from discretion.errors import nearest
from discretion.models.chat import AssistantTurn, FormatError, Message, ToolCall, ToolSpec, Usage
from discretion.scenarios.flowgraph import starting_principles
from discretion.scenarios.instance import Instance

if TYPE_CHECKING:
    from discretion.envs.people_model import PeopleModel

__all__ = ["Office"]


class Office:
    """One episode of one agent in one instance.

    Args:
        instance: The case, of one session.
        memory: What the assistant remembers from the session before, as (id, text).
        system_prompt: The agent's system prompt, in place of the usual one.
        people: The model that plays the people, in place of their script.
        seed: For its sampling.

    Attributes:
        instance: The case.
        world: What lies in the office now.
        tools: What the agent may call.
        messages: The conversation so far, as the agent saw it.
        recorder: What left the agent and what it changed.
        ending: How it ended, or `running`.
    """

    def __init__(
        self,
        instance: Instance,
        *,
        memory: Sequence[tuple[str, str]] | None = None,
        system_prompt: str | None = None,
        people: PeopleModel | None = None,
        seed: int = 0,
    ) -> None:
        self.instance = instance
        self.world = World.of(instance, memory=memory)
        self.recorder = Recorder(self.world, starting_principles(instance))
        self.messages: list[Message] = []
        self.ending = Ending(kind="running")
        self._people = People(instance, self.world, self.recorder, free=people is not None)
        self._players = None if people is None else people.cast(instance, self._people, self.recorder, seed=seed)
        self._tools = tools_of(instance.toolkits)
        self._prompt = system_prompt
        self._started: tuple[Message, ...] = ()
        self._calls = self._tool_errors = self._format_errors = self._malformed = self._replies = 0
        self._usage = Usage()

    @property
    def tools(self) -> tuple[ToolSpec, ...]:
        """What the agent may call, with JSON schemas."""
        return specs_of(self.instance.toolkits)

    @property
    def done(self) -> bool:
        """Whether the episode is over."""
        return self.ending.kind != "running"

    @property
    def turn(self) -> int:
        """How many turns the agent has had."""
        return self.recorder.step

    @property
    def waits(self) -> bool:
        """Whether a turn waits for a model that plays the people."""
        return self._players is not None

    # -- the episode, turn by turn -------------------------------------------------------------------------------

    def start(self) -> tuple[Message, ...]:
        """Return the opening: the system prompt, the user's instruction, and the calls that lie in the past.

        Where memory is served, all that is remembered is the first of these.
        """
        if not self._started:
            prompt = self._prompt if self._prompt is not None else system_prompt(self.instance)
            opening = [
                Message(role="system", content=prompt),
                Message(role="user", content=self.instance.task.instruction),
            ]
            if self.instance.serve_memory and self.world.memory and (recall := self._tools.get("recall")):
                call = ToolCall(id="past0", name="recall", arguments={})
                content = _json(self._apply(recall, recall.check({})))
                opening.append(Message(role="assistant", tool_calls=(call,)))
                opening.append(Message(role="tool", content=content, tool_call_id=call.id, name=call.name))
            for number, past in enumerate(self.instance.history, start=1):
                arguments = past.args if past.args is not None else {"input": past.raw}
                call = ToolCall(id=f"past{number}", name=past.tool, arguments=arguments)
                opening.append(Message(role="assistant", tool_calls=(call,)))
                opening.append(Message(role="tool", content=past.observation, tool_call_id=call.id, name=call.name))
            self._started = tuple(opening)
            self.messages += opening
        return self._started

    def step(self, turn: AssistantTurn) -> tuple[Message, ...]:
        """Play one turn of the agent.

        Args:
            turn: Its words and calls. Words without a call are the answer to the user and end the episode.

        Returns:
            What the agent now sees: the results of its calls, then in one message what was wrong with the turn and
            what people sent meanwhile. Nothing, once the episode is over.
        """
        return tuple(self._settle(self._turn(turn)))

    async def astep(self, turn: AssistantTurn) -> tuple[Message, ...]:
        """Play one turn of the agent, as `step` does, without holding up others while a model plays people."""
        acting = self._turn(turn)
        return tuple(self._settle(acting) if self._players is None else await self._players.act(acting, self.fault))

    def think(self, usage: Usage) -> None:
        """Count a reply of one of the agent's models that brought no turn; many of them in a row end the episode too.

        Args:
            usage: What it cost.
        """
        self.start()
        if not self.done:
            self._usage += usage
            self._replies += 1
            self._end_if_due()

    def call(self, name: str, arguments: dict[str, Any]) -> str:
        """Run one tool outside a turn protocol, as a step of its own.

        Args:
            name: The tool.
            arguments: Its arguments.

        Returns:
            What the tool answers, as JSON text, and below it what people sent meanwhile.
        """
        return _joined(self._settle(self._single(name, arguments)))

    async def acall(self, name: str, arguments: dict[str, Any]) -> str:
        """Run one tool, as `call` does, without holding up others while a model plays people."""
        acting = self._single(name, arguments)
        return _joined(self._settle(acting) if self._players is None else await self._players.act(acting, self.fault))

    def fault(self, reason: str, *, kind: EndingKind = "agent_fault") -> None:
        """End the episode because a model or its server failed; it is then not scored.

        Args:
            reason: How.
            kind: Whose model: `agent_fault`, or `people_fault` for the one that plays the people.
        """
        self.start()
        if not self.done:
            self.ending = Ending(kind=kind, detail=reason)

    def episode(self, *, agent: str = "", repeat: int = 0, session: int = 0, seed: int = 0) -> Episode:
        """Return the record of what happened so far.

        Args:
            agent: The agent string.
            repeat: Which repetition, from 0.
            session: Which session, from 0.
            seed: The seed that the agent was given.
        """
        recorder = self.recorder
        return Episode(
            instance=self.instance.id,
            agent=agent,
            repeat=repeat,
            session=session,
            messages=tuple(self.messages),
            disclosures=tuple(recorder.disclosures),
            changes=tuple(recorder.changes),
            principle_events=tuple(recorder.principle_events),
            memory=tuple((item.id, item.text) for item in self.world.memory.values()),
            usage=self._usage,
            counts=self.counts,
            ending=self.ending,
            seed=seed,
        )

    @property
    def counts(self) -> Counts:
        """Turns, calls and errors so far."""
        return Counts(
            turns=self.recorder.step,
            tool_calls=self._calls,
            tool_errors=self._tool_errors,
            format_errors=self._format_errors,
            people_calls=self._players.calls if self._players else 0,
            people_retries=self._players.retries if self._players else 0,
        )

    # -- inside a turn -------------------------------------------------------------------------------------------

    def _settle(self, acting: Acting[list[Message]]) -> list[Message]:
        """Play to the end of a turn; people follow their script, or the caller waits for the model that plays them."""
        if self._players is not None:
            return self._players.wait(self._players.act(acting, self.fault))
        behaviour = None
        try:
            while True:
                behaviour = self._people.choose(acting.send(behaviour))
        except StopIteration as end:
            messages: list[Message] = end.value
            return messages

    def _turn(self, turn: AssistantTurn) -> Acting[list[Message]]:
        self.start()
        if self.done:
            return []
        self._usage += turn.usage
        return (yield from self._play(turn))

    def _single(self, name: str, arguments: dict[str, Any]) -> Acting[list[Message]]:
        try:
            call = ToolCall(id=f"call{self.recorder.step + 1}", name=name, arguments=arguments)
        except ValidationError:
            return [_refused(ToolError("the call is no name with a JSON object of arguments").as_result())]
        self.start()
        if self.done:
            return [_refused(_closed())]
        return (yield from self._play(AssistantTurn(tool_calls=(call,))))

    def _play(self, turn: AssistantTurn) -> Acting[list[Message]]:
        self.recorder.step += 1
        self._replies = 0
        self.world.tick()
        text, thought, errors = turn.text[:MOST_CHARACTERS], turn.reasoning[:MOST_CHARACTERS], turn.format_errors
        calls, refused = admitted(turn.tool_calls)
        content = verbatim(text, errors)
        self.messages.append(Message(role="assistant", content=content, tool_calls=calls, reasoning=thought))

        since = len(self.recorder.disclosures)
        results = []
        for place, call in enumerate(calls):
            result = refused.get(place) or self._run(call)
            if self.recorder.question is not None:
                question, self.recorder.question = self.recorder.question, None
                result["answer"] = yield from self._people.answer(question)
            results.append(self._result(call, result))
        if not calls and not errors:
            self.recorder.tool = "answer_user"
            self.recorder.close("answered", text, cut=turn.finish == "length")
        news = self._malformed_turn(errors)
        news += yield from self._people.react(since)
        if self.recorder.ending is None:
            news += yield from self._people.at_turn(self.recorder.step)
        self._end_if_due()
        if news and not self.done:
            results.append(Message(role="user", content="\n\n".join(news)))
        self.messages += results
        return results

    def _run(self, call: ToolCall) -> Result:
        if self.recorder.ending is not None:
            return _closed()
        tool = self._tools.get(call.name)
        if tool is None:
            name = shown(call.name)
            return ToolError(f"there is no tool {name!r}", nearest(name, self._tools)).as_result()
        try:
            return self._apply(tool, tool.check(call.arguments))
        except ToolError as error:
            return error.as_result()

    def _apply(self, tool: Tool, arguments: dict[str, Any]) -> Result:
        if not tool.writes:
            return tool.function(self.world, **arguments)
        self.recorder.tool = tool.name
        return tool.function(self.world, self.recorder, **arguments)

    def _result(self, call: ToolCall, result: Result) -> Message:
        self._calls += 1
        if "error" in result:
            self._tool_errors += 1
        return Message(role="tool", content=_json(result), tool_call_id=call.id, name=call.name)

    def _malformed_turn(self, errors: tuple[FormatError, ...]) -> list[str]:
        self._malformed = self._malformed + 1 if errors else 0
        self._format_errors += len(errors)
        if not errors:
            return []
        details = "; ".join(dict.fromkeys(shown(error.detail, limit=300) for error in errors[:3]))
        return [f"[format error] A tool call could not be read: {details}. It was not run; write it again."]

    def _end_if_due(self) -> None:
        budget = self.instance.budget
        if self.recorder.ending is not None:
            self.ending = self.recorder.ending
        elif self._malformed >= budget.format_errors:
            self.ending = Ending(kind="format_error", detail=f"{self._malformed} malformed turns in a row")
        elif budget.tokens is not None and self._usage.completion_tokens >= budget.tokens:
            self.ending = Ending(
                kind="token_budget", detail=f"{self._usage.completion_tokens} of {budget.tokens} tokens"
            )
        elif self.recorder.step >= budget.turns:
            self.ending = Ending(kind="turn_budget", detail=f"{budget.turns} turns")
        elif self._replies >= MOST_REPLIES:
            self.ending = Ending(kind="turn_budget", detail=f"{self._replies} replies of its models without a turn")


def _refused(result: Result) -> Message:
    """What is said to a call that is no part of the episode."""
    return Message(role="tool", content=_json(result))


def _joined(messages: Sequence[Message]) -> str:
    return "\n\n".join(message.content for message in messages)


def _json(result: Result) -> str:
    return to_json(result).decode()


def _closed() -> Result:
    return ToolError("the task is closed", "nothing more can be done in it").as_result()
