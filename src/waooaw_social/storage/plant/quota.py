"""Daily quotas of the whole fleet: one upsert to take, exact under any number of workers. Fills `QuotaStore`."""

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from waooaw_social.core.clock import Clock
from waooaw_social.platforms.manifest import Bucket
from waooaw_social.storage.db import Database, now
from waooaw_social.storage.plant.tables import quota, quota_blocks
from waooaw_social.wire.quota import day_of


@dataclass(frozen=True, kw_only=True)
class SqlQuota:
    """Counts what an app has used of a bucket today."""

    db: Database
    clock: Clock

    async def take(self, bucket: Bucket, scope: str, units: int) -> float | None:
        day = day_of(bucket, self.clock.now())
        insert = self._insert(quota).values(bucket=bucket.name, scope=scope, day=day.name, used=units)
        counted = insert.on_conflict_do_update(
            index_elements=[quota.c.bucket, quota.c.scope, quota.c.day],
            set_={"used": quota.c.used + units},
            where=sa.true() if bucket.limit is None else quota.c.used + units <= bucket.limit,
        ).returning(quota.c.used)

        def work(c: sa.Connection) -> float | None:
            left = c.execute(_left(bucket, scope)).scalar()
            if left is not None:
                return float(left)
            if bucket.limit is not None and units > bucket.limit:
                return day.left
            return None if c.execute(counted).first() else day.left

        return await self.db.write(work)

    async def give_back(self, bucket: Bucket, scope: str, units: int) -> None:
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

    async def blocked(self, bucket: Bucket, scope: str) -> float | None:
        left = await self.db.read(lambda c: c.execute(_left(bucket, scope)).scalar())
        return None if left is None else float(left)

    async def used(self, bucket: Bucket, scope: str) -> int:
        today = sa.select(quota.c.used).where(self._today(bucket, scope))
        return await self.db.read(lambda c: c.execute(today).scalar() or 0)

    def _today(self, bucket: Bucket, scope: str) -> sa.ColumnElement[bool]:
        day = day_of(bucket, self.clock.now()).name
        return (quota.c.bucket == bucket.name) & (quota.c.scope == scope) & (quota.c.day == day)

    def _insert(self, table: sa.Table):
        return sqlite_insert(table) if self.db.sqlite else postgresql_insert(table)


def _left(bucket: Bucket, scope: str) -> sa.Select[Any]:
    """Seconds that are left of a block."""
    here = (quota_blocks.c.bucket == bucket.name) & (quota_blocks.c.scope == scope)
    return sa.select(quota_blocks.c.until - now()).where(here, quota_blocks.c.until > now())
