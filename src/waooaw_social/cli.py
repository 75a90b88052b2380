"""`waooaw-social`: starts the services, mints keys, shows the house at work. Every command reads the settings from the environment."""

import asyncio
import os
import sys
from contextlib import AsyncExitStack
from typing import Annotated

import structlog
from cyclopts import App, Parameter
from pydantic import ValidationError

from waooaw_social import main as wiring
from waooaw_social.plant.api import SCOPES
from waooaw_social.scraping import worker_metrics
from waooaw_social.serving import Process, run
from waooaw_social.settings import Settings, Unfit, load
from waooaw_social.storage.cp.rotation import rewrap
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
    asyncio.run(_serve(load(), cp_port=port, host=host))


@app.command
def plant(*, host: Host = LOOPBACK, port: int = 8000) -> None:
    """The agents' backend, without a worker."""
    asyncio.run(_serve(load(), plant_port=port, host=host))


@app.command
def worker() -> None:
    """Carries publications out. On SQLite one process, on PostgreSQL as many as you like."""
    asyncio.run(_serve(load(), work=True))


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
    print(f"{asyncio.run(_rotate(load()))} credentials are under the newest key now; the older keys may go")


@keys.command
def create(*, customer: str, agent: str | None = None, scope: list[str] | None = None) -> None:
    """Mint a key; it is the last word printed, and the only copy. With `--agent` for Plant, without for CP."""
    unknown = sorted(set(scope or ()) - SCOPES)
    if unknown:
        sys.exit(f"unknown scope: {', '.join(unknown)}; there are {', '.join(sorted(SCOPES))}")
    key = asyncio.run(_mint(load(), customer, agent, frozenset(scope or SCOPES)))
    print(f"{'agent ' + agent if agent else 'customer'} key of {customer}, shown once: {key}")


async def _mint(settings: Settings, customer: str, agent: str | None, scopes: frozenset[str]) -> str:
    async with AsyncExitStack() as stack:
        clock = await stack.enter_async_context(wiring.clock_of(settings))
        if agent is None:
            db = await stack.enter_async_context(wiring.opened(settings.cp_database(), "cp", clock))
            return await wiring.customer_keys(db).create(customer_id=customer)
        db = await stack.enter_async_context(wiring.opened(settings.plant_database(), "plant", clock))
        return await wiring.agent_keys(db).create(customer_id=customer, agent_id=agent, scopes=scopes)


async def _rotate(settings: Settings) -> int:
    sealer = Sealer(KeyRing(settings.cp_platform_credentials_secret.get_secret_value()))
    async with wiring.clock_of(settings) as clock, wiring.opened(settings.cp_database(), "cp", clock) as db:
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
            process.listeners += [parts.api(host, plant_port)] if plant_port is not None else []
            process.tasks += [parts.work] if work else []
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
    except (Unfit, AnotherWorker, CannotOpen, wiring.DelayTooShort) as no:
        sys.exit(f"waooaw-social: {no}")
    except ValidationError as error:
        wrong = "\n".join(f"  - {'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors(include_input=False))
        sys.exit(f"waooaw-social: the settings cannot be read:\n{wrong}")


if __name__ == "__main__":
    main()
