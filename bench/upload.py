"""Our upload beside `curl` and Google's own client: the same file, the same sinks, one run, rounds interleaved, medians.

MiB/s are of the client's whole work on the wire: for us and for Google from opening the session to the video, for curl one PUT of the
whole file to a session that was opened for it; and, because a resumable upload waits for an answer after each chunk and a single PUT
does not, curl once more in chunks of our size. What we do before (read the file whole for its hash, probe it) is shown on its own.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from measure import GIB, HERE, MIB, Samples, figure, machine, serving, table, told

OUR_CHUNK = 16 * MIB
LARGER = 4
"""How many times as large the file is whose memory is looked at beside the first one's."""


@dataclass(frozen=True)
class Sink:
    name: str
    base: str
    token: str


def python(client: str, chunk: int, sink: Sink, file: Path) -> dict[str, float]:
    arguments = ["--base", sink.base, "--token", sink.token, "--file", str(file), "--chunk", str(chunk)]
    return told([str(HERE / "uploaders.py"), client, *arguments])


def curl(chunk: int, sink: Sink, file: Path) -> dict[str, float]:
    """Its CPU includes its own start, a few milliseconds; its time does not. With a chunk: one PUT after the other, on one connection."""
    size = file.stat().st_size
    session = open_session(sink, size)
    parts = [file] if not chunk else sorted(file.parent.glob(f"{file.name}.part-*"))
    command, sent = ["curl"], 0
    for part in parts:
        length = part.stat().st_size
        command += [
            "--silent", "--show-error", "--fail", "--output", os.devnull, "--write-out", "%{time_total}\n", "--upload-file", str(part),
            "--header", f"Authorization: Bearer {sink.token}", "--header", f"Content-Range: bytes {sent}-{sent + length - 1}/{size}",
            "--header", "Expect:", "--header", "Content-Type: video/mp4", session, "--next",
        ]  # fmt: skip
        sent += length
    process = subprocess.Popen(command[:-1], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    printed = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, "curl")
    return {"wall": sum(map(float, printed.split())), "cpu": usage.ru_utime + usage.ru_stime}


def open_session(sink: Sink, size: int) -> str:
    request = urllib.request.Request(
        f"{sink.base}/www.googleapis.com/upload/youtube/v3/videos?uploadType=resumable&part=snippet,status",
        data=b'{"snippet": {"title": "A bench"}, "status": {"privacyStatus": "public"}}',
        headers={
            "Authorization": f"Bearer {sink.token}",
            "Content-Type": "application/json",
            "X-Upload-Content-Length": str(size),
            "X-Upload-Content-Type": "video/mp4",
        },
    )
    with urllib.request.urlopen(request) as answer:
        return answer.headers["location"]


def sandbox_token(base: str) -> str:
    with urllib.request.urlopen(f"{base}/_sandbox/accounts") as answer:
        return next(found["access_token"] for found in json.load(answer) if found["platform"] == "youtube")


CLIENTS: dict[str, Callable[[Sink, Path], dict[str, float]]] = {
    "ours": partial(python, "ours", 0),
    "curl": partial(curl, 0),
    "curl, 16 MiB chunks": partial(curl, OUR_CHUNK),
    "google, 100 MiB chunks": partial(python, "google", 0),
    "google, 16 MiB chunks": partial(python, "google", OUR_CHUNK),
}


def measure(sinks: list[Sink], file: Path, rounds: int) -> dict[str, Samples]:
    found = {sink.name: Samples() for sink in sinks}
    size = file.stat().st_size
    clients = [name for name in CLIENTS if not name.startswith("curl") or shutil.which("curl")]
    for number in range(rounds):
        for sink in sinks:
            # every round begins with another client, so that none always follows the same one
            for name in clients[number % len(clients) :] + clients[: number % len(clients)]:
                figures = CLIENTS[name](sink, file)
                wall, cpu = figures["wall"], figures["cpu"]
                if "look_wall" in figures:
                    found[sink.name].add(
                        name,
                        whole=size / MIB / wall,
                        look=figures["look_wall"],
                        look_cpu=figures["look_cpu"] / size * GIB,
                    )
                    wall, cpu = wall - figures["look_wall"], cpu - figures["look_cpu"]
                found[sink.name].add(name, speed=size / MIB / wall, cpu=cpu / size * GIB)
                if "rss_growth" in figures:
                    found[sink.name].add(name, rss=figures["rss_growth"] / MIB)
            print(".", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    return found


def show(sink: str, samples: Samples) -> None:
    head = (f"to the {sink}", "MiB/s", "of curl's", "CPU s/GiB", "of curl's", "RSS growth")
    print(
        table(
            head,
            (
                (
                    name,
                    figure(samples.median(name, "speed"), 0),
                    figure(samples.ratio(name, "curl", "speed")),
                    figure(samples.median(name, "cpu")),
                    figure(samples.ratio(name, "curl", "cpu")),
                    figure(samples.median(name, "rss"), 1, " MiB"),
                )
                for name in CLIENTS
                if samples.median(name, "speed") is not None
            ),
        )
    )
    print(
        f"ours, before the first call: {figure(samples.median('ours', 'look'))} s to hash and probe the file "
        f"({figure(samples.median('ours', 'look_cpu'))} CPU s/GiB); with it {figure(samples.median('ours', 'whole'), 0)} MiB/s\n"
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=256, metavar="MIB", help="of the file (256)")
    parser.add_argument("--rounds", type=int, default=5, help="uploads per client and sink (5)")
    parser.add_argument("--quick", action="store_true", help="64 MiB, two rounds")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every sample there")
    given = parser.parse_args()
    size, rounds = (64, 2) if given.quick else (given.size, given.rounds)

    print(f"upload of {size} MiB, {rounds} rounds, medians\n{machine()}\n")
    if not shutil.which("curl"):
        print("curl is not installed: its line, and the ratios to it, are left out\n")
    sandbox = (
        "-m",
        "waooaw_sandbox",
        "--port",
        "0",
        "--knob",
        "youtube.keep_bytes=false",
        "--knob",
        "youtube.uploads_per_day=100000",
    )
    with (
        tempfile.TemporaryDirectory() as folder,
        serving(str(HERE / "server.py")) as plain,
        serving(*sandbox) as played,
    ):
        file, larger = Path(folder) / "video.mp4", Path(folder) / "larger.mp4"
        fill(file, size)
        sinks = [Sink("plain sink", plain, "bench-token"), Sink("sandbox", played, sandbox_token(played))]
        found = measure(sinks, file, rounds)
        with larger.open("wb") as sparse:
            sparse.truncate(size * LARGER * MIB)
        growth = python("ours", 0, sinks[0], larger)["rss_growth"] / MIB
    for sink, samples in found.items():
        show(sink, samples)
    print(
        f"ours, memory: +{figure(found['plain sink'].median('ours', 'rss'), 1)} MiB for {size} MiB, +{growth:.1f} MiB for {size * LARGER} MiB"
    )
    if given.json:
        figures = {"sinks": {sink: samples.summary() for sink, samples in found.items()}, "rss_growth_larger": growth}
        given.json.write_text(
            json.dumps({"machine": machine(), "size_mib": size, "rounds": rounds} | figures, indent=2)
        )
    return 0


def fill(file: Path, size: int) -> None:
    """The file, and beside it its parts, for curl cannot send a part of a file."""
    with ExitStack() as stack:
        whole = stack.enter_context(file.open("wb"))
        for number in range(size):
            if number * MIB % OUR_CHUNK == 0:
                part = stack.enter_context(file.with_name(f"{file.name}.part-{number:06}").open("wb"))
            block = os.urandom(MIB)
            whole.write(block)
            part.write(block)


if __name__ == "__main__":
    sys.exit(main())
