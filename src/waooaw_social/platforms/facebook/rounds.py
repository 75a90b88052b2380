"""What was uploaded may be gone by the time it is to be shown: then it is uploaded once more, and shown by a call of another name.

Only the visible call's own no counts: it settles that nothing came of the round before. What an upload says of itself proves nothing.
"""

from collections.abc import Callable
from typing import TypeAlias, TypeVar

from waooaw_social.core.refusal import Refused
from waooaw_social.platforms.call import Flow
from waooaw_social.platforms.facebook.errors import NOT_FOUND, SESSION_LOST

T = TypeVar("T")
Naming: TypeAlias = Callable[[str], str]
"""Makes a recorded name this round's own."""

ROUNDS = 3
LOST = frozenset({NOT_FOUND, SESSION_LOST})


def rounds(once: Callable[[Naming], Flow[T]]) -> Flow[T]:
    """Go through `once` until the platform still knows what was uploaded. Raises `Refused` of the last round."""
    for number in range(1, ROUNDS):
        try:
            return (yield from once(_named(number)))
        except Refused as no:
            if no.refusal.code not in LOST:
                raise
    return (yield from once(_named(ROUNDS)))


def _named(number: int) -> Naming:
    return lambda name: name if number == 1 else f"{name}, round {number}"
