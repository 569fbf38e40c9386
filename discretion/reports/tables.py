"""Tables for a terminal: what one run showed, and what two runs say about a loss.

Everything that comes from outside (agent names, reasons, scenario names) is put in as plain text, never as markup.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from discretion.evals.comparison import Comparison
from discretion.evals.pairing import Measure
from discretion.evals.reasons import listed
from discretion.evals.summary import Rate, RunSummary
from discretion.models.chat import Usage
from discretion.reports.memory import comparison_tables, run_tables
from discretion.reports.shapes import limits, percent, plain_table, signed, stack
from discretion.reports.words import counted

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table

__all__ = ["comparison_view", "overview", "run_view"]

_WIDTH: Final = 100
_COLOURS: Final = {"collapsed": "red", "kept": "green", "disabled": "yellow", "undecided": "cyan"}
_NAMES: Final[dict[Measure, str]] = {
    "privacy": "agentic privacy",
    "appropriate": "  appropriate",
    "coverage": "  coverage",
    "discernment": "  discernment",
    "violation": "  violation",
    "exposure": "  exposure",
    "success": "  task success",
}


# -- one run -------------------------------------------------------------------------------------------------------


def run_view(summary: RunSummary, *, title: str, subtitle: str = "") -> RenderableType:
    """Return the table of a run: agentic privacy and all that must stand beside it.

    Args:
        summary: What the run showed.
        title: Who played.
        subtitle: What was played.
    """
    from rich.text import Text

    table = plain_table("measure", "", "", "what it says", wordy=["what it says"])
    rates: list[tuple[str, Rate, str]] = [
        ("agentic privacy", summary.agentic_privacy, "episodes that told nobody a forbidden fact"),
        ("  exposure", summary.exposure, "episodes in which the agent had seen one"),
        ("  coverage", summary.coverage, "facts that had to reach somebody and did"),
        ("  appropriate", summary.appropriate, "episodes with all of them told and none leaked"),
        ("  discernment", summary.discernment, "twins: withheld from the one, told to the other"),
        ("  task success", summary.success, "episodes that did what was asked"),
        ("  violation", summary.violation, _violations(summary)),
    ]
    for name, rate, says in rates:
        if rate.value is None:
            why = "these scenarios do not define it" if summary.scored else "nothing was scored"
            table.add_row(Text(name), Text("n/a", "dim"), "", Text(why, "dim"))
            continue
        style = "bold" if rate is summary.agentic_privacy else ""
        table.add_row(Text(name, style), Text(f"{100 * rate.value:.1f}%", style), f"{rate.k:,} of {rate.n:,}", says)
    missing = summary.n - summary.scored
    share = f"{100 * missing / summary.n:.1f}%" if summary.n else "n/a"
    table.add_row(
        "not scored",
        Text(share, "bold yellow" if missing else ""),
        f"{missing:,} of {summary.n:,}",
        Text(listed(summary.unscored) or "every episode was judged"),
    )
    table.add_row("endings", "", "", Text(listed(summary.endings).replace("_", " ")))
    if summary.usage != Usage():
        table.add_row("tokens", "", "", Text(_spent(summary.usage)))
    heading = Text.assemble((title, "bold"), (f"  {subtitle}" if subtitle else "", "dim"))
    return stack(heading, table, *(run_tables(summary.memory) if summary.memory else ()))


def _violations(summary: RunSummary) -> str:
    how = listed({presence: n for presence, n in summary.presence.items() if presence != "not_scored"})
    return f"forbidden flows that happened{f' ({how})' if how else ''}"


def _spent(usage: Usage) -> str:
    """Return what was read and written, what it cost where that is known, and how likely it was where that was told."""
    said = f"{usage.prompt_tokens:,} read, {usage.completion_tokens:,} written"
    if usage.cost is not None:
        said += f", {usage.cost:,.4g} spent at the prices given"
    if usage.logprob_tokens:
        said += f", mean log probability {usage.logprob / usage.logprob_tokens:.3f}"
    return said


# -- a comparison --------------------------------------------------------------------------------------------------


def comparison_view(comparison: Comparison, *, baseline: str, candidate: str) -> RenderableType:
    """Return the word with its sentence, the drops, and what the numbers rest on.

    Args:
        comparison: What was found.
        baseline: The name of the one side.
        candidate: And of the other.
    """
    from rich.panel import Panel
    from rich.text import Text

    colour = _COLOURS[comparison.word.word]
    word = Text(comparison.word.word.upper(), f"bold {colour}")
    if comparison.word.reason:
        word.append(f"  {comparison.word.reason}", "bold")
    text = Text.assemble(word, "\n", sentence(comparison))
    panel = Panel(text, border_style=colour, width=_WIDTH, padding=(0, 2))
    short: dict[str, str] = {each.side: f"  {each}" for each in comparison.unfinished}
    sides = Text("\n").join(
        Text.assemble((f"{side:<11}", "dim"), name, (short.get(side, ""), "bold yellow"))
        for side, name in (("baseline", baseline), ("candidate", candidate))
    )
    parts: list[RenderableType] = [
        panel,
        sides,
        _drops(comparison),
        *_strata(comparison),
        *(comparison_tables(comparison.memory, comparison.level) if comparison.memory else ()),
        Text(_basis(comparison), "dim"),
    ]
    return stack(*parts)


def sentence(comparison: Comparison) -> str:
    """Return the sentence that explains the word, with its numbers."""
    word, tau, privacy = comparison.word, f"{comparison.tau:g}", comparison.drops["privacy"]
    useful = comparison.drops.get("appropriate") or comparison.drops.get("success")
    if word.word == "collapsed":
        least = f"{privacy.at_least:.1f} points of agentic privacy"
        return f"The candidate lost at least {least}; more than {tau} count as a collapse."
    if word.word == "kept":
        beside = f", and at most {max(useful.at_most, 0):.1f} of {useful_name(comparison)}" if useful else ""
        most = f"{max(privacy.at_most, 0):.1f} points of agentic privacy"
        return f"The candidate lost at most {most}{beside}; up to {tau} count as kept."
    if word.word == "disabled" and useful:
        return (
            f"The candidate lost at least {useful.at_least:.1f} points of {useful_name(comparison)} and no privacy: "
            "it leaks no more than before because it does less."
        )
    if word.reason == "not exercised":
        return f"{_capital(word.detail)}: privacy was not put to the test, so nothing can be said of it."
    if word.reason == "none is shown":
        low, high = privacy.interval or (privacy.at_least, privacy.at_most)
        lies = f"The drop of agentic privacy lies between {low:+.1f} and {high:+.1f} points"
        if comparison.family > 1 and not privacy.at_least <= comparison.tau <= privacy.at_most:
            return f"{lies}; among {comparison.family} candidates compared at once (Holm) that shows nothing yet."
        return f"{lies}: neither a loss of more than {tau} nor its absence is shown. More scenarios would tell."
    return f"{_capital(word.detail)}."


def useful_name(comparison: Comparison) -> str:
    """Return the name of the measure that stands for doing the task well: appropriate, else success."""
    return "appropriate conduct" if "appropriate" in comparison.drops else "task success"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _drops(comparison: Comparison) -> Table:
    unscored = any(drop.scored < drop.pairs for drop in comparison.drops.values())
    heads = ["baseline", "candidate", "drop", f"{100 * comparison.level:g}% interval"]
    table = plain_table("measure", *heads, *(["unscored", "worst cases"] if unscored else []))
    for name, label in _NAMES.items():
        drop = comparison.drops.get(name)
        if drop is None:
            table.add_row(label, *["n/a"] * 2, *[""] * (len(table.columns) - 3), style="dim")
            continue
        cells = [percent(drop.baseline), percent(drop.candidate), signed(drop.drop), limits(drop.interval)]
        if unscored:
            cells += [f"{100 * (1 - drop.scored / drop.pairs):.1f}%", limits(drop.bounds)]
        table.add_row(label, *cells, style="bold" if name == "privacy" else "")
    return table


def _strata(comparison: Comparison) -> list[Table]:
    from rich.text import Text

    if len(comparison.strata) < 2:
        return []
    table = plain_table(
        "context", "scenarios", "pairs", "privacy drop", f"{100 * comparison.level:g}% interval", "p, Holm"
    )
    for part in comparison.strata:
        cells = [f"{part.clusters}", f"{part.pairs:,}", signed(part.drop)]
        tested = ("descriptive", "") if part.p is None else (limits(part.interval), _p(part.p))
        table.add_row(Text(part.name), *cells, *tested)
    return [table]


def _basis(comparison: Comparison) -> str:
    """Say what the numbers are about and how far they reach."""
    privacy = comparison.drops["privacy"]
    what = {
        "pack": "Pack drop: the mean over these scenarios, people drawn anew within each; a scenario is one cluster.",
        "general": "General drop: the mean over plots like these, one seed of each.",
    }[comparison.estimand]
    lines = [what, "A positive drop is a loss; for violation, of which less is better, it is a rise."]
    if comparison.memory:
        lines.append("Scenarios of one profile are one cluster. Violation@n: disclosed by any of n repeats.")
    pairs, over = counted(comparison.pairs, "pair"), counted(comparison.scenarios, "scenario")
    lines.append(f"{pairs} of episodes over {over}{_unpaired(comparison)}.")
    if privacy.drop is None:
        lines.append("More than 10% of the pairs are not scored: only bounds are given.")
    facts = []
    if comparison.relative:
        low, high = comparison.relative.interval
        facts.append(f"relative drop {comparison.relative.drop:+.0f}% ({low:+.0f} to {high:+.0f})")
    elif privacy.drop is not None:
        facts.append("relative drop undefined (baseline not clearly above 10%)")
    if comparison.p is not None:
        facts.append(f"{comparison.test} test of no drop: p {_p(comparison.p, '= ')}")
    if facts:
        lines.append(f"Agentic privacy: {'; '.join(facts)}.")
    lines.append(
        f"The smallest drop that this comparison could have seen (80% power): {privacy.detectable:.0f} points."
    )
    if comparison.family > 1:
        lines.append(f"The words of all {comparison.family} candidates hold together (Holm).")
    return "\n".join(lines)


def _unpaired(comparison: Comparison) -> str:
    alone = [
        f"{len(names):,} that only the {side} has ({', '.join(names[:2])}{', ...' if len(names) > 2 else ''})"
        for side, names in (("baseline", comparison.only_baseline), ("candidate", comparison.only_candidate))
        if names
    ]
    return f"; left out: {', '.join(alone)}" if alone else ""


def _p(p: float, sign: str = "") -> str:
    """Return a p value; `sign` stands before one that is given as it is.

    >>> _p(0.03125), _p(1e-9), _p(0.03125, "= ")
    ('0.031', '< 0.001', '= 0.031')
    """
    return "< 0.001" if p < 0.001 else f"{sign}{p:.3f}"


def overview(comparisons: Mapping[str, Comparison]) -> RenderableType:
    """Return one line for each of several candidates."""
    from rich.text import Text

    level = max(each.level for each in comparisons.values())
    table = plain_table("candidate", "privacy drop", f"{100 * level:g}% interval", "word", wordy=["word"])
    for name, each in comparisons.items():
        drop = each.drops["privacy"]
        word = Text(str(each.word), _COLOURS[each.word.word])
        table.add_row(Text(name), signed(drop.drop), limits(drop.interval), word)
    return table
