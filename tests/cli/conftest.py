"""The command line, called as a user calls it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from discretion.cli import app

Call = Callable[..., Result]


@pytest.fixture(scope="session")
def runs(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A folder of runs that tests share, so that what one has played another finds."""
    return str(tmp_path_factory.mktemp("runs"))


@pytest.fixture
def call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Call:
    """Call `discretion` in an empty folder, in a terminal of 100 columns; check the exit code, 0 if none is given."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")

    def run(*arguments: str, code: int = 0) -> Result:
        result = CliRunner().invoke(app, list(arguments), prog_name="discretion")
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        assert result.exit_code == code, result.output
        return result

    return run
