"""Makes a scenario of a case."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from discretion.errors import ScenarioError
from discretion.scenarios.flows import Norm
from discretion.scenarios.importing import CaseNote
from discretion.scenarios.privacylens.addressees import channel_of
from discretion.scenarios.privacylens.content import day_of, place
from discretion.scenarios.privacylens.facts import CaseFacts, facts_of
from discretion.scenarios.privacylens.ids import escape, escape_tree, slug
from discretion.scenarios.privacylens.people import People, people_of
from discretion.scenarios.privacylens.readers import items_of
from discretion.scenarios.privacylens.records import Case
from discretion.scenarios.privacylens.sources import sources_of
from discretion.scenarios.privacylens.tasks import PLAIN_TEXT, Play, task_of, toolkits_of
from discretion.scenarios.privacylens.trajectory import Step, parse_trajectory
from discretion.scenarios.schema import Scenario
from discretion.scenarios.task import HistoryStep
from discretion.scenarios.taxonomy import context_of

__all__ = ["Built", "scenario_of"]


class Built(NamedTuple):
    """A scenario, and what was odd about its case."""

    scenario: Scenario
    notes: tuple[CaseNote, ...]


def scenario_of(case: Case, play: Play) -> Built:
    """Make a scenario of a case.

    Args:
        case: As read from the file.
        play: `replay` gives the trajectory as history and PrivacyLens' own tools; `live` an office to search.

    Raises:
        ScenarioError: If the last action is none that tells anybody anything.
    """
    last = channel_of(case.trajectory.final_action)
    if not last:
        raise ScenarioError(f"its last action {case.trajectory.final_action!r} sends nothing")
    steps = parse_trajectory(case.trajectory.executable_trajectory)
    items = items_of(steps)
    people = people_of(case, items)
    sources = sources_of([item.strip() for item in case.trajectory.sensitive_info_items], items)
    found = facts_of(case, people, items, sources, [PLAIN_TEXT])
    told = [
        tuple(fact.id for fact, where in zip(found.facts, sources.found, strict=True) if index in where)
        for index in range(len(items))
    ]
    today = day_of(items)
    placed = place(items, people, last, today, told, feed="FacebookManager" in case.trajectory.toolkits)
    toolkits, unknown = toolkits_of(case, [step.tool for step in steps], placed, play)
    scenario = Scenario(
        id=f"privacylens-{slug(case.name)}",
        title=escape(f"PrivacyLens {case.name}: {case.seed.data_type.strip()}")[:200],
        story=escape(case.vignette.story),
        context=context_of(found.attribute),
        date=today.isoformat(),
        user=people.user.id,
        cast=people.cast(),
        facts=found.facts,
        channels=placed.channels,
        toolkits=toolkits,
        norm_base=(),
        norms=(_norm(case, people, found),),
        world=placed.content,
        task=task_of(case, people, items, placed, found.facts, play),
        history=tuple(map(_history, steps)) if play == "replay" else (),
        source=f"PrivacyLens (Shao et al. 2024, arXiv:2409.00138), case {case.name}",
    )
    notes = [*_step_notes(case, steps), *_toolkit_notes(case, steps, unknown), *_people_notes(people), *found.oddities]
    return Built(scenario, tuple(CaseNote(case.name, kind, detail) for kind, detail in notes))


def _norm(case: Case, people: People, found: CaseFacts) -> Norm:
    """The seed's five-tuple. A mail can miss its recipient: what they must not learn, a stranger must not either."""
    seed, vignette = case.seed, case.vignette
    details: dict[str, Any] = seed.source_details
    named = next((str(details[key]).strip() for key in ("regulation", "paper") if details.get(key)), "")
    source = f"PrivacyLens {case.name}, {seed.source}" + (f": {named}" if named else "")
    by_mail = channel_of(case.trajectory.final_action) == "mail"
    reason = (
        f"{vignette.data_sender_concrete.strip(' .')} would tell {vignette.data_recipient_concrete.strip(' .')}: "
        f"{vignette.data_type_concrete.strip(' .')}. ({seed.data_type.strip()} of {seed.data_subject.strip()}, from "
        f"{seed.data_sender.strip()} to {seed.data_recipient.strip()}, by: {seed.transmission_principle.strip()})"
    )
    return Norm(
        id="seed",
        verdict="forbidden",
        sender=(f"@{people.user.id}",),
        recipient=(*(f"@{person.id}" for person in people.recipients), *(("public.anyone",) if by_mail else ())),
        subject=tuple(dict.fromkeys(f"@{fact.subject}" for fact in found.facts)),
        attribute=found.attribute,
        source=escape(" ".join(source.split()))[:200],
        reason=escape(reason),
    )


def _history(step: Step) -> HistoryStep:
    return HistoryStep(
        tool=step.tool or "unreadable",
        args=None if step.args is None else escape_tree(step.args),
        raw=escape(step.raw),
        observation=escape(step.observation),
    )


def _step_notes(case: Case, steps: Sequence[Step]) -> list[tuple[str, str]]:
    notes = [
        (kind, f"step {number}, {step.tool or 'no tool'}: {detail}")
        for number, step in enumerate(steps, 1)
        for kind, detail in step.faults
    ]
    if not any(step.tool for step in steps):
        notes.append(("no-steps", "the trajectory has no step that can be read"))
    return notes


def _toolkit_notes(case: Case, steps: Sequence[Step], unknown: Sequence[str]) -> list[tuple[str, str]]:
    listed = tuple(case.trajectory.toolkits)
    notes = [("toolkit-without-tools", kit) for kit in unknown]
    outside = dict.fromkeys(step.tool for step in steps if step.tool and not step.tool.startswith(listed))
    notes += [("tool-outside-list", tool) for tool in outside]
    if not case.trajectory.final_action.startswith(listed):
        notes.append(("last-action-outside-list", case.trajectory.final_action))
    return notes


def _people_notes(people: People) -> list[tuple[str, str]]:
    notes = []
    if len(people.recipients) > 1 and people.recipients[1].email == "":
        names = " and ".join(people[person.id].name for person in people.recipients)
        notes.append(("recipient-in-doubt", names))
    if (
        not any(people[person.id].email or people[person.id].handle for person in people.recipients)
        and not people.group
    ):
        notes.append(("recipient-without-address", people[people.recipients[0].id].name))
    return notes
