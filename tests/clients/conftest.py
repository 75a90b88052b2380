"""One sandbox per test, reset before each scene."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from durable.platform_stage import House
from durable.youtube_stage import open_youtube


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    """It serves community posts."""
    async with open_youtube(tmp_path) as opened:
        yield opened


@pytest.fixture
async def plain_house(tmp_path: Path) -> AsyncIterator[House]:
    """As the real host is: no community posts."""
    async with open_youtube(tmp_path, community_posts=False) as opened:
        yield opened
