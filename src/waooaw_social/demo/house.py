"""Starts the sandbox and the services as processes of their own, waits until they answer, and stops them again."""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from waooaw_social.wire.transport import Client, ClientError, api_client

PATIENCE = 30.0
"""Seconds that a process has to answer for the first time."""


@dataclass(frozen=True, kw_only=True)
class Ports:
    """Where the house listens, all on 127.0.0.1."""

    plant: int = 8000
    cp: int = 8001
    sandbox: int = 9100

    def url(self, port: int) -> str:
        return f"http://127.0.0.1:{port}"


class DidNotStart(Exception):
    """A process ended, or said nothing; `log` is where it wrote why."""

    def __init__(self, name: str, log: Path) -> None:
        tail = "\n".join(log.read_text(errors="replace").splitlines()[-12:])
        super().__init__(f"{name} did not start; the end of {log} says:\n{tail}")


@asynccontextmanager
async def running(
    name: str, arguments: list[str], *, log: Path, healthy: str, environment: Mapping[str, str]
) -> AsyncGenerator[None]:
    """A process of this program, from its first healthy answer until the end of the block."""
    with log.open("wb") as written:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", *arguments),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=written,
            stderr=written,
            env={**os.environ, **environment},
            start_new_session=True,  # Ctrl-C is for the demo, which stops its children in order
        )
    try:
        await _until_healthy(name, process, healthy, log)
        yield
    finally:
        await _stop(process)


async def _until_healthy(name: str, process: asyncio.subprocess.Process, url: str, log: Path) -> None:
    async with api_client(timeout=2.0) as client:
        for _ in range(int(PATIENCE / 0.1)):
            if process.returncode is not None:
                break
            if await _answers(client, url):
                return
            await asyncio.sleep(0.1)
    raise DidNotStart(name, log)


async def _answers(client: Client, url: str) -> bool:
    try:
        return (await client.get(url)).status_code == 200
    except ClientError:
        return False


async def _stop(process: asyncio.subprocess.Process) -> None:
    if process.returncode is not None:
        return
    process.send_signal(signal.SIGTERM)
    try:
        async with asyncio.timeout(10.0):
            await process.wait()
    except TimeoutError:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def taken(ports: Ports) -> int | None:
    """A port that somebody else listens on already, if there is one."""
    for port in (ports.sandbox, ports.cp, ports.plant):
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            continue
        writer.close()
        return port
    return None
