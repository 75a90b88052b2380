"""What a process has used of the quota that it holds, where a kill -9 leaves it: in a file, one short line a lease.

Each use is written before the call leaves: one `pwrite`, no query, no fsync. The file is locked while its process lives, however frozen; whoever
gets the lock on another's knows that it is dead, and what it had left. After a power failure the last lines may be missing: then
(another boot) nothing is taken for unused.
"""

import fcntl
import os
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

SUFFIX = ".quota"
ID, LINE = 16, 32
"""Characters of a lease's id, and bytes of a line: id, blank, used, newline."""
_BOOT = Path("/proc/sys/kernel/random/boot_id")


def new_lease() -> str:
    return secrets.token_hex(ID // 2)


def this_boot() -> str:
    """Empty where the system does not say: then nothing that a dead process left is believed."""
    try:
        return _BOOT.read_text().strip()[: LINE - 1]
    except OSError:
        return ""


@dataclass(frozen=True, kw_only=True)
class Left:
    """A dead process's lease, and how much of it was used. None: nobody knows."""

    lease: str
    used: int | None


class Journal:
    """This process's own file in `folder`."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self._slots: dict[str, int] = {}
        self._free: list[int] = []
        name = secrets.token_hex(8)
        made = folder / f"{name}.new"  # under its own name only once it is locked
        self._file = os.open(made, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        fcntl.flock(self._file, fcntl.LOCK_EX)
        os.pwrite(self._file, this_boot().ljust(LINE - 1).encode() + b"\n", 0)
        self.path = folder / f"{name}{SUFFIX}"
        made.rename(self.path)

    def used(self, lease: str, units: int) -> None:
        """So many units of the lease are used, or about to be."""
        slot = self._slots.get(lease)
        if slot is None:
            slot = self._slots[lease] = self._free.pop() if self._free else len(self._slots) + 1
        os.pwrite(self._file, f"{lease} {units:>{LINE - ID - 2}}\n".encode(), slot * LINE)

    def over(self, lease: str) -> None:
        """The lease was given back."""
        slot = self._slots.pop(lease, None)
        if slot is not None:
            os.pwrite(self._file, b" " * (LINE - 1) + b"\n", slot * LINE)
            self._free.append(slot)

    def close(self) -> None:
        """Everything was given back: nothing is left behind."""
        self.path.unlink(missing_ok=True)
        os.close(self._file)

    def dead(self) -> Iterator[tuple[Path, list[Left]]]:
        """What dead processes left, file by file, each locked while the caller settles it. Remove the file when that is done."""
        for path in sorted(self.folder.glob(f"*{SUFFIX}")):
            if path == self.path:
                continue
            try:
                file = os.open(path, os.O_RDWR | os.O_CLOEXEC)
            except FileNotFoundError:  # somebody else was quicker
                continue
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                yield path, _left(os.pread(file, os.fstat(file).st_size, 0))
            except BlockingIOError:  # it lives
                continue
            finally:
                os.close(file)


def _left(text: bytes) -> list[Left]:
    boot, *lines = text.decode("ascii", "replace").split("\n")
    known = boot.strip() == this_boot() != ""
    words = (line.split() for line in lines)
    return [Left(lease=w[0], used=_number(w[1]) if known else None) for w in words if len(w) == 2]


def _number(text: str) -> int | None:
    try:
        return int(text)
    except ValueError:
        return None
