"""From a scenario and a seed to an instance: the same one on any day and machine."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from functools import lru_cache

from pydantic import ValidationError

from discretion.errors import ScenarioError, nearest
from discretion.scenarios.cast import Actor, CastMember
from discretion.scenarios.compiled import DOMAIN, Compiled, slot_of
from discretion.scenarios.draws import lots
from discretion.scenarios.fields import FieldError
from discretion.scenarios.fills import Text, fill
from discretion.scenarios.flows import Norm
from discretion.scenarios.identity import Same
from discretion.scenarios.instance import Instance, Twin
from discretion.scenarios.locales import LOCALES
from discretion.scenarios.normbase import norms_hash
from discretion.scenarios.personas import draw_people, pronoun
from discretion.scenarios.prepared import prepare
from discretion.scenarios.schema import Scenario
from discretion.scenarios.validation import complaints
from discretion.scenarios.values import draw_distinct, draw_fresh

__all__ = ["instance_of", "instantiate", "sessions", "twins"]


def instantiate(
    scenario: Scenario,
    seed: int,
    *,
    twin: Twin = "base",
    norms: Sequence[Norm] | None = None,
    locale: str | None = None,
) -> Instance:
    """Fill a scenario with people, values and dates.

    Twins of one seed share them all. The first call for a scenario also checks and parses it.

    Args:
        scenario: The template.
        seed: Which instance.
        twin: Which of the twins.
        norms: Norms in place of the scenario's norm base; its own norms stay.
        locale: The people's locale; drawn from the scenario's where not given.

    Returns:
        The instance; `versions` says what made it.

    Raises:
        ScenarioError: If the scenario contradicts itself or cannot be filled.
    """
    known = prepare(scenario)
    compiled = known.twin(twin)
    key = f"{scenario.id}|{seed}"
    if locale is None:
        locale = scenario.locales[lots(f"{key}|locale")[0] % len(scenario.locales)]
    elif locale not in LOCALES:
        raise ScenarioError(f"unknown locale {locale!r}", where=scenario.id, remedy=nearest(locale, LOCALES))
    try:
        values, people = _draw(compiled, key, locale, known.reserved)
    except FieldError as error:
        raise known.located(twin, error) from None
    base = compiled.norm_base if norms is None else tuple(norms)
    data = {
        **fill(compiled.body, values),
        "id": f"{scenario.id}{'~sibling' if twin == 'sibling' else ''}:{seed}",
        "scenario": scenario.id,
        "twin": twin,
        "seed": seed,
        "cast": people,
        "norms": (*fill(compiled.norms, values), *base),
        "twin_fact": scenario.sibling.fact if scenario.sibling else None,
        "versions": {**known.versions, "norms": norms_hash(base), "locale": locale},
    }
    try:
        instance = Instance.model_validate(data)
    except ValidationError as error:
        first = complaints(error, Instance, data)[0]
        raise known.located(twin, FieldError(f"{first.what} (seed {seed})", first.loc, remedy=first.remedy)) from None
    if norms is not None:
        _refuse_doubles(instance)
    return instance


def instance_of(
    scenario: Scenario, seed: int, *, twin: Twin = "base", norms: tuple[Norm, ...] | None = None
) -> Instance:
    """Return the same as `instantiate`, and the same object to all who ask in turn: what is linted is then played."""
    return _instance_of(Same(scenario), seed, twin, None if norms is None else Same(norms))


@lru_cache(maxsize=16)
def _instance_of(scenario: Same[Scenario], seed: int, twin: Twin, norms: Same[tuple[Norm, ...]] | None) -> Instance:
    return instantiate(scenario.thing, seed, twin=twin, norms=None if norms is None else norms.thing)


def twins(scenario: Scenario, seed: int, *, norms: Sequence[Norm] | None = None) -> tuple[Instance, ...]:
    """Return the instances that run together: the base, and the sibling where the scenario has one.

    Raises:
        ScenarioError: As `instantiate`.
    """
    both: tuple[Twin, ...] = ("base",) if scenario.sibling is None else ("base", "sibling")
    return tuple(instantiate(scenario, seed, twin=twin, norms=norms) for twin in both)


def sessions(instance: Instance) -> tuple[Instance, ...]:
    """Return one instance for each session, in order; the instance itself where it has none.

    A session has its own day, user, task and people where it gives them, and all content that came before it. With
    several sessions their ids end in `#0`, `#1`, ... Each still lists all sessions, with their users: whoever is served
    later hears what the assistant remembers now.
    """
    return _sessions(Same(instance)) if instance.sessions else (instance,)


@lru_cache(maxsize=16)
def _sessions(same: Same[Instance]) -> tuple[Instance, ...]:
    instance = same.thing
    made: list[Instance] = []
    world = instance.world
    served = tuple(each if each.user else each.model_copy(update={"user": instance.user}) for each in instance.sessions)
    for place, session in enumerate(instance.sessions):
        world = world.plus(session.add)
        fields = {
            "id": f"{instance.id}#{place}" if len(instance.sessions) > 1 else instance.id,
            "date": (date.fromisoformat(instance.date) + timedelta(session.day)).isoformat(),
            "user": session.user or instance.user,
            "task": session.task,
            "people": session.people or instance.people,
            "world": world,
            "sessions": served,
            "session": place,
        }
        made.append(instance.model_copy(update=fields))
    return tuple(made)


# -- drawing -------------------------------------------------------------------------------------------------------


def _draw(
    compiled: Compiled, key: str, locale: str, reserved: frozenset[str]
) -> tuple[dict[str, str], tuple[Actor, ...]]:
    """Return what every slot stands for, and the people."""
    values: dict[str, str] = {}
    taken: set[str] = set()
    for name, words in compiled.words.items():
        place = draw_distinct(words, lots(f"{key}|slot|{name}")[0], taken)
        if place is None:
            raise FieldError("no word is left to draw", ("slots", name), remedy="give it more words")
        values[name] = words[place]
    cast = fill(compiled.cast, values)
    members = [member if isinstance(member, CastMember) else CastMember.model_validate(member) for member in cast]
    people = draw_people(members, key=key, locale=locale, reserved=reserved)
    actors = {actor.id: actor for actor in people}
    for slot, name, part in compiled.people:
        values[slot] = _part(actors[name], part)
    texts = compiled.texts | _draw_facts(compiled, key, locale)
    for slot in compiled.order:
        values[slot] = fill(texts[slot], values)
    return values, people


def _draw_facts(compiled: Compiled, key: str, locale: str) -> dict[str, Text]:
    texts: dict[str, Text] = {}
    taken: set[str] = set()
    for fact, place, plain, options, spec in compiled.draws:
        if spec is None:
            drawn = draw_distinct(plain, lots(f"{key}|fact|{fact}")[0], taken)
            found = None if drawn is None else options[drawn]
        else:
            fresh = draw_fresh(spec, key=f"{key}|fact|{fact}", anchor=compiled.anchor, locale=locale, taken=taken)
            found = None if fresh is None else {slot_of(fact, part): text for part, text in fresh.items()}
        if found is None:
            raise FieldError("no value is left to draw", ("facts", place), remedy="give it more values")
        texts |= found
    return texts


def _refuse_doubles(instance: Instance) -> None:
    """Refuse norms given in place of the norm base whose ids are taken; those of the norm base are checked already."""
    ids = [norm.id for norm in instance.norms]
    if len(set(ids)) < len(ids):
        double = next(name for name in ids if ids.count(name) > 1)
        raise ScenarioError(f"two norms are called {double!r}", where=instance.scenario, remedy="rename the given one")


def _part(actor: Actor, part: str) -> str:
    if part.lower() in ("they", "them", "their", "theirs"):
        return pronoun(actor, part)
    return actor.email.partition("@")[2] if part == DOMAIN else str(getattr(actor, part))
