"""Faults to order: what exists, what is armed, and which of them a call meets.

A `FaultKind` is a name, a sentence and typed parameters; the generic kinds are here, a platform adds its own. Of the generic ones,
which decide the whole answer, one fires per call, in the order of arming. A platform's own fire beside them, one of each name, so
that "listed late" and "reply lost" can hit the same call. What a fault does is not here: see `serve.py` and the platforms.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from waooaw_sandbox.problem import Problem

REQUIRED = object()


@dataclass(frozen=True)
class Parameter:
    name: str
    kind: type
    default: Any
    sentence: str
    choices: tuple[Any, ...] = ()

    def value(self, given: dict[str, Any]) -> Any:
        if self.name not in given:
            if self.default is REQUIRED:
                raise Problem(f"parameter {self.name!r} is required: {self.sentence}")
            return self.default
        value = given[self.name]
        wrong = isinstance(value, bool) or not isinstance(value, (int, float) if self.kind is float else self.kind)
        if value is None and self.default is None:
            return None
        if wrong or (self.choices and value not in self.choices):
            what = f"one of {list(self.choices)}" if self.choices else f"a value of kind {self.kind.__name__}"
            raise Problem(f"parameter {self.name!r} takes {what}, not {value!r}", available=list(self.choices) or None)
        if isinstance(value, (int, float)) and value < 0:
            raise Problem(f"parameter {self.name!r} cannot be negative")
        return value

    def describe(self) -> dict[str, Any]:
        need = {"required": True} if self.default is REQUIRED else {"default": self.default}
        listed = {"choices": list(self.choices)} if self.choices else {}
        return {"name": self.name, "kind": self.kind.__name__, "sentence": self.sentence} | need | listed


@dataclass(frozen=True)
class FaultKind:
    """`routes` of None: any route of the platform."""

    name: str
    sentence: str
    parameters: tuple[Parameter, ...] = ()
    routes: frozenset[str] | None = None
    generic: bool = False


STATUS = Parameter("status", int, REQUIRED, "the HTTP status answered", tuple(range(400, 600)))
BODY = Parameter("body", str, "json", "the answer's body", ("json", "html", "empty"))
RETRY_AFTER = Parameter("retry_after", int, None, "seconds for a Retry-After header")

GENERIC: tuple[FaultKind, ...] = (
    FaultKind("lost_request", "The connection is reset before anything is read; nothing is done.", generic=True),
    FaultKind("lost_reply", "It is done, then the connection is reset instead of an answer.", generic=True),
    FaultKind("status", "Nothing is done; this status is answered.", (STATUS, BODY, RETRY_AFTER), generic=True),
    FaultKind("status_but_done", "It is done, yet this status is answered.", (STATUS, BODY, RETRY_AFTER), generic=True),
    FaultKind(
        "delay",
        "The request is read, then it is done and answered so many real seconds later, even if the client has gone.",
        (Parameter("seconds", float, REQUIRED, "real seconds"),),
        generic=True,
    ),
    FaultKind(
        "echo_tokens",
        "Nothing is done; an error answer repeats the access token, the whole URL and the form's secrets in its message.",
        (Parameter("status", int, 400, "the HTTP status answered", tuple(range(400, 600))),),
        generic=True,
    ),
    FaultKind(
        "error",
        "Nothing is done; the platform's own error with this reason is answered, in its exact envelope.",
        (
            Parameter("reason", str, REQUIRED, "a reason of the platform's error tables"),
            Parameter("variant", str, None, "which of several messages, where a reason has several"),
            Parameter("status", int, None, "another HTTP status than the usual one", tuple(range(400, 600))),
            BODY,
            RETRY_AFTER,
        ),
        generic=True,
    ),
)


@dataclass
class Fault:
    """One armed fault. It fires on matching calls after the first `after`, `times` times (0: until cleared)."""

    id: str
    platform: str
    route: str | None
    kind: FaultKind
    times: int
    after: int
    parameters: dict[str, Any]
    seen: int = 0
    fired: int = 0

    @property
    def spent(self) -> bool:
        return self.times > 0 and self.fired >= self.times

    def describe(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "platform": self.platform,
            "route": self.route,
            "fault": self.kind.name,
            "times": self.times,
            "after": self.after,
            "seen": self.seen,
            "fired": self.fired,
        } | self.parameters


@dataclass
class FaultBoard:
    armed: list[Fault] = field(default_factory=list[Fault])
    _made: int = 0

    def arm(self, platform: str, routes: Sequence[str], kinds: Sequence[FaultKind], order: dict[str, Any]) -> Fault:
        """Check an order against what exists and put it up."""
        given = dict(order)
        kind = choose(kinds, given.pop("fault", None))
        route = given.pop("route", None)
        usable = sorted(set(routes) if kind.routes is None else set(routes) & kind.routes)
        if route is not None and route not in usable:
            raise Problem(f"{kind.name!r} has no route {route!r} on {platform}", available=usable)
        times, after = (count(given, "times", 1), count(given, "after", 0))
        strange = sorted(set(given) - {p.name for p in kind.parameters})
        if strange:
            known = [p.describe() for p in kind.parameters]
            raise Problem(f"{kind.name!r} has no parameter {', '.join(strange)}", available=known)
        values = {p.name: p.value(given) for p in kind.parameters}
        self._made += 1
        fault = Fault(f"fault-{self._made}", platform, route, kind, times, after, values)
        self.armed.append(fault)
        return fault

    def meet(self, platform: str, route: str, applies: Callable[[Fault], bool]) -> dict[str, Fault]:
        """The faults this call meets, counted as fired. The deciding one is listed under its own name like the others."""
        met: dict[str, Fault] = {}
        decided = False
        for fault in self.armed:
            usable = fault.kind.routes is None or route in fault.kind.routes
            if fault.platform != platform or fault.route not in (None, route) or not usable or not applies(fault):
                continue
            fault.seen += 1
            taken = decided if fault.kind.generic else fault.kind.name in met
            if fault.spent or fault.seen <= fault.after or taken:
                continue
            fault.fired += 1
            decided = decided or fault.kind.generic
            met[fault.kind.name] = fault
        return met

    def clear(self) -> None:
        self.armed.clear()

    def active(self) -> list[dict[str, Any]]:
        return [fault.describe() for fault in self.armed if not fault.spent]


def choose(kinds: Sequence[FaultKind], name: Any) -> FaultKind:
    for kind in kinds:
        if kind.name == name:
            return kind
    raise Problem(f"no fault is called {name!r}", available=[kind.name for kind in kinds])


def count(given: dict[str, Any], name: str, default: int) -> int:
    value = given.pop(name, default)
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise Problem(f"{name!r} takes a whole number from 0 up, not {value!r}")
    return value
