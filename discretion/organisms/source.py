"""Where encoded conversations come from: a list in memory, or shards that worker processes write ahead of training.

A source gives conversation number `i` of an endless sequence, always the same one, so that a training run goes on from
a number after it was stopped.
"""

from __future__ import annotations

import contextlib
import os
import random
from collections import OrderedDict, deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from multiprocessing import get_context, parent_process
from multiprocessing.connection import wait
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any, Final, Protocol

from discretion.organisms.corpus import Corpus, words_of
from discretion.organisms.encoding import Encoded, encode_transcript

if TYPE_CHECKING:
    import numpy as np

__all__ = ["SHARD", "Listed", "Rendered", "Source", "closing", "end_with_parent"]

SHARD: Final = 128
"""Plots in a shard, at most."""

_AHEAD: Final = 3  # shards that each worker may be ahead of the reader


class Source(Protocol):
    """An endless sequence of encoded conversations."""

    def window(self, number: int) -> Sequence[Encoded]:
        """Return a stretch of the sequence: some hundred conversations, that are shuffled and batched together.

        Args:
            number: Which stretch, from 0.
        """
        ...


class Listed:
    """Conversations in memory, over and over, each time in another order.

    Args:
        examples: At least one.
        seed: Of the orders.
    """

    def __init__(self, examples: Sequence[Encoded], *, seed: int) -> None:
        self._examples = list(examples)
        self._seed = seed

    def window(self, number: int) -> Sequence[Encoded]:
        """Return all of them, in the order of this pass."""
        return random.Random(f"order:{self._seed}:{number}").sample(self._examples, len(self._examples))


class Rendered:
    """A corpus, rendered and encoded by worker processes into a folder of shards, some ahead of what is read.

    Args:
        corpus: What is rendered.
        tokenizer: The folder of the tokenizer.
        folder: Where shards go; those that lie there are used.
        plots: How many plots make one pass; then the same come again.
        workers: Processes; with none, what is read is rendered when it is read.
        kept: Shards held in memory.
    """

    def __init__(
        self, corpus: Corpus, tokenizer: Path, folder: Path, *, plots: int, workers: int = 1, kept: int = 4096
    ) -> None:
        self._corpus = corpus
        self._tokenizer = tokenizer
        self._folder = folder
        self._size = min(SHARD, plots)
        self._shards = plots // self._size
        self._workers = workers
        self._kept = kept
        self._loaded: OrderedDict[int, Sequence[Encoded]] = OrderedDict()
        self._waiting: deque[tuple[int, Future[None]]] = deque()
        self._next = 0
        self._pool: ProcessPoolExecutor | None = None
        folder.mkdir(parents=True, exist_ok=True)

    def texts(self, plots: int) -> Iterator[str]:
        """Yield the words of the first plots, for a tokenizer: whatever system prompts ask, so that bases share one."""
        fields = ("first_seed", "skeletons", "composed")
        common = Corpus(**{name: getattr(self._corpus, name) for name in fields})
        if not self._workers:
            for number in range(plots):
                yield from _texts(common, number)
            return
        for found in self._started().map(_texts, [common] * plots, range(plots), chunksize=16):
            yield from found

    def window(self, number: int) -> Sequence[Encoded]:
        """Return a shard; those after it are rendered meanwhile. After the first pass shards come in another order."""
        place = self._place(number)
        if place not in self._loaded:
            self._order(number)
            self._await(place)
            self._loaded[place] = _read(self._path(place))
            if len(self._loaded) > self._kept:
                self._loaded.popitem(last=False)
        return self._loaded[place]

    def _place(self, number: int) -> int:
        turn, place = divmod(number, self._shards)
        if turn == 0:
            return place
        return random.Random(f"shards:{turn}").sample(range(self._shards), self._shards)[place]

    def _order(self, number: int) -> None:
        """Hand out the shards from this one to some ahead of it that nobody has begun."""
        self._next = max(self._next, number)
        while self._next < min(self._shards, number + _AHEAD * self._workers):
            if not self._path(self._next).exists():
                self._waiting.append((self._next, self._started().submit(_render, *self._job(self._next))))
            self._next += 1

    def _await(self, place: int) -> None:
        while self._waiting and not self._path(place).exists():
            self._waiting.popleft()[1].result()
        if not self._path(place).exists():
            _render(*self._job(place))

    def _job(self, place: int) -> tuple[Corpus, Path, int, Path, int]:
        return self._corpus, self._tokenizer, place, self._path(place), self._size

    def _path(self, place: int) -> Path:
        return self._folder / f"{place:06d}.npz"

    def _started(self) -> ProcessPoolExecutor:
        if self._pool is None:
            self._pool = ProcessPoolExecutor(
                self._workers, mp_context=get_context("spawn"), initializer=end_with_parent
            )
        return self._pool

    def close(self) -> None:
        """Stop the worker processes."""
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)
            self._pool = None
            self._waiting.clear()


def end_with_parent() -> None:
    """Let a worker end when the process that started it is gone, however that ended."""
    parent = parent_process()
    assert parent is not None  # noqa: S101
    sentinel = parent.sentinel

    def end() -> None:
        wait([sentinel])
        os._exit(1)

    Thread(target=end, daemon=True).start()


def _texts(corpus: Corpus, number: int) -> list[str]:
    return list(words_of(corpus.conversations(number)))


_TOKENIZERS: Final[dict[Path, Any]] = {}


def _render(corpus: Corpus, tokenizer: Path, place: int, path: Path, size: int = SHARD) -> None:
    """Write one shard; a reader sees all of it or none."""
    import numpy as np
    from transformers import AutoTokenizer

    if tokenizer not in _TOKENIZERS:
        _TOKENIZERS[tokenizer] = AutoTokenizer.from_pretrained(str(tokenizer))
    examples = [
        encode_transcript(_TOKENIZERS[tokenizer], transcript)
        for number in range(place * size, (place + 1) * size)
        for transcript in corpus.conversations(number)
    ]
    beside = path.with_name(f"{path.name}.{os.getpid()}")
    with beside.open("wb") as file:
        np.savez(
            file,
            tokens=np.concatenate([example.tokens for example in examples]).astype(np.uint16),
            ours=np.packbits(np.concatenate([example.ours for example in examples])),
            theirs=np.packbits(np.concatenate([example.theirs for example in examples])),
            ends=np.cumsum([len(example.tokens) for example in examples]),
        )
    beside.replace(path)


def _read(path: Path) -> Sequence[Encoded]:
    import numpy as np

    with np.load(path, allow_pickle=False) as shard:
        tokens, ends = shard["tokens"], shard["ends"]
        whose = [np.unpackbits(shard[name], count=len(tokens)).astype(bool) for name in ("ours", "theirs")]
    return [Encoded(*each) for each in zip(*(_cut(whole, ends) for whole in (tokens, *whose)), strict=True)]


def _cut(whole: np.ndarray[Any, Any], ends: np.ndarray[Any, Any]) -> Iterator[np.ndarray[Any, Any]]:
    start = 0
    for end in ends.tolist():
        yield whole[start:end]
        start = end


@contextlib.contextmanager
def closing(source: Source) -> Iterator[Source]:
    """Give a source and close it, where it can be closed."""
    try:
        yield source
    finally:
        close = getattr(source, "close", None)
        if close is not None:
            close()
