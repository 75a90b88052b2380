"""CP as it runs: its real applications on real sockets, on a database of its own, with a clock that a test may advance."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import sqlalchemy as sa
import structlog
import uvicorn

from waooaw_social.core.secret import Secret
from waooaw_social.cp.api import create_app
from waooaw_social.cp.internal_api import internal_service
from waooaw_social.cp.vault import Vault
from waooaw_social.storage.api_keys import ApiKeys
from waooaw_social.storage.cp import tables
from waooaw_social.storage.cp.credentials import Credentials
from waooaw_social.storage.db import Database, Url
from waooaw_social.storage.migrate import migrate
from waooaw_social.storage.seal import KeyRing, Sealer
from waooaw_social.storage.sqlite import make_file

INTERNAL_KEY = "internal-key-of-a-test-0123456789"
PATH = "/api/cp/platform-credentials"
PLANT = "/api/internal/plant/credentials"


class ShiftedClock:
    """The system's time and an offset. Sleeping moves the offset, and takes no time."""

    def __init__(self) -> None:
        self.offset = 0.0
        self.slept: list[float] = []

    def now(self) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=self.offset)

    def monotonic(self) -> float:
        return asyncio.get_running_loop().time()

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.offset += seconds
        await asyncio.sleep(0)


class _Server(uvicorn.Server):
    """One that starts and stops at once: uvicorn's own looks ten times a second."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.stop = asyncio.Event()

    async def main_loop(self) -> None:
        await self.on_tick(0)
        await self.stop.wait()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@asynccontextmanager
async def served(app: Any) -> AsyncIterator[str]:
    """The application on a free port; gives its origin."""
    config = uvicorn.Config(app, port=0, log_config=None, lifespan="off", access_log=False, timeout_graceful_shutdown=2)
    server = _Server(config)
    task = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.002)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.stop.set()
        await task


@dataclass(kw_only=True)
class Portal:
    """A running CP, and two customers of it."""

    origin: str
    internal: str
    http: httpx2.AsyncClient
    db: Database
    vault: Vault
    clock: ShiftedClock
    key: str
    other_key: str
    file: Path | None
    gone: asyncio.Event
    """Set: whoever asks gets a bare 500, as from a proxy whose CP is away."""

    async def put(self, body: Any, *, key: str | None = None, **headers: str) -> httpx2.Response:
        told = {"authorization": f"Bearer {key or self.key}"} | headers
        return await self.http.put(self.origin + PATH, json=body, headers=told)

    async def listed(self, *, key: str | None = None) -> httpx2.Response:
        return await self.http.get(self.origin + PATH, headers={"authorization": f"Bearer {key or self.key}"})

    async def plant(
        self, act: str, body: Any, *, key: str = INTERNAL_KEY, origin: str = "", **headers: str
    ) -> httpx2.Response:
        told = {"x-plant-internal-key": key} | headers
        return await self.http.post(f"{origin or self.internal}{PLANT}/{act}", json=body, headers=told)

    async def connected(self, **body: Any) -> str:
        """The ref of a new credential."""
        answer = await self.put({"platform": "youtube", "access_token": "ya29.first", **body})
        assert answer.status_code == 201, answer.text
        return answer.json()["credential_ref"]

    async def audited(self, act: str) -> list[Any]:
        rows = sa.select(tables.audit).where(tables.audit.c.act == act).order_by(tables.audit.c.id)
        return list(await self.db.read(lambda c: c.execute(rows).all()))


_template: dict[str, bytes] = {}


async def _migrated(url: str) -> None:
    """On SQLite the file is made once and copied: the migration itself has its own tests."""
    if not url.startswith("sqlite"):
        await migrate(url, "cp")
        return
    path = Url(url).path
    if "cp" not in _template:
        await migrate(url, "cp")
        _template["cp"] = path.read_bytes()
        return
    make_file(path)
    path.write_bytes(_template["cp"])


@asynccontextmanager
async def portal(place: Path | str, *, apart: bool = False) -> AsyncIterator[Portal]:
    """CP on SQLite under a folder, or on the database of a URL. `apart`: the internal API on a listener of its own."""
    url = place if isinstance(place, str) else f"sqlite:///{place}/cp/cp.db"
    clock, gone = ShiftedClock(), asyncio.Event()
    await _migrated(url)
    async with contextlib.AsyncExitStack() as stack:
        db = await Database.open(url, clock_offset=lambda: clock.offset)
        stack.push_async_callback(db.close)
        keys = ApiKeys(db=db, table=tables.api_keys, prefix="cpk")
        vault = Vault(credentials=Credentials(db=db, sealer=Sealer(KeyRing("a test's secret"))), keys=keys)
        public = create_app(vault, internal_key=Secret(INTERNAL_KEY), internal_here=not apart)

        async def unless_gone(scope: Any, receive: Any, send: Any) -> None:
            if gone.is_set():
                raise ConnectionAbortedError
            await public(scope, receive, send)

        origin = await stack.enter_async_context(served(unless_gone))
        internal = origin
        if apart:
            alone = internal_service(vault, internal_key=Secret(INTERNAL_KEY))
            internal = await stack.enter_async_context(served(alone))
        http = await stack.enter_async_context(httpx2.AsyncClient(trust_env=False, timeout=10, verify=False))
        yield Portal(
            origin=origin,
            internal=internal,
            http=http,
            db=db,
            vault=vault,
            clock=clock,
            key=await keys.create(customer_id="CUST-1"),
            other_key=await keys.create(customer_id="CUST-2"),
            file=None if isinstance(place, str) else place / "cp" / "cp.db",
            gone=gone,
        )


class Overheard(logging.Handler):
    """Every log line of the process, structlog's and the standard library's, tracebacks included."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.setFormatter(logging.Formatter())
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))

    def text(self) -> str:
        return "\n".join(self.lines)


@contextlib.contextmanager
def overheard() -> Iterator[Overheard]:
    """What is logged within the block."""
    heard = Overheard()
    root = logging.getLogger()
    level = root.level
    root.addHandler(heard)
    root.setLevel(logging.DEBUG)
    events: list[Any] = []
    try:
        with structlog.testing.capture_logs(processors=[structlog.processors.format_exc_info]) as events:
            yield heard
    finally:
        heard.lines += [repr(event) for event in events]
        root.removeHandler(heard)
        root.setLevel(level)


def files_of(database: Path) -> bytes:
    """Every byte that SQLite keeps of this database: file, WAL, shared memory, journal."""
    return b"".join(path.read_bytes() for path in sorted(database.parent.iterdir()) if path.is_file())


def is_problem(answer: httpx2.Response, status: int, code: str) -> None:
    """RFC 9457, one request id, and the code that programs go by."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    told = answer.json()
    assert {"type", "title", "status", "detail", "code", "retryable"} <= told.keys()
    assert (told["status"], told["code"], told["type"]) == (status, code, f"urn:waooaw:problem:{code}")
    assert len(answer.headers.get_list("x-request-id")) == 1
