"""The manifest: everything that a run's results depend on, so that only the same command continues it."""

from __future__ import annotations

import json
import os
import platform
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from typing import Final

from pydantic import JsonValue

__all__ = ["Manifest", "differences", "make_manifest", "one_line", "redact"]

Manifest = dict[str, JsonValue]

_PACKAGES: Final = ("discretion", "faker", "pydantic")
"""Whose versions decide what an instance and its world look like. What an agent is made of, it says itself."""

_SECRET_KEY: Final = re.compile(r"(?i)(^|_)(api_?key|key|token|secret|password|authorization|credentials?)$")
_SECRET_VARIABLE: Final = re.compile(r"(?i)(key|token|secret|password)$")
_SECRET_TEXT: Final = re.compile(r"(?<=://)[^/@\s]+(?=@)|(?<=[Bb]earer )\S{8,}|\b(?:sk|hf|pk|rk|xai|gsk)[-_][\w-]{12,}")
_SHORTEST_SECRET: Final = 8


def make_manifest(
    *,
    scenarios: Mapping[str, str],
    norms: Mapping[str, str],
    seeds: Sequence[int],
    agent: Mapping[str, JsonValue],
    judge: Mapping[str, JsonValue],
    repeats: int,
    run_seed: int,
    people: Mapping[str, JsonValue] | None = None,
) -> Manifest:
    """Return the manifest of a run; what agent and judge say of themselves loses its secrets.

    Args:
        scenarios: Scenario id -> hash of its content.
        norms: Norm base -> hash of its norms.
        seeds: Of the instances.
        agent: What the agent's source says of itself.
        judge: What the judge says of itself.
        repeats: Episodes of each instance.
        run_seed: What every episode's seed is derived from.
        people: What the model that plays the people says of itself; left out where they follow their script.
    """
    packages: dict[str, JsonValue] = {"python": ".".join(platform.python_version_tuple()[:2])}
    for package in _PACKAGES:
        try:
            packages[package] = version(package)
        except PackageNotFoundError:  # used from a source tree
            packages[package] = "source"
    return {
        "agent": redact(dict(agent)),
        "judge": redact(dict(judge)),
        "scenarios": {**scenarios},
        "norms": {**norms},
        "seeds": [*seeds],
        "repeats": repeats,
        "run_seed": run_seed,
        **({} if people is None else {"people": redact(dict(people))}),
        "packages": packages,
    }


def redact(value: JsonValue) -> JsonValue:
    """Return a copy without API keys: under keys that name them, in URLs, or known from the environment.

    >>> redact({"api_key": "abc", "base_url": "http://me:secret@host/v1"})
    {'api_key': '***', 'base_url': 'http://***@host/v1'}
    """
    if isinstance(value, dict):
        return {key: "***" if _SECRET_KEY.search(key) and item else redact(item) for key, item in value.items()}
    if isinstance(value, list):
        return [redact(item) for item in value]
    if not isinstance(value, str):
        return value
    text = _SECRET_TEXT.sub("***", value)
    for name in filter(_holds_secret, os.environ):
        secret = os.environ.get(name, "")
        if len(secret) >= _SHORTEST_SECRET:
            text = text.replace(secret, "***")
    return text


@lru_cache(maxsize=4096)
def _holds_secret(variable: str) -> bool:
    """Tell whether an environment variable is called like one that holds a secret."""
    return _SECRET_VARIABLE.search(variable) is not None


def one_line(text: str, most: int = 300) -> str:
    r"""Return foreign text as one short line without secrets, fit for a reason or an error.

    >>> one_line("502 Bad Gateway\n<html>")
    '502 Bad Gateway <html>'
    """
    line = " ".join(str(redact(text)).split())
    return line if len(line) <= most else f"{line[: most - 3]}..."


def differences(stored: Manifest, asked: Manifest) -> list[str]:
    """Return what differs, one short line a field.

    >>> differences({"agent": {"name": "a"}, "repeats": 1}, {"agent": {"name": "a"}, "repeats": 2})
    ['repeats: 1 in the file, 2 asked for']
    """
    old, new = dict(_leaves(stored)), dict(_leaves(asked))
    return [
        f"{path}: {_short(old.get(path, 'nothing'))} in the file, {_short(new.get(path, 'nothing'))} asked for"
        for path in sorted(old.keys() | new.keys())
        if old.get(path) != new.get(path)
    ]


def _leaves(value: JsonValue, path: str = "") -> Iterator[tuple[str, str]]:
    """Yield (dotted path, value as JSON text); lists are compared whole."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _leaves(item, f"{path}.{key}" if path else key)
    else:
        yield path, json.dumps(value, ensure_ascii=False)


def _short(text: str) -> str:
    return one_line(text, 60)
