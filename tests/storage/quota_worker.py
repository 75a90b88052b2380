"""A worker that does nothing but call a platform as often as its quota lets it. Started as a process of its own, and killed, by `test_quota.py`."""

import asyncio
import contextlib
import json
import sys
from pathlib import Path

from waooaw_social.platforms.manifest import Bucket
from waooaw_social.storage.db import Database
from waooaw_social.storage.plant.journal import Journal
from waooaw_social.storage.plant.quota import LEASE, SqlQuota
from waooaw_social.wire.clock import SystemClock
from waooaw_social.wire.transport import api_client


async def main(told: dict[str, object]) -> None:
    bucket = Bucket(**told["bucket"], source="a test")  # type: ignore[arg-type]
    db, clock = await Database.open(str(told["database"])), SystemClock()
    quota = SqlQuota(db=db, clock=clock, journal=Journal(Path(str(told["folder"]))))
    tidying = asyncio.create_task(quota.run())
    until = clock.monotonic() + float(str(told["seconds"]))
    async with api_client(timeout=10.0) as client:
        while clock.monotonic() < until:
            wait = await quota.take(bucket, "app", 1)
            if wait is None:
                await client.request(**told["request"])  # type: ignore[arg-type]
            elif wait > 2 * LEASE:
                break
            else:
                await asyncio.sleep(min(wait, 0.2))
    tidying.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await tidying
    await db.close()


if __name__ == "__main__":
    asyncio.run(main(json.loads(sys.argv[1])))
