"""The README's library example runs as it stands there, against CP and the sandbox."""

import asyncio
import os
import re
import socket
import sys
from pathlib import Path

import pytest

from waooaw_social.demo.house import running
from waooaw_social.wire.transport import api_client

pytestmark = pytest.mark.anyio
ROOT = Path(__file__).parents[2]


def example() -> str:
    section = (ROOT / "README.md").read_text().partition("## The library in ten lines")[2]
    (code,) = re.findall(r"```python\n(.*?)```", section, re.DOTALL)
    return code


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


async def output(environment: dict[str, str], *arguments: str) -> str:
    process = await asyncio.create_subprocess_exec(
        sys.executable, *arguments, stdout=asyncio.subprocess.PIPE, env={**os.environ, **environment}
    )
    printed, _ = await process.communicate()
    assert process.returncode == 0
    return printed.decode()


async def test_the_library_example_publishes(tmp_path: Path) -> None:
    sandbox, cp = free_port(), free_port()
    at = f"http://127.0.0.1:{sandbox}"
    here = {"healthy": f"{at}/_sandbox/clock", "log": tmp_path / "sandbox.log", "environment": {}}
    async with running("sandbox", ["waooaw_sandbox", "--port", str(sandbox)], **here), api_client(timeout=30.0) as http:
        account = (await http.get(f"{at}/_sandbox/accounts")).json()[0]
        environment = {
            "WAOOAW_VAR": str(tmp_path),
            "PLATFORM_ORIGIN": at,
            "CP_BACKEND_URL": f"http://127.0.0.1:{cp}",
            "YOUTUBE_CLIENT_ID": account["app_id"],
            "YOUTUBE_CLIENT_SECRET": account["app_secret"],
        }
        serve = ["waooaw_social.cli", "cp", "--port", str(cp)]
        healthy = f"http://127.0.0.1:{cp}/healthz"
        async with running("cp", serve, log=tmp_path / "cp.log", healthy=healthy, environment=environment):
            printed = await output(environment, "-m", "waooaw_social.cli", "api-keys", "create", "--customer", "CUST-1")
            names = ("platform", "posting_identity", "access_token", "refresh_token")
            kept = await http.put(
                f"http://127.0.0.1:{cp}/api/cp/platform-credentials",
                json={name: account[name] for name in names},
                headers={"authorization": f"Bearer {printed.split()[-1]}"},
            )
            video = tmp_path / "cat.mp4"
            video.write_bytes((await http.get(f"{at}/_sandbox/media/sample.mp4")).content)
            call = f"import asyncio\nasyncio.run(main({kept.json()['credential_ref']!r}, Path({str(video)!r})))"
            shown = await output(environment, "-c", f"{example()}\n{call}")
            audience = (await http.get(f"{at}/_sandbox/audience/youtube/{account['account']}")).json()
    (post,) = audience
    assert shown.strip() == f"https://www.youtube.com/shorts/{post['id']}"


def test_the_example_has_ten_lines() -> None:
    assert len([line for line in example().splitlines() if line.strip()]) == 10
