"""What every test may use: one event loop, asyncio's, and a PostgreSQL."""

import pytest

pytest_plugins = ["postgres"]


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"
