"""Every claim about CP's APIs is made on SQLite; those about races also on PostgreSQL."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from cp.portal import Portal, portal


@pytest.fixture
async def cp(tmp_path: Path) -> AsyncIterator[Portal]:
    async with portal(tmp_path) as running:
        yield running


@pytest.fixture
async def cp_apart(tmp_path: Path) -> AsyncIterator[Portal]:
    """The internal API has a listener of its own."""
    async with portal(tmp_path, apart=True) as running:
        yield running


@pytest.fixture(params=["sqlite", "postgresql"])
async def cp_on_both(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Portal]:
    place = request.getfixturevalue("postgres_url") if request.param == "postgresql" else tmp_path
    async with portal(place) as running:
        yield running
