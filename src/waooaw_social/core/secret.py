"""A boxed secret: prints as stars, is compared in constant time, and opens only by an explicit call.

Whoever writes `.open()` says aloud that the text leaves its box; a search for that word finds every place where it does.
"""

from hmac import compare_digest
from typing import NoReturn


class Secret:
    """A text that must not be printed, logged, pickled or put into JSON by accident."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def open(self) -> str:
        """The text itself. Call it where the text is used, and keep the box everywhere else."""
        return self._text

    def __repr__(self) -> str:
        return "Secret('********')"

    def __str__(self) -> str:
        return "********"

    def __format__(self, spec: str) -> str:
        return format("********", spec)

    def __bool__(self) -> bool:
        return bool(self._text)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and compare_digest(self._text.encode(), other._text.encode())

    def __hash__(self) -> int:
        return hash((Secret, self._text))

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Secret is not serialised; open it where it is used")
