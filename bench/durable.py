"""One worker process over a platform that answers at once: what `publish.py` and `punctuality.py` measure. Prints one line of JSON.

The stub stands in place of the gateway: one visible feed post each, accepted in no time, so that what is measured is claiming, the
ledger and the end of a publication, each durable. Rows are accepted before the clock starts; accounts differ, as audiences do.
"""

import argparse
import asyncio
import json
import statistics
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from waooaw_social.core.account import Account
from waooaw_social.core.ids import Audience, CredentialRef, CustomerId, Platform, PublicationId, RemoteId
from waooaw_social.core.post import Content, Published
from waooaw_social.core.publication import Publication
from waooaw_social.core.refusal import Refusal
from waooaw_social.durable.memory import MemoryInbox
from waooaw_social.durable.runner import Runner
from waooaw_social.durable.worker import Worker
from waooaw_social.platforms.call import Call, Flow, Reply, Request, Verdict, Visible, until_due
from waooaw_social.storage.db import Database
from waooaw_social.storage.migrate import migrate
from waooaw_social.storage.plant.ledger import SqlLedger
from waooaw_social.storage.plant.publications import Order, SqlPublications
from waooaw_social.storage.plant.tables import entries, publications
from waooaw_social.storage.seal import KeyRing, Sealer
from waooaw_social.wire.clock import SystemClock

CUSTOMERS = 20
BATCH = 500
FUTURE = 365 * 24 * 3600.0


class Stub:
    """Accepts whatever comes, at once, and notes when."""

    def __init__(self) -> None:
        self.sent: dict[str, float] = {}
        self.wanted = 0
        self.all = asyncio.Event()

    async def send(self, call: Call[Any], errand: Any, *, not_after: float | None = None) -> Reply:
        name = call.request.params["by"]
        self.sent[name] = time.time()
        if len(self.sent) >= self.wanted:
            self.all.set()
        return Reply(200, body=json.dumps({"id": f"r-{name}"}).encode())


def feed(publication: Publication) -> Flow[Published]:
    """One visible call, as a feed post is one."""
    yield from until_due()
    visible = Visible(
        reconcile=_absent, published=_published, audience=Audience(f"stub:{publication.account.posting_identity}")
    )
    request = Request(method="POST", url="https://stub.example/feed", params={"by": publication.id})
    call = Call(name="post", request=request, read=_id, explain=_no, if_repeated=visible)
    return Published(post_id=RemoteId((yield from call)))


def _absent(asked: Any) -> Flow[Reply | Verdict]:
    return Verdict.ABSENT
    yield from until_due()  # never reached; it makes this a flow


def _id(reply: Reply) -> str:
    return str(reply.json()["id"])


def _published(reply: Reply) -> Published:
    return Published(post_id=RemoteId(_id(reply)))


def _no(reply: Reply) -> Refusal:
    return Refusal(code="stub", message=f"the stub says {reply.status}")


def made(number: int, publish_at: datetime | None = None) -> Publication:
    account = Account(
        customer_id=CustomerId(f"CUST-{number % CUSTOMERS}"),
        credential_ref=CredentialRef("CRED-1"),
        platform=Platform("stub"),
        posting_identity=f"account-{number}",
    )
    content = Content(text="Fresh bread at seven.")
    id = PublicationId(f"pub_{number:08}")
    return Publication(id=id, account=account, format="text", content=content, publish_at=publish_at)


async def accept(store: SqlPublications, posts: Sequence[Publication]) -> None:
    for first in range(0, len(posts), BATCH):
        batch = posts[first : first + BATCH]
        order = Order(
            customer_id=CustomerId("CUST-0"),
            api_key="k",
            idempotency_key=batch[0].id,
            body_sha256="",
            publications=batch,
        )
        await store.submit(order)


async def opened(url: str) -> tuple[Database, SqlPublications]:
    await migrate(url, "plant")
    db = await Database.open(url)
    ledger = SqlLedger(db=db, sealer=Sealer(KeyRing("a bench's secret")))
    return db, SqlPublications(db=db, ledger=ledger, prepare_ahead=30.0)


def worker_of(store: SqlPublications, stub: Stub, concurrency: int) -> Worker:
    files: Any = None
    gateway: Any = stub
    runner = Runner(ledger=store.ledger, gateway=gateway, files=files, inbox=MemoryInbox(), clock=SystemClock())
    return Worker(name="bench", publications=store, runner=runner, flow_of=feed, concurrency=concurrency)


async def worked(store: SqlPublications, number: int, concurrency: int) -> tuple[Stub, float]:
    """The worker's time for `number` publications that are there, until the last one is ended."""
    stub, stop = Stub(), asyncio.Event()
    stub.wanted = number
    worker = worker_of(store, stub, concurrency)
    began = time.perf_counter()
    running = asyncio.create_task(worker.run(stop))
    await stub.all.wait()
    stop.set()
    await running
    return stub, time.perf_counter() - began


async def publish(url: str, number: int, concurrency: int) -> dict[str, float]:
    """Publications and commits a second of one worker, all of them due now."""
    db, store = await opened(url)
    await accept(store, [made(i) for i in range(number)])
    await asyncio.sleep(0.5)  # the database's own work on what was written
    before, cpu = db.commits, time.process_time()
    _, seconds = await worked(store, number, concurrency)
    cpu, commits = time.process_time() - cpu, db.commits - before
    ended = sa.select(sa.func.count()).select_from(publications).where(publications.c.state == "published")
    assert await db.read(lambda c: c.execute(ended).scalar_one()) == number
    await db.close()
    return {
        "rate": number / seconds,
        "commits": commits / seconds,
        "each": commits / number,
        "cpu": 1000 * cpu / number,
    }


async def claim(url: str, rows: int, rounds: int) -> dict[str, float]:
    """Milliseconds of a claim that finds one, and of one that finds nothing: without, and then with `rows` future rows."""
    db, store = await opened(url)
    few = await claims(store, rounds, 0)
    await fill(store, rows)
    many = await claims(store, rounds, rounds)
    await db.close()
    return {
        f"{what}_{when}": value for when, found in (("empty", few), ("full", many)) for what, value in found.items()
    }


async def claims(store: SqlPublications, rounds: int, first: int) -> dict[str, float]:
    one, none = list[float](), list[float]()
    for number in range(first, first + rounds):
        await accept(store, [made(number)])
        one.append(await timed(store, 1))
        none.append(await timed(store, 0))
    return {"one": statistics.median(one), "none": statistics.median(none)}


async def timed(store: SqlPublications, expected: int) -> float:
    began = time.perf_counter()
    found = await store.claim("bench", lease=3600.0, most=16)
    assert len(found) == expected
    return 1000 * (time.perf_counter() - began)


async def fill(store: SqlPublications, rows: int) -> None:
    """So many posts for the coming year, written by the database itself."""
    later = made(99_999_999, datetime.now(UTC) + timedelta(days=1))
    await accept(store, [later])
    columns = [column.name for column in publications.columns]
    names = {
        "id": "'future_' || n",
        "publish_at": "publish_at + n",
        "due_at": "due_at + n",
        "customer_id": "'CUST-' || (n % 5000)",
    }
    picked = ", ".join(names.get(name, name) for name in columns)
    series = "with recursive counted(n) as (select 1 union all select n + 1 from counted where n < :rows)"
    text = f"insert into publications ({', '.join(columns)}) {series} select {picked} from publications, counted where id = :id"
    await store.db.write(lambda c: c.execute(sa.text(text), {"rows": rows, "id": later.id}).rowcount)
    if not store.db.sqlite:
        await store.db.write(lambda c: c.execute(sa.text("analyze publications")).rowcount)


async def punctual(url: str, number: int, minute: float, concurrency: int) -> dict[str, float]:
    """Seconds from a publication's time to its visible call, for so many within `minute` seconds."""
    db, store = await opened(url)
    start = datetime.now(UTC) + timedelta(seconds=20)
    posts = [made(i, start + timedelta(seconds=minute * i / number)) for i in range(number)]
    await accept(store, posts)
    stub, _ = await worked(store, number, concurrency)
    late = sorted(stub.sent[post.id] - (post.publish_at or start).timestamp() for post in posts)
    attempts = await db.read(lambda c: c.execute(sa.select(sa.func.count()).select_from(entries)).scalar_one())
    await db.close()
    assert attempts == number
    return {
        "p50": late[number // 2],
        "p99": late[int(number * 0.99)],
        "worst": late[-1],
        "earliest": late[0],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("publish", "claim", "punctual"))
    parser.add_argument("--url", required=True)
    parser.add_argument("--number", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--minute", type=float, default=60.0)
    parser.add_argument("--concurrency", type=int, default=16)
    given = parser.parse_args()
    match given.what:
        case "publish":
            found = asyncio.run(publish(given.url, given.number, given.concurrency))
        case "claim":
            found = asyncio.run(claim(given.url, given.number, given.rounds))
        case _:
            found = asyncio.run(punctual(given.url, given.number, given.minute, given.concurrency))
    print(json.dumps(found))


if __name__ == "__main__":
    import structlog

    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(30))
    main()
