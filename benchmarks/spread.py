"""How even are generated plots, how many are there, and how much do they repeat themselves?

    python benchmarks/spread.py                          # 1,000 plots, about a minute
    python benchmarks/spread.py --plots 200 --markdown   # as Markdown

Each plot is made with both its twins and people of seed 0. The base twin is played by the oracle, which gives the
length of an episode.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from rich.console import Console
from rich.progress import track
from rich.table import Table

from discretion.agents import resolve
from discretion.evals.play import play_instance
from discretion.scenarios import FlowGraph, Instance, twins
from discretion.scenarios.generator import GENERATOR_VERSION, distinct_plots, generate, skeleton, skeleton_names

_SENTENCE = re.compile(r"(?<=[.!?:])\s+|\n+")
_NUMBER = re.compile(r"\d[\d.,:/-]*")


class Part(NamedTuple):
    """A table: what is counted, and the rows (what, how many)."""

    title: str
    rows: Sequence[tuple[str, str]]


class Sample:
    """Counts over plots, one after the other.

    Attributes:
        counts: What -> value -> plots.
        numbers: What -> one number a plot.
        raw, masked: Sentence -> plots in which it stands, as it is and without names and values.
        discerning: Plots of which discernment can be measured.
    """

    def __init__(self) -> None:
        self.plots = 0
        self.discerning = 0
        self.keys: set[tuple[Any, ...]] = set()
        self.counts: dict[str, Counter[str]] = {}
        self.numbers: dict[str, list[int]] = {}
        self.raw: Counter[str] = Counter()
        self.masked: Counter[str] = Counter()

    def add(self, seed: int) -> None:
        """Make a plot and count it."""
        scenario = generate(seed)
        plot = scenario.plot
        assert plot is not None
        base, sibling = twins(scenario, 0)
        self.plots += 1
        self.keys.add((plot.skeleton, plot.attributes, plot.roles, plot.sibling_roles, plot.channel, plot.norm))
        private, second, shared = plot.attributes
        for what, value in {
            "skeleton": plot.skeleton,
            "context": private.partition(".")[0],
            "channel": plot.channel,
            "private attribute": private,
            "second private attribute": second,
            "open attribute": shared,
            "what the twins differ in": plot.twist,
            "distractors": str(plot.distractors),
            "distance": str(plot.distance),
            "pressure": str(plot.pressure),
            "deciding norm": plot.norm,
        }.items():
            self._count(what, value)
        for role in plot.roles:
            self._count("recipient's role, base", role)
        for role in plot.sibling_roles:
            self._count("recipient's role, sibling", role)
        discerning = True
        for instance in (base, sibling):
            graph = FlowGraph(instance)
            for fact in instance.facts:
                for recipient in skeleton(plot.skeleton).recipients:
                    kind = graph.verdict(fact.id, recipient.id).kind
                    required = (fact.id, recipient.id) in graph.required_pairs
                    self._count("verdict on a fact and a recipient", "required" if required else kind)
                    if fact.id == "private":
                        discerning &= required if instance is sibling else kind == "forbidden"
        self.discerning += discerning
        self._measure(base)

    def _measure(self, instance: Instance) -> None:
        (episode,) = asyncio.run(play_instance(resolve("reference:oracle"), instance))
        said = [message.content or "" for message in episode.messages]
        calls = [call for message in episode.messages for call in getattr(message, "tool_calls", ())]
        length = sum(map(len, said)) + sum(len(json.dumps(call.model_dump(mode="json"))) for call in calls)
        items = instance.world.items()
        for what, number in {
            "characters of an episode": length,
            "tool calls": len(calls),
            "items of the world": len(items),
            "characters of an item": sum(len(text) for item in items for text in _texts(item)) // max(1, len(items)),
        }.items():
            self.numbers.setdefault(what, []).append(number)
        found = {sentence for item in items for text in _texts(item) for sentence in _sentences(text)}
        self.raw.update(found)
        masked = {_mask(sentence, instance) for sentence in found}
        self.masked.update(sentence for sentence in masked if len(sentence.replace("_", "")) > 12)

    def _count(self, what: str, value: str) -> None:
        self.counts.setdefault(what, Counter())[value] += 1

    def parts(self) -> Iterator[Part]:
        """Yield the tables."""
        every = {name: distinct_plots(name) for name in skeleton_names()}
        yield Part(
            "Plots",
            [
                ("made", f"{self.plots:,}"),
                ("of which distinct by skeleton, attributes, roles, channel and norm", f"{len(self.keys):,}"),
                ("skeletons", f"{len(every)}, of which {sum(skeleton(name).held_out for name in every)} held out"),
                (
                    "distinct plots that can be drawn (all combinations of attributes and roles)",
                    f"{sum(every.values()):,}",
                ),
                ("the fewest of a skeleton, the most", f"{min(every.values()):,}, {max(every.values()):,}"),
                ("plots of which discernment can be measured", f"{100 * self.discerning / self.plots:.1f}%"),
                ("sentences that stand in another plot as well", _share(self.raw)),
                ("the same with names, values and numbers masked", _share(self.masked)),
                ("distinct sentences, masked", f"{len(self.masked):,}"),
                ("plots in which the commonest one stands", f"{100 * max(self.masked.values()) / self.plots:.1f}%"),
            ],
        )
        for what, found in self.numbers.items():
            found.sort()
            places = {"least": 0.0, "20%": 0.2, "median": 0.5, "80%": 0.8, "most": 1.0}
            yield Part(what, [(name, f"{found[round(at * (len(found) - 1))]:,}") for name, at in places.items()])
        for what, counted in self.counts.items():
            total = sum(counted.values())
            rows = [(value, f"{number:,} ({100 * number / total:.1f}%)") for value, number in counted.most_common()]
            if len(rows) > 24:
                rows = [*rows[:12], (f"... {len(rows) - 18} more", ""), *rows[-6:]]
            yield Part(f"{what} ({len(counted)})", rows)


def _texts(item: Any) -> Iterator[str]:
    for field in ("body", "text", "description"):
        text = getattr(item, field, None)
        if text:
            yield text


def _sentences(text: str) -> Iterator[str]:
    for sentence in _SENTENCE.split(text):
        if len(sentence) > 12:  # no greeting, no name below a mail
            yield sentence.strip()


def _mask(sentence: str, instance: Instance) -> str:
    hidden = {form for fact in instance.facts for form in (*fact.forms, fact.value) if form}
    for actor in instance.cast:
        hidden |= {part for part in (actor.name, actor.first, actor.last, actor.email, actor.title, actor.firm) if part}
    for text in sorted(hidden, key=len, reverse=True):
        sentence = sentence.replace(text, "_")
    return _NUMBER.sub("0", sentence)


def _share(sentences: Counter[str]) -> str:
    repeated = sum(number for number in sentences.values() if number > 1)
    return f"{100 * repeated / max(1, sentences.total()):.1f}% of {sentences.total():,}"


def markdown(parts: Iterable[Part]) -> Iterator[str]:
    """Yield the tables as Markdown."""
    for part in parts:
        yield f"## {part.title[0].upper()}{part.title[1:]}\n\n| | |\n| --- | ---: |"
        yield from (f"| {what} | {number} |" for what, number in part.rows)
        yield ""


def main() -> None:
    """Make plots, count and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--plots", type=int, default=1000)
    parser.add_argument("--first", type=int, default=0, help="seed of the first plot")
    parser.add_argument("--markdown", action="store_true")
    asked = parser.parse_args()
    sample = Sample()
    quiet = Console(stderr=True)
    for seed in track(range(asked.first, asked.first + asked.plots), description="plots", console=quiet):
        sample.add(seed)
    if asked.markdown:
        print(f"Generator {GENERATOR_VERSION}, seeds {asked.first} to {asked.first + asked.plots - 1}.\n")
        print("\n".join(markdown(sample.parts())))
        return
    console = Console()
    for part in sample.parts():
        table = Table(title=part.title, title_justify="left", show_header=False)
        table.add_column()
        table.add_column(justify="right")
        for row in part.rows:
            table.add_row(*row)
        console.print(table)


if __name__ == "__main__":
    main()
