"""On SQLite there is one worker process: a lock on a file beside the database. A frozen holder keeps it, a killed one loses it at once."""

import fcntl
import os
from pathlib import Path
from typing import Self


class AnotherWorker(Exception):
    """A worker of this database is running already."""


class OneWorker:
    """Held from `with` to the end of the block."""

    def __init__(self, database: Path) -> None:
        self._path = Path(f"{database}.worker")
        self._file: int | None = None

    def __enter__(self) -> Self:
        file = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(file, 32).decode(errors="replace").strip()
            os.close(file)
            raise AnotherWorker(
                f"a worker of this database is running already (process {holder}); SQLite takes one, PostgreSQL takes several"
            ) from None
        os.truncate(file, 0)
        os.write(file, str(os.getpid()).encode())
        self._file = file
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            os.close(self._file)
