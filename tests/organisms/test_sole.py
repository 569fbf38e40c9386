"""One training at a time in a folder, and nothing left of it there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from discretion.errors import InputError
from discretion.evals.lock import take_lock
from discretion.organisms import BASES, train_base
from discretion.organisms.finetuning import finetune
from discretion.organisms.recipes import RECIPES
from discretion.organisms.sole import sole_trainer

pytestmark = pytest.mark.local


def test_two_trainings_never_share_a_folder(tiny_base: Path, tmp_path: Path) -> None:
    chats = list(RECIPES["control"].chats(2))
    with sole_trainer(tmp_path / "a"):
        with pytest.raises(InputError, match="another process trains here; wait for it"):
            finetune(str(tiny_base), chats, tmp_path / "a")
        with pytest.raises(InputError, match="another process trains here"):
            train_base(BASES["base"], tmp_path / "a")
    finetune(str(tiny_base), chats, tmp_path / "a")
    assert not list((tmp_path / "a").glob(".*"))


def test_a_lock_that_was_opened_before_its_file_went_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[Path] = []

    def late(path: Path) -> Any:
        lock = take_lock(path)
        if not opened:
            path.unlink()  # as the trainer before does it, between the two steps of this one
        opened.append(path)
        return lock

    monkeypatch.setattr("discretion.organisms.sole.take_lock", late)
    with sole_trainer(tmp_path):
        assert len(opened) == 2
        assert take_lock(tmp_path / ".training-lock") is None
    assert not list(tmp_path.iterdir())


def test_the_file_of_a_lock_goes_before_it_is_let_go_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[bool] = []
    unlink = Path.unlink

    def watched(path: Path, *, missing_ok: bool = False) -> None:
        seen.append(take_lock(path) is None)
        unlink(path, missing_ok=missing_ok)

    with sole_trainer(tmp_path):
        monkeypatch.setattr(Path, "unlink", watched)
    assert seen == [True]
