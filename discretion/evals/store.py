"""Writing a run file: one process, and a row per episode that is committed as it ends."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from pydantic import JsonValue

from discretion.envs.episode import Episode
from discretion.errors import RunFileError
from discretion.evals.manifest import Manifest, differences
from discretion.evals.measures import EpisodeMeasures
from discretion.evals.reader import ORDER, RunReader
from discretion.evals.runfile import RunFile, explained
from discretion.judges.findings import Judgement
from discretion.scenarios.flows import Norm
from discretion.scenarios.normbase import NormBase
from discretion.scenarios.schema import Scenario

__all__ = ["Row", "RunStore"]

_MOST_DIFFERENCES: Final = 12


class Row(NamedTuple):
    """An episode that ended, judged, ready to be written.

    Attributes:
        digest: Of the instance, so that whoever makes it again can tell whether it is the same.
    """

    episode: Episode
    digest: bytes
    judgement: Judgement
    measures: EpisodeMeasures


class RunStore(RunReader):
    """A run file to write. `start` makes or continues it, `reopen` takes it as it is; `open` is for reading only."""

    @classmethod
    def start(
        cls,
        path: str | Path,
        manifest: Manifest,
        scenarios: Mapping[str, Scenario],
        norms: tuple[Norm, ...] | None = None,
    ) -> RunStore:
        """Open a run to write: make it, or continue it if its manifest is this one.

        Args:
            path: The run file.
            manifest: What the results depend on.
            scenarios: Those that are played, by id; kept in the file so that it can be judged again anywhere.
            norms: Given in place of the scenarios' norm bases; kept likewise.

        Raises:
            RunFileError: If the file is another run's; the differences are listed. Or if it cannot be written.
        """
        store = cls(RunFile(Path(path), write=True))
        try:
            if store._file.empty:
                store._make(manifest, scenarios, norms)
            else:
                store._check(manifest)
        except BaseException:
            store.close()
            raise
        return store

    @classmethod
    def reopen(cls, path: str | Path) -> RunStore:
        """Open a finished or unfinished run to add judgements to it.

        Raises:
            RunFileError: If there is no such run, or it cannot be written.
        """
        RunFile(Path(path), write=False).close()  # says so if there is none, and makes no file
        return cls(RunFile(Path(path), write=True))

    def _make(self, manifest: Manifest, scenarios: Mapping[str, Scenario], norms: tuple[Norm, ...] | None) -> None:
        with explained(self.path), self._db:
            self._db.execute("BEGIN")
            self._file.make_tables()
            self._db.execute("INSERT INTO manifest VALUES (1, ?)", (_to_json(manifest),))
            self._db.executemany(
                "INSERT INTO scenarios VALUES (?, ?)",
                ((name, _pack(scenario.model_dump_json(by_alias=True))) for name, scenario in scenarios.items()),
            )
            if norms is not None:
                given = NormBase(norms=norms).model_dump_json()
                self._db.execute("INSERT INTO norms VALUES (1, ?)", (_pack(given),))

    def _check(self, manifest: Manifest) -> None:
        found = differences(self.manifest, json.loads(_to_json(manifest)))
        if found:
            more = len(found) - _MOST_DIFFERENCES
            listed = found[:_MOST_DIFFERENCES] + ([f"and {more} more"] if more > 0 else [])
            raise RunFileError(
                "this run was made with other settings:\n  " + "\n  ".join(listed) + "\n",
                where=str(self.path),
                remedy="write to another file, or ask for the same settings",
            )

    def put(self, rows: Sequence[Row], *, replace: bool = False) -> None:
        """Commit the episodes of one unit of work (all sessions of an instance) in one transaction.

        Args:
            rows: The sessions.
            replace: Whether they take the place of what an earlier start left of the same unit.

        Raises:
            RunFileError: If the disk is full or fails; nothing of the unit is then in the file.
        """
        with explained(self.path), self._db:
            self._db.execute("BEGIN IMMEDIATE")
            for unit in {row.measures.key[:-1] for row in rows} if replace else ():
                self._forget(*unit)
            for row in rows:
                cursor = self._db.execute(
                    f"INSERT INTO episodes ({ORDER}, instance, digest, json) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608
                    (*row.measures.key, row.episode.instance, row.digest, _pack(row.episode.model_dump_json())),
                )
                assert cursor.lastrowid is not None  # noqa: S101 - an insert has one
                self._judged(cursor.lastrowid, row.judgement, row.measures)

    def _forget(self, *unit: str | int) -> None:
        """Remove a unit of work with all that judges said of it."""
        same = "scenario = ? AND seed = ? AND repeat = ? AND twin = ?"
        self._db.execute(f"DELETE FROM judgements WHERE episode IN (SELECT id FROM episodes WHERE {same})", unit)  # noqa: S608
        self._db.execute(f"DELETE FROM episodes WHERE {same}", unit)  # noqa: S608

    def put_judgements(self, judged: Sequence[tuple[int, Judgement, EpisodeMeasures]]) -> None:
        """Commit judgements of stored episodes, given by their number, in one transaction."""
        with explained(self.path), self._db:
            self._db.execute("BEGIN IMMEDIATE")
            for number, judgement, measures in judged:
                self._judged(number, judgement, measures)

    def _judged(self, number: int, judgement: Judgement, measures: EpisodeMeasures) -> None:
        self._db.execute(
            "INSERT INTO judgements VALUES (?, ?, ?, ?)",
            (number, judgement.judge, _pack(judgement.model_dump_json()), measures.model_dump_json()),
        )

    def add_judge(self, name: str, description: Mapping[str, JsonValue], *, replace: bool = False) -> None:
        """Register a judge before its first judgement.

        Args:
            name: Its name.
            description: What its judgements depend on.
            replace: Throw away the judgements of a judge of that name with another description.

        Raises:
            RunFileError: If a judge of that name judged this run under another description.
        """
        text = _to_json(dict(description))
        with explained(self.path), self._db:
            self._db.execute("BEGIN IMMEDIATE")
            known = self._db.execute("SELECT json FROM judges WHERE name = ?", (name,)).fetchone()
            if known == (text,):
                return
            if known is not None:
                found = differences(json.loads(known[0]), json.loads(text))
                if not replace:
                    raise RunFileError(
                        f"judge {name!r} has judged this run with other settings: {'; '.join(found)}",
                        where=str(self.path),
                        remedy="replace its judgements, or give the judge another name",
                    )
                self._db.execute("DELETE FROM judgements WHERE judge = ?", (name,))
                self._db.execute("DELETE FROM judges WHERE name = ?", (name,))
            self._db.execute("INSERT INTO judges VALUES (?, ?)", (name, text))


def _pack(text: str) -> bytes:
    return zlib.compress(text.encode(), 1)


def _to_json(value: JsonValue) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True)
