"""Runs a command, and ends it with all its children as soon as whoever asked for it is gone, however that went.

    python -I supervisor.py COMMAND ARGUMENT...

Standard input is a pipe into which nothing is written. The operating system closes its other end when the asking
process ends, by `kill -9` too, and the end of the pipe is the sign to stop. A script of its own, without this package,
so that it starts in no time and holds nothing.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import threading
from typing import Final

GRACE_S: Final = 10.0
"""How long the command may take to end by itself, in seconds."""

_PR_SET_PDEATHSIG: Final = 1


def _die_with_supervisor() -> None:
    """Ask Linux to end the command should this very process be killed; elsewhere nothing can be asked."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def _end(child: subprocess.Popen[bytes]) -> None:
    """End the command's group: asked first, then forced."""
    _signal(child, signal.SIGTERM)
    try:
        child.wait(GRACE_S)
    except subprocess.TimeoutExpired:
        _signal(child, signal.SIGKILL)


def _signal(child: subprocess.Popen[bytes], number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, number)


def main(command: list[str]) -> int:
    """Run a command and return its exit code."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    child = subprocess.Popen(  # noqa: S603 - the command line is the caller's, and no shell reads it
        command,
        stdin=subprocess.DEVNULL,
        start_new_session=True,
        preexec_fn=_die_with_supervisor,  # no thread runs yet
    )
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=_end, args=(child,), daemon=True).start())

    def watch() -> None:
        with contextlib.suppress(OSError):
            os.read(0, 1)
        _end(child)

    threading.Thread(target=watch, daemon=True).start()
    code = child.wait()
    _signal(child, signal.SIGKILL)  # what the command left behind of its children
    return code if code >= 0 else 128 - code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
