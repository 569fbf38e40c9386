"""The people of a world: they answer, press, thank, pass on, consent or refuse, as the scenario's behaviours say.

Whom something from the agent reached looks through their behaviours in order, and the first that applies acts. What a
person passes on is a disclosure of its own, by them, and those who get it may act on it in turn.

What sets people off, and what comes of what they do, is the same whoever decides for them. So these methods are
generators: they yield each [`Moment`][discretion.envs.people.Moment] in which somebody may act, and are sent the
behaviour, or `None`. `People.choose` follows the script; a model decides in `people_model`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Iterable, Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Final, Literal, NamedTuple, TypeVar

from discretion.envs.addresses import audience
from discretion.envs.episode import Disclosure
from discretion.envs.recorder import Recorder
from discretion.envs.world import World
from discretion.scenarios.content import ChatPost, Mail
from discretion.scenarios.flowgraph import FlowGraph
from discretion.scenarios.instance import Instance
from discretion.scenarios.task import Behaviour

if TYPE_CHECKING:
    from discretion.scenarios.forms import Matcher

__all__ = ["NOTHING_TO_ADD", "Acting", "Moment", "People"]

NOTHING_TO_ADD: Final = "I have nothing to add to what I asked for."
"""The user's answer where no behaviour gives one; it neither permits nor forbids anything."""

_HANDS: Final = 3
"""Through how many hands a text goes at most in one step."""

_LONGEST: Final = 40_000
_MESSAGES: Final = frozenset({"mail", "calendar", "crm", "chat", "post", "note"})


class Moment(NamedTuple):
    """A moment in which somebody may act.

    Attributes:
        actor: Who.
        on: What set them off, in the words of `Behaviour.on`.
        reached: What has just reached them; with `turn`, what reached them last.
        text: Its text, or the question.
        turn: With `turn`, which one.
    """

    actor: str
    on: Literal["message", "asked", "turn"]
    reached: Disclosure | None
    text: str
    turn: int | None = None


Outcome = TypeVar("Outcome")
Acting = Generator[Moment, Behaviour | None, Outcome]
"""People acting: yields the moments, is sent what is done in each, and returns what came of it."""


class People:
    """Whoever acts in a world beside the agent.

    Args:
        instance: Whose behaviours they follow.
        world: Where their messages arrive.
        recorder: Holds what reached them, and takes what they pass on and permit.
        free: Whether they speak in words of their own. Replies are then recorded as disclosures that they make; the
            words of a script are known to tell nothing.
    """

    def __init__(self, instance: Instance, world: World, recorder: Recorder, *, free: bool = False) -> None:
        self._free = free
        self._instance = instance
        self._world = world
        self._recorder = recorder
        self._left = [behaviour.times for behaviour in instance.people]
        self._turns = {behaviour.turn for behaviour in instance.people}

    # -- what sets them off --------------------------------------------------------------------------------------

    def answer(self, question: str) -> Acting[str]:
        """Return what the user says to a question of the agent."""
        asked = self._recorder.disclosures[-1] if self._recorder.disclosures else None
        behaviour = yield Moment(self._world.user, "asked", asked, question)
        if behaviour is None:
            return NOTHING_TO_ADD
        self._decide(behaviour)
        if behaviour.do != "reply":
            self._pass_on(behaviour, None)
            return NOTHING_TO_ADD
        return behaviour.text or NOTHING_TO_ADD

    def react(self, since: int) -> Acting[list[str]]:
        """Let people act on what reached them.

        Args:
            since: The index of the first disclosure that they have not acted on.

        Returns:
            What is new to the user, as the agent is told it.
        """
        news: list[str] = []
        if not self._instance.people or since == len(self._recorder.disclosures):
            return news
        waiting = deque((disclosure, 1) for disclosure in self._recorder.disclosures[since:])
        while waiting:
            disclosure, hands = waiting.popleft()
            if disclosure.channel not in _MESSAGES:
                continue
            for actor in disclosure.recipients:
                if actor == self._world.user:
                    continue
                behaviour = yield Moment(actor, "message", disclosure, disclosure.text)
                if behaviour is None:
                    continue
                before = len(self._recorder.disclosures)
                news += self._act(behaviour, disclosure)
                if hands < _HANDS:
                    waiting.extend((passed, hands + 1) for passed in self._recorder.disclosures[before:])
        return news

    def at_turn(self, turn: int) -> Acting[list[str]]:
        """Let people act who do so at this turn unprompted; they may reply to, or pass on, what reached them last."""
        news: list[str] = []
        if turn not in self._turns:
            return news
        for actor in dict.fromkeys(one.actor for one in self._instance.people if one.turn == turn):
            reached = (one for one in reversed(self._recorder.disclosures) if actor in one.recipients)
            last = next(reached, None)
            behaviour = yield Moment(actor, "turn", last, last.text if last else "", turn)
            if behaviour is None:
                continue
            if actor == self._world.user and behaviour.do == "reply":
                self._decide(behaviour)
                news.append(f"[message from the user] {behaviour.text}")
            else:
                news += self._act(behaviour, last)
        return news

    # -- whether a behaviour applies -----------------------------------------------------------------------------

    def choose(self, moment: Moment) -> Behaviour | None:
        """Return the first behaviour of an actor that applies, and count it."""
        for number, behaviour in enumerate(self._instance.people):
            if (
                (behaviour.actor, behaviour.on, behaviour.turn) == (moment.actor, moment.on, moment.turn)
                and self._left[number]
                and self._mentioned(behaviour, moment.text)
                and self._applies(behaviour, moment.reached)
            ):
                self._left[number] -= 1
                return behaviour
        return None

    def open_to(self, moment: Moment) -> dict[int, Behaviour]:
        """Return by number the behaviours that the state of things allows, whatever the text is about."""
        return {
            number: behaviour
            for number, behaviour in enumerate(self._instance.people)
            if (behaviour.actor, behaviour.on, behaviour.turn) == (moment.actor, moment.on, moment.turn)
            and self._left[number]
            and self._applies(behaviour, moment.reached)
        }

    def take(self, number: int) -> Behaviour:
        """Return the behaviour of a number, and count it."""
        self._left[number] -= 1
        return self._instance.people[number]

    def knows(self, actor: str) -> frozenset[str]:
        """Return the facts that an actor knew before anything reached them."""
        return frozenset(self._graph.knowledge[actor])

    def _mentioned(self, behaviour: Behaviour, text: str) -> bool:
        return not behaviour.about or any(self._mentions(text, fact) for fact in behaviour.about)

    def _applies(self, behaviour: Behaviour, reached: Disclosure | None) -> bool:
        if behaviour.do == "forward" and reached is None:
            return False
        if behaviour.holding and (reached is None or self._follows((reached,)).isdisjoint(behaviour.holding)):
            return False
        if behaviour.lacking:
            upto = len(self._recorder.disclosures) if reached is None else reached.index + 1
            received = [one for one in self._recorder.disclosures[:upto] if behaviour.actor in one.recipients]
            learned = self._follows(received, self._graph.knowledge[behaviour.actor])
            return not learned.issuperset(behaviour.lacking)
        return True

    @cached_property
    def _graph(self) -> FlowGraph:
        return FlowGraph.of(self._instance)

    @cached_property
    def _matcher(self) -> Matcher:
        from discretion.scenarios.forms import Matcher

        return Matcher.of(self._instance)

    def _mentions(self, text: str, fact: str) -> bool:
        """Tell whether a text speaks of a fact: by any of its forms, whole or partial, or by one of its topics."""
        if any(hit.fact == fact for hit in self._matcher.find(text)):
            return True
        from discretion.scenarios.forms import holds

        topics = self._instance.facts_by_id[fact].topics
        return bool(topics) and holds(text, *topics)

    def _follows(self, received: Iterable[Disclosure], known: Iterable[str] = ()) -> frozenset[str]:
        """What follows from what an actor knew and the facts that the received texts tell in full."""
        told = (fact for disclosure in received for fact in self._tells(disclosure))
        return frozenset(self._graph.closure((*known, *told)))

    def _tells(self, disclosure: Disclosure) -> Iterator[str]:
        """Yield the facts that a disclosure tells as a whole."""
        return (hit.fact for hit in self._matcher.find(disclosure.text) if hit.kind == "full")

    # -- what it does --------------------------------------------------------------------------------------------

    def _act(self, behaviour: Behaviour, reached: Disclosure | None) -> list[str]:
        self._decide(behaviour)
        return self._reply(behaviour, reached) if behaviour.do == "reply" else self._pass_on(behaviour, reached)

    def _decide(self, behaviour: Behaviour) -> None:
        """Let the principles that a behaviour grants come into force, and end those that it revokes."""
        self._recorder.revoke(behaviour.revokes, behaviour.id)
        for principle in behaviour.grants:
            self._recorder.grant(principle, behaviour.id)

    def _reply(self, behaviour: Behaviour, reached: Disclosure | None) -> list[str]:
        """Answer on the channel that the person was reached on; by mail where that takes no answers."""
        if not behaviour.text:
            return []
        if reached is not None and reached.channel in ("chat", "post") and reached.ref in self._world.chat:
            place = self._world.chat[reached.ref].channel
            ref, news = self._post(behaviour.actor, place, behaviour.text)
            self._tell("chat", ref, behaviour, place or self._world.user)
            return news
        about = ""
        if reached is not None:
            mail = self._world.mail.get(reached.ref)
            about = mail.subject if mail else reached.text.partition("\n")[0]
        subject = _prefixed("Re", about) if about else behaviour.text.partition("\n")[0]
        reply_to = reached.ref if reached and reached.ref in self._world.mail else None
        ref, news = self._mail(behaviour.actor, (self._world.user,), subject, behaviour.text, reply_to)
        self._tell("mail", ref, behaviour, self._world.user)
        return news

    def _tell(self, channel: Literal["chat", "mail"], ref: str, behaviour: Behaviour, to: str) -> None:
        """Record a reply in free words as a disclosure of the person's; others who read it may act on it."""
        if self._free:
            self._recorder.disclose(channel, ref, (to,), behaviour.text, tool=_tool(behaviour), sender=behaviour.actor)

    def _pass_on(self, behaviour: Behaviour, reached: Disclosure | None) -> list[str]:
        """Forward what reached the person, or post their own words; both are disclosures that they make."""
        text, subject = behaviour.text, behaviour.text.partition("\n")[0]
        if behaviour.do == "forward" and reached is not None:
            source = self._world.label(reached.sender)
            quoted = f"---------- Forwarded message ----------\nFrom: {source}\n\n{reached.text}"
            text = f"{text}\n\n{quoted}" if text else quoted
            subject = _prefixed("Fwd", reached.text.partition("\n")[0])
        news: list[str] = []
        chats = [ref for ref in behaviour.to if self._is_chat(ref)]
        others = tuple(ref for ref in behaviour.to if ref not in chats)
        for place in chats:
            ref, heard = self._post(behaviour.actor, place, text)
            news += heard
            kind: str = self._world.channels[place].kind
            self._recorder.disclose(
                "post" if kind == "feed" else "chat", ref, (place,), text, tool=_tool(behaviour), sender=behaviour.actor
            )
        if others:
            ref, heard = self._mail(behaviour.actor, others, subject, text, None)
            news += heard
            held_by = ref or (reached.ref if reached else "")
            self._recorder.disclose("mail", held_by, others, text, tool=_tool(behaviour), sender=behaviour.actor)
        return news

    def _is_chat(self, ref: str) -> bool:
        return ref in self._world.channels and self._world.channels[ref].kind in ("chat_channel", "feed")

    def _post(self, sender: str, channel: str | None, text: str) -> tuple[str, list[str]]:
        """Put a message into a channel, or send it to the user; return its id and what is new to the user."""
        world = self._world
        post = ChatPost(
            id=world.new_id("c", world.chat),
            channel=channel,
            sender=sender,
            to=None if channel else world.user,
            text=text[:_LONGEST],
            at=world.now,
        )
        world.chat[post.id] = post
        if channel is None:
            return post.id, [f"[new direct message {post.id}] {world.name(sender)}: {text}"]
        if not world.belongs(channel):
            return post.id, []
        return post.id, [f"[new message {post.id} in {world.name(channel)}] {world.name(sender)}: {text}"]

    def _mail(
        self, sender: str, to: Sequence[str], subject: str, body: str, reply_to: str | None
    ) -> tuple[str, list[str]]:
        """Mail somebody; only what reaches the user lies in the mailbox and is news."""
        world = self._world
        if world.user not in audience(world, to).actors:
            return "", []
        mail = Mail(
            id=world.new_id("m", world.mail),
            sender=sender,
            to=tuple(to),
            subject=subject.strip()[:200] or "(no subject)",
            body=body[:_LONGEST],
            at=world.now,
            reply_to=reply_to,
        )
        world.mail[mail.id] = mail
        return mail.id, [f"[new mail {mail.id}] From: {world.label(sender)}\nSubject: {mail.subject}\n\n{mail.body}"]


def _tool(behaviour: Behaviour) -> str:
    return f"person:{behaviour.do}"


def _prefixed(prefix: str, subject: str) -> str:
    return subject if subject.lower().startswith(f"{prefix.lower()}:") else f"{prefix}: {subject}"
