"""What the Dockerfile says is carried out, line by line, in an empty environment, and what comes out starts and works."""

import re
import signal
import subprocess
import sys
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest

from deploy.images import Builder, stages
from plant.house import free_port

ROOT = Path(__file__).parents[2]
DOCKERFILE = (ROOT / "Dockerfile").read_text()
STAGES = stages(DOCKERFILE)


def test_hadolint_has_nothing_to_say() -> None:
    linter = Path(sys.executable).parent / "hadolint"
    done = subprocess.run([linter, "--no-color", ROOT / "Dockerfile"], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "")


def test_nobody_is_root_and_the_base_has_a_version() -> None:
    for name in ("run", "test"):
        users = [rest for word, rest in STAGES[name].lines if word == "USER"]
        assert users and re.fullmatch(r"[1-9]\d+:[1-9]\d+", users[-1])
    outside = {stage.base for stage in STAGES.values()} - STAGES.keys()
    assert outside and all(re.fullmatch(r"[a-z]+:\d+\.\d+\S*", base) for base in outside)
    assert list(STAGES)[-1] == "run", "the last stage is what a build without a target makes"


def test_what_is_downloaded_is_checked_by_its_hash_and_nothing_is_downloaded_afterwards() -> None:
    commands = [
        command.strip()
        for stage in STAGES.values()
        for word, rest in stage.lines
        if word == "RUN"
        for command in rest.split("&&")
        if re.search(r"\bpip\b", command)
    ]
    online = [command for command in commands if "--no-index" not in command]
    assert len(commands) > len(online) == 1
    assert "--require-hashes" in online[0] and "--no-deps" in online[0] and "requirements.lock" in online[0]


@pytest.fixture(scope="module")
def builder(tmp_path_factory: pytest.TempPathFactory) -> Builder:
    """For both images: what they share is installed once."""
    return Builder(DOCKERFILE, ROOT, tmp_path_factory.mktemp("images"))


@pytest.mark.long
def test_the_image_that_is_shipped_installs_starts_and_holds_no_tests(builder: Builder) -> None:
    built = builder.build("run")
    environment = builder.environment(built)
    assert {path.name for path in builder.here.iterdir()} == {"venv", "var"}
    listed = subprocess.run(
        ["venv/bin/python", "-c", "import av, PIL, waooaw_social.metrics.otlp, importlib.util as u; print(u.find_spec('pytest'))"],
        cwd=builder.here, env=environment, capture_output=True, text=True,
    )  # fmt: skip
    assert listed.stdout.strip() == "None", listed.stderr
    refused = subprocess.run(
        built.command, cwd=builder.here, env=environment | {"ENVIRONMENT": "production"}, capture_output=True, text=True
    )
    assert refused.returncode == 1 and "not fit for production" in refused.stderr
    cp, plant = free_port(), free_port()
    ports = ["--cp-port", str(cp), "--plant-port", str(plant)]
    assert built.command[:2] == ["waooaw-social", "serve"]
    process = subprocess.Popen([*built.command, *ports], cwd=builder.here, env=environment, stderr=subprocess.PIPE)
    try:
        assert answers(process, cp) and answers(process, plant)
        assert {path.name for path in (builder.here / "var").iterdir()} >= {"cp.db", "plant.db"}
    finally:
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=30)
    assert process.returncode == 0, said


@pytest.mark.long
def test_in_the_test_image_the_selection_for_youtube_runs_whatever_the_house_around_it_is_set_to(
    builder: Builder,
) -> None:
    environment = builder.environment(builder.build("test"))
    house = {
        "DATABASE_URL": "postgresql://plant:x@postgres/plant",
        "PLATFORM_ORIGIN": "http://127.0.0.1:9",
        "CLOCK_URL": "http://127.0.0.1:9/clock",
        "CP_BACKEND_URL": "http://127.0.0.1:9",
    }
    word = "youtube" + "_integration"  # this test is not to be selected by its own name
    done = subprocess.run(
        ["pytest", "-q", "-k", word], cwd=builder.here, env=environment | house, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    passed = re.search(r"(\d+) passed, (\d+) deselected", done.stdout)
    assert passed and int(passed[1]) >= 20 and int(passed[2]) > 1000
    assert "skipped" not in done.stdout and "failed" not in done.stdout


def answers(process: subprocess.Popen[bytes], port: int) -> bool:
    """Whether it answers before it ends."""
    while process.poll() is None:
        try:
            with urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5) as answer:
                return answer.status == 200
        except URLError:
            continue
    return False
