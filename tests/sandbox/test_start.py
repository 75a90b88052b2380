"""How the sandbox starts, and when it refuses to."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import aiohttp
import pytest

from sandbox.world import V3, Sandbox
from waooaw_sandbox.app import Options, RefusedToStart, create_app, running
from waooaw_sandbox.problem import Problem


def start(*arguments: str, **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "waooaw_sandbox", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **environment},
    )


def test_the_command_says_one_line_when_it_listens_and_leaves_quietly():
    process = start("--port", "0")
    assert process.stdout is not None
    line = process.stdout.readline()
    process.send_signal(signal.SIGTERM)
    rest, errors = process.communicate(timeout=10)
    assert "listening on http://127.0.0.1:" in line
    assert (rest, errors, process.returncode) == ("", "", 0)


@pytest.mark.parametrize(
    ("arguments", "environment", "why"),
    [
        ((), {"ENVIRONMENT": "production"}, "ENVIRONMENT=production"),
        (("--host", "0.0.0.0"), {}, "loopback only"),
        (("--knob", "youtube.nonsense=1"), {}, "no knob is called"),
    ],
)
def test_the_command_refuses_production_other_hosts_and_unknown_knobs(arguments, environment, why):
    process = start("--port", "0", *arguments, **environment)
    _, errors = process.communicate(timeout=10)
    assert process.returncode == 2
    assert why in errors


def test_the_application_refuses_production_too(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("ENVIRONMENT", "Production")
    with pytest.raises(RefusedToStart):
        create_app(Options(data_dir=tmp_path))


def test_a_knob_of_no_platform_is_refused(tmp_path: Path):
    with pytest.raises(Problem, match=r"platform\.knob"):
        create_app(Options(data_dir=tmp_path, knobs={"uploads_per_day": 1}))


@pytest.mark.anyio
async def test_knobs_given_at_the_start_outlive_a_reset(tmp_path: Path):
    options = Options(data_dir=tmp_path, knobs={"youtube.uploads_per_day": 1})
    async with running(options) as base, aiohttp.ClientSession() as http:
        sandbox = Sandbox(base, http)
        await sandbox.knob(uploads_per_day=9)
        await sandbox.control("POST", "/reset")
        report = await sandbox.control("GET", "/knobs/youtube")
        assert report["quota"]["buckets"]["uploads"]["limit"] == 1


@pytest.mark.anyio
async def test_community_posts_are_not_there_unless_switched_on(tmp_path: Path):
    async with running(Options(data_dir=tmp_path)) as base, aiohttp.ClientSession() as http:
        sandbox = Sandbox(base, http)
        status, body, headers = await sandbox.api(
            "POST", V3 + "/communityPosts?part=snippet", json={"snippet": {"textOriginal": "Hello"}}
        )
        assert status == 404
        assert "Error 404 (Not Found)!!1" in body
        assert headers["Content-Type"].startswith("text/html")
