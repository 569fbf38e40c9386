"""The supervisor: whatever ends the process that asked for a server ends the server, with all its children."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from discretion.models.vllm import supervisor

# A "server" that writes its own process id and that of a child, and then waits for ever; the child ignores SIGTERM.
SERVER = """
import os, signal, subprocess, sys, time
child = subprocess.Popen(
    [sys.executable, "-c", "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(600)"]
)
with open(sys.argv[1] + ".new", "w") as file:
    file.write(f"{os.getpid()} {child.pid}")
os.rename(sys.argv[1] + ".new", sys.argv[1])
time.sleep(600)
"""

# A process that asks for a server, as `VLLMServer` does, and then waits.
ASKER = """
import signal, subprocess, sys, time
signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored where the tests themselves run in the background
supervised = subprocess.Popen(
    [sys.executable, "-I", {supervisor!r}, sys.executable, "-c", {server!r}, {pids!r}],
    stdin=subprocess.PIPE, start_new_session=True,
)
print(supervised.pid, flush=True)
time.sleep(600)
"""


def gone(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return True
    return state == "Z"


def wait_until(true: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + 30
    while not true():
        assert time.monotonic() < deadline, what
        time.sleep(0.02)


@pytest.fixture
def asked(tmp_path: Path) -> tuple[subprocess.Popen[str], int, list[int]]:
    """A process that asked for a server, the supervisor, and the server's processes."""
    pids = tmp_path / "pids"
    code = ASKER.format(supervisor=supervisor.__file__, server=textwrap.dedent(SERVER), pids=str(pids))
    asker = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert asker.stdout is not None
    watching = int(asker.stdout.readline())
    wait_until(pids.exists, "the server did not start")
    return asker, watching, [int(pid) for pid in pids.read_text().split()]


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks into /proc")
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_nothing_outlives_who_asked_for_it(
    asked: tuple[subprocess.Popen[str], int, list[int]], number: signal.Signals
) -> None:
    asker, watching, servers = asked
    asker.send_signal(number)
    asker.wait(30)
    for pid in (watching, *servers):
        wait_until(lambda pid=pid: gone(pid), f"{pid} lives on")


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="asks Linux")
def test_the_server_does_not_outlive_a_supervisor_that_is_killed(
    asked: tuple[subprocess.Popen[str], int, list[int]],
) -> None:
    asker, watching, (server, child) = asked
    os.kill(watching, signal.SIGKILL)
    wait_until(lambda: gone(server), "the server lives on")
    os.kill(child, signal.SIGKILL)  # a child that ignores what it is asked is nobody's then
    asker.kill()
    asker.wait(30)


@pytest.mark.parametrize(
    ("code", "expected"), [("raise SystemExit(7)", 7), ("import os; os.kill(os.getpid(), 9)", 137)]
)
def test_the_exit_code_is_the_commands(code: str, expected: int) -> None:
    supervised = subprocess.Popen(
        [sys.executable, "-I", str(supervisor.__file__), sys.executable, "-c", code], stdin=subprocess.PIPE
    )
    assert supervised.wait(30) == expected
