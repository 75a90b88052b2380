"""What is in a media file: width, height, duration. `python -m waooaw_social.wire.probe FILE` prints it as one line of JSON.

Parsers of media are where hostile files bite, so that a file is probed in a process of its own, with a limit of time and memory. Without the
`[media]` extra nothing is known about a file, and nothing is claimed. A file that was cut in half may still probe as whole.
"""

import asyncio
import contextlib
import json
import resource
import sys
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

SECONDS = 10.0
MEMORY = 2 * 1024**3


@dataclass(frozen=True, kw_only=True)
class Probed:
    """None where it is not known."""

    width: int | None = None
    height: int | None = None
    duration: float | None = None
    """Seconds."""


async def probe(path: Path, *, seconds: float = SECONDS) -> Probed:
    """Look into a file for at most `seconds`. An unreadable one tells nothing, and is no error: the platform has the last word on it."""
    if find_spec("av") is None:
        return Probed()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-I", "-m", __name__, str(path)),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        async with asyncio.timeout(seconds):
            printed, _ = await process.communicate()
    except TimeoutError:
        return Probed()
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
    return Probed(**json.loads(printed)) if process.returncode == 0 and printed else Probed()


def look(path: str) -> dict[str, Any]:
    """Runs in the process of its own."""
    import av

    with av.open(path, metadata_errors="ignore") as container:
        video = next(iter(container.streams.video), None)
        duration = float(container.duration / 1_000_000) if container.duration else None
        if video is None:
            return {"duration": duration}
        width, height = video.codec_context.width, video.codec_context.height
        turned = _rotation(container, video) % 180 == 90  # a phone's video lies on its side, and says so
        return {"width": height if turned else width, "height": width if turned else height, "duration": duration}


def _rotation(container: Any, video: Any) -> int:
    for frame in container.decode(video):
        return abs(int(getattr(frame, "rotation", 0)))
    return 0


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    print(json.dumps(look(sys.argv[1])))  # noqa: T201 - this is what it is asked for
