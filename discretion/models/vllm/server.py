"""One vLLM server: started on loopback, waited for until it answers a real request, and stopped."""

from __future__ import annotations

import contextlib
import json
import os
import re
import secrets
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from discretion.errors import ModelUnusable
from discretion.models.told_day import day_setting
from discretion.models.vllm import supervisor
from discretion.models.vllm.flags import Plan, command, dated_template, environment

__all__ = ["LOG_FOLDER", "Say", "VLLMServer"]

Say = Callable[[str], None]
"""Told what is being waited for, in a few words."""

LOG_FOLDER: Final = "DISCRETION_VLLM_LOGS"
"""The environment variable that names a folder for the logs; otherwise only the log of a server that failed is kept."""

_LOOK_S: Final = 0.5
_STOP_S: Final = supervisor.GRACE_S + 5.0
_REQUEST_S: Final = 120.0
_PORTS_TRIED: Final = 3
_SHOWN: Final = 300
_TAIL: Final = 200_000  # bytes of a log that are looked through
_CAUSE: Final = re.compile(r"(?:^|\s)(?P<said>[\w.]*(?:Error|Exception|error): \S.*)$")
_EMPTY_WORDS: Final = ("Engine core initialization failed", "See root cause above", "EngineDeadError")
_PORT_TAKEN: Final = re.compile(r"address already in use", re.IGNORECASE)
_REMEDIES: Final = (
    (
        re.compile(r"out of memory|No available memory|KV cache|free memory", re.IGNORECASE),
        "give it less to hold: ?context=8192, or vllm_flags such as --gpu-memory-utilization 0.8 or "
        "--tensor-parallel-size 2",
    ),
    (re.compile(r"trust.remote.code", re.IGNORECASE), "it brings code of its own: ?trust_remote_code=true, if trusted"),
    (re.compile(r"head.?(?:size|dim)", re.IGNORECASE), "vLLM has no kernel for these heads: use hf: for it"),
    (
        re.compile(r"unrecognized arguments|invalid choice|error: argument"),
        "check vllm_flags against vllm serve --help",
    ),
)
_PROBE: Final = {
    "messages": [{"role": "user", "content": "Hello."}],
    "max_tokens": 2,
    "temperature": 0,
    "tools": [{"type": "function", "function": {"name": "probe", "parameters": {"type": "object", "properties": {}}}}],
}


class VLLMServer:
    """A server process and what is known of it. It belongs to no event loop, and its methods block.

    Args:
        plan: What it serves.
        adapters: LoRA adapters and their served names.
        patience_s: How long it may take to start, in seconds.
    """

    def __init__(self, plan: Plan, adapters: Mapping[Path, str], *, patience_s: float) -> None:
        self.plan = plan
        self.where = f"vllm:{plan.folder}"
        self.key = secrets.token_urlsafe(24)
        self.log = _new_log()
        self._template = self._written(dated_template(plan))
        self.port = 0
        self._adapters = dict(adapters)
        self._patience_s = patience_s
        self._process: subprocess.Popen[bytes] | None = None
        self._failed = False  # its log is kept then

    @property
    def tells_day(self) -> bool:
        """Whether its chat template takes the setting `told_day`."""
        return self._template is not None

    @property
    def url(self) -> str:
        """The base URL, up to `/v1`."""
        return f"http://127.0.0.1:{self.port}/v1"

    @property
    def pid(self) -> int | None:
        """The process that stands over the server, `None` where none runs."""
        return None if self._process is None else self._process.pid

    def start(self, say: Say, abandoned: threading.Event) -> None:
        """Start it and wait until it answers a chat completion with a tool.

        Args:
            say: Told how the waiting goes.
            abandoned: Set by another thread to give up waiting.

        Raises:
            ModelUnusable: If it ends, refuses, or takes too long; with its last words and its log.
        """
        try:
            for last in (False,) * (_PORTS_TRIED - 1) + (True,):
                if self._started(say, abandoned, last=last):
                    return
        except BaseException:
            self._failed = not abandoned.is_set()
            self.stop()
            raise

    def check(self) -> None:
        """Look whether it still runs.

        Raises:
            ModelUnusable: If not.
        """
        if self._process is not None and self._process.poll() is not None:
            raise self._failure(f"the vLLM server ended with code {self._process.returncode}")

    def load(self, adapter: Path, name: str) -> None:
        """Have a running server take up one more adapter.

        Raises:
            ModelUnusable: If it does not.
        """
        try:
            self._post("/load_lora_adapter", {"lora_name": name, "lora_path": str(adapter)})
        except (OSError, ValueError) as error:
            self.check()
            raise self._failure(f"the vLLM server does not take adapter {adapter} ({_said(error)})") from None

    def stop(self) -> None:
        """End the server and all its processes; without one, do nothing. The log of one that failed is kept."""
        process, self._process = self._process, None
        if process is not None:
            self._failed |= process.poll() is not None  # it ended by itself
            assert process.stdin is not None  # noqa: S101 - it was started with a pipe
            with contextlib.suppress(OSError):
                process.stdin.close()  # the sign for its supervisor
            try:
                process.wait(_STOP_S)
            except subprocess.TimeoutExpired:
                process.kill()  # the kernel then ends the server, see the supervisor
                process.wait()
        if not self._failed and not os.environ.get(LOG_FOLDER):
            self.log.unlink(missing_ok=True)
        if self._template is not None:
            self._template.unlink(missing_ok=True)

    def _written(self, template: str) -> Path | None:
        """Write a chat template beside the log."""
        if not template:
            return None
        path = self.log.with_suffix(".jinja")
        path.write_text(template, encoding="utf-8")
        return path

    def _started(self, say: Say, abandoned: threading.Event, *, last: bool) -> bool:
        """Start once; false if somebody else took the port in the meantime."""
        self.port = _free_port()
        line = command(self.plan, port=self.port, adapters=self._adapters, template=self._template)
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(  # noqa: S603 - made of paths that were checked and flags of the user
                [sys.executable, "-I", str(supervisor.__file__), *line],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=environment(self.plan, key=self.key),
                start_new_session=True,
            )
        begun = time.monotonic()
        while not self._healthy():
            waited = time.monotonic() - begun
            if self._process.poll() is not None:
                if not last and _PORT_TAKEN.search(self._tail()):
                    return False
                self.check()
            if waited > self._patience_s:
                raise self._failure(f"the vLLM server did not answer within {self._patience_s:.0f} s")
            say(f"starting vLLM, {waited:.0f} s (log: {self.log})")
            if abandoned.wait(_LOOK_S):
                raise ModelUnusable("given up while the vLLM server started", where=self.where)
        say("asking vLLM for its first words")
        for name in ("base", *self._adapters.values()):
            self._ask(name)
        return True

    def _healthy(self) -> bool:
        try:
            with _OPENER.open(f"http://127.0.0.1:{self.port}/health", timeout=5):
                return True
        except (OSError, ValueError):
            return False

    def _ask(self, name: str) -> None:
        """Send one real request: some servers pass every check of their health and die of the first prompt."""
        tools = {"tool_choice": "none"} if self.plan.parser == "none" else {}
        day = {"chat_template_kwargs": day_setting(())} if self.tells_day else {}
        try:
            self._post("/chat/completions", {**_PROBE, **tools, **day, "model": name})
        except (OSError, ValueError) as error:
            time.sleep(_LOOK_S)  # if it died of the request, its last words are now in the log
            self.check()
            raise self._failure(f"the vLLM server starts, but answers {_said(error)}") from None

    def _post(self, path: str, body: Mapping[str, Any]) -> None:
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {self.key}"}
        request = urllib.request.Request(f"{self.url}{path}", json.dumps(body).encode(), headers)  # noqa: S310
        with _OPENER.open(request, timeout=_REQUEST_S) as reply:
            reply.read()

    def _failure(self, what: str) -> ModelUnusable:
        self._failed = True
        tail = self._tail()
        cause = last_words(tail)
        remedy = next((remedy for sign, remedy in _REMEDIES if sign.search(cause)), None)
        said = f": {cause}" if cause else ""
        look = f"its log is {self.log}"
        return ModelUnusable(f"{what}{said}", where=self.where, remedy=f"{remedy}; {look}" if remedy else look)

    def _tail(self) -> str:
        try:
            with self.log.open("rb") as file:
                file.seek(max(0, file.seek(0, 2) - _TAIL))
                return file.read().decode(errors="replace")
        except OSError:
            return ""


_OPENER: Final = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # loopback is reached without proxies


def last_words(log: str) -> str:
    r"""Return the line of a log that names the cause of a failure, or its last line; shortened to one short line.

    Of several errors the last counts that says more than that another one came before it.

    >>> last_words("INFO ok\n(pid=3) ValueError: too big\nRuntimeError: Engine core initialization failed.")
    'ValueError: too big'
    """
    lines = [line.strip() for line in log.splitlines() if line.strip()]
    found = [match["said"] for line in lines if (match := _CAUSE.search(line))]
    telling = [said for said in found if not any(words in said for words in _EMPTY_WORDS)]
    said = (telling or found or lines or [""])[-1]
    line = " ".join("".join(c if c.isprintable() else " " for c in said).split())
    return line if len(line) <= _SHOWN else f"{line[: _SHOWN - 1]}…"


def _said(error: OSError | ValueError) -> str:
    """Return what a failed request says, in one line."""
    if isinstance(error, urllib.error.HTTPError):
        body = error.read(2000).decode(errors="replace")
        return f"HTTP {error.code} ({' '.join(body.split())[:_SHOWN]})"
    return f"nothing ({' '.join(str(error).split())[:_SHOWN] or type(error).__name__})"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _new_log() -> Path:
    folder = os.environ.get(LOG_FOLDER) or None
    if folder:
        Path(folder).mkdir(parents=True, exist_ok=True)
    descriptor, path = tempfile.mkstemp(prefix="discretion-vllm-", suffix=".log", dir=folder)
    os.close(descriptor)
    return Path(path)
