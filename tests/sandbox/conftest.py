"""One sandbox for each test that asks for it, with everything it can do switched on."""

from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from sandbox.world import Sandbox
from waooaw_sandbox.app import Options, running


@pytest.fixture
async def sandbox(anyio_backend: str, tmp_path: Path) -> AsyncIterator[Sandbox]:
    options = Options(community_posts=True, data_dir=tmp_path)
    async with running(options) as base, aiohttp.ClientSession() as http:
        yield Sandbox(base, http)
