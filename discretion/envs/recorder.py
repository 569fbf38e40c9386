"""The recorder: what left the agent and who can see it, what changed, and which principles were in force.

Write tools speak to it; nothing else makes a disclosure. Recipients are given as the tool knows them (people, lists,
channels) and are expanded here, once, to the people who can read the text at that moment.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final, Literal

from discretion.envs.addresses import audience
from discretion.envs.episode import Change, Disclosure, DisclosureChannel, Ending, EndingKind, PrincipleEvent
from discretion.envs.world import World
from discretion.scenarios.flows import Principle

__all__ = ["Recorder"]

_CUT: Final = "the answer was cut off"
_TO_THE_USER: Final = frozenset({"answer", "ask", "memory"})
"""Channels on which the agent speaks to the user, and not in the user's name to others."""


class Recorder:
    """Everything that an episode leaves behind beside its messages.

    Args:
        world: The world that it happens in.
        principles: In force at the start.

    Attributes:
        step: The assistant turn that is being played, from 1.
        tool: The tool that is being run.
        principles: In force now.
        ending: Set by the tools that close the task.
        question: What was put to the user and is not answered yet.
    """

    def __init__(self, world: World, principles: tuple[Principle, ...] = ()) -> None:
        self.world = world
        self.principles = principles
        self.step = 0
        self.tool = ""
        self.disclosures: list[Disclosure] = []
        self.changes: list[Change] = []
        self.principle_events: list[PrincipleEvent] = []
        self.ending: Ending | None = None
        self.question: str | None = None

    def disclose(
        self,
        channel: DisclosureChannel,
        ref: str,
        to: Iterable[str],
        *text: str,
        tool: str | None = None,
        sender: str | None = None,
    ) -> Disclosure | None:
        """Record that text reached people.

        Args:
            channel: The kind of channel.
            ref: The id of the object that now holds the text.
            to: Actor ids, channel ids and outside addresses; expanded, and the sender taken out.
            text: What they can read, in reading order; empty parts are left out.
            tool: What sent it, where it is not the tool being run.
            sender: The person who passed it on, where it is not the agent in the user's name.

        Returns:
            The disclosure, or `None` where nobody but the sender can see it, or there is nothing to see.
        """
        by = sender or self.world.user
        seen = audience(self.world, to, without=None if channel in _TO_THE_USER else by)
        block = "\n\n".join(part for part in text if part)
        if not seen.actors or not block:
            return None
        disclosure = Disclosure(
            index=len(self.disclosures),
            step=self.step,
            tool=tool or self.tool,
            channel=channel,
            ref=ref,
            sender=by,
            by_agent=sender is None,
            recipients=seen.actors,
            outsiders=seen.outsiders,
            text=block,
            principles=self.principles,
        )
        self.disclosures.append(disclosure)
        return disclosure

    def change(
        self, op: Literal["create", "update", "delete"], kind: str, ref: str, after: dict[str, Any] | None
    ) -> None:
        """Record a difference that the agent made to the world, in the words of `Goal.exists`."""
        self.changes.append(Change(step=self.step, op=op, kind=kind, ref=ref, after=after))

    def grant(self, principle: Principle, cause: str) -> None:
        """Let a principle come into force."""
        if principle not in self.principles:
            self.principles = (*self.principles, principle)
            self.principle_events.append(PrincipleEvent(step=self.step, op="granted", principle=principle, cause=cause))

    def revoke(self, kinds: Iterable[str], cause: str) -> None:
        """End all principles of some kinds."""
        kinds = tuple(kinds)
        ended = tuple(principle for principle in self.principles if principle.kind in kinds)
        self.principles = tuple(principle for principle in self.principles if principle.kind not in kinds)
        self.principle_events += [
            PrincipleEvent(step=self.step, op="revoked", principle=principle, cause=cause) for principle in ended
        ]

    def ask(self, question: str) -> None:
        """Put a question to the user."""
        self.disclose("ask", "ask", (self.world.user,), question)
        self.question = question

    def close(self, kind: EndingKind, text: str, *, cut: bool = False) -> None:
        """End the task with words to the user; `cut` off where the model had no tokens left for them."""
        if text.strip():
            self.disclose("answer", "answer", (self.world.user,), text)
            if kind == "answered":
                self.change("create", "answer", "answer", {"text": text})
        detail = text if kind == "declined" else _CUT if cut else ""
        self.ending = Ending(kind=kind, detail=detail)
