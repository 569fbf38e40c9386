"""A base of a few thousand parameters, trained for a moment: enough to be loaded and fine-tuned."""

from __future__ import annotations

from pathlib import Path

import pytest
from organism_kit import TINY

from discretion.organisms import train_base


@pytest.fixture(scope="session")
def tiny_base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("organisms") / "base"
    train_base(TINY, folder, workers=0)
    return folder
