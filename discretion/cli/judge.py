"""`discretion judge`: a finished run, judged again without the agent."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from discretion.cli.inputs import given_norms
from discretion.cli.options import AsJson, JudgeName, Norms, Quiet

if TYPE_CHECKING:
    from discretion.judges.findings import Judge

__all__ = ["EPILOG", "judge_command"]

EPILOG: Final = """\b
Examples:
  discretion judge mine.run --judge rules
  discretion judge mine.run --judge rules --replace
  discretion judge mine.run --norms strict.yaml
"""


def judge_command(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="A run file, finished or not.", show_default=False)],
    judge: JudgeName = "rules",
    norms: Norms = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="Throw away what this judge said with other settings.")
    ] = False,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Judge a run again, without the agent.

    What the judge says of the episodes that it has not judged yet is kept in the run file. With --norms FILE it looks
    at them under other norms, in the name JUDGE~FILE: what the agent did stays, what it should have done changes.
    """
    from discretion.cli.progress import progress_bar
    from discretion.evals.runner import UnderNorms, rejudge
    from discretion.judges import resolve_judge

    judging: Judge = resolve_judge(judge)
    if norms is not None and (other := given_norms(norms)) is not None:
        judging = UnderNorms(judging, other, Path(norms).stem)
    with progress_bar(f"judge {judging.name}", shown=not (quiet or as_json)) as tick:
        summary = rejudge(run, judging, replace=replace, progress=tick)
    if as_json:
        typer.echo(summary.model_dump_json(indent=2))
        return
    from discretion.reports import page, run_view

    page().print(run_view(summary, title=str(run), subtitle=f"{summary.n:,} episodes, judged by {judging.name}"))
