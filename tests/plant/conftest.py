"""One house for all that only asks and orders; a house of its own for whoever kills, stops or searches it."""

from collections.abc import AsyncIterator

import pytest

from plant.desk import Desk, open_desk
from plant.house import House, open_house
from postgres import fresh_database


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """For the session, as the house is."""
    return "asyncio"


@pytest.fixture(scope="session")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    async with open_house(tmp_path_factory.mktemp("house")) as opened:
        yield opened


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
async def desk(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Desk]:
    """Plant's API without a worker, on a database of each kind."""
    var = tmp_path_factory.mktemp("desk")
    if request.param == "sqlite":
        async with open_desk(var, f"sqlite:///{var}/plant.db") as opened:
            yield opened
        return
    with fresh_database(request.getfixturevalue("postgres_server")) as url:
        async with open_desk(var, url) as opened:
            yield opened
