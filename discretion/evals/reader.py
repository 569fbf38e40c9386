"""Reading a run file: its manifest, its scenarios, its episodes and what judges said of them."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Final, NamedTuple, Self, TypeVar

from pydantic import JsonValue, ValidationError

from discretion.envs.episode import Episode
from discretion.errors import RunFileError, nearest
from discretion.evals.manifest import Manifest
from discretion.evals.measures import EpisodeKey, EpisodeMeasures
from discretion.evals.runfile import RunFile, explained
from discretion.evals.suite import instance_digest
from discretion.judges.findings import Judgement
from discretion.scenarios import instantiate, sessions
from discretion.scenarios.base import Record
from discretion.scenarios.flows import Norm
from discretion.scenarios.instance import Instance
from discretion.scenarios.normbase import NormBase
from discretion.scenarios.schema import Scenario

__all__ = ["ORDER", "RunReader", "StoredEpisode"]

ORDER: Final = ", ".join(EpisodeKey._fields)
"""The columns that name an episode; sorted by them, twins lie together."""

_LARGEST: Final = 256 * 1024 * 1024
"""Bytes that one stored record may unpack to; a file that says more is not ours."""

_SCENARIOS_AT_HAND: Final = 64

AnyRecord = TypeVar("AnyRecord", bound=Record)


class StoredEpisode(NamedTuple):
    """An episode as a run file holds it.

    Attributes:
        number: Counts the rows as they were written, from 1.
        digest: Of the instance that was played.
    """

    number: int
    key: EpisodeKey
    digest: bytes
    episode: Episode


class RunReader:
    """A run file, open; a context manager.

    Args:
        file: The file.
    """

    def __init__(self, file: RunFile) -> None:
        self._file = file
        self._db = file.db
        self.path = file.path
        self._scenarios: dict[str, Scenario] = {}  # a scenario is compiled once for all of its instances

    @classmethod
    def open(cls, path: str | Path) -> Self:
        """Open a run to read, also while it is being written.

        Raises:
            RunFileError: If there is no such run, or it cannot be read.
        """
        return cls(RunFile(Path(path), write=False))

    def close(self) -> None:
        """Close the file and let go of the lock; may be called twice."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    @property
    def manifest(self) -> Manifest:
        """The manifest."""
        with explained(self.path):
            found = self._db.execute("SELECT json FROM manifest").fetchone()
        return self._load(found[0] if found else "")

    @property
    def judges(self) -> dict[str, dict[str, JsonValue]]:
        """The judges that have judged it, in the order of their names, with what they say of themselves."""
        with explained(self.path):
            rows = self._db.execute("SELECT name, json FROM judges ORDER BY name").fetchall()
        return {name: self._load(text) for name, text in rows}

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
        query = f"SELECT id, {ORDER}, digest, json FROM episodes WHERE id > ? ORDER BY id LIMIT ?"  # noqa: S608
        with explained(self.path):
            for number, *key, digest, blob in self._db.execute(query, (after, most)):
                yield StoredEpisode(number, EpisodeKey(*key), digest, self._unpack(Episode, blob))

    def episode(self, key: EpisodeKey) -> StoredEpisode:
        """Return one episode.

        Raises:
            RunFileError: If it is not in the run.
        """
        query = f"SELECT id, digest, json FROM episodes WHERE ({ORDER}) = (?, ?, ?, ?, ?)"  # noqa: S608
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
            f"SELECT id, {ORDER}, digest, json FROM episodes WHERE id > ? AND NOT EXISTS "  # noqa: S608
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

    @cached_property
    def norms(self) -> tuple[Norm, ...] | None:
        """The norms that were given in place of the scenarios' norm bases; `None` where these hold."""
        with explained(self.path):
            found = self._db.execute("SELECT json FROM norms").fetchone()
        return None if found is None else self._unpack(NormBase, found[0]).norms

    def sessions(self, stored: StoredEpisode, *, norms: tuple[Norm, ...] | None = None) -> tuple[Instance, ...]:
        """Return the instance of a stored episode, session by session, sure to be the same as when it was played.

        Args:
            stored: The episode.
            norms: To look at it under other norms than it was played under, in place of the norm base.

        Raises:
            RunFileError: If it comes out differently, as with another version of Faker.
        """
        scenario, seed, _, twin, _ = stored.key
        instance = instantiate(self.scenario(scenario), seed, twin=twin, norms=self.norms)
        if instance_digest(instance) != stored.digest:
            raise RunFileError(
                f"instance {instance.id} comes out differently here than when it was played",
                where=str(self.path),
                remedy=f"use the versions that made it: {json.dumps(self.manifest.get('packages'))}",
            )
        if norms is not None:
            instance = instantiate(self.scenario(scenario), seed, twin=twin, norms=norms)
        return sessions(instance)

    def measures(self, judge: str | None = None) -> Iterator[EpisodeMeasures]:
        """Yield the rows of a judge, by default the one that the run was made with, sorted by key.

        Raises:
            RunFileError: If that judge has not judged the run.
        """
        query = (
            "SELECT measures FROM episodes JOIN judgements ON episode = id WHERE judge = ? "  # noqa: S608
            f"ORDER BY {ORDER}"
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

    def _load(self, text: str) -> dict[str, JsonValue]:
        try:
            value = json.loads(text)
        except (ValueError, TypeError, RecursionError) as error:
            raise self._unreadable("manifest") from error
        if not isinstance(value, dict):
            raise self._unreadable("manifest")
        return value

    def _unpack(self, kind: type[AnyRecord], blob: bytes) -> AnyRecord:
        unpacking = zlib.decompressobj()
        try:
            data = unpacking.decompress(blob, _LARGEST)
        except (zlib.error, TypeError) as error:
            raise self._unreadable(kind.__name__.lower()) from error
        if unpacking.unconsumed_tail:
            raise self._unreadable(kind.__name__.lower())
        return self._parse(kind, data)

    def _parse(self, kind: type[AnyRecord], text: str | bytes) -> AnyRecord:
        try:
            return kind.model_validate_json(text)
        except ValidationError as error:
            raise self._unreadable(kind.__name__.lower()) from error

    def _unreadable(self, what: str) -> RunFileError:
        return RunFileError(
            f"it holds a broken {what} record", where=str(self.path), remedy="restore a copy of it, or run it again"
        )
