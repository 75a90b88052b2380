"""Quotas and rates of the whole fleet, exact under any number of workers. Fills `QuotaStore`.

A process takes units from the database in blocks, and uses them without asking: what it holds counts as used for everybody else. A block
is as large as a few seconds' use, and one unit where calls are rare or little is left. What is unused goes back when the lease ends; a
killed process's goes back as soon as somebody on its machine finds its journal. Units of a rate are used at once or not at all: time brings them back.
Written on the way of every call, and therefore long.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
import structlog
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from waooaw_social.core.clock import Clock
from waooaw_social.platforms.manifest import Bucket
from waooaw_social.storage.db import Database, now
from waooaw_social.storage.plant.glance import Glance
from waooaw_social.storage.plant.journal import Journal, Left, new_lease
from waooaw_social.storage.plant.tables import quota, quota_blocks, quota_leases, quota_rates
from waooaw_social.wire.quota import Day, Told, day_of, pace_of, paced, untold

log = structlog.get_logger(__name__)

LEASE = 5.0
"""Seconds for which a process may hold what it does not use."""
PART_OF_LEFT = 16
"""At most so large a part of what is left goes into one block: the last units are for whoever needs them."""
BLOCKS_A_LEASE = 8
"""Blocks that a busy process takes within a lease, more or less. What a power failure loses is one of them."""
SOON = 0.25
"""Seconds after a lease's end, when what it gave back is there."""

Key = tuple[str, str, int]
"""A bucket's name, whose it is, and the ceiling under which units were taken."""
Place = tuple[str, str]


@dataclass(kw_only=True)
class Block:
    """Units that this process holds."""

    lease: str
    day: str
    units: int
    until: float
    """On the monotonic clock: after it the rest goes back."""
    day_ends: float
    """Seconds since 1970; after it they are worth nothing."""
    used: int = 0


@dataclass(kw_only=True)
class Demand:
    """How many units were wanted lately."""

    since: float
    now: int = 0
    before: int = 0

    def block(self, units: int, at: float) -> int:
        if at - self.since > LEASE:
            self.before, self.now, self.since = (self.now if at - self.since < 2 * LEASE else 0), 0, at
        self.now += units
        return max(units, max(self.now, self.before) // BLOCKS_A_LEASE)


@dataclass(kw_only=True)
class SqlQuota:
    """One for each process. Without a journal, what it holds when it is killed counts as used until the day is over."""

    db: Database
    clock: Clock
    journal: Journal | None = None
    told: Told = untold
    _blocks: dict[Key, Block] = field(default_factory=dict[Key, Block])
    _demand: dict[Key, Demand] = field(default_factory=dict[Key, Demand])
    _one_at_a_time: dict[Key, asyncio.Lock] = field(default_factory=dict[Key, asyncio.Lock])

    def __post_init__(self) -> None:
        self._silences: Glance[dict[Place, float]] = Glance(self._read_blocked, {}, self.clock)

    async def take(self, bucket: Bucket, scope: str, units: int) -> float | None:
        wait = await self.blocked(bucket, scope)
        if wait is not None or bucket.limit is None:
            return wait
        key: Key = (bucket.name, scope, bucket.limit)
        demand = self._demand.setdefault(key, Demand(since=self.clock.monotonic()))
        wanted = demand.block(units, self.clock.monotonic())
        if self._use(key, units):
            return None
        async with self._one_at_a_time.setdefault(key, asyncio.Lock()):
            if self._use(key, units):  # somebody brought a block while this one waited
                return None
            lease = self._lease_day if bucket.per is None else self._lease_rate
            return await lease(bucket, key, units, wanted)

    async def give_back(self, bucket: Bucket, scope: str, units: int) -> None:
        if bucket.limit is None:
            return
        block = self._blocks.get((bucket.name, scope, bucket.limit))
        if block and self._good(block):
            self._count(block, -units)
        elif bucket.per is None:
            here = self._today(bucket, scope) & (quota.c.used >= units)
            await self.db.write(
                lambda c: c.execute(sa.update(quota).where(here).values(used=quota.c.used - units)).rowcount
            )

    async def block(self, bucket: Bucket, scope: str, seconds: float) -> None:
        insert = self._insert(quota_blocks).values(bucket=bucket.name, scope=scope, until=now() + seconds)
        where = [quota_blocks.c.bucket, quota_blocks.c.scope]
        longer = sa.case((quota_blocks.c.until > now() + seconds, quota_blocks.c.until), else_=now() + seconds)
        blocked = insert.on_conflict_do_update(index_elements=where, set_={"until": longer})
        await self.db.write(lambda c: c.execute(blocked).rowcount)
        place, until = (bucket.name, scope), self.clock.now().timestamp() + seconds
        self._silences.seen[place] = max(until, self._silences.seen.get(place, until))

    async def blocked(self, bucket: Bucket, scope: str) -> float | None:
        until = (await self._silences.value()).get((bucket.name, scope))
        left = until - self.clock.now().timestamp() if until is not None else 0.0
        return left if left > 0 else None

    async def used(self, bucket: Bucket, scope: str) -> int:
        """Units of today that are used, or held by some process to be used."""
        today = sa.select(quota.c.used).where(self._today(bucket, scope))
        return await self.db.read(lambda c: c.execute(today).scalar() or 0)

    async def silences(self) -> Mapping[Place, float]:
        """Bucket and owner -> seconds for which the platform wants silence."""
        here = self.clock.now().timestamp()
        return {place: until - here for place, until in (await self._read_blocked()).items() if until > here}

    # --- housekeeping -----------------------------------------------------------------------------------------------------

    async def tidy(self, *, all_of_it: bool = False) -> int:
        """Give back what is held for longer than a lease (or everything), and what dead processes held. The number of units."""
        at, back = self.clock.monotonic(), 0
        for key, block in list(self._blocks.items()):
            if all_of_it or block.until <= at:
                async with self._one_at_a_time.setdefault(key, asyncio.Lock()):
                    if self._blocks.get(key) is block:
                        del self._blocks[key]
                        back += await self._hand_back(block)
        for key, demand in list(self._demand.items()):
            if at - demand.since > 2 * LEASE and key not in self._blocks and not self._lock(key).locked():
                del self._demand[key]
                del self._one_at_a_time[key]
        if self.journal:
            for path, left in self.journal.dead():
                back += await self.db.write(lambda c, left=left: sum(_settle(c, one) for one in left))
                path.unlink(missing_ok=True)
        return back

    async def sweep(self) -> None:
        """Forget what is over: days, silences, rates that have filled up again."""
        ended = now() - 3 * 24 * 3600.0

        def work(c: sa.Connection) -> None:
            c.execute(sa.delete(quota_rates).where(quota_rates.c.empty_at < now()))
            c.execute(sa.delete(quota_blocks).where(quota_blocks.c.until < now()))
            c.execute(sa.delete(quota_leases).where(quota_leases.c.until < ended))

        await self.db.write(work)

    async def run(self) -> None:
        """Tidy every second, for ever. Give everything back when this is cancelled."""
        try:
            while True:
                try:
                    await self.tidy()
                except Exception as error:  # the database is away: what is held stays held
                    log.warning("quota_not_given_back", error=type(error).__name__)
                await asyncio.sleep(1.0)
        finally:
            await self.aclose()

    async def aclose(self) -> None:
        await self.tidy(all_of_it=True)
        if self.journal:
            self.journal.close()
            self.journal = None

    # --- blocks -----------------------------------------------------------------------------------------------------------

    def _use(self, key: Key, units: int) -> bool:
        block = self._blocks.get(key)
        if block is None or not self._good(block) or block.units - block.used < units:
            return False
        self._count(block, units)
        return True

    def _good(self, block: Block) -> bool:
        return self.clock.monotonic() < block.until and self.clock.now().timestamp() < block.day_ends

    def _count(self, block: Block, units: int) -> None:
        block.used += units
        if self.journal and block.lease:
            self.journal.used(block.lease, block.used)

    def _lock(self, key: Key) -> asyncio.Lock:
        return self._one_at_a_time.setdefault(key, asyncio.Lock())

    async def _lease_day(self, bucket: Bucket, key: Key, units: int, wanted: int) -> float | None:
        local = self.clock.now()
        day, at, lease = day_of(bucket, local), self.clock.monotonic(), new_lease()
        before = self._blocks.pop(key, None)
        if self.journal:
            self.journal.used(
                lease, 0
            )  # before it is ours: a lease that nobody knows of would be lost with this process

        def work(c: sa.Connection) -> tuple[int, float, int]:
            if before:
                _settle(c, Left(lease=before.lease, used=before.used))
            return self._grant(c, bucket, key, day, (units, wanted, lease))

        try:
            granted, wait, used = await self.db.write(work)
        except BaseException:
            if before:
                self._blocks[key] = before  # whether it was given back is not known: `_settle` does so once
                before.until = at
            raise
        if self.journal and before:
            self.journal.over(before.lease)
        if not granted:
            if self.journal:
                self.journal.over(lease)
            return wait
        ends = local.timestamp() + day.left
        self._blocks[key] = block = Block(lease=lease, day=day.name, units=granted, until=at + LEASE, day_ends=ends)
        self._count(block, units)
        self.told(bucket, key[1], used)
        return None

    def _grant(
        self, c: sa.Connection, bucket: Bucket, key: Key, day: Day, asked: tuple[int, int, str]
    ) -> tuple[int, float, int]:
        """Units granted (0: none), the wait where none are, and what is used of the day."""
        units, wanted, lease = asked
        name, scope, limit = key
        mine = (quota.c.bucket == name) & (quota.c.scope == scope) & (quota.c.day == day.name)
        first = self._insert(quota).values(bucket=name, scope=scope, day=day.name, used=0)
        c.execute(first.on_conflict_do_nothing())
        used = c.execute(sa.select(quota.c.used).where(mine).with_for_update()).scalar_one()
        if used + units > limit:
            return 0, self._next_return(c, name, scope, day), used
        granted = min(wanted, max(units, (limit - used) // PART_OF_LEFT))
        c.execute(sa.update(quota).where(mine).values(used=used + granted))
        c.execute(
            sa.insert(quota_leases).values(
                id=lease, bucket=name, scope=scope, day=day.name, units=granted, until=now() + LEASE
            )
        )
        return granted, 0.0, used + granted

    def _next_return(self, c: sa.Connection, name: str, scope: str, day: Day) -> float:
        """Until the day is over; or until a process that is alive gives back what it does not use."""
        held = (quota_leases.c.bucket == name) & (quota_leases.c.scope == scope) & (quota_leases.c.day == day.name)
        alive = quota_leases.c.until > now()
        soonest = c.execute(sa.select(sa.func.min(quota_leases.c.until) - now()).where(held, alive)).scalar()
        return day.left if soonest is None else min(day.left, float(soonest) + SOON)

    async def _lease_rate(self, bucket: Bucket, key: Key, units: int, wanted: int) -> float | None:
        name, scope, _ = key
        pace, at = pace_of(bucket), self.clock.monotonic()
        wanted = max(units, min(wanted, pace.burst))
        mine = (quota_rates.c.bucket == name) & (quota_rates.c.scope == scope)
        first = self._insert(quota_rates).values(bucket=name, scope=scope, empty_at=0.0).on_conflict_do_nothing()

        def work(c: sa.Connection) -> tuple[int, float]:
            c.execute(first)
            row = c.execute(sa.select(quota_rates.c.empty_at, now().label("at")).where(mine).with_for_update()).one()
            for granted in (wanted, units):
                after, wait = paced(row.empty_at, row.at, granted, pace)
                if wait <= 0:
                    c.execute(sa.update(quota_rates).where(mine).values(empty_at=after))
                    return granted, 0.0
            return 0, wait

        granted, wait = await self.db.write(work)
        if not granted:
            return wait
        block = Block(lease="", day="", units=granted, until=at + pace.fresh, day_ends=float("inf"))
        self._blocks[key] = block
        block.used += units
        return None

    async def _hand_back(self, block: Block) -> int:
        if not block.lease:
            return 0
        back = await self.db.write(lambda c: _settle(c, Left(lease=block.lease, used=block.used)))
        if self.journal:
            self.journal.over(block.lease)
        return back

    async def _read_blocked(self) -> dict[Place, float]:
        rows = sa.select(quota_blocks.c.bucket, quota_blocks.c.scope, (quota_blocks.c.until - now()).label("left"))
        read = await self.db.read(lambda c: c.execute(rows.where(quota_blocks.c.until > now())).all())
        here = self.clock.now().timestamp()
        return {(row.bucket, row.scope): here + row.left for row in read}

    def _today(self, bucket: Bucket, scope: str) -> sa.ColumnElement[bool]:
        day = day_of(bucket, self.clock.now()).name
        return (quota.c.bucket == bucket.name) & (quota.c.scope == scope) & (quota.c.day == day)

    def _insert(self, table: sa.Table) -> Any:
        return sqlite_insert(table) if self.db.sqlite else postgresql_insert(table)


def _settle(c: sa.Connection, left: Left) -> int:
    """End a lease: what was not used of it is there again, once. The units that came back."""
    lease = sa.delete(quota_leases).where(quota_leases.c.id == left.lease)
    row = c.execute(lease.returning(quota_leases)).first()
    if row is None or left.used is None or left.used >= row.units:
        return 0
    of = (quota.c.bucket == row.bucket) & (quota.c.scope == row.scope) & (quota.c.day == row.day)
    c.execute(sa.update(quota).where(of).values(used=quota.c.used - (row.units - left.used)))
    return row.units - left.used
