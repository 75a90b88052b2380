"""The crash sweep: every fault at every point of a flow, and what must come of it.

A *point* is one use of a port: a transaction of the ledger or a call through the gateway. A clean run counts them; then the flow is run
once for each point and fault, by workers that are killed there, lose the request or the reply there, or are frozen there and thaw after
their successor has finished. The sweep knows neither the platform nor the store: it is handed a `Stage`.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from waooaw_social.core.post import Published
from waooaw_social.core.publication import ENDED, Publication, State
from waooaw_social.durable.ports import Claim, Delays, Files, Inbox
from waooaw_social.durable.runner import Runner
from waooaw_social.platforms.call import Call, Flow
from waooaw_social.wire.ports import Errand, NotSent, Outcome, Unknown, errand_of

LEASE = 30.0
DELAYS = Delays(send_window=5.0, reconcile=60.0, recheck=60.0)


class Fault(StrEnum):
    DEATH_BEFORE = "death before"
    DEATH_AFTER = "death after"
    LOST_REQUEST = "lost request"
    LOST_REPLY = "lost reply"
    THROTTLED = "429"
    LIVE_500 = "5xx but live"
    ZOMBIE_BEFORE = "zombie before"
    ZOMBIE_AFTER = "zombie after"


ON_THE_WIRE = {Fault.LOST_REQUEST, Fault.LOST_REPLY, Fault.THROTTLED, Fault.LIVE_500}


class Death(BaseException):
    """The process is gone; nothing of it runs any more."""


class SteppingClock:
    """Time that moves when somebody sleeps, for the runner, the store and (through `on_advance`) the platform alike."""

    def __init__(self) -> None:
        self.offset = 0.0
        self.on_advance: list[Callable[[float], Awaitable[None]]] = []
        self._start = datetime.now(UTC)

    def now(self) -> datetime:
        return self._start + timedelta(seconds=self.offset)

    def monotonic(self) -> float:
        return 1000.0 + self.offset

    async def sleep(self, seconds: float) -> None:
        await self.advance(seconds)
        await asyncio.sleep(0)

    async def advance(self, seconds: float) -> None:
        self.offset += max(seconds, 0.0)
        for told in self.on_advance:
            await told(seconds)


@dataclass
class Stage:
    """Where a flow is played: a store, a platform, and somebody who can tell what followers see."""

    clock: SteppingClock
    store: Any
    gateway: Any
    files: Files
    inbox: Inbox
    publication: Publication
    flow: Callable[[Publication], Flow[Published]]
    state: Callable[[], Awaitable[tuple[State, str | None]]]
    """The publication's state and the remote id it ended with."""
    seen: Callable[[], Awaitable[list[str]]]
    """Remote ids of what followers see, by this publication."""
    delays: Delays = DELAYS


@dataclass
class Plan:
    """One fault at one point."""

    fault: Fault | None = None
    at: int = -1
    points: list[str] = field(default_factory=list)
    struck: bool = False
    stuck: asyncio.Event = field(default_factory=asyncio.Event)
    thaw: asyncio.Event = field(default_factory=asyncio.Event)

    async def point(self, name: str, act: Callable[[], Awaitable[Any]]) -> Any:
        self.points.append(name)
        if len(self.points) - 1 != self.at or self.struck:
            return await act()
        self.struck = True
        match self.fault:
            case Fault.DEATH_BEFORE:
                raise Death
            case Fault.DEATH_AFTER:
                await act()
                raise Death
            case Fault.ZOMBIE_BEFORE:
                await self.freeze()
                return await act()
            case Fault.ZOMBIE_AFTER:
                result = await act()
                await self.freeze()
                return result
            case Fault.LOST_REQUEST:
                return Unknown(why="the request was lost")
            case Fault.LOST_REPLY | Fault.LIVE_500:
                await act()
                return Unknown(why=str(self.fault))
            case Fault.THROTTLED:
                return NotSent(why="too fast", retry_in=25.0)
            case None:
                raise AssertionError("a point was struck without a fault")

    async def freeze(self) -> None:
        self.stuck.set()
        await self.thaw.wait()


class Watched:
    """A port with a tripwire before each of its transactions."""

    def __init__(self, inner: Any, plan: Plan) -> None:
        self._inner, self._plan = inner, plan

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._inner, name)

        async def watched(*args: Any, **kwargs: Any) -> Any:
            return await self._plan.point(f"ledger.{name}", lambda: method(*args, **kwargs))

        return watched


class WatchedGateway:
    def __init__(self, inner: Any, plan: Plan) -> None:
        self._inner, self._plan = inner, plan

    async def send(self, call: Call[Any], errand: Errand, *, not_after: float | None = None) -> Outcome:
        return await self._plan.point(f"send.{call.name}", lambda: self._inner.send(call, errand, not_after=not_after))


async def advance(stage: Stage, claim: Claim, plan: Plan) -> None:
    """What a worker does with a claim. Dying is silent."""
    runner = Runner(
        ledger=Watched(stage.store, plan),
        gateway=WatchedGateway(stage.gateway, plan),
        files=stage.files,
        inbox=stage.inbox,
        clock=stage.clock,
        delays=stage.delays,
    )
    try:
        await runner.advance(claim, stage.flow(claim.publication), errand_of(claim.publication.account))
    except Death:
        return


async def carry_out(stage: Stage, plan: Plan) -> None:
    """Workers claim and drive until the publication has ended and every zombie has thawed and stopped."""
    zombie: asyncio.Task[None] | None = None
    for turn in range(200):
        state, _ = await stage.state()
        if state in ENDED:
            if zombie is None:
                return
            plan.thaw.set()
            await zombie
            zombie = None
            continue
        claims = await stage.store.claim(f"w{turn}", lease=LEASE, most=1)
        if not claims:
            await stage.clock.advance(5.0)
            continue
        run = asyncio.create_task(advance(stage, claims[0], plan))
        stuck = asyncio.create_task(plan.stuck.wait())
        await asyncio.wait({run, stuck}, return_when=asyncio.FIRST_COMPLETED)
        if not run.done() and zombie is None:
            zombie = run
        else:
            await run
        stuck.cancel()
    raise AssertionError(f"no end after 200 turns: {await stage.state()}")


@dataclass(frozen=True)
class Case:
    fault: Fault
    at: int
    point: str

    def __str__(self) -> str:
        return f"{self.fault} at {self.at} ({self.point})"


Scene = Callable[[], Any]
"""An async context manager that sets a fresh stage."""


async def cases(scene: Scene, posts: int = 1) -> list[Case]:
    """Every fault at every point that a clean run passes."""
    async with scene() as stage:
        plan = Plan()
        await carry_out(stage, plan)
        problems = await verdict(stage, State.PUBLISHED, posts)
        assert not problems, f"the clean run: {problems}"
    return [
        Case(fault, at, point)
        for at, point in enumerate(plan.points)
        for fault in Fault
        if point.startswith("send.") or fault not in ON_THE_WIRE
    ]


async def sweep(
    scene: Scene, expected: Callable[[Case], State], *, posts: int = 1, some: Callable[[Case], bool] = lambda _: True
) -> int:
    """Run every case. Returns how many there were; raises with all that ended otherwise than the table says."""
    wrong: list[str] = []
    todo = [case for case in await cases(scene, posts) if some(case)]
    for case in todo:
        async with scene() as stage:
            plan = Plan(fault=case.fault, at=case.at)
            await carry_out(stage, plan)
            wrong += [f"{case}: {problem}" for problem in await verdict(stage, expected(case), posts)]
            if not plan.struck:
                wrong.append(f"{case}: the fault never struck")
    assert not wrong, f"{len(wrong)} of {len(todo)} cases ended wrong:\n" + "\n".join(wrong)
    return len(todo)


async def verdict(stage: Stage, expected: State, posts: int) -> list[str]:
    state, remote_id = await stage.state()
    seen = await stage.seen()
    problems: list[str] = []
    if len(seen) > posts:
        problems.append(f"followers see {len(seen)} posts: {seen}")
    if state is not expected:
        problems.append(f"ended {state}, the table says {expected}")
    if state is State.PUBLISHED and (len(seen) != posts or remote_id != seen[-1]):
        problems.append(f"published as {remote_id}, followers see {seen}")
    if state is State.REFUSED and seen:
        problems.append(f"refused, but followers see {seen}")
    return problems
