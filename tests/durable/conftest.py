"""Which stores a test runs on: all of them."""

from pathlib import Path
from typing import Any

import pytest


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
def store_kind(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def store_place(store_kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> Any:
    return request.getfixturevalue("postgres_url") if store_kind == "postgresql" else tmp_path
