"""A process that asks a breaker for leave many times at once. Started twice over one database, by `test_probe_of_two_processes.py`."""

import asyncio
import json
import sys

import structlog

from waooaw_social.core.ids import Platform
from waooaw_social.storage.db import Database
from waooaw_social.storage.plant.breaker import SqlBreaker
from waooaw_social.wire.breaker import Rules
from waooaw_social.wire.clock import SystemClock
from waooaw_social.wire.ports import Admitted


async def main(database: str, platform: str, at_once: int) -> None:
    """Says that it is ready, waits for a line, asks, and says which of its calls were let through."""
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))  # the answer has its output to itself
    db = await Database.open(database)
    breaker = SqlBreaker(db=db, clock=SystemClock(), rules=Rules(rest=0.0))
    await db.read(lambda _: None)  # its connection is open
    print("ready", flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    answers = await asyncio.gather(*(breaker.admit(Platform(platform), "api") for _ in range(at_once)))
    print(json.dumps([answer.probe for answer in answers if isinstance(answer, Admitted)]), flush=True)
    await db.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
