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

from measure import Spent

PATH = "/youtube/v3/commentThreads"
POST = {"snippet": {"channelId": "UC0000000000000000000000", "text": "A post of usual size, with a link. " * 12}}
TOKEN = "bench-access-token-" + "a" * 140

CallOnce = Callable[[], Awaitable[object]]


@asynccontextmanager
async def ours(base: str) -> AsyncGenerator[CallOnce]:
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
CLIENTS = {"ours": ours, "aiohttp": bare_aiohttp, "httpx": plain_httpx, "httpx2": plain_httpx2}


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
