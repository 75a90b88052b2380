"""The show: connects a customer, orders a Short through Plant's API, lets three things go wrong on the way, and tells what followers see.

It uses the same HTTP that any agent and any customer would. What goes wrong is ordered from the sandbox beforehand: one 503, one connection
cut in mid-chunk, a token that ends half-way. The upload is slowed down so that there is something to watch.
"""

import asyncio
import os
import secrets
import signal
import sys
import time
from collections.abc import Mapping
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from waooaw_social.demo import screen
from waooaw_social.demo.elsewhere import connect, publish_elsewhere
from waooaw_social.demo.house import DidNotStart, Ports, running, taken
from waooaw_social.demo.people import write_to_people
from waooaw_social.demo.report import report
from waooaw_social.demo.stage import AGENT, CUSTOMER, SIZE, Failed, Stage
from waooaw_social.settings import load
from waooaw_social.wire.transport import api_client

CHUNK_DELAY = 0.25
"""Seconds by which the sandbox delays each chunk."""
PATIENCE = 55.0


async def show(*, once: bool) -> int:
    """Returns the exit status."""
    settings, ports = load(), Ports()
    var = settings.var
    var.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        async with AsyncExitStack() as stack:
            stage = await set_up(stack, ports, var)
            await perform(stage)
            if not once:
                await stay(stage)
    except (DidNotStart, Failed) as no:
        print(f"\n{screen.bold('It did not work:')} {no}", file=sys.stderr)
        return 1
    return 0


async def set_up(stack: AsyncExitStack, ports: Ports, var: Path) -> Stage:
    """Sandbox and services up, keys minted, the customer connected."""
    print(screen.bold("\nwaooaw-social: from an agent to its followers\n"))
    if not (find_spec("av") and find_spec("PIL")):
        raise Failed("a real video is made for it, which needs PyAV and Pillow: pip install 'waooaw-social[media]'")
    busy = await taken(ports)
    if busy:
        raise Failed(f"port {busy} is in use; stop what listens there and try again.")
    http = await stack.enter_async_context(api_client(timeout=30.0))
    stage = Stage(ports=ports, http=http, var=var)
    data = ["--data-dir", str(var / "sandbox")]
    healthy = f"{stage.sandbox}/_sandbox/clock"
    arguments = ["waooaw_sandbox", "--port", str(ports.sandbox), *data]
    await stack.enter_async_context(
        running("the sandbox", arguments, log=var / "sandbox.log", healthy=healthy, environment={})
    )
    stage.account = await stage.seeded("youtube", "hazel")
    environment = await surroundings(stage)
    serve = ["waooaw_social.cli", "serve", "--cp-port", str(ports.cp), "--plant-port", str(ports.plant)]
    healthy = f"{ports.url(ports.plant)}/healthz"
    await stack.enter_async_context(
        running("the services", serve, log=var / "serve.log", healthy=healthy, environment=environment)
    )
    screen.step(
        f"sandbox on {ports.sandbox}, CP on {ports.cp}, Plant and its worker on {ports.plant}; SQLite in {var}/"
    )
    stage.customer_key = await minted(environment, "--customer", CUSTOMER)
    stage.agent_key = await minted(environment, "--customer", CUSTOMER, "--agent", AGENT)
    return stage


APPS = (
    ("YOUTUBE_CLIENT_ID", "YOUTUBE_CLIENT_SECRET", "youtube", "hazel"),
    ("FACEBOOK_APP_ID", "FACEBOOK_APP_SECRET", "facebook", "hazel"),
    ("INSTAGRAM_APP_ID", "INSTAGRAM_APP_SECRET", "instagram", "ridge"),
)
"""Settings, and the sandbox's accounts that were made with those apps."""


async def surroundings(stage: Stage) -> dict[str, str]:
    """The services' environment: everything else has its default."""
    apps: dict[str, str] = {}
    for id_setting, secret_setting, platform, account in APPS:
        app = await stage.seeded(platform, account)
        apps |= {id_setting: app["app_id"], secret_setting: app["app_secret"]}
    return {
        "PLATFORM_ORIGIN": stage.sandbox,
        "FETCH_ALLOW_ORIGINS": stage.sandbox,
        "CLOCK_URL": f"{stage.sandbox}/_sandbox/clock",
        "CP_BACKEND_URL": stage.ports.url(stage.ports.cp),
        "WAOOAW_VAR": str(stage.var),
        "META_WEBHOOK_VERIFY_TOKEN": stage.verify_token,
    } | apps


async def minted(environment: Mapping[str, str], *arguments: str) -> str:
    """A key, by the command that mints it."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "waooaw_social.cli", "api-keys", "create", *arguments),
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, **environment},
    )
    printed, _ = await process.communicate()
    if process.returncode:
        raise Failed("a key could not be minted")
    return printed.decode().split()[-1]


async def perform(stage: Stage) -> None:
    """The publication itself, and what came of it."""
    started = time.monotonic()
    credential = await connect(stage, stage.account)
    await order_trouble(stage)
    publication_id = await publish(stage, credential)
    shown = await watch(stage, publication_id)
    if shown["state"] != "published":
        raise Failed(f"the publication ended {shown['state']}: {shown['why']}")
    print()
    others = [*await publish_elsewhere(stage), *await write_to_people(stage)]
    await report(stage, shown, others, time.monotonic() - started)


async def order_trouble(stage: Stage) -> None:
    """One 503, one connection cut in mid-chunk, and every chunk slow enough to watch."""
    chunk = {"platform": "youtube", "route": "upload.chunk"}
    await stage.order("faults", chunk | {"fault": "status", "status": 503, "times": 1, "after": 2})
    await stage.order("faults", chunk | {"fault": "reset_mid_chunk", "after_bytes": 9_000_000, "times": 1, "after": 7})
    # a delayed chunk is read whole before anything happens to it, so that the one to be cut is not delayed
    for delayed in ({"times": 6}, {"times": 0, "after": 8}):
        await stage.order("faults", chunk | {"fault": "delay", "seconds": CHUNK_DELAY} | delayed)
    screen.step("ordered from the sandbox: one 503, one cut connection, and a token that ends half-way")


async def publish(stage: Stage, credential: str) -> str:
    video = f"{stage.sandbox}/_sandbox/media/video/{SIZE}.mp4"
    body = {
        "customer_id": CUSTOMER,
        "agent_id": AGENT,
        "correlation_id": f"demo-{secrets.token_hex(4)}",
        "content": {
            "title": f"A Short at {datetime.now(UTC):%H:%M:%S} UTC",
            "description": "Made by an agent.",
            "video_url": video,
        },
        "targets": [{"credential_ref": credential, "format": "short"}],
    }
    url = f"{stage.ports.url(stage.ports.plant)}/api/v1/publications"
    headers = {"idempotency-key": secrets.token_hex(8)}
    accepted = await stage.ask("POST", url, key=stage.agent_key, body=body, **headers)
    publication_id = accepted["publications"][0]["id"]
    screen.step(
        f"{AGENT} ordered a vertical MP4 of {screen.megabytes(SIZE)} as a Short: accepted as {publication_id}\n"
    )
    return publication_id


async def watch(stage: Stage, publication_id: str) -> dict[str, Any]:
    """Show progress and trouble until it has ended. When everything waits, the clock is advanced."""
    url = f"{stage.ports.url(stage.ports.plant)}/api/v1/publications/{publication_id}"
    progress, deadline = screen.Progress(), time.monotonic() + PATIENCE
    told, ended = 0, False
    while time.monotonic() < deadline:
        shown = await stage.ask("GET", url, key=stage.agent_key)
        told = await tell(stage, told, progress)
        sent = shown["progress"]
        if sent:
            progress.show(sent["bytes_sent"], sent["bytes_total"])
            if not ended and sent["bytes_sent"] > SIZE / 2:
                ended = True
                await stage.order(f"accounts/youtube/{stage.account['account']}", {"expires_in": 0})
        if shown["state"] == "parked":
            await advance(stage, shown, progress)
        if shown["ended_at"]:
            progress.show(SIZE, SIZE)
            progress.interrupted()
            return shown
        await asyncio.sleep(0.1)
    raise Failed(f"nothing came of it in {PATIENCE:.0f} s; see {stage.var}/serve.log")


TROUBLE: Mapping[str, str] = {
    "status": "YouTube answered 503 to a chunk: it is asked how much it holds, and the upload goes on from there",
    "reset_mid_chunk": "the connection was cut in the middle of a chunk: the same question, and on from what YouTube kept",
}


async def tell(stage: Stage, told: int, progress: screen.Progress) -> int:
    """What the sandbox saw since the last time, where it is worth a line. Returns how many calls have been told."""
    calls: list[dict[str, Any]] = await stage.ask("GET", f"{stage.sandbox}/_sandbox/calls?platform=youtube")
    for call in calls[told:]:
        if call["status"] is None and call["fault"] not in TROUBLE:
            break  # it is under way
        told += 1
        line = TROUBLE.get(call["fault"] or "")
        if call["status"] == 401:
            line = "the token has ended (401): refreshed once, stored in CP, and on it goes"
        if line:
            progress.interrupted()
            screen.event(line)
    return told


async def advance(stage: Stage, shown: Mapping[str, Any], progress: screen.Progress) -> None:
    """When everything waits, the clock is advanced, and the reader told."""
    left = await stage.skip(shown["next_step_at"])
    if left:
        progress.interrupted()
        screen.event(f"everything waits {left:.0f} s ({shown['why']}): the clock is advanced")


async def stay(stage: Stage) -> None:
    """Until Ctrl-C."""
    docs = f"{stage.ports.url(stage.ports.plant)}/docs"
    print(f"\nStill up: Plant's API {docs}, the sandbox {stage.sandbox}/_sandbox/")
    print(f"An agent's key: {stage.agent_key}\nCtrl-C stops everything.", flush=True)
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, stop.set)
    await stop.wait()
