"""Opening the SQLite file that holds a run: one writer at a time, any number of readers, every failure explained."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Final

from discretion.errors import RunFileError
from discretion.evals.lock import take_lock

__all__ = ["FORMAT", "RunFile", "explained"]

FORMAT: Final = 2
"""Version of the tables. Another one is refused with a remedy, never guessed at."""

_APPLICATION: Final = 0x44495343  # "DISC"; what makes an SQLite file a run file
_MAGIC: Final = b"SQLite format 3\0"

TABLES: Final = """
CREATE TABLE manifest (only_row INTEGER PRIMARY KEY CHECK (only_row = 1), json TEXT NOT NULL);
CREATE TABLE scenarios (id TEXT PRIMARY KEY, json BLOB NOT NULL);
CREATE TABLE norms (only_row INTEGER PRIMARY KEY CHECK (only_row = 1), json BLOB NOT NULL);
CREATE TABLE judges (name TEXT PRIMARY KEY, json TEXT NOT NULL);
CREATE TABLE episodes (
    id INTEGER PRIMARY KEY,
    scenario TEXT NOT NULL, seed INTEGER NOT NULL, repeat INTEGER NOT NULL,
    twin TEXT NOT NULL, session INTEGER NOT NULL,
    instance TEXT NOT NULL, digest BLOB NOT NULL, json BLOB NOT NULL,
    UNIQUE (scenario, seed, repeat, twin, session)
);
CREATE TABLE judgements (
    episode INTEGER NOT NULL REFERENCES episodes (id), judge TEXT NOT NULL REFERENCES judges (name),
    json BLOB NOT NULL, measures TEXT NOT NULL,
    PRIMARY KEY (episode, judge)
) WITHOUT ROWID;
"""


class RunFile:
    """A connection to a run file.

    Args:
        path: The file.
        write: Whether to write; made if it is not there.

    The writer holds an exclusive lock on an empty file beside the run, `RUN-lock`.

    Raises:
        RunFileError: If the file cannot be opened, is no run of this format, is truncated, or is being written.
    """

    def __init__(self, path: Path, *, write: bool) -> None:
        self.path = path
        self.write = write
        self._real = path.resolve()  # links to one run meet in one lock
        if path.is_dir():
            raise RunFileError("this is a folder", where=str(path), remedy="name a file")
        if not write and not path.exists():
            raise RunFileError(
                "there is no such run", where=str(path), remedy="check the path, or make it with: discretion run"
            )
        self._lock = self._take_lock() if write else None
        try:
            self.db = self._connect()
        except BaseException:
            self._release()
            raise

    @property
    def empty(self) -> bool:
        """Whether no tables have been made yet: a new file, or one whose making was interrupted."""
        return not self.db.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchall()

    def make_tables(self) -> None:
        """Make the tables; the caller holds the transaction, so that they appear together with the manifest."""
        for statement in TABLES.strip().split(";\n"):
            self.db.execute(statement)
        self.db.execute(f"PRAGMA application_id = {_APPLICATION}")
        self.db.execute(f"PRAGMA user_version = {FORMAT}")

    def close(self) -> None:
        """Close it; what was written is one file then, and whoever reads it lays no others beside it."""
        if self.write:
            with suppress(sqlite3.Error):  # somebody reads it at this moment, or it is past use
                self.db.execute("PRAGMA busy_timeout = 0")
                self.db.execute("PRAGMA journal_mode = DELETE")
        self.db.close()
        self._release()

    def _beside(self, what: str) -> Path:
        return self._real.with_name(f"{self._real.name}-{what}")

    def _take_lock(self) -> sqlite3.Connection:
        with explained(self.path):
            lock = take_lock(self._beside("lock"))
        if lock is None:
            raise RunFileError(
                "another process is writing this run",
                where=str(self.path),
                remedy="wait for it to end, or write to another file",
            )
        return lock

    def _release(self) -> None:
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def _connect(self) -> sqlite3.Connection:
        self._check_header()
        mode = "mode=rwc" if self.write else "mode=ro"
        if not self.write and not self._beside("wal").exists() and not os.access(self._real.parent, os.W_OK):
            mode = "immutable=1"  # a reader, too, wants to lay a file beside it, unless told that nobody writes
        with explained(self.path):
            db = sqlite3.connect(f"{self._real.as_uri()}?{mode}", uri=True, isolation_level=None)
            try:
                if not self.write and self._beside("journal").exists():
                    self._roll_back(db)
                self._check_format(db)
                if self.write:
                    db.execute("PRAGMA journal_mode = WAL")
                    db.execute("PRAGMA synchronous = NORMAL")  # survives kill -9; a power cut may lose the last commits
            except BaseException:
                db.close()
                raise
        return db

    def _roll_back(self, db: sqlite3.Connection) -> None:
        """Undo, for a reader, what a writer was killed at that was making one file of it; readers cannot themselves."""
        try:
            db.execute("PRAGMA application_id").fetchone()
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF not in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN):
                raise
            with suppress(RunFileError, sqlite3.Error):  # a writer is at it, or nobody may write here: the error stands
                lock = self._take_lock()
                try:
                    with closing(sqlite3.connect(self._real, isolation_level=None)) as healed:
                        healed.execute("PRAGMA application_id").fetchone()
                finally:
                    lock.close()

    def _check_header(self) -> None:
        """Refuse what is no SQLite file or shorter than it says, before SQLite touches it."""
        try:
            with self.path.open("rb") as file:
                header = file.read(100)
                size = file.seek(0, 2)
        except FileNotFoundError:
            return
        except OSError as error:
            raise RunFileError(f"cannot be read: {error.strerror}", where=str(self.path), remedy="check it") from error
        if not header and self.write:
            return
        if header[:16] != _MAGIC[: len(header[:16])] or not header:
            raise _no_run(self.path)
        pages, page_size = int.from_bytes(header[28:32], "big"), int.from_bytes(header[16:18], "big")
        in_wal = self._beside("wal").exists()  # what the file lacks may still be there
        if len(header) < 100 or (size < pages * (65536 if page_size == 1 else page_size) and not in_wal):
            raise _damaged(self.path, "truncated")

    def _check_format(self, db: sqlite3.Connection) -> None:
        (application,) = db.execute("PRAGMA application_id").fetchone()
        (found,) = db.execute("PRAGMA user_version").fetchone()
        (tables,) = db.execute("SELECT count(*) FROM sqlite_master").fetchone()
        if application == _APPLICATION and found != FORMAT:
            raise RunFileError(
                f"a run file of format {found}; this version of discretion has format {FORMAT}",
                where=str(self.path),
                remedy="upgrade discretion" if found > FORMAT else "run it again, or use the version that made it",
            )
        if application != _APPLICATION and (tables or not self.write):
            raise _no_run(self.path)
        if self.write and tables and db.execute("PRAGMA quick_check(1)").fetchone() != ("ok",):
            raise _damaged(self.path, "damaged")


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turn SQLite's errors into ones that say what to do."""
    try:
        yield
    except sqlite3.Error as error:
        raise _explain(error, path) from error


def _explain(error: sqlite3.Error, path: Path) -> RunFileError:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return _damaged(path, "damaged")
    folder = f"its folder {path.absolute().parent}"  # a lock and a log are laid beside it
    what, remedy = {
        sqlite3.SQLITE_FULL: (
            "the disk is full; every episode committed so far is safe",
            "make room and start the same command again",
        ),
        sqlite3.SQLITE_BUSY: ("locked by another process", "wait for it to end and try again"),
        sqlite3.SQLITE_CANTOPEN: ("cannot be opened", f"check that {folder} is there and may be written, or copy it"),
        sqlite3.SQLITE_READONLY: ("cannot be written", f"check that it and {folder} may be written, or copy it"),
        sqlite3.SQLITE_IOERR: ("the disk failed or is full", "check it and start the same command again"),
    }.get(code, (f"SQLite says: {error}", "check the file"))
    return RunFileError(what, where=str(path), remedy=remedy)


def _damaged(path: Path, how: str) -> RunFileError:
    return RunFileError(
        f"the run file is {how}", where=str(path), remedy="restore a copy of it, or delete it and run again"
    )


def _no_run(path: Path) -> RunFileError:
    return RunFileError("this is no run file", where=str(path), remedy="name a file that discretion run has made")
