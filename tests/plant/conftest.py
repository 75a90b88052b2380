"""One house for all that only asks and orders; a house of its own for whoever kills, stops or searches it."""

from collections.abc import AsyncIterator

import pytest

from plant.house import House, open_house


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """For the session, as the house is."""
    return "asyncio"


@pytest.fixture(scope="session")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    async with open_house(tmp_path_factory.mktemp("house")) as opened:
        yield opened
