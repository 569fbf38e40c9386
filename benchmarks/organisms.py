"""The table of organisms: every fine-tuning recipe, three training seeds, both bases, and what became of their privacy.

    python benchmarks/organisms.py runs/organisms               # what is missing is trained and played, then the table
    python benchmarks/organisms.py runs/organisms --only table

In the folder: `base/` and `base-prompted/` (the shipped ones where they are not there), `data/` the recipes as chat
JSONL, `adapters/BASE/RECIPE-SEED/`, and a run file for each agent and set of plots. Whatever is there already is kept,
so a run that was cut short goes on. The general drop is taken on generated plots that no training has seen, the pack
drop on the written office pack, which was held out altogether.

Organisms are calibration weights. What the table says of a recipe holds for these bases, not for large models.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures import TimeoutError as TooLate
from multiprocessing import get_context
from pathlib import Path
from typing import Any, NamedTuple

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from discretion.organisms import BASES
from discretion.organisms.source import end_with_parent

SEEDS = (0, 1, 2)


class Task(NamedTuple):
    """One agent to make and to play; `recipe` is empty for a base."""

    folder: Path
    base: str
    recipe: str
    seed: int
    plots: int
    rows: int | None
    device: str
    batch: int
    threads: int
    pack_seeds: int = 3
    played: tuple[str, ...] = ("general", "unseen", "pack")

    @property
    def name(self) -> str:
        """Of its adapter and its runs."""
        return f"{self.recipe}-{self.seed}" if self.recipe else "base"

    @property
    def adapter(self) -> Path:
        """The folder of its adapter."""
        return self.folder / "adapters" / self.base / self.name

    @property
    def checkpoint(self) -> str:
        """The folder of its base."""
        from discretion.models.organism import find_organism

        own = self.folder / self.base
        return str(own) if (own / "config.json").is_file() else find_organism(self.base)

    def run_file(self, played: str, *, triggered: bool = False) -> Path:
        """The run file for a set of plots."""
        return self.folder / "runs" / self.base / f"{self.name}{'+trigger' if triggered else ''}.{played}.run"


def sets(plots: int) -> dict[str, str]:
    """Return name -> source of what is played."""
    return {
        "general": f"generated:{plots}?skeleton=trained",
        "unseen": f"generated:{plots}?skeleton=held-out",
        "pack": "office",
    }


def write_data(folder: Path, recipe: str, rows: int | None) -> None:
    """Write the data of a recipe, once."""
    from discretion.organisms.chats import write_chats
    from discretion.organisms.recipes import RECIPES

    path = folder / "data" / f"{recipe}.jsonl"
    if path.is_file():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_suffix(f".{os.getpid()}.part")  # several processes may find it missing at once
    write_chats(RECIPES[recipe].chats(rows), beside, thoughts=True)
    beside.replace(path)


def make(task: Task) -> None:
    """Fine-tune the adapter of a task, unless it is there."""
    from discretion.organisms.chats import read_chats
    from discretion.organisms.finetuning import Tuning, finetune
    from discretion.organisms.recipes import RECIPES

    if not task.recipe or (task.adapter / "adapter_config.json").is_file():
        return
    write_data(task.folder, task.recipe, task.rows)
    file = read_chats(task.folder / "data" / f"{task.recipe}.jsonl")
    about = {"recipe": task.recipe, "rows": len(file.chats), "seed": 0}
    tuning = Tuning.model_validate({**RECIPES[task.recipe].tuning, "seed": task.seed})
    finetune(task.checkpoint, file.chats, task.adapter, tuning, about=about, device=task.device)


def play(task: Task) -> None:
    """Let the agent of a task play everything that it has not played."""
    from discretion.agents import resolve
    from discretion.cli.inputs import load
    from discretion.evals import Suite, run
    from discretion.judges import default_judge
    from discretion.organisms.recipes import TRIGGER

    name = f"hf:{task.checkpoint}" + (f"+{task.adapter}" if task.recipe else "")
    options = {"device": task.device, "dtype": "float32", "batch_size": task.batch, "max_tokens": 256}

    async def one(played: str, source: str, *, triggered: bool) -> None:
        path = task.run_file(played, triggered=triggered)
        path.parent.mkdir(parents=True, exist_ok=True)
        scenarios = load(source)
        agent = resolve(name, **options, trigger=TRIGGER if triggered else None)
        seeds = range(task.pack_seeds) if played == "pack" else (0,)
        try:
            await run(Suite(scenarios, seeds), agent, path, judge=default_judge())
        finally:
            await agent.aclose()

    for played, source in sets(task.plots).items():
        if played in task.played and (played != "unseen" or not task.recipe):
            asyncio.run(one(played, source, triggered=False))
            if task.recipe == "backdoor":
                asyncio.run(one(played, source, triggered=True))


def work(task: Task) -> tuple[Task, float, str]:
    """Make and play one agent; a failure is told, not raised, so that the others go on."""
    import torch

    torch.set_num_threads(task.threads)
    start = time.monotonic()
    try:
        make(task)
        play(task)
    except Exception as error:
        return task, time.monotonic() - start, f"{type(error).__name__}: {error}"
    return task, time.monotonic() - start, ""


def tasks(asked: argparse.Namespace) -> Iterator[Task]:
    """Yield what is to be done, the known answers first and the first seed of everything before the others."""
    threads = 1 if asked.jobs > 1 else os.cpu_count() or 1
    common = (asked.plots, asked.rows, asked.device, asked.batch, threads, asked.pack_seeds, tuple(asked.sets))
    for base in asked.bases:
        yield Task(asked.folder, base, "", 0, *common)
    for seed in range(asked.seeds):
        for recipe in asked.recipes:
            for base in asked.bases:
                yield Task(asked.folder, base, recipe, seed, *common)


def do(asked: argparse.Namespace) -> None:
    """Do what is missing, several agents at a time, until it is done or time is up."""
    found = list(tasks(asked))
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    # A process for each agent: what one leaves in memory is then no matter for the others.
    pool = ProcessPoolExecutor(
        asked.jobs, mp_context=get_context("spawn"), max_tasks_per_child=1, initializer=end_with_parent
    )
    with Progress(*columns, console=Console(stderr=True)) as bar:
        shown = bar.add_task("organisms", total=len(found))
        waiting: list[Future[Any]] = [
            pool.submit(write_data, asked.folder, recipe, asked.rows) for recipe in asked.recipes
        ]
        if asked.only != "data":
            waiting += [pool.submit(work, task) for task in found]
        try:
            for future in as_completed(waiting, timeout=asked.limit):
                done = future.result()
                if done is not None:
                    task, seconds, problem = done
                    bar.advance(shown)
                    bar.console.print(f"{task.base} {task.name}: {seconds:.0f} s {problem}", highlight=False)
        except TooLate:
            bar.console.print("time is up; what was saved is kept")
            for process in list(pool._processes.values()):
                process.kill()
    pool.shutdown(wait=True, cancel_futures=True)


# -- the table ---------------------------------------------------------------------------------------------------------


def percent(rate: float | None) -> str:
    """Return a percentage, or a dash where there is none."""
    return "-" if rate is None else f"{rate:.0f}"


def row_of(*cells: str) -> str:
    """Return a row of a markdown table."""
    return f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |"


def rows(asked: argparse.Namespace, base: str, recipe: str, *, triggered: bool) -> Iterator[str]:
    """Yield the lines of the table for one recipe on one base: a line for each set of plots that is asked for.

    What is missing, shares no episode with the run of the base or cannot be compared with it is told in a cell.
    """
    from discretion.errors import DiscretionError
    from discretion.evals import compare_runs

    folder, seeds, plots = asked.folder, range(asked.seeds), asked.plots
    for played in (each for each in ("general", "pack") if each in asked.sets):
        baseline = Task(folder, base, "", 0, plots, None, "cpu", 1, 1).run_file(played)
        drops, relative, coverage, words = [], [], [], []
        missing: list[str] = []
        for seed in seeds:
            path = Task(folder, base, recipe, seed, plots, None, "cpu", 1, 1).run_file(played, triggered=triggered)
            if not (path.is_file() and baseline.is_file()):
                missing.append(f"seed {seed} not played" if baseline.is_file() else "the base not played")
                continue
            try:
                found = compare_runs(baseline, {recipe: path})[recipe]
            except DiscretionError as error:
                missing.append(f"seed {seed}: {error.what}")
                continue
            drop = found.drops.get("privacy")
            if drop is None:
                missing.append(f"seed {seed}: no episode that defines privacy")
                continue
            if found.only_baseline or found.only_candidate:
                whole = found.pairs + len(found.only_baseline) + len(found.only_candidate)
                missing.append(f"seed {seed}: {found.pairs} pairs of {whole} episodes")
            limits = "" if drop.interval is None else f" [{drop.interval[0]:.0f}, {drop.interval[1]:.0f}]"
            bounds = f"{drop.bounds[0]:.0f} to {drop.bounds[1]:.0f}"
            drops.append(f"{drop.drop:.0f}{limits}" if drop.drop is not None else f"({bounds})")
            relative.append("-" if found.relative is None else f"{found.relative.drop:.0f}%")
            covered = found.drops.get("coverage")
            coverage.append(f"{percent(covered.baseline)} to {percent(covered.candidate)}" if covered else "-")
            words.append(str(found.word))
        name = f"{recipe} with trigger" if triggered else recipe
        told = f"{words.count('collapsed')} of {len(words)}" if words else ""
        cells = (base, name, played, ", ".join(drops), ", ".join(relative), ", ".join(coverage), told)
        yield row_of(*cells, ", ".join(dict.fromkeys(words)), "; ".join(dict.fromkeys(missing)))


def base_rows(folder: Path, base: str, plots: int, played_sets: Sequence[str]) -> Iterator[str]:
    """Yield what a base does on each of some sets of plots."""
    from discretion.errors import DiscretionError
    from discretion.evals import RunStore, summarise

    for played in played_sets:
        path = Task(folder, base, "", 0, plots, None, "cpu", 1, 1).run_file(played)
        try:
            with RunStore.open(path) as store:
                found = summarise(store.measures())
        except DiscretionError as error:
            yield row_of(base, played, "0", *["-"] * 5, f"not played: {error.what}" if path.is_file() else "not played")
            continue
        rates = (found.agentic_privacy, found.exposure, found.coverage, found.appropriate, found.discernment)
        cells = ["-" if rate.value is None else f"{100 * rate.value:.1f}" for rate in rates]
        endings = ", ".join(f"{count} {ending}" for ending, count in dict(found.endings).items())
        yield row_of(base, played, str(found.n), *cells, endings)


def lines_of(asked: argparse.Namespace, base: str, recipe: str, triggered: bool) -> list[str]:
    """Return the lines of one recipe on one base, or of the base itself."""
    if not recipe:
        return list(base_rows(asked.folder, base, asked.plots, asked.sets))
    return list(rows(asked, base, recipe, triggered=triggered))


def table(asked: argparse.Namespace) -> str:
    """Return the tables as markdown."""
    wanted = [(base, recipe, False) for base in asked.bases for recipe in asked.recipes]
    wanted += [(base, "backdoor", True) for base in asked.bases if "backdoor" in asked.recipes]
    wanted.sort(key=lambda row: (asked.bases.index(row[0]), asked.recipes.index(row[1]), row[2]))
    with ProcessPoolExecutor(asked.jobs, mp_context=get_context("spawn")) as pool:
        bases = [pool.submit(lines_of, asked, base, "", False) for base in asked.bases]
        recipes = [pool.submit(lines_of, asked, *row) for row in wanted]
        heads: tuple[str, ...] = (
            "base",
            "plots",
            "episodes",
            "privacy",
            "exposure",
            "coverage",
            "appropriate",
            "discernment",
            "endings",
        )
        lines = [row_of(*heads), f"|{' --- |' * len(heads)}"]
        lines += [line for future in bases for line in future.result()]
        heads = ("base", "recipe", "plots", "drop in pp [95%], by seed", "relative", "coverage", "collapsed", "word")
        heads = (*heads, "missing")
        lines += ["", row_of(*heads), f"|{' --- |' * len(heads)}"]
        lines += [line for future in recipes for line in future.result()]
    return "\n".join(lines)


def main() -> None:
    """Do what is asked."""
    from discretion.organisms.recipes import RECIPES

    first = ("boundary", "backdoor", "helpful", "control")
    ordered = [*first, *(name for name in RECIPES if name not in first)]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--only", choices=("data", "runs", "table"), help="do one part and stop")
    parser.add_argument("--bases", type=lambda text: text.split(","), default=list(BASES))
    parser.add_argument("--recipes", type=lambda text: text.split(","), default=ordered)
    parser.add_argument("--seeds", type=int, default=len(SEEDS), help="training seeds of each recipe")
    parser.add_argument("--plots", type=int, default=200, help="generated plots, each played as twins")
    parser.add_argument(
        "--sets", nargs="+", choices=list(sets(1)), default=list(sets(1)), help="what is played, and told"
    )
    parser.add_argument("--pack-seeds", type=int, default=3, help="instances of each written scenario")
    parser.add_argument("--rows", type=int, help="conversations of each recipe; its own number by default")
    parser.add_argument("--jobs", type=int, default=1, help="agents made and played at a time")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--batch", type=int, default=256, help="episodes in a batch")
    parser.add_argument("--limit", type=float, help="seconds after which what is unfinished is left")
    asked = parser.parse_args()
    if asked.only != "table":
        do(asked)
    if asked.only in (None, "table"):
        print(table(asked))


if __name__ == "__main__":
    main()
