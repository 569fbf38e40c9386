"""Options that several commands share."""

from __future__ import annotations

from typing import Annotated

import typer

__all__ = [
    "AsJson",
    "Concurrency",
    "JudgeName",
    "MaxTokens",
    "Norms",
    "PeopleOption",
    "Quiet",
    "Repeats",
    "RetryFaults",
    "RunSeed",
    "Seeds",
    "Temperature",
    "VLLMPython",
]

Seeds = Annotated[
    str | None,
    typer.Option(
        "--seeds",
        "-n",
        metavar="SEEDS",
        help="How many (10), a range (5-9) or a list (3,7,11); 3 by default, 1 for generated and imported ones.",
    ),
]
Repeats = Annotated[int | None, typer.Option("--repeats", min=1, help="Episodes of each instance; 1 by default.")]
Concurrency = Annotated[
    int | None, typer.Option("--concurrency", min=1, help="Episodes in flight; what the agent can use by default.")
]
Temperature = Annotated[
    float | None,
    typer.Option("--temperature", min=0, max=2, help="Of a model's sampling; by default 0, greedy."),
]
MaxTokens = Annotated[int | None, typer.Option("--max-tokens", min=1, help="The longest turn of a model.")]
VLLMPython = Annotated[
    str | None,
    typer.Option(
        "--vllm-python",
        metavar="PYTHON",
        help="For vllm: agents, the Python of an environment with vLLM; DISCRETION_VLLM_PYTHON or this one by default.",
    ),
]
RetryFaults = Annotated[
    bool,
    typer.Option(
        "--retry-faults/--keep-faults",
        help="In a run that is continued, play again what the agent failed in (its server was down, say).",
    ),
]
RunSeed = Annotated[int, typer.Option("--run-seed", help="What the seed of every episode is derived from.")]
Norms = Annotated[
    str | None,
    typer.Option("--norms", metavar="FILE", help="Norms in place of the scenarios' norm base: a YAML or JSON list."),
]
PeopleOption = Annotated[
    str | None,
    typer.Option(
        "--people",
        metavar="MODEL",
        help="A model that plays the people (openai:MODEL[@URL], hf:PATH, ...) in place of their script.",
        show_default=False,
    ),
]
JudgeName = Annotated[str, typer.Option("--judge", metavar="JUDGE", help="Who decides what was disclosed.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress bar, nor lines of progress.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for a program to read.")]
