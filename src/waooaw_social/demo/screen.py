"""What the demo shows: steps, a progress bar that moves on a terminal and is a line now and then elsewhere, a table."""

import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

BAR = 30


def _styled(code: str, text: str) -> str:
    return f"\033[{code}m{text}\033[0m" if sys.stdout.isatty() else text


def bold(text: str) -> str:
    return _styled("1", text)


def green(text: str) -> str:
    return _styled("32", text)


def yellow(text: str) -> str:
    return _styled("33", text)


def dim(text: str) -> str:
    return _styled("2", text)


def step(text: str) -> None:
    """One thing that was done."""
    print(f"{green('✓')} {text}", flush=True)


def event(text: str) -> None:
    """Something that happened on the way."""
    print(f"  {yellow('!')} {text}", flush=True)


def table(title: str, rows: Sequence[Sequence[str]]) -> None:
    """Columns as wide as they must be; the first row is the head."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    print(f"\n{bold(title)}")
    for number, row in enumerate(rows):
        line = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        print(f"  {dim(line) if number == 0 else line}")


def megabytes(count: float) -> str:
    return f"{count / 1e6:.1f} MB"


@dataclass
class Progress:
    """An upload, as it goes."""

    started: float = field(default_factory=time.monotonic)
    shown: int = -1
    drawn: bool = False

    def show(self, sent: int, total: int) -> None:
        if sent == self.shown or not total:
            return
        share, seconds = sent / total, max(time.monotonic() - self.started, 1e-3)
        bar = "█" * int(share * BAR) + "░" * (BAR - int(share * BAR))
        line = f"  {bar} {share:4.0%}  {megabytes(sent)} of {megabytes(total)}  {sent / seconds / 1e6:.0f} MB/s"
        if sys.stdout.isatty():
            print(f"\r{line}\033[K", end="", flush=True)
            self.drawn = True
        else:
            print(line, flush=True)
        self.shown = sent

    def interrupted(self) -> None:
        """Somebody else prints a line now."""
        if self.drawn:
            print()
            self.drawn = False
