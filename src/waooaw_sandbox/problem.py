"""What the control API answers when it is asked for something that does not exist: JSON that names what does."""

from collections.abc import Sequence
from typing import Any


class Problem(Exception):
    def __init__(self, detail: str, *, available: Sequence[Any] | None = None, status: int = 400) -> None:
        super().__init__(detail)
        self.detail = detail
        self.available = available
        self.status = status

    def body(self) -> dict[str, Any]:
        listing = {} if self.available is None else {"available": list(self.available)}
        return {"status": self.status, "detail": self.detail} | listing
