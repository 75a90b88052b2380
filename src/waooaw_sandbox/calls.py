"""The list of calls a platform received, in order of arrival: what was asked and what was answered, never bodies, queries or tokens."""

from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(kw_only=True)
class Received:
    """`status` is null where the connection was dropped or the call is still under way; `bytes_in` counts body bytes."""

    platform: str | None
    method: str
    host: str
    path: str
    route: str | None
    at: str
    fault: str | None = None
    status: int | None = None
    bytes_in: int = 0


@dataclass
class CallLog:
    entries: list[Received] = field(default_factory=list[Received])

    def note(self, entry: Received) -> Received:
        self.entries.append(entry)
        return entry

    def listing(self, platform: str | None) -> list[dict[str, Any]]:
        return [asdict(entry) for entry in self.entries if platform in (None, entry.platform)]

    def clear(self) -> None:
        self.entries.clear()
