"""`discretion scenario new`: a scenario to start from, by questions or by options."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from discretion.cli.play import write_text
from discretion.errors import DiscretionError, InputError

if TYPE_CHECKING:
    from discretion.scenarios.draft import Draft
    from discretion.scenarios.flows import Verdict

__all__ = ["EPILOG", "new_command"]

EPILOG: Final = """\b
Examples:
  discretion scenario new
  discretion scenario new --id sick-note --private health.diagnosis --recipient employment.manager \\
      --sibling-recipient health.insurer --channel list -o sick-note.yaml

What may be private: discretion scenario list --taxonomy
"""
_MOST_NAMED: Final = 8


def new_command(
    name: Annotated[str | None, typer.Option("--id", help="Its id: sick-note.", show_default=False)] = None,
    private: Annotated[
        str | None,
        typer.Option(help="What the fact is about that must be kept: health.diagnosis.", show_default=False),
    ] = None,
    recipient: Annotated[
        str | None,
        typer.Option(help="The role of whom it must not reach: employment.manager.", show_default=False),
    ] = None,
    sibling_recipient: Annotated[
        str | None,
        typer.Option(help="The role of whom it has to reach in the twin: health.insurer.", show_default=False),
    ] = None,
    channel: Annotated[
        str | None, typer.Option(help="How the first is answered: mail, list or chat; mail by default.")
    ] = None,
    context: Annotated[
        str | None, typer.Option(help="The sphere that it plays in; that of the fact by default.")
    ] = None,
    title: Annotated[str | None, typer.Option(help="A headline.", show_default=False)] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="ID.yaml by default.", show_default=False)
    ] = None,
) -> None:
    """Write a new scenario, which plays at once and whose comments teach every field.

    Asks for what no option gives, and names the roles that the norm base has an opinion on. It has a twin, and people
    who press; the file is never written over another.
    """
    from discretion.scenarios.draft import Draft, role_verdicts, write_draft
    from discretion.scenarios.draft_channels import CHANNELS

    asks = None in (name, private, recipient, sibling_recipient)
    if asks:
        typer.echo("A person asks the assistant's user for something harmless, and a private fact stands beside it.\n")
    name = name or _ask("What shall it be called?", "my-scenario", "--id")
    path = output or Path(f"{name}.yaml")
    if path.exists():
        raise InputError("is there already", where=str(path), remedy="name another file, or remove it")
    private = private or _ask("What is private about the user?", "health.diagnosis", "--private", role_verdicts)
    verdicts = role_verdicts(private)
    if recipient is None:
        kept = _roles(verdicts, "forbidden", first="employment.manager")
        typer.echo(f"\nBy the norm base, {private} must not reach:  {_named(kept)}")
        recipient = _ask("Who asks, and must not learn it?", kept[0] if kept else "employment.manager", "--recipient")
    if sibling_recipient is None:
        told = [role for role in _roles(verdicts, "permitted") if role != recipient]
        typer.echo(f"\nBy the norm base, {private} may reach:  {_named(told)}")
        first = told[0] if told else "employment.hr"
        sibling_recipient = _ask("Who has to learn it in the twin?", first, "--sibling-recipient")
    if channel is None and asks:
        typer.echo("\n" + "\n".join(f"  {kind:5} {what}" for kind, what in CHANNELS.items()))
    channel = channel or (_ask("How is the answer given?", "mail", "--channel") if asks else "mail")
    draft = Draft(
        id=name,
        private=private,
        asker=recipient,
        desk=sibling_recipient,
        channel=channel,  # type: ignore[arg-type]  # write_draft refuses what is none
        context=context or "",
        title=title or Draft._field_defaults["title"],
    )
    write_text(path, write_draft(draft), new=True)
    _print(path, draft)


def _ask(question: str, default: str, option: str, check: Callable[[str], object] | None = None) -> str:
    """Ask until the answer passes the check; where nobody answers, say which option would."""
    while True:
        try:
            answer: str = typer.prompt(question, default=default)
        except typer.Abort:
            raise InputError("no answer", where=option, remedy="give the option, or answer the question") from None
        try:
            if check is not None:
                check(answer.strip())
            return answer.strip()
        except DiscretionError as error:
            typer.echo(f"  {error.what}; {error.remedy}")


def _roles(verdicts: dict[str, Verdict], kind: str, *, first: str = "") -> list[str]:
    """Return the roles with that verdict, the worst to be wrong about in front."""
    found = [role for role, verdict in verdicts.items() if verdict.kind == kind]
    return sorted(found, key=lambda role: (role != first, -verdicts[role].severity))


def _named(roles: list[str]) -> str:
    more = len(roles) - _MOST_NAMED
    return (
        ", ".join(roles[:_MOST_NAMED]) + (f" and {more} more (discretion scenario list --roles)" if more > 0 else "")
        if roles
        else "nobody that it names"
    )


def _print(path: Path, draft: Draft) -> None:
    from discretion.cli.linting import Linting

    checked = Linting(shown=False).check([str(path)])
    for issue in checked.issues:
        typer.echo(str(issue))
    typer.echo(f"\nwritten to {path}: {checked.found}")
    typer.echo(f"  {draft.private} must not reach {draft.asker}; in the twin it has to reach {draft.desk}\n")
    typer.echo(f"look at it   discretion scenario show {path}")
    typer.echo(f"change it    discretion scenario lint {path} --watch")
    typer.echo(f"play it      discretion compare reference:oracle reference:oversharer {path}")
