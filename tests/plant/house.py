"""The whole house as real processes on free ports: the sandbox, CP, Plant, workers. What a test starts here is gone when it ends.

`House` speaks to it as the outside would: keys by the command, credentials through CP, orders and answers through Plant. It keeps every answer
that CP and Plant gave, for those who look for secrets in them. Waiting is always for something, with a deadline, never for a time.
"""

import asyncio
import contextlib
import os
import secrets
import signal
import socket
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx2

CUSTOMER, AGENT = "CUST-1", "AGENT-1"
INTERNAL_KEY = "internal-key-of-a-test-house-0123456789"
LEDGER_SECRET = "the ledger's secret of a test's house"
CP_SECRET = "the tokens' secret of a test's house"
PATIENCE = 60.0
"""Seconds until a test gives up on something that should happen at once or soon."""
LOOK = 0.02
"""Seconds between two looks."""
BYTECODE = os.environ.get("PYTHONPYCACHEPREFIX") or os.path.join(
    tempfile.gettempdir(), f"waooaw-bytecode-{os.getuid()}"
)
"""Where the processes keep compiled modules if they may not beside the sources: a start takes a second instead of two."""


async def until(true: Callable[[], Awaitable[Any]], what: str, patience: float = PATIENCE) -> Any:
    """Look until `true` gives something, and return it."""
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        if found := await true():
            return found
        await asyncio.sleep(LOOK)
    raise AssertionError(f"{what}: not within {patience:g} s")


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


class Service:
    """A process, and what it says."""

    def __init__(self, name: str, process: asyncio.subprocess.Process, log: Path) -> None:
        self.name, self.process, self.log = name, process, log

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def running(self) -> bool:
        return self.process.returncode is None

    def says(self) -> str:
        return self.log.read_text(errors="replace")

    async def said(self, word: str, patience: float = PATIENCE) -> None:
        async def there() -> bool:
            assert self.running or word in self.says(), f"{self.name} ended: {self.says()[-2000:]}"
            return word in self.says()

        await until(there, f"{self.name} says {word!r}", patience)

    def signal(self, number: int) -> None:
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(number)

    async def kill(self) -> None:
        """As the power cut does it. Also ends a stopped process."""
        if self.running:
            self.signal(signal.SIGKILL)
        await self.process.wait()

    async def stop(self, patience: float = 30.0) -> int:
        """As an operator does it."""
        self.signal(signal.SIGTERM)
        async with asyncio.timeout(patience):
            return await self.process.wait()

    def memory(self) -> tuple[float, float]:
        """Resident now, and at its highest, in MB."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        fields = dict(line.split(":", 1) for line in status.splitlines() if ":" in line)
        return float(fields["VmRSS"].split()[0]) / 1024, float(fields["VmHWM"].split()[0]) / 1024


@dataclass(kw_only=True)
class House:
    """A running house. `kept` are the answers of CP and Plant."""

    var: Path
    http: httpx2.AsyncClient
    environment: dict[str, str]
    services: list[Service] = field(default_factory=list[Service])
    sandbox: str = ""
    cp: str = ""
    plant: str = ""
    customer_key: str = ""
    agent_key: str = ""
    kept: list[bytes] = field(default_factory=list[bytes])

    # --- processes --------------------------------------------------------------------------------------------------------

    async def start(self, name: str, *arguments: str, **environment: str) -> Service:
        """Start `waooaw-social NAME …` and do not wait for it."""
        return await self._spawn(name, "-m", "waooaw_social.cli", name, *arguments, **environment)

    async def start_cp(self, port: int | None = None) -> Service:
        """`port`: come back where it was."""
        at = port or free_port()
        service = await self.start("cp", "--port", str(at))
        self.cp = self.environment["CP_BACKEND_URL"] = f"http://127.0.0.1:{at}"
        return service

    async def start_plant(self) -> Service:
        at = free_port()
        service = await self.start("plant", "--port", str(at))
        self.plant = f"http://127.0.0.1:{at}"
        return service

    async def start_serve(self) -> Service:
        cp, plant = free_port(), free_port()
        self.cp, self.plant = f"http://127.0.0.1:{cp}", f"http://127.0.0.1:{plant}"
        self.environment["CP_BACKEND_URL"] = self.cp
        return await self.start("serve", "--cp-port", str(cp), "--plant-port", str(plant))

    async def start_worker(self, **environment: str) -> Service:
        return await self.start("worker", **environment)

    async def healthy(self, *origins: str) -> None:
        for origin in origins or (self.cp, self.plant):
            await until(lambda at=origin: self._answers(f"{at}/healthz"), f"{origin} answers")

    async def open_sandbox(self, *arguments: str) -> None:
        where = ["--port", "0", "--data-dir", str(self.var / "sandbox")]
        service = await self._spawn("sandbox", "-m", "waooaw_sandbox", *where, *arguments)
        await service.said("listening on ")
        self.sandbox = service.says().partition("listening on ")[2].split()[0]
        client = (await self.accounts())[0]
        self.environment |= {
            "PLATFORM_ORIGIN": self.sandbox,
            "FETCH_ALLOW_ORIGINS": self.sandbox,
            "CLOCK_URL": f"{self.sandbox}/_sandbox/clock",
            "YOUTUBE_CLIENT_ID": client["app_id"],
            "YOUTUBE_CLIENT_SECRET": client["app_secret"],
        }

    async def mint(self, *arguments: str) -> str:
        """A key, by the command that mints it."""
        return (await self.command("api-keys", "create", *arguments)).split()[-1]

    async def command(self, *arguments: str) -> str:
        """What a command prints."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "waooaw_social.cli", *arguments),
            stdout=asyncio.subprocess.PIPE,
            env=self.environment,
        )
        printed, _ = await process.communicate()
        assert process.returncode == 0, printed
        return printed.decode()

    async def mint_both(self) -> None:
        self.customer_key, self.agent_key = await asyncio.gather(
            self.mint("--customer", CUSTOMER), self.mint("--customer", CUSTOMER, "--agent", AGENT)
        )

    async def _spawn(self, name: str, *arguments: str, **environment: str) -> Service:
        log = self.var / f"{name}-{len(self.services)}.log"
        with log.open("wb") as written:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, *arguments),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=written,
                stderr=written,
                env=self.environment | environment,
            )
        service = Service(name, process, log)
        self.services.append(service)
        return service

    async def _answers(self, url: str) -> bool:
        for service in self.services:
            assert service.running or service.process.returncode in (0, -signal.SIGKILL), service.says()[-2000:]
        try:
            return (await self.http.get(url)).status_code == 200
        except httpx2.HTTPError:
            return False

    # --- the sandbox's control --------------------------------------------------------------------------------------------

    async def order(self, what: str, body: Any = None) -> Any:
        answer = await self.http.post(f"{self.sandbox}/_sandbox/{what}", json=body or {})
        assert answer.status_code < 300, answer.text
        return answer.json()

    async def ask(self, what: str) -> Any:
        return (await self.http.get(f"{self.sandbox}/_sandbox/{what}")).json()

    async def accounts(self) -> list[dict[str, Any]]:
        return await self.ask("accounts")

    async def account(self, name: str) -> dict[str, Any]:
        return next(one for one in await self.accounts() if one["account"] == name)

    async def account_of(self, platform: str, name: str) -> dict[str, Any]:
        return next(one for one in await self.accounts() if (one["platform"], one["account"]) == (platform, name))

    async def fault(self, route: str | None, fault: str, **more: Any) -> None:
        where = {"route": route} if route else {}
        await self.order("faults", {"platform": "youtube", "fault": fault} | where | more)

    async def clear_faults(self) -> None:
        await self.http.delete(f"{self.sandbox}/_sandbox/faults")

    async def advance(self, seconds: float) -> None:
        await self.order("clock", {"advance": seconds})

    async def now(self) -> datetime:
        return datetime.fromisoformat((await self.ask("clock"))["now"])

    async def calls(self, *routes: str) -> list[dict[str, Any]]:
        return [call for call in await self.ask("calls?platform=youtube") if not routes or call["route"] in routes]

    async def audience(self, account: str = "hazel") -> list[dict[str, Any]]:
        return await self.ask(f"audience/youtube/{account}")

    def video(self, size: int = 600_000) -> str:
        return f"{self.sandbox}/_sandbox/media/video/{size}.mp4"

    async def sha256(self, size: int) -> str:
        return (await self.http.get(f"{self.sandbox}/_sandbox/media/video/{size}.sha256")).text

    # --- CP and Plant -----------------------------------------------------------------------------------------------------

    async def connect(self, name: str = "hazel", *, key: str = "", **body: Any) -> str:
        """Connect a seeded account, or with `credential_ref` connect it again. Returns the ref."""
        return await self.connect_account(await self.account(name), key=key, **body)

    async def connect_account(self, account: Mapping[str, Any], *, key: str = "", **body: Any) -> str:
        named = ("platform", "posting_identity", "access_token", "refresh_token", "expires_at", "scopes")
        told = {"authorization": f"Bearer {key or self.customer_key}"}
        url = f"{self.cp}/api/cp/platform-credentials"
        answer = await self.http.put(
            url, json={n: account[n] for n in named if account.get(n) is not None} | body, headers=told
        )
        self.kept.append(answer.content)
        assert answer.status_code in (200, 201), answer.text
        return answer.json()["credential_ref"]

    async def submit(
        self,
        body: Any,
        *,
        key: str | None = None,
        idempotency_key: str | None = "",
        content: bytes | None = None,
        **headers: str,
    ) -> httpx2.Response:
        """POST an order. An `idempotency_key` of None is left out, an empty one is made up; `key` likewise."""
        if key is None or key:
            headers |= {"authorization": f"Bearer {key or self.agent_key}"}
        if idempotency_key is not None:
            headers |= {"idempotency-key": idempotency_key or secrets.token_hex(8)}
        sent: dict[str, Any] = {"json": body} if content is None else {"content": content}
        answer = await self.http.post(f"{self.plant}/api/v1/publications", headers=headers, **sent)
        self.kept.append(answer.content)
        return answer

    async def get(self, publication_id: str, *, key: str | None = None) -> httpx2.Response:
        told = {"authorization": f"Bearer {key or self.agent_key}"}
        answer = await self.http.get(f"{self.plant}/api/v1/publications/{publication_id}", headers=told)
        self.kept.append(answer.content)
        return answer

    async def show(self, publication_id: str) -> dict[str, Any]:
        answer = await self.get(publication_id)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def publish(self, credential_ref: str, *, size: int = 600_000, **content: Any) -> str:
        """The id of an accepted Short."""
        answer = await self.submit(order(credential_ref, video_url=self.video(size), **content))
        assert answer.status_code == 202, answer.text
        return answer.json()["publications"][0]["id"]

    async def comes_to(self, publication_id: str, *states: str, patience: float = PATIENCE) -> dict[str, Any]:
        async def there() -> dict[str, Any] | None:
            shown = await self.show(publication_id)
            return shown if shown["state"] in states else None

        return await until(there, f"{publication_id} comes to {' or '.join(states)}", patience)

    async def ends(
        self, publication_id: str, *, patience: float = PATIENCE, watch: Callable[[], Any] = lambda: None
    ) -> dict[str, Any]:
        """How it ended. Whoever waits is helped by advancing the clock; `watch` is called at every look."""
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline:
            watch()
            shown = await self.show(publication_id)
            if shown["ended_at"]:
                return shown
            if shown["state"] == "parked":
                left = (datetime.fromisoformat(shown["next_step_at"]) - await self.now()).total_seconds()
                if left > 0.2:
                    await self.advance(left)
            await asyncio.sleep(LOOK)
        raise AssertionError(f"no end within {patience:g} s: {shown}")


def order(credential_ref: str, **content: Any) -> dict[str, Any]:
    """The body of an order for one Short."""
    return {
        "customer_id": CUSTOMER,
        "agent_id": AGENT,
        "content": {"title": "A cat"} | content,
        "targets": [{"credential_ref": credential_ref, "format": "short"}],
    }


@asynccontextmanager
async def empty_house(var: Path, **environment: str) -> AsyncIterator[House]:
    """A house with the sandbox and nothing else. At the end nothing runs, whatever happened."""
    var.mkdir(parents=True, exist_ok=True)
    inherited: Mapping[str, str] = {n: v for n, v in os.environ.items() if n != "PYTHONDONTWRITEBYTECODE"}
    bytecode = {} if inherited == dict(os.environ) else {"PYTHONPYCACHEPREFIX": BYTECODE}
    surroundings = {
        "WAOOAW_VAR": str(var),
        "PLANT_INTERNAL_API_KEY": INTERNAL_KEY,
        "PLANT_LEDGER_SECRET": LEDGER_SECRET,
        "CP_PLATFORM_CREDENTIALS_SECRET": CP_SECRET,
    }
    async with httpx2.AsyncClient(timeout=30.0, trust_env=False) as http:
        house = House(var=var, http=http, environment={**inherited, **bytecode, **surroundings, **environment})
        try:
            await house.open_sandbox()
            yield house
        finally:
            for service in house.services:
                await service.kill()


@asynccontextmanager
async def open_house(var: Path, *, in_one: bool = False, **environment: str) -> AsyncIterator[House]:
    """CP, Plant and a worker, each a process of its own (or all `in_one`), and a key for each API."""
    async with empty_house(var, **environment) as house:
        if in_one:
            await house.start_serve()
        else:
            await house.start_cp()
            await house.start_plant()
            await house.start_worker()
        await asyncio.gather(house.mint_both(), house.healthy())
        yield house
