"""Runs what a process is made of, listeners and tasks, until it is told to stop, or until one part of it fails; then stops all of it."""

import asyncio
import contextlib
import signal
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import uvicorn


@dataclass(frozen=True, kw_only=True)
class Listener:
    """An application and where it listens."""

    app: Any
    host: str
    port: int
    tls: tuple[Path, Path, Path] | None = None
    """Certificate, key, and the authority that must have signed a caller's certificate: nobody else is let in."""


@dataclass(kw_only=True)
class Process:
    """What this process runs."""

    listeners: list[Listener] = field(default_factory=list[Listener])
    tasks: list[Callable[[asyncio.Event], Awaitable[None]]] = field(
        default_factory=list[Callable[[asyncio.Event], Awaitable[None]]]
    )
    """Each runs until the event is set."""


async def run(process: Process) -> None:
    """Serve and work until SIGTERM or SIGINT, or until one part of it fails; then stop all of it."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop.set)
    servers = [_Server(listener) for listener in process.listeners]
    parts = [asyncio.create_task(server.serve()) for server in servers]
    parts += [asyncio.create_task(_until(task, stop)) for task in process.tasks]
    waiting = asyncio.create_task(stop.wait())
    await asyncio.wait([*parts, waiting], return_when=asyncio.FIRST_COMPLETED)
    stop.set()
    for server in servers:
        server.should_exit = True
    await waiting
    await asyncio.gather(*parts)


async def _until(task: Callable[[asyncio.Event], Awaitable[None]], stop: asyncio.Event) -> None:
    await task(stop)


class _Server(uvicorn.Server):
    """One of several in a process: the signals are the process's, not its."""

    def __init__(self, listener: Listener) -> None:
        cert, key, authority = listener.tls or (None, None, None)
        super().__init__(
            uvicorn.Config(
                listener.app,
                host=listener.host,
                port=listener.port,
                log_config=None,
                access_log=False,
                server_header=False,
                timeout_graceful_shutdown=5,
                lifespan="off",
                ssl_certfile=cert,
                ssl_keyfile=key,
                ssl_ca_certs=str(authority) if authority else None,
                ssl_cert_reqs=ssl.CERT_REQUIRED if listener.tls else ssl.CERT_NONE,
            )
        )

    @contextlib.contextmanager
    def capture_signals(self):
        yield
