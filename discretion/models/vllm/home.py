"""Where vLLM is: in this environment, or in another one whose Python is named."""

from __future__ import annotations

import functools
import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final, NamedTuple

from discretion.errors import InputError

__all__ = ["VARIABLE", "Home", "find_vllm", "on_gpu"]

VARIABLE: Final = "DISCRETION_VLLM_PYTHON"
_REMEDY: Final = (
    f"install vLLM into an environment of its own and name its Python: --vllm-python, or {VARIABLE}=.../bin/python"
)
_ASK: Final = "from importlib.metadata import version; import importlib.util as u; "
_ASK_VERSION: Final = _ASK + "print(version('vllm') if u.find_spec('vllm') else '')"
_ANSWER_S: Final = 60.0


class Home(NamedTuple):
    """A vLLM.

    Attributes:
        python: The interpreter that imports it.
        version: Of vLLM.
    """

    python: str
    version: str

    @property
    def serve(self) -> tuple[str, ...]:
        """The beginning of the command that serves a model."""
        return (self.python, "-m", "vllm.entrypoints.cli.main", "serve")


def find_vllm(python: str | None = None) -> Home:
    """Return the vLLM of the Python given, of the one that `DISCRETION_VLLM_PYTHON` names, or of this environment.

    Raises:
        InputError: If there is none.
    """
    named = python or os.environ.get(VARIABLE, "").strip()
    if not named:
        if importlib.util.find_spec("vllm") is None:
            raise InputError("vLLM is not installed here", where="vllm agent", remedy=_REMEDY)
        return Home(sys.executable, _version(sys.executable))
    where = "--vllm-python" if python else VARIABLE
    executable = shutil.which(Path(named).expanduser())
    if executable is None:
        raise InputError(f"{named!r} cannot be run", where=where, remedy="name the python of an environment with vLLM")
    version = _version(executable)
    if not version:
        raise InputError(f"{named!r} is no Python that has vLLM", where=where, remedy=_REMEDY)
    return Home(str(Path(executable).absolute()), version)


@functools.cache
def _version(python: str) -> str:
    """Ask an interpreter for the version of its vLLM; empty if it has none."""
    try:
        asked = subprocess.run(  # noqa: S603 - the user names the interpreter
            [python, "-c", _ASK_VERSION], capture_output=True, text=True, timeout=_ANSWER_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return asked.stdout.strip() if asked.returncode == 0 else ""


def on_gpu() -> bool:
    """Tell whether a server would find an accelerator, without importing anything that takes hold of it."""
    if os.environ.get("CUDA_VISIBLE_DEVICES", "0").strip() in ("", "-1"):
        return False
    return any(Path(device).exists() for device in ("/dev/nvidiactl", "/dev/kfd", "/dev/dxg"))
