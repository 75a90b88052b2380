"""Plant's API as a process, on SQLite and on PostgreSQL, with no worker beside it: the test is the worker, by the ledger's own ports.

So a test can hold a publication at any point of its life and ask over HTTP what may still be done about it.
"""

import itertools
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2

from plant.house import AGENT, CUSTOMER, LEDGER_SECRET, House, empty_house, order
from waooaw_social.core.ids import RemoteId
from waooaw_social.core.post import Published
from waooaw_social.durable.ports import Answer, Attempt, Claim, Done, HeardBy, Undecided
from waooaw_social.plant.door import SCOPES
from waooaw_social.platforms.call import Reply
from waooaw_social.storage.api_keys import ApiKeys
from waooaw_social.storage.db import Database
from waooaw_social.storage.plant.ledger import SqlLedger
from waooaw_social.storage.plant.publications import SqlPublications
from waooaw_social.storage.plant.tables import api_keys
from waooaw_social.storage.seal import KeyRing, Sealer

VISIBLE = "complete upload 1"
_numbers = itertools.count(1)


@dataclass
class Worker:
    """Claims and records as a worker does, and sends nothing."""

    publications: SqlPublications
    ledger: SqlLedger

    async def claim(self, publication_id: str) -> Claim:
        claims = await self.publications.claim("a test", lease=600.0, most=100)
        return next(claim for claim in claims if claim.lease.publication_id == publication_id)

    async def begin(self, claim: Claim) -> Attempt:
        return await self.ledger.begin(claim.lease, VISIBLE, audience=None, seen=[])

    async def publish(self, claim: Claim, attempt: Attempt, post_id: str) -> None:
        published = Published(post_id=RemoteId(post_id))
        answer = Answer(attempt=attempt, reply=Reply(200), published=published, heard_by=HeardBy.REPLY)
        await self.ledger.end(claim.lease, Done(published=published), answer)

    async def give_up(self, claim: Claim) -> None:
        ending = Undecided(name=VISIBLE, why="nobody could tell", tried_at=0.0, how_to_settle="Look at the account.")
        await self.ledger.end(claim.lease, ending)


@dataclass(kw_only=True)
class Desk:
    """The API, keys for it, and a worker's hand on its database."""

    house: House
    db: Database
    worker: Worker
    credential: str
    other_credential: str
    theirs: str
    """Another customer's credential."""
    instagram: str
    keys: dict[str, str] = field(default_factory=dict[str, str])

    async def ask(
        self, method: str, path: str, body: Any = None, *, key: str = "agent", content: Any = None, **headers: str
    ) -> httpx2.Response:
        told = {"authorization": f"Bearer {self.keys[key]}"} | {n.replace("_", "-"): v for n, v in headers.items()}
        sent: dict[str, Any] = {"content": content} if content is not None else {} if body is None else {"json": body}
        answer = await self.house.http.request(method, f"{self.house.plant}/api/v1{path}", headers=told, **sent)
        self.house.kept.append(answer.content)
        return answer

    async def order(self, *, key: str = "agent", content: Any = None, **fields: Any) -> httpx2.Response:
        """An order for one Short; `fields` are those of the body."""
        body = order(self.credential, title=f"Post {next(_numbers)}", video_url=self.house.video()) | fields
        body["content"] |= content or {}
        return await self.ask("POST", "/publications", body, key=key, idempotency_key=secrets.token_hex(8))

    async def accepted(self, **fields: Any) -> str:
        answer = await self.order(**fields)
        assert answer.status_code == 202, answer.text
        return answer.json()["publications"][0]["id"]

    async def show(self, publication_id: str) -> dict[str, Any]:
        answer = await self.ask("GET", f"/publications/{publication_id}")
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def unresolved(self) -> str:
        publication = await self.accepted()
        claim = await self.worker.claim(publication)
        await self.worker.begin(claim)
        await self.worker.give_up(claim)
        return publication


@asynccontextmanager
async def open_desk(var: Path, database: str) -> AsyncIterator[Desk]:
    async with empty_house(var, DATABASE_URL=database, FETCH_MAX_BYTES="3000000") as house:
        await house.start_cp()
        await house.start_plant()
        await house.healthy()
        house.customer_key = await house.mint("--customer", CUSTOMER)
        other = await house.mint("--customer", "CUST-2")
        db = await Database.open(database)
        ledger = SqlLedger(db=db, sealer=Sealer(KeyRing(LEDGER_SECRET)))
        meta = next(a for a in await house.accounts() if a["platform"] == "instagram" and a.get("login") == "facebook")
        named = ("platform", "posting_identity", "access_token", "refresh_token", "expires_at", "scopes")
        desk = Desk(
            house=house,
            db=db,
            worker=Worker(SqlPublications(db=db, ledger=ledger), ledger),
            credential=await house.connect(),
            other_credential=await house.connect("ridge"),
            theirs=await house.connect("ridge", key=other),
            instagram=await house.connect(**{n: meta.get(n) for n in named}, metadata={"login": "facebook"}),
        )
        try:
            await _mint(desk)
            yield desk
        finally:
            await db.close()


async def _mint(desk: Desk) -> None:
    keys = ApiKeys(db=desk.db, table=api_keys, prefix="plk")
    ours: dict[str, Any] = {"customer_id": CUSTOMER, "agent_id": AGENT}
    desk.keys = {
        "agent": await keys.create(**ours, scopes=SCOPES),
        "drafter": await keys.create(**ours, scopes=frozenset({"draft", "read"})),
        "reader": await keys.create(**ours, scopes=frozenset({"read"})),
        "publisher": await keys.create(**ours, scopes=frozenset({"publish", "read"})),
        "bound": await keys.create(**ours, scopes=SCOPES, credential_refs=frozenset({desk.other_credential})),
        "stranger": await keys.create(customer_id="CUST-2", agent_id="AGENT-2", scopes=SCOPES),
    }
