"""From an agent string to the source of the agent that it names."""

from __future__ import annotations

import re
from typing import Any, Final

from discretion.agents.kinds import CONNECTED, KINDS, STARTS
from discretion.agents.model_agent import ModelSource
from discretion.agents.options import read_options, read_query
from discretion.agents.protocol import AgentSource
from discretion.agents.reference import REFERENCES
from discretion.errors import InputError, nearest

__all__ = ["EXAMPLES", "model_source", "resolve"]

EXAMPLES: Final[dict[str, str]] = {
    "reference": f"reference:{'|'.join(REFERENCES)}",
    "openai": "openai:MODEL[@BASE_URL]",
    "organism": "organism:NAME",
    "hf": "hf:PATH_OR_ID[+ADAPTER]",
    "vllm": "vllm:PATH_OR_ID[+ADAPTER]",
    "langchain": "langchain:PROVIDER:MODEL",
    "python": "python:module:attribute",
}
"""Kind of agent -> what its string looks like."""

_RUNNING: Final = re.compile(r"@https?://")


def resolve(agent: str, **options: Any) -> AgentSource:
    """Return the source of the agent that a string names.

    The string may end in options of its own, `?key=value&key=value`, which stand above those given here:
    `reference:random?seed=3`, `hf:checkpoints/a?temperature=0.7`.

    Args:
        agent: `reference:NAME`, `openai:MODEL[@BASE_URL]`, `organism:NAME`, `hf:PATH_OR_ID[+ADAPTER]`,
            `vllm:PATH_OR_ID[+ADAPTER]`, `langchain:PROVIDER:MODEL` or `python:module:attribute`.
        options: Of [`AgentOptions`][discretion.agents.options.AgentOptions]; `None` is not given, and what does not
            concern this kind of agent is passed over.

    Raises:
        InputError: If the string names no agent or an option cannot be used.
        MissingExtra: If the agent needs a dependency that is not installed.

    >>> resolve("reference:oracle").name
    'reference:oracle'
    """
    named, _, query = agent.partition("?")
    kind, colon, body = named.partition(":")
    if kind not in KINDS or not colon or not body:
        raise _unknown(named)
    accepted = CONNECTED if kind == "vllm" and _RUNNING.search(body) else KINDS[kind]
    own = read_query(query, accepted.options, kind, others=STARTS if accepted is CONNECTED else ())
    return accepted.make(agent, body, read_options({**options, **own}))


def model_source(model: str, *, where: str = "model", **options: Any) -> ModelSource:
    """Return the source of a model that an agent string names.

    Args:
        model: As for `resolve`, of a kind that is a model.
        where: What it is wanted for, in errors.
        options: As for `resolve`.

    Raises:
        InputError: If the string names no agent, or one that is no model.
        MissingExtra: If the model needs a dependency that is not installed.
    """
    source = resolve(model, **options)
    if not isinstance(source, ModelSource):
        raise InputError(f"{model!r} is no model", where=where, remedy="name one: openai:MODEL, hf:PATH, vllm:PATH")
    return source


def _forms() -> str:
    return ", ".join(EXAMPLES.values())


def _unknown(agent: str) -> InputError:
    """Say what is wrong with a string that names no agent; the nearest reference or kind first."""
    kind, colon, _ = agent.partition(":")
    if not colon and kind in REFERENCES:
        remedy = f"did you mean 'reference:{kind}'?"
    elif colon and kind in EXAMPLES:
        remedy = "the name is missing;"
    else:
        remedy = nearest(kind, EXAMPLES if colon else [*EXAMPLES, *(f"reference:{name}" for name in REFERENCES)])
        if not remedy.startswith("did"):
            remedy = ""
    shown = agent if len(agent) <= 80 else f"{agent[:79]}…"
    return InputError(f"unknown agent {shown!r}", remedy=f"{remedy} agents are: {_forms()}".strip())
