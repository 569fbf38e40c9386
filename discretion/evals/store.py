"""A run: one SQLite file with its manifest, its scenarios, and a row per episode that is committed as it ends."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Final, NamedTuple, TypeVar

from pydantic import JsonValue, ValidationError

from discretion.envs.episode import Episode
from discretion.errors import RunFileError, nearest
from discretion.evals.manifest import Manifest, differences
from discretion.evals.measures import EpisodeKey, EpisodeMeasures
from discretion.evals.runfile import RunFile, explained
from discretion.evals.suite import instance_digest
from discretion.judges.findings import Judgement
from discretion.scenarios import instantiate, sessions
from discretion.scenarios.base import Record
from discretion.scenarios.instance import Instance
from discretion.scenarios.schema import Scenario

__all__ = ["Row", "RunStore", "StoredEpisode"]

_LARGEST: Final = 256 * 1024 * 1024
"""Bytes that one stored record may unpack to; a file that says more is not ours."""

_MOST_DIFFERENCES: Final = 12
_SCENARIOS_AT_HAND: Final = 64
_ORDER: Final = "scenario, seed, repeat, twin, session"

AnyRecord = TypeVar("AnyRecord", bound=Record)


class Row(NamedTuple):
    """An episode that ended, judged, ready to be written.

    Attributes:
        digest: Of the instance, so that whoever makes it again can tell whether it is the same.
    """

    episode: Episode
    digest: bytes
    judgement: Judgement
    measures: EpisodeMeasures


class StoredEpisode(NamedTuple):
    """An episode as a run file holds it; `number` counts the rows as they were written."""

    number: int
    key: EpisodeKey
    digest: bytes
    episode: Episode


class RunStore:
    """A run file. Made by `start` (write, new or continued), `reopen` (write, whatever is in it) or `open` (read).

    A context manager; one process writes while any number read.
    """

    def __init__(self, file: RunFile) -> None:
        self._file = file
        self._db = file.db
        self.path = file.path
        self._scenarios: dict[str, Scenario] = {}  # a scenario is compiled once for all of its instances

    # -- opening -------------------------------------------------------------------------------------------------

    @classmethod
    def start(cls, path: str | Path, manifest: Manifest, scenarios: Mapping[str, Scenario]) -> RunStore:
        """Open a run to write: make it, or continue it if its manifest is this one.

        Args:
            path: The run file.
            manifest: What the results depend on.
            scenarios: Those that are played, by id; kept in the file so that it can be judged again anywhere.

        Raises:
            RunFileError: If the file is another run's; the differences are listed. Or if it cannot be written.
        """
        store = cls(RunFile(Path(path), write=True))
        try:
            if store._file.empty:
                store._make(manifest, scenarios)
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

    @classmethod
    def open(cls, path: str | Path) -> RunStore:
        """Open a run to read, also while it is being written.

        Raises:
            RunFileError: If there is no such run, or it cannot be read.
        """
        return cls(RunFile(Path(path), write=False))

    def close(self) -> None:
        """Close the file and let go of the lock; may be called twice."""
        self._file.close()

    def __enter__(self) -> RunStore:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def _make(self, manifest: Manifest, scenarios: Mapping[str, Scenario]) -> None:
        with explained(self.path), self._db:
            self._db.execute("BEGIN")
            self._file.make_tables()
            self._db.execute("INSERT INTO manifest VALUES (1, ?)", (_to_json(manifest),))
            self._db.executemany(
                "INSERT INTO scenarios VALUES (?, ?)",
                ((name, _pack(scenario.model_dump_json(by_alias=True))) for name, scenario in scenarios.items()),
            )

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

    # -- writing -------------------------------------------------------------------------------------------------

    def put(self, rows: Sequence[Row]) -> None:
        """Commit the episodes of one unit of work (all sessions of an instance) in one transaction.

        Raises:
            RunFileError: If the disk is full or fails; nothing of the unit is then in the file.
        """
        with explained(self.path), self._db:
            self._db.execute("BEGIN IMMEDIATE")
            for row in rows:
                cursor = self._db.execute(
                    f"INSERT INTO episodes ({_ORDER}, instance, digest, json) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608
                    (*row.measures.key, row.episode.instance, row.digest, _pack(row.episode.model_dump_json())),
                )
                assert cursor.lastrowid is not None  # noqa: S101 - an insert has one
                self._judged(cursor.lastrowid, row.judgement, row.measures)

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

    # -- reading -------------------------------------------------------------------------------------------------

    @property
    def manifest(self) -> Manifest:
        """The manifest."""
        with explained(self.path):
            ((text,),) = self._db.execute("SELECT json FROM manifest").fetchall()
        manifest: Manifest = json.loads(text)
        return manifest

    @property
    def judges(self) -> dict[str, dict[str, JsonValue]]:
        """The judges that have judged it, in the order of their names, with what they say of themselves."""
        with explained(self.path):
            rows = self._db.execute("SELECT name, json FROM judges ORDER BY name").fetchall()
        return {name: json.loads(text) for name, text in rows}

    def has(self, scenario: str, seed: int, repeat: int, twin: str) -> bool:
        """Tell whether a unit of work has been committed."""
        query = "SELECT 1 FROM episodes WHERE scenario = ? AND seed = ? AND repeat = ? AND twin = ? LIMIT 1"
        with explained(self.path):
            return self._db.execute(query, (scenario, seed, repeat, twin)).fetchone() is not None

    def count(self) -> int:
        """Return how many units of work have been committed."""
        with explained(self.path):
            ((count,),) = self._db.execute("SELECT count(*) FROM episodes WHERE session = 0").fetchall()
        return int(count)

    def scenario(self, name: str) -> Scenario:
        """Return a scenario of the run.

        Raises:
            RunFileError: If the run has none of that name.
        """
        if name not in self._scenarios:
            with explained(self.path):
                found = self._db.execute("SELECT json FROM scenarios WHERE id = ?", (name,)).fetchone()
                if found is None:
                    names = [row[0] for row in self._db.execute("SELECT id FROM scenarios")]
                    raise RunFileError(f"no scenario {name!r} in it", where=str(self.path), remedy=nearest(name, names))
            if len(self._scenarios) >= _SCENARIOS_AT_HAND:
                self._scenarios.clear()
            self._scenarios[name] = self._unpack(Scenario, found[0])
        return self._scenarios[name]

    def episodes(self, *, after: int = 0, most: int = -1) -> Iterator[StoredEpisode]:
        """Yield the episodes as they were written.

        Args:
            after: Start behind the row of this number.
            most: Stop after so many; -1 for all.
        """
        query = f"SELECT id, {_ORDER}, digest, json FROM episodes WHERE id > ? ORDER BY id LIMIT ?"  # noqa: S608
        with explained(self.path):
            for number, *key, digest, blob in self._db.execute(query, (after, most)):
                yield StoredEpisode(number, EpisodeKey(*key), digest, self._unpack(Episode, blob))

    def episode(self, key: EpisodeKey) -> StoredEpisode:
        """Return one episode.

        Raises:
            RunFileError: If it is not in the run.
        """
        query = f"SELECT id, digest, json FROM episodes WHERE ({_ORDER}) = (?, ?, ?, ?, ?)"  # noqa: S608
        with explained(self.path):
            found = self._db.execute(query, key).fetchone()
        if found is None:
            raise RunFileError(
                f"no episode {tuple(key)} in it", where=str(self.path), remedy="list what it holds first"
            )
        number, digest, blob = found
        return StoredEpisode(number, key, digest, self._unpack(Episode, blob))

    def unjudged(self, judge: str, *, after: int = 0, most: int = 100) -> list[StoredEpisode]:
        """Return episodes that a judge has not judged, as they were written; for `after` see `episodes`."""
        query = (
            f"SELECT id, {_ORDER}, digest, json FROM episodes WHERE id > ? AND NOT EXISTS "  # noqa: S608
            "(SELECT 1 FROM judgements WHERE episode = id AND judge = ?) ORDER BY id LIMIT ?"
        )
        with explained(self.path):
            return [
                StoredEpisode(number, EpisodeKey(*key), digest, self._unpack(Episode, blob))
                for number, *key, digest, blob in self._db.execute(query, (after, judge, most))
            ]

    def count_unjudged(self, judge: str) -> int:
        """Return how many episodes a judge has not judged."""
        query = "SELECT count(*) - (SELECT count(*) FROM judgements WHERE judge = ?) FROM episodes"
        with explained(self.path):
            ((count,),) = self._db.execute(query, (judge,)).fetchall()
        return int(count)

    def sessions(self, stored: StoredEpisode) -> tuple[Instance, ...]:
        """Return the instance of a stored episode, session by session, sure to be the same as when it was played.

        Raises:
            RunFileError: If it comes out differently, as with another version of Faker.
        """
        scenario, seed, _, twin, _ = stored.key
        instance = instantiate(self.scenario(scenario), seed, twin=twin)
        if instance_digest(instance) != stored.digest:
            raise RunFileError(
                f"instance {instance.id} comes out differently here than when it was played",
                where=str(self.path),
                remedy=f"use the versions that made it: {_to_json(self.manifest['packages'])}",
            )
        return sessions(instance)

    def measures(self, judge: str | None = None) -> Iterator[EpisodeMeasures]:
        """Yield the rows of a judge, by default the one that the run was made with, sorted by key.

        Raises:
            RunFileError: If that judge has not judged the run.
        """
        query = (
            "SELECT measures FROM episodes JOIN judgements ON episode = id WHERE judge = ? "  # noqa: S608
            f"ORDER BY {_ORDER}"
        )
        with explained(self.path):
            for (text,) in self._db.execute(query, (self._judge(judge),)):
                yield self._parse(EpisodeMeasures, text)

    def judgement(self, key: EpisodeKey, judge: str | None = None) -> Judgement:
        """Return what a judge, by default the one that the run was made with, said of an episode.

        Raises:
            RunFileError: If it has not judged the episode.
        """
        name, number = self._judge(judge), self.episode(key).number
        query = "SELECT json FROM judgements WHERE episode = ? AND judge = ?"
        with explained(self.path):
            found = self._db.execute(query, (number, name)).fetchone()
        if found is None:
            raise RunFileError(
                f"judge {name!r} has not judged {tuple(key)}", where=str(self.path), remedy="judge the run again"
            )
        return self._unpack(Judgement, found[0])

    def _judge(self, name: str | None) -> str:
        if name is None:
            first = self.manifest["judge"]
            return str(first["name"]) if isinstance(first, dict) else ""
        if name not in self.judges:
            raise RunFileError(f"no judge {name!r} in it", where=str(self.path), remedy=nearest(name, self.judges))
        return name

    def _unpack(self, kind: type[AnyRecord], blob: bytes) -> AnyRecord:
        unpacking = zlib.decompressobj()
        try:
            data = unpacking.decompress(blob, _LARGEST)
        except (zlib.error, TypeError) as error:
            raise self._unreadable(kind) from error
        if unpacking.unconsumed_tail:
            raise self._unreadable(kind)
        return self._parse(kind, data)

    def _parse(self, kind: type[AnyRecord], text: str | bytes) -> AnyRecord:
        try:
            return kind.model_validate_json(text)
        except ValidationError as error:
            raise self._unreadable(kind) from error

    def _unreadable(self, kind: type[Record]) -> RunFileError:
        name = kind.__name__.lower()
        return RunFileError(
            f"it holds a broken {name} record", where=str(self.path), remedy="restore a copy of it, or run it again"
        )


def _pack(text: str) -> bytes:
    return zlib.compress(text.encode(), 1)


def _to_json(value: JsonValue) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True)
