"""The errors that reach a user: one line that says what is wrong, where, and what to do."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pydantic import ValidationError

__all__ = [
    "DiscretionError",
    "InputError",
    "MissingExtra",
    "ModelFault",
    "ModelUnusable",
    "NothingScored",
    "RunFileError",
    "ScenarioError",
    "first_fault",
    "nearest",
]


class DiscretionError(Exception):
    """Base of every error this package raises on purpose.

    Args:
        what: What is wrong, without a closing full stop.
        where: The file, line, field or argument that it was found in.
        remedy: What the reader can do about it.

    >>> str(InputError("unknown agent 'oracel'", where="--agent", remedy="did you mean 'oracle'?"))
    "--agent: unknown agent 'oracel'; did you mean 'oracle'?"
    """

    exit_code = 2

    def __init__(self, what: str, *, where: str | None = None, remedy: str | None = None) -> None:
        self.what = what
        self.where = where
        self.remedy = remedy
        line = what if where is None else f"{where}: {what}"
        super().__init__(line if remedy is None else f"{line}; {remedy}")


class InputError(DiscretionError):
    """An argument, option or file that cannot be used as it is."""


class ScenarioError(InputError):
    """A scenario, norm or case file that is broken or contradicts itself."""


class RunFileError(InputError):
    """A run file that cannot be read, written or continued."""


class MissingExtra(InputError):
    """An optional dependency that the request needs and that is not installed.

    Args:
        package: The import that failed.
        extra: The extra of this package that brings it.
    """

    def __init__(self, package: str, extra: str) -> None:
        super().__init__(f"{package} is not installed", remedy=f"install it with: pip install 'discretion[{extra}]'")


class ModelFault(DiscretionError):
    """A model or server failed after its bounded retries: the episode is not scored, and says why."""


class ModelUnusable(ModelFault):
    """Every further request would fail in the same way (a wrong key, an unknown model): a run does well to stop."""


class NothingScored(DiscretionError):
    """A run of which no episode could be scored, where its numbers were needed to go on."""

    exit_code = 3


def nearest(word: str, choices: Iterable[str]) -> str:
    """Return a remedy that names the closest valid choice, or all of them.

    >>> nearest("oracel", ["oracle", "idle"])
    "did you mean 'oracle'?"
    >>> nearest("zzz", ["oracle", "idle"])
    'choose one of: idle, oracle'
    """
    valid = sorted(choices)
    close = difflib.get_close_matches(word, valid, n=1)
    return f"did you mean {close[0]!r}?" if close else f"choose one of: {', '.join(valid)}"


def first_fault(error: ValidationError) -> tuple[str, str]:
    """Return the first thing that Pydantic found wrong.

    Returns:
        The field, with dots, empty where it is the whole; and what is wrong with it.
    """
    first = error.errors(include_url=False, include_input=False)[0]
    return ".".join(map(str, first["loc"])), first["msg"].lower()
