"""Measures what the design promises about speed, and prints each figure beside its aim.

    python benchmarks/speed.py              # our own code, about a minute
    python benchmarks/speed.py --all        # also episodes in flight, and a local checkpoint
    python benchmarks/speed.py --all --peers peers/bin/python --markdown    # docs/speed.md; for the peers see peers.py
    python benchmarks/speed.py --scale      # also 10,000 instances into one run file: time linear, memory flat

Figures are medians of many repetitions in one process, and depend on the machine. So the aims are stretched by its
speed: by what a fixed piece of pure-Python work takes in the same run (one JSON round trip of 4 kB), against what it
takes on the machine that the design speaks of. An aim for waiting, or a ratio, is not.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import product
from pathlib import Path
from string import ascii_lowercase
from typing import NamedTuple

from rich.console import Console
from rich.table import Table

from discretion.agents import resolve
from discretion.envs import Office
from discretion.evals import Suite, run_sync
from discretion.judges import default_judge
from discretion.scenarios import Scenario, instantiate, load_scenarios
from discretion.scenarios.forms import Matcher

REFERENCE = 27.5e-6
"""Seconds of the yardstick on a machine where other packages take what the design says of them (Inspect AI 8.6 ms)."""


def median_seconds(work: Callable[[], object], *, repeats: int, inner: int = 1) -> float:
    """Return the median over `repeats` of the time of one call, each timed over `inner` calls after a warm-up."""
    work()
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        for _ in range(inner):
            work()
        times.append((time.perf_counter() - start) / inner)
    return statistics.median(times)


def yardstick() -> float:
    """Seconds of a fixed piece of work: one JSON round trip of about 4 kB."""
    payload = [{"id": f"m{i}", "subject": "Re: the offer", "body": "see below, thanks! " * 4} for i in range(32)]
    return median_seconds(lambda: json.loads(json.dumps(payload)), repeats=200, inner=5)


def import_seconds(statement: str) -> float:
    """Median wall time of a fresh interpreter that runs a statement, less that of one which runs nothing."""

    def fresh(code: str) -> float:
        return median_seconds(
            lambda: subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.DEVNULL), repeats=7
        )

    return fresh(statement) - fresh("pass")


def instance_seconds(scenarios: tuple[Scenario, ...]) -> float:
    """An instance and its world, over all templates."""
    seeds = iter(range(10**9))

    def make(scenario: Scenario) -> Callable[[], object]:
        return lambda: Office(instantiate(scenario, next(seeds)))

    return statistics.mean(median_seconds(make(scenario), repeats=60) for scenario in scenarios)


def read_call_seconds(scenario: Scenario) -> float:
    """One read tool call through the office, validated and recorded: a mail is read by its id."""
    instance = instantiate(scenario, 0)
    mail = instance.world.mail[0].id
    office = Office(instance)
    office.start()
    times = []
    for _ in range(200):
        office = Office(instance.model_copy(update={"budget": instance.budget.model_copy(update={"turns": 500})}))
        office.start()
        start = time.perf_counter()
        for _ in range(20):
            office.call("read_mail", {"mail_id": mail})
        times.append((time.perf_counter() - start) / 20)
    return statistics.median(times)


def judge_seconds(scenario: Scenario) -> tuple[float, float]:
    """The rule tier over one text of 150 characters and all facts: with nothing to find, and with a fact in it."""
    instance = instantiate(scenario, 0)
    matcher = Matcher(instance.facts)
    clean = "Thanks for this. I will look at the draft over lunch and send my remarks before the end of the day, "
    clean += "so that the whole team has time to read them."
    quiet, telling = _variations(clean), _variations(f"{instance.facts[0].statement} {clean}")
    return (
        median_seconds(lambda: matcher.find(next(quiet)), repeats=300, inner=10),
        median_seconds(lambda: matcher.find(next(telling)), repeats=300, inner=10),
    )


def _variations(text: str) -> Iterator[str]:
    """Yield texts of 150 characters that differ in their last word, since a matcher remembers what it has read."""
    return (f"{text[:145]} {''.join(letters)}" for letters in product(ascii_lowercase, repeat=4))


def episode_seconds(scenarios: tuple[Scenario, ...]) -> float:
    """A whole episode of a reference agent: instance, world, five tool calls or so, judged, stored, committed."""
    suite = Suite(scenarios, seeds=range(20))
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        summary = run_sync(suite, resolve("reference:oracle"), Path(folder, "speed.run"), judge=default_judge())
        seconds = time.perf_counter() - start
    calls = summary.counts.tool_calls / summary.n
    return seconds / summary.n * 5 / calls


def scale(scenarios: tuple[Scenario, ...], console: Console) -> None:
    """Play 10,000 instances into one run file and print time and memory by tenths."""
    suite = Suite(scenarios, seeds=range(-(-10_000 // len(Suite(scenarios)))))
    marks: list[tuple[int, float, float]] = []
    start = time.perf_counter()

    def progress(done: int, total: int, measures: object) -> None:
        if done and done % (total // 10) == 0:
            kilobytes = int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() / 1024
            marks.append((done, time.perf_counter() - start, kilobytes / 1024))

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "scale.run")
        run_sync(suite, resolve("reference:oracle"), path, judge=default_judge(), progress=progress)
    table = Table(title=f"{len(suite):,} instances, played, judged and stored")
    for column in ("instances", "seconds", "instances/s in this tenth", "resident MiB"):
        table.add_column(column, justify="right")
    last = (0, 0.0)
    for done, seconds, mebibytes in marks:
        rate = (done - last[0]) / (seconds - last[1])
        table.add_row(f"{done:,}", f"{seconds:.1f}", f"{rate:.0f}", f"{mebibytes:.1f}")
        last = (done, seconds)
    console.print(table)


class Row(NamedTuple):
    """One kind of work: what it took, and the aim; of a ratio more is better, of seconds less.

    `kind` is what `peers.py` calls it, `beside` what is told with the peers; `waits` that the time is that of waiting,
    and no faster machine makes it shorter.
    """

    work: str
    measured: float
    aim: float
    ratio: bool = False
    kind: str = ""
    beside: str = ""
    waits: bool = False

    def aim_for(self, unit: float) -> float:
        """The aim on a machine where the yardstick takes so long."""
        return self.aim if self.ratio or self.waits else self.aim * unit / REFERENCE

    def met(self, unit: float) -> bool:
        """Whether the aim is."""
        return self.measured >= self.aim if self.ratio else self.measured <= self.aim_for(unit)

    def shown(self, value: float) -> str:
        """Return a value as people read it."""
        return f"{value:.2f}" if self.ratio else _human(value)


def own_rows() -> list[Row]:
    """Measure our own code, which needs no extra."""
    scenarios = load_scenarios("office")
    with_mail = next(scenario for scenario in scenarios if scenario.world.mail)
    quiet, telling = judge_seconds(with_mail)
    helped = (
        "import sys; sys.argv = ['discretion', '--help']\n"
        "from discretion.cli import main\ntry: main()\nexcept SystemExit: pass"
    )
    return [
        Row("an episode of five tool calls, judged and stored", episode_seconds(scenarios), 3e-3, kind="episode"),
        Row("an instance and its world", instance_seconds(scenarios), 1e-3, kind="instance"),
        Row("a read tool call, validated and recorded", read_call_seconds(with_mail), 20e-6, kind="read call"),
        Row("rule judge, 150 characters, no candidate", quiet, 0.1e-3, kind="judge"),
        Row("rule judge, 150 characters, a fact in it", telling, 1e-3),
        Row("`import discretion`", import_seconds("import discretion"), 0.3, kind="import"),
        Row("`discretion --help`", import_seconds(helped), 0.4),
    ]


def other_rows() -> Iterator[Row]:
    """Measure what needs a server and a checkpoint."""
    import in_flight
    import local_throughput

    alone_ms, flights = in_flight.flights([16, 1000])
    for flight in flights:
        work = f"{flight.flying:,} episodes in flight, 200 ms an answer: wall time of {flight.episodes:,}"
        floor = f"the official client alone, {flight.requests:,} requests {_human(flight.requests * alone_ms / 1000)}"
        yield Row(work, flight.measured.wall, 1.1 * flight.ideal, beside=floor, waits=True)
    found = local_throughput.measure(local_throughput.parser().parse_args(["organism:base", "generated:8"]))
    yield Row("a local checkpoint, whole run: tokens/s to those of raw `generate`", found.ratio, 0.9, ratio=True)


def peers(python: str) -> dict[str, list[str]]:
    """Return kind of work -> what each peer took, by a Python that has them."""
    found: dict[str, list[str]] = {}
    script = str(Path(__file__).with_name("peers.py"))
    told = subprocess.run([python, script], check=True, stdout=subprocess.PIPE, text=True).stdout
    for record in map(json.loads, told.splitlines()):
        took = _human(record["seconds"]) if "seconds" in record else f"- ({record['missing']})"
        found.setdefault(record["work"], []).append(f"{record['peer']} {took}")
    return found


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--all", action="store_true", help="also episodes in flight and a local checkpoint")
    parser.add_argument("--peers", metavar="PYTHON", help="a Python with other packages, measured in the same run")
    parser.add_argument("--markdown", action="store_true", help="print a page for the docs")
    parser.add_argument("--scale", action="store_true", help="also 10,000 instances into one run file")
    asked = parser.parse_args()
    console = Console()
    unit = yardstick()
    rows = own_rows()
    others = peers(asked.peers) if asked.peers else {}
    if asked.all:
        rows += other_rows()
    columns = ("work", "measured", "aim here", "", "measured / aim", "aim of the design", "others")
    cells = [
        (
            row.work,
            row.shown(row.measured),
            row.shown(row.aim_for(unit)),
            "met" if row.met(unit) else "missed",
            f"{row.measured / row.aim_for(unit):.2f}",
            row.shown(row.aim),
            "; ".join([*others.get(row.kind, ()), *filter(None, [row.beside])]),
        )
        for row in rows
    ]
    note = (
        f"One JSON round trip of 4 kB takes {_human(unit)} here, and {_human(REFERENCE)} on the machine that the "
        "design's aims are for; they are stretched by as much."
    )
    if asked.markdown:
        print(_page(columns, cells, f"{os.cpu_count()} cores. {note}"))
    else:
        table = Table(title="Speed, against the aims of the design")
        for column in columns:
            table.add_column(column, justify="left" if column in ("work", "others") else "right")
        for row, shown in zip(rows, cells, strict=True):
            table.add_row(*shown, style=None if row.met(unit) else "yellow")
        console.print(table)
        console.print(note, style="dim")
    if asked.scale:
        scale(load_scenarios("office"), console)


def _page(columns: Sequence[str], cells: Sequence[Sequence[str]], note: str) -> str:
    """Return the table as a page of the docs."""
    lines = ["<!-- printed by: python benchmarks/speed.py --all --peers PYTHON --markdown -->", "# Speed", "", note, ""]
    lines += [f"| {' | '.join(row)} |" for row in (columns, ["---"] * len(columns), *cells)]
    lines += ["", *_NOTE]
    return "\n".join(lines)


_NOTE = (
    "One process cannot meet the aim for 1,000 episodes in flight: the official client alone takes more CPU time for",
    "as many requests. `python benchmarks/in_flight.py` prints it for other numbers as well.",
)


def _human(seconds: float) -> str:
    for unit, size in (("s", 1.0), ("ms", 1e-3)):
        if seconds >= size / 10:
            return f"{seconds / size:.2f} {unit}"
    return f"{seconds / 1e-6:.1f} us"


if __name__ == "__main__":
    main()
