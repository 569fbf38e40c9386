"""One training at a time in a folder."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from discretion.errors import InputError
from discretion.evals.lock import take_lock

__all__ = ["sole_trainer"]


@contextmanager
def sole_trainer(folder: Path) -> Iterator[None]:
    """Hold a folder for one training, until it ends in whatever way.

    Args:
        folder: Made if it is not there.

    Raises:
        InputError: If another process trains in it, or it cannot be written to.
    """
    where, path = str(folder), folder / ".training-lock"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = _taken(path)
    except OSError as error:
        raise InputError(f"cannot be written to ({error.strerror})", where=where, remedy="name a folder") from None
    except sqlite3.Error as error:
        raise InputError(f"cannot be written to ({error})", where=where, remedy="name another folder") from None
    if lock is None:
        raise InputError("another process trains here", where=where, remedy="wait for it, or name another folder")
    try:
        yield
    finally:
        with suppress(OSError):
            path.unlink()  # before it is let go of: afterwards it may be another's
        lock.close()


def _taken(path: Path) -> sqlite3.Connection | None:
    """Lock a file, and see that it is still there: one that was opened before another process ended is not."""
    while True:
        path.touch()
        opened = path.stat().st_ino
        lock = take_lock(path)
        if lock is None:
            return None
        with suppress(FileNotFoundError):
            if path.stat().st_ino == opened:
                return lock
        lock.close()
