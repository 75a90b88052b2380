"""The one who carries webhooks: when due on the sandbox's clock, over real HTTP, signed, again if nobody says 200.

A `Notice` is one change; those that are due together may travel in one `Parcel`, whose bytes never change: a retry
sends the same ones. The worker exists only while something waits, and stops when the sandbox closes.
"""

import asyncio
import hashlib
import heapq
import hmac
import json
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count

import aiohttp

from waooaw_sandbox.clock import SandboxClock
from waooaw_sandbox.kit import Json
from waooaw_sandbox.knobs import Knobs
from waooaw_sandbox.meta.people import FACEBOOK_APP
from waooaw_sandbox.whatsapp.subscriptions import Desk, Subscription

MOST_CHANGES, MOST_BYTES = 1000, 3 * 1024 * 1024
CLOSING = timedelta(milliseconds=100)
"""A wait that ends this early, with the clock where it was, means that the sandbox closes."""
AGENT = "facebookexternalua"
SIGNING: dict[str, str] = {"right": FACEBOOK_APP[1], "wrong": "not-the-app-secret", "unsalted": ""}
"""The key behind a header, by the word a fault asks for. `missing` has no header."""


@dataclass(frozen=True, kw_only=True)
class Notice:
    """One change. Those with the same `group` go together, whatever the knob says; others that are `alone` never do."""

    waba_id: str
    phone_id: str | None
    field: str
    value: Json
    signature: str = "right"
    group: str | None = None
    alone: bool = False


@dataclass(kw_only=True)
class Parcel:
    target: Subscription
    body: bytes
    signature: str
    changes: int
    first_at: datetime
    tried_at: datetime
    tries: int = 0


@dataclass(order=True)
class Due:
    at: datetime
    number: int
    what: Notice | Parcel = field(compare=False)


class Courier:
    def __init__(self, clock: SandboxClock, knobs: Knobs, desk: Desk) -> None:
        self.clock, self.knobs, self.desk = clock, knobs, desk
        self.waiting: list[Due] = []
        self.figures: Counter[str] = Counter()
        self._numbers = count()
        self._worker: asyncio.Task[None] | None = None
        self._more = asyncio.Event()
        self._stopped = False

    def add(self, at: datetime, *notices: Notice | Parcel) -> None:
        if self._stopped:
            return
        for notice in notices:
            heapq.heappush(self.waiting, Due(at, next(self._numbers), notice))
        self._more.set()
        if self.waiting and (self._worker is None or self._worker.done()):
            self._worker = asyncio.get_running_loop().create_task(self.work())

    def stop(self) -> None:
        """Forget everything; this courier is replaced by another."""
        self._stopped = True
        self.waiting.clear()
        self._more.set()

    async def now(self, *notices: Notice) -> None:
        """Post at once, and come back when it was answered."""
        async with self.session() as http:
            await self.post_all(http, list(notices))

    def session(self) -> aiohttp.ClientSession:
        timeout = aiohttp.ClientTimeout(total=self.knobs.number("webhook_timeout_seconds"))
        return aiohttp.ClientSession(timeout=timeout, headers={"User-Agent": AGENT})

    # --- waiting --------------------------------------------------------------------------------------------------------------

    async def work(self) -> None:
        """Until nothing waits. What is added while the connections are closed is found by looking once more."""
        while self.waiting:
            async with self.session() as http:
                if not await self.carry(http):
                    return

    async def carry(self, http: aiohttp.ClientSession) -> bool:
        """Post what is due, as long as anything waits. False: the sandbox closes."""
        while self.waiting:
            due = self.take_due()
            if due:
                await self.post_all(http, due)
            elif not await self.until(self.waiting[0].at):
                return False
        return True

    def take_due(self) -> list[Notice | Parcel]:
        now, taken = self.clock.now(), list[Notice | Parcel]()
        while self.waiting and self.waiting[0].at <= now:
            taken.append(heapq.heappop(self.waiting).what)
        return taken

    async def until(self, at: datetime) -> bool:
        """Wait for the time, for the clock to be moved, or for more to do. False: the sandbox closes."""
        version, wait = self.clock.version, (at - self.clock.now()).total_seconds()
        self._more.clear()
        waits = [
            asyncio.ensure_future(self.clock.newer_than(version, max(wait, 0))),
            asyncio.ensure_future(self._more.wait()),
        ]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for one in waits:
                one.cancel()
                with suppress(asyncio.CancelledError):
                    await one
        return self._more.is_set() or self.clock.version != version or at - self.clock.now() < CLOSING

    # --- posting --------------------------------------------------------------------------------------------------------------

    async def post_all(self, http: aiohttp.ClientSession, due: list[Notice | Parcel]) -> None:
        await self.desk.settled()
        parcels, width = self.packed(due), max(self.knobs.count("webhook_connections"), 1)
        for start in range(0, len(parcels), width):
            await asyncio.gather(*(self.post(http, parcel) for parcel in parcels[start : start + width]))

    def packed(self, due: list[Notice | Parcel]) -> list[Parcel]:
        """In order, as many to a parcel as the knob allows and as belong together."""
        most = min(max(self.knobs.count("webhook_batch"), 1), MOST_CHANGES)
        parcels, open_ones, open_for = list[Parcel](), list[Notice](), None
        for one in [*due, None]:
            target = self.target(one) if isinstance(one, Notice) else None
            fits = isinstance(one, Notice) and open_for is not None and target is open_for
            if open_ones and open_for and not (fits and isinstance(one, Notice) and joins(open_ones, one, most)):
                parcels.append(self.parcel(open_for, open_ones))
                open_ones, open_for = [], None
            if isinstance(one, Parcel):
                parcels.append(one)
            elif one is not None and target is not None:
                open_ones, open_for = [*open_ones, one], target
        return parcels

    def target(self, notice: Notice) -> Subscription | None:
        found = self.desk.target(notice.waba_id, notice.phone_id, notice.field)
        if found is None:
            self.figures["unsubscribed"] += 1
        return found

    def parcel(self, target: Subscription, notices: list[Notice]) -> Parcel:
        now, signing = self.clock.now(), notices[0].signature
        changes, body = len(notices), body_of(notices)
        return Parcel(target=target, body=body, signature=signing, changes=changes, first_at=now, tried_at=now)

    async def post(self, http: aiohttp.ClientSession, parcel: Parcel) -> None:
        parcel.tries += 1
        parcel.tried_at = self.clock.now()
        self.figures["posts"] += 1
        headers = {"Content-Type": "application/json"}
        if parcel.signature in SIGNING:
            headers["X-Hub-Signature-256"] = signature(parcel.body, SIGNING[parcel.signature])
        try:
            async with http.post(parcel.target.url, data=parcel.body, headers=headers, allow_redirects=False) as reply:
                answered = reply.status == 200
        except (aiohttp.ClientError, OSError, ValueError, TimeoutError):
            answered = False
        if answered:
            self.figures["changes_delivered"] += parcel.changes
        elif parcel.signature == "right":
            self.again(parcel)

    def again(self, parcel: Parcel) -> None:
        """Later and later, until it is given up. A forged one is not tried twice."""
        pause = self.knobs.number("retry_seconds") * 2 ** (parcel.tries - 1)
        at = parcel.tried_at + timedelta(seconds=min(pause, self.knobs.number("retry_most_seconds")))
        if at - parcel.first_at > timedelta(days=self.knobs.number("retry_days")):
            self.figures["given_up"] += 1
            return
        self.figures["retries"] += 1
        self.add(at, parcel)

    def report(self) -> Json:
        names = ("posts", "changes_delivered", "retries", "given_up", "unsubscribed")
        return {name: self.figures[name] for name in names} | {"waiting": len(self.waiting)}


def joins(open_ones: list[Notice], notice: Notice, most: int) -> bool:
    """May this one travel with those?"""
    last = open_ones[-1]
    if notice.group is not None or last.group is not None:
        return notice.group == last.group and len(open_ones) < MOST_CHANGES
    alone = notice.alone or last.alone
    return not alone and notice.signature == last.signature and len(open_ones) < most


def body_of(notices: list[Notice]) -> bytes:
    """The bytes as Meta writes them: no spaces, non-ASCII and slashes escaped."""
    entries: dict[str, list[Json]] = {}
    for notice in notices:
        entries.setdefault(notice.waba_id, []).append({"value": notice.value, "field": notice.field})
    body = {
        "object": "whatsapp_business_account",
        "entry": [{"id": waba_id, "changes": changes} for waba_id, changes in entries.items()],
    }
    return json.dumps(body, separators=(",", ":")).replace("/", "\\/").encode()


def signature(body: bytes, secret: str) -> str:
    if not secret:
        return "sha256=" + hashlib.sha256(body).hexdigest()
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
