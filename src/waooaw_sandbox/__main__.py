"""`python -m waooaw_sandbox --port 9100`: start the sandbox and say one line when it listens."""

import argparse
import asyncio
import signal
import sys
from pathlib import Path

from aiohttp import web

from waooaw_sandbox.app import Options, RefusedToStart, create_app, runner_of
from waooaw_sandbox.knobs import parse_assignments
from waooaw_sandbox.problem import Problem


def options_from(arguments: list[str]) -> Options:
    parser = argparse.ArgumentParser(prog="python -m waooaw_sandbox", description="Social platforms, imitated.")
    parser.add_argument("--port", type=int, default=9100)
    parser.add_argument("--host", default="127.0.0.1", help="loopback only")
    parser.add_argument(
        "--community-posts", action="store_true", help="serve the communityPosts endpoint, which YouTube does not have"
    )
    parser.add_argument("--data-dir", type=Path, help="where uploads are kept; a temporary directory by default")
    parser.add_argument(
        "--knob", action="append", default=[], metavar="PLATFORM.NAME=VALUE", help="e.g. youtube.uploads_per_day=3"
    )
    given = parser.parse_args(arguments)
    return Options(
        host=given.host,
        port=given.port,
        community_posts=given.community_posts,
        data_dir=given.data_dir,
        knobs=parse_assignments(given.knob),
    )


async def listen(options: Options) -> None:
    runner = runner_of(create_app(options))
    await runner.setup()
    try:
        await web.TCPSite(runner, options.host, options.port).start()
        stop = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        port = runner.addresses[0][1]
        sys.stdout.write(
            f"sandbox listening on http://{options.host}:{port} (see http://{options.host}:{port}/_sandbox/)\n"
        )
        sys.stdout.flush()
        await stop.wait()
    finally:
        await runner.cleanup()


def main() -> int:
    try:
        asyncio.run(listen(options_from(sys.argv[1:])))
    except (RefusedToStart, Problem, OSError) as reason:
        sys.stderr.write(f"sandbox: {reason}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
