"""`waooaw-social`: starts the services, mints keys, shows the house at work. Every command reads the settings from the environment.

Long, because every command stands here, each with what it prints.
"""

import asyncio
import os
import sys
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Annotated

import structlog
from cyclopts import App, Parameter
from pydantic import ValidationError

from waooaw_social import main as wiring
from waooaw_social.clients.environment import BadCertificate
from waooaw_social.core.ids import Platform
from waooaw_social.main.scraping import worker_metrics
from waooaw_social.plant.door import SCOPES
from waooaw_social.platforms.registry import kits
from waooaw_social.serving import Process, run
from waooaw_social.settings import CP, PLANT, Settings, Unfit, load
from waooaw_social.storage.api_keys import ApiKeys, KnownKey
from waooaw_social.storage.cp.rotation import rewrap
from waooaw_social.storage.migrate import OtherTables, Room, check_tables
from waooaw_social.storage.migrate import migrate as bring_up
from waooaw_social.storage.plant.breaker import SqlBreaker
from waooaw_social.storage.plant.lock import AnotherWorker
from waooaw_social.storage.seal import CannotOpen, KeyRing, Sealer

app = App(name="waooaw-social", help="A social publishing backend for AI marketing agents.")
keys = App(name="api-keys", help="Keys of customers (for CP) and of agents (for Plant).")
app.command(keys)

Host = Annotated[str, Parameter(help="The address to listen on.")]
LOOPBACK = "127.0.0.1"


@app.command
def cp(*, host: Host = LOOPBACK, port: int = 8001) -> None:
    """The customer portal's backend: keeps credentials, and lends tokens to Plant."""
    asyncio.run(_serve(load(CP), cp_port=port, host=host))


@app.command
def plant(*, host: Host = LOOPBACK, port: int = 8000) -> None:
    """The agents' backend, without a worker."""
    asyncio.run(_serve(load(PLANT), plant_port=port, host=host))


@app.command
def worker() -> None:
    """Carries publications out. On SQLite one process, on PostgreSQL as many as you like."""
    asyncio.run(_serve(load(PLANT), work=True))


@app.command
def serve(*, host: Host = LOOPBACK, cp_port: int = 8001, plant_port: int = 8000) -> None:
    """CP, Plant and a worker in one process."""
    asyncio.run(_serve(load(), cp_port=cp_port, plant_port=plant_port, work=True, host=host))


@app.command
def sandbox(*, port: int = 9100, community_posts: bool = False) -> None:
    """The platforms, imitated over real HTTP."""
    # A process of its own, by its name: the sandbox and the product are strangers.
    arguments = ["-m", "waooaw_sandbox", "--port", str(port), *(["--community-posts"] if community_posts else [])]
    os.execv(sys.executable, [sys.executable, *arguments])  # noqa: S606 - our own program


@app.command
def demo(*, once: bool = False) -> None:
    """Everything on this machine: connects a customer, publishes a Short, and shows what happened. Stays up unless `--once`."""
    from waooaw_social.demo.show import show

    sys.exit(asyncio.run(show(once=once)))


@app.command
def rotate() -> None:
    """Wrap every stored token under the newest key of CP_PLATFORM_CREDENTIALS_SECRET. No token is opened; it may run beside CP."""
    print(f"{asyncio.run(_rotate(load(CP)))} credentials are under the newest key now; the older keys may go")


@app.command
def migrate(room: Room | None = None, *, check: bool = False) -> None:
    """Bring the tables of CP, of Plant, or of both up to date; `--check` only says whether they are."""
    settings = load(frozenset())
    known: dict[Room, str] = {"cp": settings.cp_database(), "plant": settings.plant_database()}
    rooms: list[Room] = [room] if room else ["cp", "plant"]
    for name in rooms:
        asyncio.run((check_tables if check else bring_up)(known[name], name))
        print(f"the tables of {name} are up to date")


@app.command
def freeze(platform: str, *, minutes: float = 30) -> None:
    """Send nothing to a platform for so long, from any process. Publications wait, and say so."""
    until = asyncio.run(_freeze(load(frozenset()), platform, minutes * 60))
    print(
        f"nothing is sent to {platform} before {until:%Y-%m-%d %H:%M:%S} UTC; `waooaw-social thaw {platform}` ends it"
    )


@app.command
def thaw(platform: str) -> None:
    """End a freeze. What waits goes on within a minute."""
    asyncio.run(_freeze(load(frozenset()), platform, 0.0))
    print(f"{platform} is not frozen")


@keys.command
def create(
    *, customer: str, agent: str | None = None, scope: list[str] | None = None, account: list[str] | None = None
) -> None:
    """Mint a key; it is the last word printed, and the only copy. With `--agent` for Plant, without for CP.

    `--scope` draft, publish, read, cancel: all of them if none is named. `--account CRED-…`: the only accounts that exist for the key.
    """
    unknown = sorted(set(scope or ()) - SCOPES)
    if unknown:
        sys.exit(f"unknown scope: {', '.join(unknown)}; there are {', '.join(sorted(SCOPES))}")
    if agent is None and (scope or account):
        sys.exit("scopes and accounts are for an agent's key: name the --agent")
    bound = frozenset(account) if account else None
    key = asyncio.run(_mint(load(frozenset()), customer, agent, frozenset(scope or SCOPES), bound))
    print(f"{'agent ' + agent if agent else 'customer'} key of {customer}, shown once: {key}")


@keys.command(name="list")
def list_(*, customer: str) -> None:
    """The keys of a customer, for CP and for Plant: everything but the keys."""
    for line in asyncio.run(_known(load(frozenset()), customer)):
        print(line)


@keys.command
def revoke(key_id: str) -> None:
    """Revoke a key by its id, which is its middle part: cpk_ID_… or plk_ID_…. It is nobody's from the next request on."""
    if not asyncio.run(_revoke(load(frozenset()), key_id)):
        sys.exit(f"there is no key {key_id} that is not revoked")
    print(f"revoked {key_id}")


async def _known(settings: Settings, customer: str) -> list[str]:
    async with _both_keys(settings) as both:
        return [_line(known) for keys_of in both for known in await keys_of.of_customer(customer)]


async def _revoke(settings: Settings, key_id: str) -> bool:
    async with _both_keys(settings) as both:
        return any([await keys_of.revoke(key_id) for keys_of in both])


@asynccontextmanager
async def _both_keys(settings: Settings) -> AsyncGenerator[tuple[ApiKeys, ApiKeys]]:
    async with (
        wiring.clock_of(settings) as clock,
        wiring.opened(settings.cp_database(), "cp", clock, settings) as cp_db,
        wiring.opened(settings.plant_database(), "plant", clock, settings) as plant_db,
    ):
        yield wiring.customer_keys(cp_db), wiring.agent_keys(plant_db)


def _line(known: KnownKey) -> str:
    key = known.key
    whose = f"agent {key.agent_id} ({' '.join(sorted(key.scopes))})" if key.agent_id else "customer"
    bound = "" if key.credential_refs is None else f", only {' '.join(sorted(key.credential_refs))}"
    stands = "" if known.revoked_at is None else f", revoked {_day(known.revoked_at)}"
    return f"{key.id}  {whose}{bound}, made {_day(known.created_at)}{stands}"


def _day(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")


async def _mint(
    settings: Settings, customer: str, agent: str | None, scopes: frozenset[str], bound: frozenset[str] | None
) -> str:
    async with AsyncExitStack() as stack:
        clock = await stack.enter_async_context(wiring.clock_of(settings))
        if agent is None:
            db = await stack.enter_async_context(wiring.opened(settings.cp_database(), "cp", clock, settings))
            return await wiring.customer_keys(db).create(customer_id=customer)
        db = await stack.enter_async_context(wiring.opened(settings.plant_database(), "plant", clock, settings))
        return await wiring.agent_keys(db).create(
            customer_id=customer, agent_id=agent, scopes=scopes, credential_refs=bound
        )


async def _freeze(settings: Settings, platform: str, seconds: float) -> datetime:
    known = kits()
    if platform not in known:
        sys.exit(f"unknown platform; there are {', '.join(sorted(known))}")
    async with (
        wiring.clock_of(settings) as clock,
        wiring.opened(settings.plant_database(), "plant", clock, settings) as db,
    ):
        await SqlBreaker(db=db, clock=clock).freeze(Platform(platform), seconds)
        return clock.now() + timedelta(seconds=seconds)


async def _rotate(settings: Settings) -> int:
    sealer = Sealer(KeyRing(settings.cp_platform_credentials_secret.get_secret_value()))
    async with wiring.clock_of(settings) as clock, wiring.opened(settings.cp_database(), "cp", clock, settings) as db:
        return await rewrap(db, sealer)


async def _serve(
    settings: Settings,
    *,
    cp_port: int | None = None,
    plant_port: int | None = None,
    work: bool = False,
    host: str = LOOPBACK,
) -> None:
    process = Process()
    async with AsyncExitStack() as stack:
        clock = await stack.enter_async_context(wiring.clock_of(settings))
        if cp_port is not None:
            process.listeners += await stack.enter_async_context(wiring.cp(settings, clock, host, cp_port))
        if plant_port is not None or work:
            parts = await stack.enter_async_context(wiring.plant(settings, clock))
            if plant_port is not None:
                wiring.add_api(parts, process, host, plant_port)
            process.tasks += [partial(wiring.work, parts)] if work else []
            process.listeners += worker_metrics(settings) if work else []
        await run(process)


def logs() -> None:
    """One JSON object a line, on standard error."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _frames_only,
            structlog.processors.JSONRenderer(),
        ],
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=True,
    )


def _frames_only(_: object, __: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """Where it happened, and not what it said: an error's text may quote what was sent."""
    if event.pop("exc_info", None):
        kind, _error, trace = sys.exc_info()
        event["exception"] = kind.__name__ if kind else None
        frames: list[str] = []
        while trace is not None:
            frames.append(f"{trace.tb_frame.f_code.co_filename.rpartition('src/')[2]}:{trace.tb_lineno}")
            trace = trace.tb_next
        event["frames"] = frames[-8:]
    return event


def main() -> None:
    """The console script."""
    logs()
    try:
        app()
    except (
        Unfit,
        AnotherWorker,
        CannotOpen,
        OtherTables,
        wiring.DelayTooShort,
        wiring.ExtraMissing,
        BadCertificate,
    ) as no:
        sys.exit(f"waooaw-social: {no}")
    except ValidationError as error:
        wrong = "\n".join(f"  - {'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors(include_input=False))
        sys.exit(f"waooaw-social: the settings cannot be read:\n{wrong}")


if __name__ == "__main__":
    main()
