"""Plays a flow without any wire: scripted replies in, the calls that came out. No event loop."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from waooaw_social.core.post import MediaFile
from waooaw_social.core.refusal import Refused
from waooaw_social.platforms.call import (
    Asked,
    Call,
    Fetch,
    Flow,
    Heard,
    Interrupted,
    Pause,
    Reply,
    UntilDue,
    Verdict,
    Visible,
)

T = TypeVar("T")


@dataclass
class Played(Generic[T]):
    """What came of it."""

    calls: list[Call[Any]] = field(default_factory=list)
    pauses: list[float] = field(default_factory=list)
    result: T | None = None
    refused: Refused | None = None

    @property
    def names(self) -> list[str]:
        return [call.name for call in self.calls]


class Lost:
    """In place of a reply: none came."""


def play(
    flow: Flow[T],
    replies: list[Reply | type[Lost]],
    *,
    file: MediaFile | None = None,
    inbox: Mapping[str, Any] | None = None,
) -> Played[T]:
    """Answer each call with the next reply. `inbox` is what webhooks have told."""
    played: Played[T] = Played()
    left = iter(replies)

    def answer(step: Any) -> Any:
        match step:
            case Pause(seconds):
                played.pauses.append(seconds)
                return None
            case UntilDue():
                return None
            case Fetch():
                return file
            case Heard(key):
                return (inbox or {}).get(key)
            case Call():
                played.calls.append(step)
                reply = next(left)
                if isinstance(reply, type):
                    raise Interrupted("lost")
                return step.understand(reply)
            case _:
                raise AssertionError(step)

    try:
        step = next(flow)
        while True:
            try:
                value = answer(step)
            except (Refused, Interrupted) as told:
                step = flow.throw(told)
            else:
                step = flow.send(value)
    except StopIteration as returned:
        played.result = returned.value
    except Refused as no:
        played.refused = no
    assert not list(left), "some replies were not asked for"
    return played


def reconcile(
    call: Call[Any], replies: list[Reply | type[Lost]], *, inbox: Mapping[str, Any] | None = None, **asked: Any
) -> Reply | Verdict | None:
    """What the reconcile of a visible call says to these replies."""
    assert isinstance(call.if_repeated, Visible)
    told = Asked(**({"first_sent_at": 1000.0, "age": 200.0, "looks": 0, "taken": frozenset()} | asked))
    look: Callable[[Asked], Flow[Reply | Verdict]] = call.if_repeated.reconcile
    return play(look(told), replies, inbox=inbox).result
