"""The application: its commands, and how an error becomes one line and an exit code."""

from __future__ import annotations

import errno
import os
import sys
import traceback
from collections.abc import Sequence
from contextlib import suppress
from typing import Annotated, Any, Final

import typer
from typer.core import TyperGroup

from discretion.cli import compare, doctor, finetuning, judge, organism, run, scenario
from discretion.errors import DiscretionError

__all__ = ["app", "main"]

INTERRUPTED: Final = 130
CLOSED_PIPE: Final = 141
"""As a shell says it of a program that SIGPIPE ended: whoever read the output has seen enough."""

_FULL: Final = (errno.ENOSPC, errno.EDQUOT, errno.EIO)
BUG: Final = 70


class Commands(TyperGroup):
    """A group whose errors are one line on stderr."""

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        windows_expand_args: bool = True,
        **extra: Any,
    ) -> Any:
        """Run the command line; the arguments are those of click's `Command.main`."""

        def run() -> Any:
            return super(Commands, self).main(args, prog_name, complete_var, False, windows_expand_args, **extra)

        if not standalone_mode:
            return run()
        try:
            code = run()
        except DiscretionError as error:
            typer.echo(f"discretion: {error}", err=True)
            code = error.exit_code
        except SystemExit as ended:  # what rich and typer make of a closed pipe; a gate's code is returned, not raised
            if not isinstance(ended.__context__, BrokenPipeError):
                raise
            _close_output()
            code = CLOSED_PIPE
        except OSError as error:
            if error.errno not in _FULL or error.filename is not None:
                raise
            _close_output()
            typer.echo(f"discretion: the output cannot be written: {error.strerror}; make room for it", err=True)
            code = DiscretionError.exit_code
        except Exception as error:
            if not hasattr(error, "format_message"):  # what click raises about the command line itself
                raise
            typer.echo(_usage(error), err=True)
            code = getattr(error, "exit_code", 2)
        else:
            if code == INTERRUPTED:
                typer.echo("stopped; what was committed is kept, the same command goes on from there", err=True)
        sys.exit(code if isinstance(code, int) else 0)


def _close_output() -> None:
    """Let what is still to be written go nowhere, so that the interpreter does not fail at it when it ends."""
    with suppress(OSError), open(os.devnull, "w") as nowhere:
        os.dup2(nowhere.fileno(), sys.stdout.fileno())


def _usage(error: Any) -> str:
    """Return what is wrong with the command line, in one line."""
    context = error.ctx
    command = context.command_path if context else "discretion"
    message = " ".join(str(error.format_message()).split())
    known = getattr(context.command, "commands", {}) if context else {}
    choices = f" Commands are: {', '.join(known)}" if known and "Did you mean" not in message else ""
    return f"{command}: {message}{choices} (see: {command} --help)"


app = typer.Typer(
    cls=Commands,
    name="discretion",
    no_args_is_help=False,
    invoke_without_command=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # plain text starts twice as fast
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="""\b
Start here:
  discretion compare reference:oracle reference:oversharer office

Two agents that need no model: one does every task well, one does it and tells all. The word is 'collapsed'.
""",
)
app.command("run", epilog=run.EPILOG)(run.run_command)
app.command("compare", epilog=compare.EPILOG)(compare.compare_command)
app.command("judge", epilog=judge.EPILOG)(judge.judge_command)
app.add_typer(scenario.app, name="scenario")
app.add_typer(organism.app, name="organism")
app.command("finetune", epilog=finetuning.FINETUNE_EPILOG)(finetuning.finetune_command)
app.command("doctor", epilog=doctor.EPILOG)(doctor.doctor_command)


def _version(asked: bool) -> None:
    if asked:
        from discretion import __version__

        typer.echo(f"discretion {__version__}")
        raise typer.Exit


@app.callback()
def options(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and stop.")
    ] = False,
) -> None:
    """Does this agent still keep confidences? Measures agentic privacy, and its drop against a baseline."""
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


def main() -> None:
    """Run the command line. A bug shows its traceback and ends with a code that no gate has."""
    try:
        app()
    except Exception:
        traceback.print_exc()
        sys.exit(BUG)
