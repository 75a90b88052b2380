"""One client that makes calls when it is told to, in this process: `bench/calls.py` starts one per client and asks them in turn.

Every line read, `{"calls": N, "concurrency": C}`, is answered by one line with what N calls cost. A call is a POST of a small JSON body with
a bearer token, and its answer read as JSON. `ours` makes it through the whole gateway; the others do what one would write by hand.
"""

import argparse
import asyncio
import json
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from measure import Spent

PATH = "/youtube/v3/commentThreads"
POST = {"snippet": {"channelId": "UC0000000000000000000000", "text": "A post of usual size, with a link. " * 12}}
TOKEN = "bench-access-token-" + "a" * 140

CallOnce = Callable[[], Awaitable[object]]


def with_nothing(gateway: Any) -> None:
    from waooaw_social.metrics import NoMeter
    from waooaw_social.wire.breaker import NoBreaker

    class NoQuota:
        async def take(self, *_: object) -> None:
            return None

        blocked = give_back = block = take

    gateway.quota, gateway.breaker, gateway.meter = NoQuota(), NoBreaker(), NoMeter()


def with_metrics(gateway: Any) -> None:
    from waooaw_social.metrics import PrometheusMeter

    with_nothing(gateway)
    gateway.meter = PrometheusMeter()


@asynccontextmanager
async def dressed(base: str, dress: Callable[[Any], None]) -> AsyncGenerator[CallOnce]:
    async with ours(base, dress) as once:
        yield once


@asynccontextmanager
async def as_a_worker(base: str) -> AsyncGenerator[CallOnce]:
    """The fleet's breaker and quota in a database of their own, with the journal, and metrics."""
    from waooaw_social.metrics import PrometheusMeter
    from waooaw_social.storage.db import Database
    from waooaw_social.storage.migrate import migrate
    from waooaw_social.storage.plant.breaker import SqlBreaker
    from waooaw_social.storage.plant.journal import Journal
    from waooaw_social.storage.plant.quota import SqlQuota

    with TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/plant.db"
        await migrate(url, "plant")
        db = await Database.open(url)

        def dress(gateway: Any) -> None:
            gateway.quota = SqlQuota(db=db, clock=gateway.clock, journal=Journal(Path(folder) / "quota"))
            gateway.breaker, gateway.meter = SqlBreaker(db=db, clock=gateway.clock), PrometheusMeter()

        async with ours(base, dress) as once:
            yield once
        await db.close()


@asynccontextmanager
async def ours(base: str, dress: Callable[[Any], None] = lambda gateway: None) -> AsyncGenerator[CallOnce]:
    from waooaw_social.clients.environment import wiring
    from waooaw_social.core.ids import CredentialRef, CustomerId
    from waooaw_social.platforms.call import Call, Cost, Harmless, Reply, Request
    from waooaw_social.platforms.youtube.manifest import MANIFEST, YOUTUBE
    from waooaw_social.settings import Settings
    from waooaw_social.wire.ports import Errand
    from waooaw_social.wire.resolver import CPSocialCredentialResolver

    resolver = CPSocialCredentialResolver(cp_base_url=base, internal_api_key="bench")
    plenty = {"platform_origin": base, "http_transport": "aiohttp", "youtube_api_quota_daily_limit": 10**9}
    gateway = wiring(YOUTUBE, resolver, Settings.model_validate(plenty)).gateway
    dress(gateway)
    errand = Errand(customer_id=CustomerId("CUST-1"), credential_ref=CredentialRef("CRED-1"), platform=YOUTUBE)
    url = f"https://www.googleapis.com{PATH}"

    async def once() -> object:
        call = Call(
            name="bench",
            request=Request(
                method="POST",
                url=url,
                params={"part": "snippet"},
                headers={"content-type": "application/json; charset=UTF-8"},
                body=json.dumps(POST).encode(),
            ),
            read=Reply.json,
            explain=MANIFEST.explain,
            if_repeated=Harmless(),
            cost=Cost(bucket="general", units=1),
        )
        outcome = await gateway.send(call, errand)
        assert isinstance(outcome, Reply), outcome
        return call.understand(outcome)

    try:
        yield once
    finally:
        await gateway.transport.aclose()
        await resolver.aclose()


@asynccontextmanager
async def bare_aiohttp(base: str) -> AsyncGenerator[CallOnce]:
    import aiohttp

    async with aiohttp.ClientSession() as session:

        async def once() -> object:
            async with session.post(
                f"{base}/www.googleapis.com{PATH}", params=PARAMS, json=POST, headers=SIGNED
            ) as reply:
                assert reply.status == 200
                return await reply.json()

        yield once


@asynccontextmanager
async def plain_httpx(base: str) -> AsyncGenerator[CallOnce]:
    import httpx

    async with httpx.AsyncClient(trust_env=False) as client:

        async def once() -> object:
            reply = await client.post(f"{base}/www.googleapis.com{PATH}", params=PARAMS, json=POST, headers=SIGNED)
            assert reply.status_code == 200
            return reply.json()

        yield once


@asynccontextmanager
async def plain_httpx2(base: str) -> AsyncGenerator[CallOnce]:
    import httpx2

    async with httpx2.AsyncClient(trust_env=False) as client:

        async def once() -> object:
            reply = await client.post(f"{base}/www.googleapis.com{PATH}", params=PARAMS, json=POST, headers=SIGNED)
            assert reply.status_code == 200
            return reply.json()

        yield once


PARAMS = {"part": "snippet"}
SIGNED = {"authorization": f"Bearer {TOKEN}"}
CLIENTS = {
    "ours": ours,
    "aiohttp": bare_aiohttp,
    "httpx": plain_httpx,
    "httpx2": plain_httpx2,
    "nothing": lambda base: dressed(base, with_nothing),
    "metrics": lambda base: dressed(base, with_metrics),
    "worker": as_a_worker,
}


async def spend(once: CallOnce, calls: int, concurrency: int) -> dict[str, float]:
    left = iter(range(calls))

    async def go_on() -> None:
        for _ in left:
            await once()

    with Spent() as spent:
        await asyncio.gather(*(go_on() for _ in range(concurrency)))
    return {"rate": calls / spent.wall, "cpu": spent.cpu / calls * 1e6}


async def main(client: str, base: str) -> None:
    async with CLIENTS[client](base) as once:
        while line := await asyncio.to_thread(sys.stdin.readline):
            print(json.dumps(await spend(once, **json.loads(line))), flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("client", choices=CLIENTS)
    parser.add_argument("--base", required=True)
    given = parser.parse_args()
    asyncio.run(main(given.client, given.base))
