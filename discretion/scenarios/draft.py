"""A new scenario to start from: a file that plays at once, and whose comments teach every field."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from importlib import resources
from string import Template
from typing import Final, NamedTuple

from discretion.errors import InputError, nearest
from discretion.scenarios.cast import Actor
from discretion.scenarios.documents import parse_documents
from discretion.scenarios.draft_channels import CHANNEL_PARTS, CHANNELS, Channel
from discretion.scenarios.facts import Fact
from discretion.scenarios.flowgraph import FlowGraph
from discretion.scenarios.flows import PUBLIC, Norm, Verdict, VerdictKind, parse_role
from discretion.scenarios.instance import Instance
from discretion.scenarios.normbase import load_norms
from discretion.scenarios.task import Task
from discretion.scenarios.taxonomy import ATTRIBUTES, CONTEXTS, context_of

__all__ = ["Draft", "role_verdicts", "write_draft"]

_SLUG: Final = re.compile(r"[a-z][a-z0-9_-]{0,79}")
_BASE: Final = "base"
_OTHERS: Final = (
    "finance.debt",
    "health.mental_health",
    "family.divorce",
    "legal.dispute",
    "employment.job_search",
    "beliefs.religion",
)
"""What the second fact can be about, the first that fits."""

_OPEN: Final = ("location.meeting_place", "employment.contact")
_SUBJECTS: Final = {
    "health": "health.patient",
    "finance": "finance.customer",
    "legal": "legal.client",
    "education": "education.student",
    "housing": "housing.tenant",
    "immigration": "immigration.applicant",
}
"""Context -> the role of those whose facts these are; elsewhere an employee is enough."""


class Draft(NamedTuple):
    """What a new scenario is about.

    Attributes:
        id: Its id.
        private: The attribute of the fact that must not reach the one and has to reach the other.
        asker: The role of whom it must not reach, without 'of'.
        desk: The role of whom it has to reach in the twin.
        channel: How the asker is answered.
        context: The sphere that it plays in; that of the attribute where empty.
        title: A headline.
    """

    id: str
    private: str
    asker: str
    desk: str
    channel: Channel = "mail"
    context: str = ""
    title: str = "Where we meet"


def role_verdicts(attribute: str) -> dict[str, Verdict]:
    """Return what the norm base says of a fact about somebody reaching people in every role that it knows.

    Args:
        attribute: What the fact is about.

    Returns:
        Role, towards the subject -> verdict; in the order in which the norm base names the roles.

    Raises:
        InputError: If there is no such attribute.
    """
    _check_attribute(attribute)
    roles = {
        pattern.removesuffix(" of subject"): None
        for norm in load_norms(_BASE)
        for pattern in norm.recipient
        if "." in pattern and "*" not in pattern and not pattern.startswith(PUBLIC)
    }
    return _verdicts(attribute, tuple(roles))


def write_draft(draft: Draft) -> str:
    """Return the text of a new scenario file.

    Where the norm base does not forbid the flow to the asker, or does not permit the one to the other, the file brings
    a norm of its own that does.

    Raises:
        InputError: If an attribute, a role or a channel does not exist, or both roles are one.
    """
    _check_attribute(draft.private)
    _check_role(draft.asker, "--recipient")
    _check_role(draft.desk, "--sibling-recipient")
    if not _SLUG.fullmatch(draft.id):
        remedy = "use lower case letters, digits, '-' and '_', and begin with a letter"
        raise InputError(f"{draft.id!r} is no id", where="--id", remedy=remedy)
    context = draft.context or context_of(draft.private)
    if context not in CONTEXTS:
        raise InputError(f"there is no context {context!r}", where="--context", remedy=nearest(context, CONTEXTS))
    if draft.asker == draft.desk:
        remedy = "name somebody who may learn it"
        raise InputError(f"{draft.asker!r} cannot both learn it and not", where="--sibling-recipient", remedy=remedy)
    if draft.channel not in CHANNELS:
        remedy = nearest(draft.channel, CHANNELS)
        raise InputError(f"there is no channel {draft.channel!r}", where="--channel", remedy=remedy)
    both = (draft.asker, draft.desk)
    private = _verdicts(draft.private, both)
    others = [name for name in _OTHERS if name != draft.private]
    fitting = [name for name in others if {each.kind for each in _verdicts(name, both).values()} == {"forbidden"}]
    other = (fitting or others)[0]
    own: list[tuple[str, VerdictKind, str, str, VerdictKind]] = [
        ("private-asker", "forbidden", "asker", "private", private[draft.asker].kind),
        ("private-desk", "permitted", "desk", "private", private[draft.desk].kind),
        ("other-asker", "forbidden", "asker", "other", _verdicts(other, both)[draft.asker].kind),
        ("other-desk", "forbidden", "desk", "other", _verdicts(other, both)[draft.desk].kind),
    ]
    subject = _SUBJECTS.get(context_of(draft.private))
    fields = {
        "id": draft.id,
        "title": json.dumps(draft.title, ensure_ascii=False),
        "context": context,
        "dana_roles": ", ".join(["employment.employee", *([subject] if subject else [])]),
        "asker": draft.asker,
        "desk": draft.desk,
        "asker_words": f"Somebody ({_words(draft.asker)})",
        "desk_words": f"somebody else ({_words(draft.desk)})",
        "asker_firm": _firm(draft.asker),
        "desk_firm": _firm(draft.desk),
        "open": next(name for name in _OPEN if name != draft.private),
        "norms": _norms(own),
        **_fact("private", draft.private),
        **_fact("other", other),
        **CHANNEL_PARTS[draft.channel],
    }
    return Template(_template()).substitute(fields)


def _norms(own: Sequence[tuple[str, VerdictKind, str, str, VerdictKind]]) -> str:
    lines = [
        f'  - {{id: {name}, verdict: {wanted}, recipient: "@{actor}", fact: {fact}, source: custom}}'
        for name, wanted, actor, fact, found in own
        if wanted != found
    ]
    return "\n".join(["norms:", *lines] if lines else ["norms: []"])


def _fact(name: str, attribute: str) -> dict[str, str]:
    example = _examples()[attribute]
    words = _words(attribute)
    return {
        name: attribute,
        f"{name}_words": words,
        f"{name}_label": words[0].upper() + words[1:],
        f"{name}_states": json.dumps(example["states"], ensure_ascii=False),
        f"{name}_values": json.dumps(example["values"], ensure_ascii=False),
    }


def _words(name: str) -> str:
    return name.partition(".")[2].replace("_", " ")


def _firm(role: str) -> str:
    """Where somebody works: with the user, in a place of their own, or nowhere."""
    context = context_of(role)
    return ", firm: work" if context == "employment" else "" if context == "family" else f", firm: {context}"


def _check_attribute(attribute: str) -> None:
    if attribute not in ATTRIBUTES:
        close = nearest(attribute, ATTRIBUTES)
        remedy = close if close.startswith("did") else "list them with: discretion scenario list --taxonomy"
        raise InputError(f"there is no attribute {attribute!r}", where="--private", remedy=remedy)


def _check_role(role: str, where: str) -> None:
    try:
        parsed = parse_role(role)
    except ValueError as error:
        raise InputError(str(error), where=where) from None
    if parsed.of is not None or "*" in role or parsed.context == PUBLIC:
        what = f"{role!r} is more, or less, than a role"
        raise InputError(what, where=where, remedy="write it as employment.manager; it is always towards the user")


@lru_cache(maxsize=256)
def _verdicts(attribute: str, roles: tuple[str, ...]) -> dict[str, Verdict]:
    cast = [
        Actor(id="dana", name="Dana"),
        *(Actor(id=f"a{n}", name="-", roles=(f"{r} of dana",)) for n, r in enumerate(roles)),
    ]
    norms: tuple[Norm, ...] = load_norms(_BASE)
    graph = FlowGraph(
        Instance(
            id="draft:0",
            scenario="draft",
            seed=0,
            title="-",
            context="-",
            date="2026-03-10",
            user="dana",
            cast=tuple(cast),
            facts=(Fact(id="fact", subject="dana", attribute=attribute, statement="-"),),
            norms=norms,
            task=Task(instruction="-"),
        )
    )
    return {role: graph.verdict("fact", f"a{number}") for number, role in enumerate(roles)}


@lru_cache(maxsize=1)
def _template() -> str:
    return (resources.files("discretion.scenarios") / "draft.txt").read_text(encoding="utf-8")


@lru_cache(maxsize=1)
def _examples() -> Mapping[str, Mapping[str, object]]:
    file = resources.files("discretion.scenarios") / "examples.yaml"
    found: Mapping[str, Mapping[str, object]] = parse_documents(file.read_text(encoding="utf-8"), file.name)[0].data
    return found
