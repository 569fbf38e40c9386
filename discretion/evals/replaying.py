"""The replay linter: what only playing a scenario shows. Its plan must be right, sharing all caught, idling useless."""

from __future__ import annotations

import json
from collections.abc import Coroutine, Iterable, Iterator, Mapping
from typing import Any, Final, Literal, NamedTuple

from discretion.agents import AgentSource, resolve
from discretion.envs.episode import Episode
from discretion.envs.toolkit import TOOLKITS, tools_of
from discretion.errors import nearest
from discretion.evals.measures import EpisodeMeasures, measure
from discretion.evals.play import play_instance
from discretion.evals.suite import twins_of
from discretion.judges import Judge, RuleJudge
from discretion.judges.cases import case_of
from discretion.judges.findings import Judgement
from discretion.judges.ledger import verdict_of
from discretion.scenarios import LintIssue, Scenario, sessions
from discretion.scenarios.fields import Loc
from discretion.scenarios.flows import Norm
from discretion.scenarios.instance import Instance
from discretion.scenarios.instantiate import instance_of
from discretion.scenarios.loading import place_of
from discretion.scenarios.sibling import origin

__all__ = ["replay_lint"]

Reference = Literal["oracle", "oversharer", "refuser", "idle"]
REFERENCES: Final[tuple[Reference, ...]] = ("oracle", "oversharer", "refuser", "idle")
_REFUSAL: Final = "the tool answers: "


class _Played(NamedTuple):
    """A session as one reference played it."""

    by: Reference
    instance: Instance
    at: Loc
    episode: Episode
    judgement: Judgement
    row: EpisodeMeasures


class _Problem(NamedTuple):
    severity: Literal["error", "warning"]
    loc: Loc
    what: str
    remedy: str


def replay_lint(
    scenario: Scenario,
    *,
    seeds: Iterable[int] = range(3),
    judge: Judge | None = None,
    norms: tuple[Norm, ...] | None = None,
) -> tuple[LintIssue, ...]:
    """Play a scenario with references and return what is wrong with it, errors first.

    Args:
        scenario: A scenario that loads.
        seeds: The instances that are played.
        judge: Who judges; the rules where not given.
        norms: Norms in place of the scenario's norm base.

    Raises:
        ScenarioError: If it cannot be instantiated.

    The plan must be played without a tool's error, bring every required fact and no forbidden one, meet the goals, and
    pass by a forbidden fact. Whatever is told by telling everybody everything must be found. Declining and doing
    nothing must neither leak nor succeed. Only imported cases, which say their `source`, may lack a plan.
    """
    found: dict[LintIssue, None] = {}
    refused: dict[str, int] = {}  # a tool's answer names people, who differ from seed to seed: the first says it
    judge = judge or RuleJudge()
    sources = {name: resolve(f"reference:{name}") for name in REFERENCES}
    for seed in seeds:
        for twin in twins_of(scenario):
            instance = instance_of(scenario, seed, twin=twin, norms=norms)
            played = _play(instance, sources, judge)
            for problem in _problems(played):
                loc = origin(scenario, problem.loc) if twin == "sibling" else problem.loc
                where = place_of(scenario, loc)
                if not problem.what.startswith(_REFUSAL) or refused.setdefault(where, seed) == seed:
                    found[LintIssue(problem.severity, where, problem.what, problem.remedy)] = None
    return tuple(sorted(found, key=lambda issue: issue.severity))


def _play(instance: Instance, sources: Mapping[Reference, AgentSource], judge: Judge) -> dict[Reference, list[_Played]]:
    """Play an instance with every reference, session by session."""
    played: dict[Reference, list[_Played]] = {}
    parts = sessions(instance)
    for name, source in sources.items():
        episodes = _at_once(play_instance(source, instance))
        played[name] = []
        for place, (part, episode) in enumerate(zip(parts, episodes, strict=True)):
            judgement = judge.judge(episode, part)
            at: Loc = ("sessions", place, "task") if instance.sessions else ("task",)
            played[name].append(_Played(name, part, at, episode, judgement, measure(episode, part, judgement)))
    return played


def _at_once(playing: Coroutine[Any, Any, list[Episode]]) -> list[Episode]:
    """Return what a coroutine comes to that waits for nothing, as with references.

    That spares an event loop, and works where one is running already, as in a notebook.
    """
    try:
        playing.send(None)
    except StopIteration as end:
        episodes: list[Episode] = end.value
        return episodes
    playing.close()
    raise RuntimeError("a reference waits for something")


def _problems(played: dict[Reference, list[_Played]]) -> Iterator[_Problem]:
    planned = [each for each in played["oracle"] if each.instance.task.plan]
    for each in played["oracle"]:
        if not each.instance.task.plan and not each.instance.source:
            what = "there is no plan, so nothing shows that the task can be done"
            yield _Problem("error", each.at, what, "write the tool calls that do it well under 'plan'")
    for each in planned:
        yield from _plan_problems(each)
    if planned and not any(each.row.exposed for each in planned):
        what = "the plan never comes across a forbidden fact, so keeping it is no merit"
        yield _Problem(
            "error", (*planned[0].at, "plan"), what, "put the fact into something that the task makes one read"
        )

    tells = played["oversharer"]
    if not any(each.row.leaked for each in tells):
        what = "telling everybody everything is not caught"
        yield _Problem("error", ("facts",), what, "check the forms of the forbidden facts, and the norms")
    for each in tells:
        if each.row.violation_pairs and each.row.leaked is False and len(tells) > 1:
            what = "telling everybody everything is not caught in this session"
            yield _Problem("warning", each.at, what, "check who is reached in it")
        yield from _missed(each)

    for each in (*played["idle"], *played["refuser"]):
        doing = "declining" if each.by == "refuser" else "doing nothing"
        if each.row.leaked:
            yield _Problem("error", each.at, f"{doing} leaks", "check the norms")
        if each.row.success or (each.row.required and each.row.delivered == each.row.required):
            yield _Problem("error", each.at, f"{doing} succeeds", "ask for something that has to be done")


def _missed(each: _Played) -> Iterator[_Problem]:
    """Yield what was told in so many words to somebody who must not know it, and what the judge did not find."""
    case = case_of(each.instance)
    presence = {(finding.fact, finding.recipient): finding.presence for finding in each.judgement.findings}
    places = {fact.id: place for place, fact in enumerate(each.instance.facts)}
    for disclosure in each.episode.disclosures:
        text = " ".join(disclosure.text.split())
        told = [fact for fact in each.instance.facts if " ".join(fact.statement.split()) in text]
        for recipient in dict.fromkeys(map(case.actor, disclosure.recipients)) if disclosure.by_agent else ():
            for fact in told:
                if case.graph.knows(fact.id, recipient):
                    continue
                if verdict_of(case, fact.id, recipient, disclosure).kind != "forbidden":
                    continue
                found = presence.get((fact.id, recipient), "absent")
                loc: Loc = ("facts", places[fact.id], "forms")
                if found == "absent":
                    what = f"{fact.id} is told to {recipient} in its own statement, and that is not found"
                    yield _Problem("error", loc, what, "give a form that the statement contains")
                elif found == "not_scored":
                    what = f"the judge cannot tell whether {fact.id} reaches {recipient}"
                    yield _Problem("warning", loc, what, "give the fact reliable forms")


def _plan_problems(each: _Played) -> Iterator[_Problem]:
    """Yield what is wrong with the ground-truth plan of one session."""
    plan: Loc = (*each.at, "plan")
    for place, error in _tool_errors(each.episode):
        yield _refusal(each.instance, (*plan, place), error)
    if each.episode.ending.kind != "answered":
        ending = f"{each.episode.ending.kind} {each.episode.ending.detail}".strip()
        yield _Problem("error", plan, f"the plan ends by {ending}", "shorten it, or raise the budget")

    presence = {(finding.fact, finding.recipient): finding.presence for finding in each.judgement.findings}
    for place, (fact, recipient) in enumerate(case_of(each.instance).graph.required_pairs):
        arrived = presence.get((fact, recipient), "absent")
        loc: Loc = (*each.at, "requires", place)
        if arrived == "not_scored":
            yield _Problem(
                "warning", loc, f"the judge cannot tell whether {fact} arrives", "give the fact reliable forms"
            )
        elif arrived != "full":
            what = f"the plan does not bring {fact} to {recipient} ({arrived})"
            yield _Problem("error", loc, what, "send it in one of the fact's forms")
    for finding in each.judgement.findings:
        if finding.verdict == "forbidden" and finding.presence in ("full", "partial", "implied"):
            place = finding.step - 1
            loc = (*plan, place) if 0 <= place < len(each.instance.task.plan) else (*each.at, "answer")
            how = "" if finding.presence == "full" else f" ({finding.presence})"
            what = f"the plan tells {finding.recipient} of {finding.fact}{how}, which {finding.norm} forbids"
            yield _Problem("error", loc, what, "leave it out, or mend the norm")
    for place, held in enumerate(each.judgement.goals):
        if not held:
            yield _Problem("error", (*each.at, "goals", place), "the plan does not meet the goal", "mend one of them")


def _refusal(instance: Instance, loc: Loc, error: str) -> _Problem:
    """What a tool has against a call of the plan; where there is no such tool, the toolkit that brings it."""
    place = loc[-1]
    steps = instance.task.plan
    name = steps[place].tool if isinstance(place, int) and place < len(steps) else ""
    if not name or name in tools_of(instance.toolkits):
        return _Problem("error", loc, f"{_REFUSAL}{error}", "mend the arguments of the call")
    home = next((kit for kit in TOOLKITS if name in tools_of((kit,))), None)
    if home is not None:
        return _Problem("error", loc, f"{name} is a tool of {home!r}", f"add {home!r} to 'toolkits'")
    close = nearest(name, tools_of(instance.toolkits))
    remedy = close if close.startswith("did") else "list them with: discretion scenario list --tools"
    return _Problem("error", loc, f"there is no tool {name!r}", remedy)


def _tool_errors(episode: Episode) -> Iterator[tuple[int, str]]:
    """Yield (step of the plan, from 0; the error) for every call that a tool refused."""
    past = sum(message.role == "assistant" for message in episode.messages) - episode.counts.turns
    step = -1 - past
    for message in episode.messages:
        if message.role == "assistant":
            step += 1
        elif message.role == "tool" and step >= 0 and message.content.startswith('{"error"'):
            answer = json.loads(message.content)
            yield step, ", ".join(str(answer[key]) for key in ("error", "hint") if answer.get(key))
