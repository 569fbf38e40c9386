"""One unit of work: an agent plays an instance, every session of it, and whatever goes wrong ends up in the record."""

from __future__ import annotations

import hashlib

from discretion.agents.desk import Desk
from discretion.agents.protocol import Agent, AgentSource, Player
from discretion.envs import Office
from discretion.envs.episode import Ending, Episode
from discretion.envs.people_model import PeopleModel
from discretion.errors import ModelFault, ModelUnusable
from discretion.evals.manifest import one_line, redact
from discretion.models.chat import AssistantTurn
from discretion.models.taming import tame
from discretion.scenarios import sessions
from discretion.scenarios.instance import Instance

__all__ = ["derive_seed", "play", "play_instance"]


def derive_seed(*parts: object) -> int:
    """Return a seed that depends on all parts and on nothing else: 31 bits, which every model's seed can hold.

    >>> derive_seed(0, "clinic:7", 0) == derive_seed(0, "clinic:7", 0) != derive_seed(0, "clinic:7", 1)
    True
    """
    text = "\x1f".join(str(part) for part in parts)
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big") >> 1


async def play_instance(
    source: AgentSource, instance: Instance, *, repeat: int = 0, seed: int = 0, people: PeopleModel | None = None
) -> list[Episode]:
    """Let an agent play an instance; its sessions follow one another and share the assistant's memory.

    Args:
        source: Gives the agent.
        instance: What is played, as `instantiate` made it.
        repeat: Which repetition, from 0.
        seed: Of the episode; each session gets one derived from it.
        people: The model that plays the people, in place of their script.

    Returns:
        One episode a session. Once a model has failed in one, those after it are not played and not scored, for what
        the agent's memory would have held is not known.
    """
    name = str(redact(source.name))  # a base URL may hold a password
    episodes: list[Episode] = []
    memory: tuple[tuple[str, str], ...] | None = None
    failed: Ending | None = None
    for number, part in enumerate(sessions(instance)):
        own_seed = derive_seed(seed, number)
        office = Office(part, memory=memory, people=people, seed=own_seed)
        office.start()
        if failed is not None:
            office.fault(f"an earlier session failed: {failed.detail}", kind=failed.kind)
        else:
            await _play_session(source, part, office, own_seed)
            failed = office.ending if office.ending.fault else None
        episode = office.episode(agent=name, repeat=repeat, session=number, seed=own_seed)
        memory = episode.memory
        episodes.append(episode)
    return episodes


async def _play_session(source: AgentSource, instance: Instance, office: Office, seed: int) -> None:
    """Play one session; a failure is its ending.

    Raises:
        ModelUnusable: If every further request would fail alike: nothing is recorded, and the run stops.
    """
    try:
        agent = source.open(instance, seed=seed)
        try:
            await play(agent, office, seed=seed)
        finally:
            release = getattr(source, "release", None)  # of guests that are made for an episode
            if release is not None:
                await release(agent)
    except ModelUnusable:
        raise
    except ModelFault as error:
        office.fault(str(error))
    except (Exception, SystemExit) as error:  # a guest agent may raise anything; it must not end the run
        office.fault(f"{type(error).__name__}: {error}")
    if office.ending.fault:
        office.ending = Ending(kind=office.ending.kind, detail=one_line(office.ending.detail))


async def play(agent: Agent | Player, office: Office, *, seed: int) -> None:
    """Let an agent act in an office until the episode is over.

    Args:
        agent: Who acts, a turn at a time or by themselves.
        office: A started office.
        seed: What the agent is given every turn.

    Raises:
        ModelFault: If the model failed after its bounded retries.
        TypeError: If the agent returns something else than a turn.
        RuntimeError: If an agent that plays by itself stops before the episode is over.
    """
    if not isinstance(agent, Agent):
        await agent.play(Desk(office), seed=seed)
        if not office.done:
            raise RuntimeError("the agent stopped before the episode was over")
        return
    while not office.done:
        turn = await agent.act(tuple(office.messages), office.tools, seed=seed)
        if not isinstance(turn, AssistantTurn):
            raise TypeError(f"the agent returned {type(turn).__name__}, not an AssistantTurn")
        await office.astep(tame(turn))
