"""Chaos with a verdict: many publications on every platform, workers that die, freeze and thaw, a database that restarts, a wire that lies.

The clock is put forward only while nobody can be sending: no worker is frozen, none was lately, and nothing is in hand. Otherwise a
test would make the one hole wide that no client can close. The verdict is read off what followers see, and so are the books: what is
billed is what is out.
"""

import asyncio
import json
import random
import signal
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from plant.books import Out, balance
from plant.five import ACCOUNTS, ALL, PLATFORMS, SCENES, connect, ordered
from plant.house import House, Service
from waooaw_social.core.publication import ENDED
from waooaw_social.storage.db import Database
from waooaw_social.storage.plant.tables import publications

STRIDE = 45.0
"""Seconds beyond the next step of somebody, so that others go on with it."""
SETTLED = 2.5
"""Real seconds after a disturbance in which something may still leave: more than the send window of these houses."""
WINDOW = {"SEND_WINDOW_SECONDS": "1", "LEASE_SECONDS": "4", "WORKER_CONCURRENCY": "6"}
"""Short leases; and few hands, so that a small machine renews them in time."""


@dataclass(frozen=True, kw_only=True)
class Post:
    """One publication of the test; `mark` stands in its words, so that followers can tell."""

    id: str
    platform: str
    account: str
    mark: str


@dataclass(kw_only=True)
class Chaos:
    """One house in trouble. `restart` restarts its database, where it has one that can be."""

    house: House
    db: Database
    workers: int
    dice: random.Random
    restart: Callable[[], Awaitable[None]] | None = None
    posts: list[Post] = field(default_factory=list[Post])
    done: Counter[str] = field(default_factory=Counter[str])
    frozen: dict[int, float] = field(default_factory=dict[int, float])
    """When each frozen worker thaws."""
    disturbed_at: float = 0.0
    nobody: list[list[float]] = field(default_factory=list[list[float]])
    """From when to when no worker was awake: with a single one, nobody can take over while it is frozen."""

    # --- before -----------------------------------------------------------------------------------------------------------

    async def order(self, number: int) -> None:
        """So many publications, the platforms and their accounts in turn."""
        accounts = {(one["platform"], one["account"]): one for one in await self.house.accounts()}
        credentials = {of: await connect(self.house, accounts[of]) for of in ALL}
        for i in range(number):
            platform = PLATFORMS[i % len(PLATFORMS)]
            account = ACCOUNTS[i // len(PLATFORMS) % len(ACCOUNTS)]
            mark = f"Post number {i:04}."
            body = ordered(self.house, accounts[platform, account], credentials[platform, account], mark, i)
            answer = await self.house.submit(body)
            assert answer.status_code == 202, answer.text
            self.posts.append(
                Post(id=answer.json()["publications"][0]["id"], platform=platform, account=account, mark=mark)
            )

    async def arm(self, number: int) -> None:
        """5 % refused, 5 % of the replies lost, 2 % live and answered 500; on the visible call, and lost replies on any other."""
        for platform in PLATFORMS:
            mine, route = number // len(PLATFORMS), SCENES[platform].route
            orders = [({"fault": "status", "status": 429, "retry_after": 3}, 0.05), ({"fault": "lost_reply"}, 0.05)]
            orders += [({"fault": "status_but_done", "status": 500}, 0.02)]
            for order, share in orders:
                for _ in range(max(1, round(mine * share))):
                    after = self.dice.randrange(max(1, mine - 2))
                    await self.house.order("faults", {"platform": platform, "route": route, "after": after} | order)
            for _ in range(max(1, round(mine * 0.05))):
                order = {"platform": platform, "fault": "lost_reply", "after": self.dice.randrange(mine * 3)}
                await self.house.order("faults", order)

    # --- trouble ----------------------------------------------------------------------------------------------------------

    def living(self) -> list[Service]:
        return [one for one in self.house.services if one.name == "worker" and one.running]

    async def disturb(self, busy: frozenset[int]) -> bool:
        """Kill a worker that has something in hand, or freeze it for longer than its lease; both in every run. False: there is none."""
        awake = [one for one in self.living() if one.pid in busy and one.pid not in self.frozen]
        if not awake:
            return False
        killed, frozen = self.done["killed"], self.done["frozen"]
        evenly = frozen > 2 * killed or (killed <= 2 * frozen and self.dice.random() < 0.6)
        if self.frozen or evenly:
            await self.dice.choice(awake).kill()
            self.done["killed"] += 1
        else:
            one = self.dice.choice(awake)
            one.signal(signal.SIGSTOP)
            self.frozen[one.pid] = time.monotonic() + self.dice.uniform(4.5, 6.0)
            self.done["frozen"] += 1
        self.disturbed_at = time.monotonic()
        self.look_around()
        return True

    def look_around(self) -> None:
        """Note since when nobody is awake, and until when."""
        awake = [one for one in self.living() if one.pid not in self.frozen]
        dark = bool(self.nobody) and len(self.nobody[-1]) == 1
        if dark == bool(awake):
            if dark:
                self.nobody[-1].append(time.time())
            else:
                self.nobody.append([time.time()])

    async def mend(self) -> None:
        """Thaw whose time has come, and start what is missing."""
        for one in self.living():
            if self.frozen.get(one.pid, float("inf")) <= time.monotonic():
                one.signal(signal.SIGCONT)
                del self.frozen[one.pid]
                self.disturbed_at = time.monotonic()
        for _ in range(self.workers - len(self.living())):
            await self.house.start_worker(**WINDOW)
        self.look_around()

    async def until_all_have_ended(self, *, troubles: int, patience: float) -> None:
        deadline, trouble_at = time.monotonic() + patience, 0.0
        restart_at = troubles // 2 if self.restart else -1
        while time.monotonic() < deadline:
            await self.mend()
            states, left, busy = await self.look()
            if states.keys() <= ENDED:
                return
            made = self.done["killed"] + self.done["frozen"]
            if made >= restart_at >= 0 and not self.done["restarted"] and self.restart:
                await self.restart()
                self.done["restarted"] += 1
                self.disturbed_at = time.monotonic()
            elif made < troubles and busy and time.monotonic() >= trouble_at:
                if await self.disturb(busy):
                    trouble_at = time.monotonic() + self.dice.uniform(0.4, 1.6)
            elif self.nobody_sends(states) and left is not None and left > 0.3:
                await self.house.advance(left + STRIDE)
            await asyncio.sleep(0.1)
        raise AssertionError(f"after {patience:g} s: {await self.look()}; {dict(self.done)}")

    def nobody_sends(self, states: Counter[str]) -> bool:
        calm = not self.frozen and time.monotonic() - self.disturbed_at > SETTLED
        return calm and not states["running"] and not states["due"]

    async def look(self) -> tuple[Counter[str], float | None, frozenset[int]]:
        """How many stand where, seconds until the next one that is parked goes on, and which processes have something in hand."""

        def work(c: sa.Connection) -> tuple[Counter[str], float | None, frozenset[int]]:
            states = c.execute(sa.select(publications.c.state, sa.func.count()).group_by(publications.c.state)).all()
            parked = sa.select(sa.func.min(publications.c.due_at)).where(publications.c.state == "parked")
            workers = sa.select(publications.c.worker).distinct().where(publications.c.state == "running")
            busy = frozenset(int(name.rpartition("-")[2]) for name in c.execute(workers).scalars())
            return Counter({row[0]: row[1] for row in states}), c.execute(parked).scalar(), busy

        states, first, busy = await self.db.read(work)
        return states, None if first is None else first - (await self.house.now()).timestamp(), busy

    # --- the verdict ------------------------------------------------------------------------------------------------------

    async def verdict(self) -> str:
        """By what followers see. Raises where anything is doubled, lost, in doubt without need, or billed wrongly."""
        seen = await self.audience()
        ends, wrong, doubts = Counter[str](), list[str](), dict[str, list[Out]]()
        for post in self.posts:
            shown = await self.house.show(post.id)
            state, copies = shown["state"], [i for i, words in seen[post.platform, post.account] if post.mark in words]
            ends[f"{state} unseen" if state == "unresolved" and not copies else state] += 1
            silent = state == "unresolved" and post.account in SCENES[post.platform].silent and len(copies) <= 1
            right = state == "published" and copies == [shown["post_id"]]
            if not (silent or right):
                wrong.append(f"{post.platform} {post.mark} {state} {shown['post_id']}, seen {copies}: {shown['why']}")
            if silent:
                doubts[post.id] = [(post.platform, id) for id in copies]
        assert not wrong, "\n".join(wrong)
        strangers = sum(map(len, seen.values())) - sum(
            post.mark in words for post in self.posts for _, words in seen[post.platform, post.account]
        )
        assert not strangers, "followers see what nobody ordered"
        await balance(self.house, {(of[0], id) for of, posts in seen.items() for id, _ in posts}, doubts)
        return f"{dict(ends)} after {dict(self.done)}; taken over within {self.slowest_takeover():.1f} s"

    async def audience(self) -> dict[tuple[str, str], list[tuple[str, str]]]:
        """Of each platform and account: the id and all the words of every post that is out."""
        found = {of: await self.house.ask("audience/{}/{}?include=hidden".format(*of)) for of in ALL}
        return {of: [(post["id"], json.dumps(post)) for post in told] for of, told in found.items()}

    def slowest_takeover(self) -> float:
        told = [json.loads(line) for one in self.house.services for line in one.says().splitlines() if line[:1] == "{"]
        assert not [one for one in told if one["event"] == "published_twice"]
        # Under a run whose database is restarted, a write may be lost with its connection; nothing else may go wrong in one.
        away = {"OperationalError"} if self.restart else set[str]()
        failed = [one for one in told if one["event"] == "run_failed" and one["error"] not in away]
        assert not failed, failed
        return max((self.late(one) for one in told if one["event"] == "taken_over"), default=0.0)

    def late(self, takeover: dict[str, Any]) -> float:
        """For how long somebody awake let it lie, its own start included."""
        at, lay = datetime.fromisoformat(takeover["timestamp"]).timestamp(), takeover["late_by"]
        spans = ((one[0], one[1] if len(one) > 1 else at) for one in self.nobody)
        dark = (min(until, at) - max(since, at - lay) for since, until in spans if until > at - lay and since < at)
        return lay - sum(dark)
