"""Contextual integrity as records: roles, principles in force, norms over flows, verdicts.

A *flow* is the five-tuple sender, recipient, subject, attribute, transmission principle (Nissenbaum 2010). A
[`Norm`][discretion.scenarios.flows.Norm] is a pattern over flows with a verdict; which norm decides is in `flowgraph`.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

from discretion.errors import nearest
from discretion.scenarios.base import Name, Prose, Record, Slug
from discretion.scenarios.taxonomy import ATTRIBUTES, CONTEXTS, is_attribute, is_pattern

__all__ = [
    "PUBLIC",
    "Attribute",
    "AttributePattern",
    "Norm",
    "Principle",
    "PrincipleKind",
    "Role",
    "RolePattern",
    "RoleText",
    "Verdict",
    "VerdictKind",
    "parse_role",
]

PUBLIC = "public"
"""The actor that stands for anybody: an address nobody knows, a public post. Its role is `public.anyone`."""

VerdictKind = Literal["required", "permitted", "forbidden", "unregulated"]
PrincipleKind = Literal["consent", "confidentiality", "purpose", "duty"]

_ROLE = re.compile(r"^(?P<context>[a-z]+|\*)\.(?P<name>[a-z_]+|\*)(?: of (?P<of>[a-z][a-z0-9_-]*))?$")


class Role(NamedTuple):
    """A role in a context, maybe towards somebody: `health.physician of dana`."""

    context: str
    name: str
    of: str | None


@lru_cache(maxsize=4096)
def parse_role(text: str) -> Role:
    """Parse `context.role` or `context.role of actor`.

    Raises:
        ValueError: If the text has another form, or names no context of the taxonomy.

    >>> parse_role("health.physician of dana")
    Role(context='health', name='physician', of='dana')
    """
    match = _ROLE.match(text)
    if match is None:
        raise ValueError(f"{text!r} is no role; write 'context.role' or 'context.role of actor'")
    role = Role(match["context"], match["name"], match["of"])
    if role.context not in (*CONTEXTS, PUBLIC, "*"):
        raise ValueError(f"{text!r} names no context; {nearest(role.context, CONTEXTS)}")
    return role


def _check_role(text: str) -> str:
    if "*" in parse_role(text)[:2]:
        raise ValueError(f"{text!r}: an actor's role has no wildcard; patterns belong in norms")
    return text


def _check_pattern(text: str) -> str:
    if text not in ("*", "subject", "self") and not text.startswith("@"):
        parse_role(text)
    return text


def _check_attribute(text: str) -> str:
    if not is_attribute(text):
        raise ValueError(
            f"{text!r} is no attribute of the taxonomy (list them with: discretion scenario list --taxonomy)"
        )
    return text


def _check_attribute_pattern(text: str) -> str:
    if not is_pattern(text):
        raise ValueError(f"{text!r} is no attribute, context ('health.*') or '*'")
    return text


def _as_tuple(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


RoleText = Annotated[str, AfterValidator(_check_role)]
Attribute = Annotated[str, AfterValidator(_check_attribute), WithJsonSchema({"enum": sorted(ATTRIBUTES)})]
AttributePattern = Annotated[
    str,
    AfterValidator(_check_attribute_pattern),
    WithJsonSchema({"enum": ["*", *(f"{context}.*" for context in CONTEXTS), *sorted(ATTRIBUTES)]}),
]
RolePattern = Annotated[
    tuple[Annotated[str, AfterValidator(_check_pattern)], ...],
    BeforeValidator(_as_tuple, json_schema_input_type=str | tuple[str, ...]),
    Field(min_length=1),
]
"""One pattern or several, any of which may match: `*`, `@tom` (an actor), `subject` (whom the fact is about),
`employment.manager`, `employment.*`, and `health.physician of subject` (`of subject`, `of sender`, `of recipient`)."""


class Principle(Record):
    """A transmission principle that is in force: state of the world that recorded events change.

    Attributes:
        kind: What binds the flow.
        facts: The facts that it covers; empty for all that the other fields cover.
        subject: The actor whose facts it covers, or `*`.
        attribute: The attributes that it covers.
        recipient: The recipient that it covers, or `*`.
        purpose: For `purpose`, which one; free words in a slug.
    """

    kind: PrincipleKind
    facts: tuple[Slug, ...] = ()
    subject: str = "*"
    attribute: AttributePattern = "*"
    recipient: str = "*"
    purpose: Slug | None = None


class Norm(Record):
    """A rule over flows: who may, must or must not send what about whom to whom, under which principle.

    Attributes:
        id: Its name in findings and reports.
        verdict: What it says of the flows that match.
        sender, recipient, subject: Patterns over actors.
        attribute: Pattern over attributes.
        fact: A single fact of the scenario; only in norms that a scenario brings itself.
        principle: The kind of principle that must be in force for the norm to apply, or `None`.
        purpose: With `principle: purpose`, which purpose.
        severity: 1 (awkward) to 3 (harm to health, livelihood, liberty or safety).
        source: A law with its section, a study with a DOI or arXiv number, or `custom`.
        reason: One sentence for people.
    """

    id: Slug
    verdict: Literal["required", "permitted", "forbidden"]
    sender: RolePattern = ("*",)
    recipient: RolePattern = ("*",)
    subject: RolePattern = ("*",)
    attribute: AttributePattern = "*"
    fact: Slug | None = None
    principle: PrincipleKind | None = None
    purpose: Slug | None = None
    severity: Literal[1, 2, 3] = 2
    source: Name = "custom"
    reason: Prose = ""


class Verdict(NamedTuple):
    """What the norms say of one flow.

    Attributes:
        kind: `unregulated` where no norm matches; never a leak.
        norm: The id of the norm that decided, `task` for a flow that the task itself asks for, or `None`.
        severity: Of that norm; 0 where none decided.
        reason: A sentence for people.
        conflict: Ids of equally specific norms that disagree; the strictest then stands and the linter objects.
    """

    kind: VerdictKind
    norm: str | None
    severity: int
    reason: str
    conflict: tuple[str, ...] = ()
