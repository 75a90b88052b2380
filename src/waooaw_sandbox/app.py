"""Assembly: options in, an aiohttp application out.

`create_app` builds one sandbox with everything it holds; `running` serves it on a free port for a test. It binds to loopback and
refuses to exist in production, because it hands out tokens to whoever asks.
"""

import os
import shutil
import tempfile
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import web

from waooaw_sandbox import control, media
from waooaw_sandbox.calls import CallLog
from waooaw_sandbox.clock import SandboxClock
from waooaw_sandbox.faults import FaultBoard
from waooaw_sandbox.kit import World
from waooaw_sandbox.problem import Problem
from waooaw_sandbox.registry import BUILDERS
from waooaw_sandbox.serve import serve

LOOPBACK = ("127.0.0.1", "localhost", "::1")
READ_BUFFER = 1024 * 1024
"""Bytes aiohttp gathers before it stops reading a socket: large, so that an upload is written in large pieces."""


class RefusedToStart(Exception):
    """The sandbox must not run here, or not with these options."""


@dataclass(frozen=True, kw_only=True)
class Options:
    """`knobs` are named `platform.knob`. Without a `data_dir` a temporary one is made and removed at the end."""

    host: str = "127.0.0.1"
    port: int = 9100
    community_posts: bool = False
    data_dir: Path | None = None
    knobs: Mapping[str, Any] = field(default_factory=dict[str, Any])


def create_app(options: Options | None = None) -> web.Application:
    options = options or Options()
    check(options)
    own_dir = None if options.data_dir else tempfile.mkdtemp(prefix="sandbox-")
    data_dir = options.data_dir or Path(str(own_dir))
    data_dir.mkdir(parents=True, exist_ok=True)
    world = World(clock=SandboxClock(), faults=FaultBoard(), calls=CallLog(), data_dir=data_dir, platforms={})
    try:
        knobs = knobs_by_platform(options)
        for name, build in BUILDERS.items():
            world.platforms[name] = build(world, knobs.get(name, {}))
    except Problem:
        if own_dir:
            shutil.rmtree(own_dir, ignore_errors=True)
        raise

    app = web.Application(client_max_size=0)
    control.add_routes(app, world)
    media.add_routes(app, world)

    async def upstream(request: web.Request) -> web.StreamResponse:
        return await serve(world, request)

    app.router.add_route("*", "/{upstream:.*}", upstream)

    async def close(_: web.Application) -> None:
        world.clock.wake_all()

    async def sweep(_: web.Application) -> None:
        if own_dir:
            shutil.rmtree(own_dir, ignore_errors=True)

    app.on_shutdown.append(close)
    app.on_cleanup.append(sweep)
    return app


def check(options: Options) -> None:
    if os.environ.get("ENVIRONMENT", "").strip().lower() == "production":
        raise RefusedToStart("the sandbox does not start with ENVIRONMENT=production: it gives tokens to whoever asks")
    if options.host not in LOOPBACK:
        raise RefusedToStart(f"the sandbox listens on loopback only ({', '.join(LOOPBACK)}), not on {options.host!r}")


def knobs_by_platform(options: Options) -> dict[str, dict[str, Any]]:
    sorted_out: dict[str, dict[str, Any]] = {"youtube": {"community_posts": True}} if options.community_posts else {}
    for name, value in options.knobs.items():
        platform, dot, knob = name.partition(".")
        if not dot or platform not in BUILDERS:
            raise Problem(f"a knob is named platform.knob, not {name!r}", available=sorted(BUILDERS))
        sorted_out.setdefault(platform, {})[knob] = value
    return sorted_out


def runner_of(app: web.Application) -> web.AppRunner:
    return web.AppRunner(app, access_log=None, shutdown_timeout=0.2, read_bufsize=READ_BUFFER)


@asynccontextmanager
async def running(options: Options | None = None) -> AsyncGenerator[str]:
    """A sandbox on a free loopback port, in this event loop; yields its base URL, like `http://127.0.0.1:40123`."""
    runner = runner_of(create_app(options))
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()
