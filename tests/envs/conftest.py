"""The office of this room's tests."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from envs_kit import INSTANCE

from discretion.envs.office import Office
from discretion.scenarios.instance import Instance


@pytest.fixture
def instance() -> Instance:
    return INSTANCE


@pytest.fixture
def office() -> Office:
    return Office(INSTANCE)


@pytest.fixture
def vary() -> Callable[..., Office]:
    """An office in a variant of the instance."""

    def make(**changes: Any) -> Office:
        return Office(INSTANCE.model_copy(update=changes))

    return make
