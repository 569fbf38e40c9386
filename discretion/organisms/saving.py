"""Files that are put into a folder when all of them are written: a full disk leaves nothing half there."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from discretion.errors import InputError

__all__ = ["saving"]


@contextmanager
def saving(folder: Path, *, last: str, remedy: str) -> Iterator[Path]:
    """Give a folder to write into, and move the files from there when all are written.

    Args:
        folder: Where they go.
        last: The name of the one that is moved last, as the sign that all are there.
        remedy: What to do where they cannot be written.

    Raises:
        InputError: If they cannot be written.
    """
    from safetensors import SafetensorError

    try:
        with tempfile.TemporaryDirectory(dir=folder, prefix=".saving") as beside:
            yield Path(beside)
            for file in sorted(Path(beside).iterdir(), key=lambda each: each.name == last):
                file.replace(folder / file.name)
    except (OSError, SafetensorError) as error:
        reason = " ".join(str(getattr(error, "strerror", None) or error).split())[:120]
        raise InputError(f"cannot be saved ({reason})", where=str(folder), remedy=remedy) from error
