"""A lock on a file: one process at a time, let go of by the operating system however the process ends."""

from __future__ import annotations

import sqlite3
from pathlib import Path

__all__ = ["take_lock"]


def take_lock(path: Path) -> sqlite3.Connection | None:
    """Lock an empty SQLite file, made if it is not there: SQLite knows how to lock on every platform.

    Args:
        path: Of the file, which holds nothing else.

    Returns:
        What holds the lock until it is closed, or `None` where another process has it.

    Raises:
        sqlite3.Error: If the file cannot be made or locked.
    """
    lock = sqlite3.connect(path, timeout=0, isolation_level=None)
    try:
        lock.execute("PRAGMA journal_mode = MEMORY")
        lock.execute("BEGIN EXCLUSIVE")
    except sqlite3.OperationalError as error:
        lock.close()
        if error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY:
            return None
        raise
    return lock
