"""What both benches share: a process's own use of CPU and memory, foreign processes with a line to say, and a table.

Whatever is measured runs in a process of its own and says what it used itself, so that neither the interpreter's start, nor the server, nor
this bench is in its figures. Nothing heavy is imported here.
"""

import json
import os
import platform
import resource
import subprocess
import sys
import time
from collections.abc import Generator, Iterable, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

HERE = Path(__file__).parent
MIB = 1024**2
GIB = 1024**3


def machine() -> str:
    """One line: where these figures come from."""
    with_names = f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores"
    return f"{with_names}, {platform.python_implementation()} {platform.python_version()}, loopback, no TLS"


def peak_rss() -> int:
    """Bytes this process has held at most. `ru_maxrss` is the fallback only: on Linux it remembers the parent's memory, too."""
    try:
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


@dataclass
class Spent:
    """Between entering and leaving: wall seconds, CPU seconds (user and system), and by how much the peak of memory has grown."""

    wall: float = 0.0
    cpu: float = 0.0
    rss_growth: int = 0

    def __enter__(self) -> "Spent":
        with suppress(OSError):
            Path("/proc/self/clear_refs").write_text("5")  # Linux: the peak begins anew at what is held now
        self._before = (time.perf_counter(), time.process_time(), peak_rss())
        return self

    def __exit__(self, *_: object) -> None:
        wall, cpu, rss = self._before
        self.wall, self.cpu = time.perf_counter() - wall, time.process_time() - cpu
        self.rss_growth = peak_rss() - rss


@contextmanager
def serving(*arguments: str) -> Generator[str]:
    """A server in a process of its own, on a port that was free. Gives the first URL that it prints."""
    process = subprocess.Popen([sys.executable, *arguments], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield next(word for word in process.stdout.readline().split() if word.startswith("http://"))
    finally:
        process.terminate()
        process.wait()


def told(arguments: Sequence[str]) -> dict[str, Any]:
    """Run one Python program of this folder to its end; the last line that it prints is JSON."""
    done = subprocess.run([sys.executable, *arguments], stdout=subprocess.PIPE, text=True, check=True, cwd=HERE)
    return json.loads(done.stdout.splitlines()[-1])


@dataclass
class Samples:
    """What the rounds said, by who was measured and what."""

    values: dict[tuple[str, str], list[float]] = field(default_factory=dict[tuple[str, str], list[float]])

    def add(self, who: str, **figures: float) -> None:
        for what, value in figures.items():
            self.values.setdefault((who, what), []).append(value)

    def median(self, who: str, what: str) -> float | None:
        found = self.values.get((who, what))
        return median(found) if found else None

    def ratio(self, who: str, base: str, what: str) -> float | None:
        one, other = self.median(who, what), self.median(base, what)
        return one / other if one is not None and other else None

    def summary(self) -> dict[str, dict[str, dict[str, Any]]]:
        """For the JSON file: every sample beside its median."""
        told: dict[str, dict[str, dict[str, Any]]] = {}
        for (who, what), values in self.values.items():
            told.setdefault(who, {})[what] = {"median": median(values), "samples": values}
        return told


def figure(value: float | None, digits: int = 2, unit: str = "") -> str:
    return "-" if value is None else f"{value:,.{digits}f}{unit}"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Plain text; the first column to the left, figures to the right."""
    lines = [list(head), *(list(row) for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if column else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )
