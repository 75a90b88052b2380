"""The one port through which a process takes its time.

Calendar time may be shifted by a test or by the sandbox's clock; the monotonic time may not, because deadlines that guard a write
are about this machine and nothing else.
"""

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    def now(self) -> datetime:
        """Calendar time, aware, UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds since some moment; never jumps back, and goes on while the machine sleeps."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Return after so many seconds of calendar time (which the sandbox may advance)."""
        ...
