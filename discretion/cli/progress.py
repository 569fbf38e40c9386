"""The progress of long work, on stderr: a bar where somebody watches, a line a minute where nobody does."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import typer

if TYPE_CHECKING:
    from rich.progress import Progress, ProgressColumn

    from discretion.evals.measures import EpisodeMeasures

__all__ = ["Bar", "learning_bar", "live_progress", "progress_bar", "working"]

_LINE_EVERY: Final = 60.0  # seconds between two lines where no bar can be drawn


@dataclass(frozen=True)
class Bar:
    """What a progress bar is told: called, how far the work is.

    Attributes:
        tick: Takes the units done, their total, and the measures of what just ended.
        say: Takes what is being waited for, in a few words.
    """

    tick: Callable[[int, int, tuple[EpisodeMeasures, ...]], None]
    say: Callable[[str], None]

    def __call__(self, done: int, total: int, ended: tuple[EpisodeMeasures, ...]) -> None:
        """Show how far the work is."""
        self.tick(done, total, ended)


@contextmanager
def working(what: str) -> Iterator[None]:
    """Show that something is being done whose end cannot be told."""
    from rich.console import Console
    from rich.text import Text

    console = Console(stderr=True)
    if not console.is_terminal:
        yield
        return
    with console.status(Text(what)):
        yield


def live_progress(counter: ProgressColumn, note: str, *, shown: bool) -> Progress:
    """Return a bar on the error output for long work; nothing is drawn where that is no terminal, see `_Lines`.

    Args:
        counter: The column that says how much is done.
        note: The field of a task that stands last, dimmed; `speed` is the other one.
        shown: Whether to show it at all.
    """
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=None),
        counter,
        TextColumn("{task.fields[speed]}"),
        TimeRemainingColumn(compact=True, elapsed_when_finished=True),
        TextColumn(f"{{task.fields[{note}]}}", style="dim"),
        console=console,
        disable=not (shown and console.is_terminal),
    )


class _Lines:
    """What is written, once a minute, where a bar is wanted and none can be drawn: in a batch job, a log, a pipe."""

    def __init__(self, title: str, bar: Progress, *, shown: bool) -> None:
        self._title = title
        self._wanted = shown and bar.disable
        self._written = time.monotonic()

    def write(self, text: str) -> None:
        """Write how far the work is, unless that was said within the minute."""
        now = time.monotonic()
        if self._wanted and now - self._written >= _LINE_EVERY:
            self._written = now
            typer.echo(f"{self._title}: {text}", err=True)


@contextmanager
def progress_bar(title: str, *, shown: bool = True) -> Iterator[Bar]:
    """Show how far a run is, how fast it goes, when it ends, and what it has seen: as a bar, or as a line a minute.

    Args:
        title: What is being done.
        shown: Whether to show it at all.

    Yields:
        What to tell it.
    """
    from rich.progress import MofNCompleteColumn, TaskID

    scored = leaked = failed = 0
    earlier: int | None = None
    task: TaskID | None = None
    with live_progress(MofNCompleteColumn(), "seen", shown=shown) as bar:
        lines = _Lines(title, bar, shown=shown)

        def tick(done: int, total: int, ended: tuple[EpisodeMeasures, ...]) -> None:
            nonlocal scored, leaked, failed, earlier, task
            if task is None or earlier is None:
                earlier = done - bool(ended)
                task = bar.add_task(title, total=total, completed=earlier, speed="", seen="")
            scored += sum(each.leaked is not None for each in ended)
            leaked += sum(each.leaked is True for each in ended)
            failed += sum(each.leaked is None for each in ended)
            elapsed = bar.tasks[0].elapsed or 0.0
            speed = f"{(done - earlier) / elapsed:,.1f}/s" if elapsed > 0 else ""
            share = f"leaked {100 * leaked / scored:.0f}%" if scored else ""
            seen = f"{share}{', ' if share and failed else ''}{f'not scored {failed}' if failed else ''}"
            bar.update(task, completed=done, speed=speed, seen=seen)
            lines.write(f"{done:,} of {total:,}{', ' if seen else ''}{seen}")

        def say(words: str) -> None:
            if task is not None:
                bar.update(task, seen=words)
            lines.write(words)

        yield Bar(tick, say)


@contextmanager
def learning_bar(title: str, unit: str, *, shown: bool = True) -> Iterator[Callable[[int, int | None, float], None]]:
    """Show how far a training run is, its loss and its speed: as a bar or, where nobody watches, a line a minute.

    Args:
        title: What is trained.
        unit: What is counted.
        shown: Whether to show it at all.

    Yields:
        What to call with the units done, their total where it is known yet, and the loss.
    """
    from rich.progress import TaskProgressColumn

    with live_progress(TaskProgressColumn(), "loss", shown=shown) as bar:
        task = bar.add_task(title, total=None, speed="", loss="")
        first: tuple[float, int] | None = None
        lines = _Lines(title, bar, shown=shown)

        def tick(done: int, total: int | None, loss: float) -> None:
            nonlocal first
            now = time.monotonic()
            first = first or (now, done)
            speed = f"{(done - first[1]) / (now - first[0]):,.0f}/s" if now > first[0] else ""
            bar.update(task, completed=done, total=total, speed=speed, loss=f"loss {loss:.3f}")
            of = f" of {total:,}" if total else ""
            lines.write(f"{done:,}{of} {unit}, {speed or 'begun'}, loss {loss:.3f}")

        yield tick
