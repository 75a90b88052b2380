"""`GET /api/v1/quotas`: what is left of every platform's daily quotas, which rates are kept, and who is left alone until when.

The figures are the app's: all customers share them, and nobody's share is told to anybody else. What one account may do is told by its publications.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from fastapi import FastAPI, Request
from pydantic import BaseModel, Field

from waooaw_social.core.clock import Clock
from waooaw_social.core.refusal import Scope
from waooaw_social.plant.door import READ, Agent, may
from waooaw_social.plant.problems import PROBLEMS
from waooaw_social.platforms.kit import Kit, Kits
from waooaw_social.platforms.manifest import Bucket
from waooaw_social.storage.plant.breaker import WHOLE, Circuits, SqlBreaker
from waooaw_social.storage.plant.quota import Place, SqlQuota
from waooaw_social.wire.breaker import WORST, State
from waooaw_social.wire.quota import day_of


class BucketView(BaseModel):
    name: str
    limit: int | None = Field(description="Units a day, or within `seconds`; null: only the platform counts.")
    seconds: float | None = Field(description="A rate's sliding window; null: a day.")
    used: int | None = Field(description="Units that are used, or held by a worker to be used.")
    left: int | None
    resets_at: datetime | None = Field(description="When the day ends, where the platform counts it.")
    blocked_until: datetime | None = Field(description="Until when the platform wants silence from the whole app.")


class FamilyView(BaseModel):
    name: str
    state: str = Field(description="closed, half_open or open")
    until: datetime | None = Field(description="When it has rested.")


class PlatformView(BaseModel):
    platform: str
    state: str = Field(description="closed, half_open, open, or frozen by an operator; the worst of its families'.")
    until: datetime | None = Field(description="Until when nothing is sent, where that is known.")
    families: list[FamilyView]
    buckets: list[BucketView]


class QuotasView(BaseModel):
    platforms: list[PlatformView]


@dataclass(frozen=True, kw_only=True)
class Quotas:
    """What the answer is made of. `apps`: the client ids whose quotas they are."""

    quota: SqlQuota
    breaker: SqlBreaker
    kits: Kits
    clock: Clock
    apps: tuple[str, ...]

    async def view(self) -> QuotasView:
        circuits, silences = await self.breaker.circuits(), await self.quota.silences()
        return QuotasView(platforms=[await self._platform(kit, circuits, silences) for kit in self.kits.values()])

    async def _platform(self, kit: Kit, circuits: Circuits, silences: Mapping[Place, float]) -> PlatformView:
        platform, now = kit.manifest.platform, self.clock.now()
        families = [
            FamilyView(name=family, state=circuit.state.value, until=_later(circuit.until, now))
            for (of, family), circuit in sorted(circuits.items())
            if of == platform and family != WHOLE
        ]
        worst = max(families, key=lambda family: WORST[State(family.state)], default=None)
        frozen = circuits.get((platform, WHOLE))
        frozen_until = _later(frozen.until, now) if frozen else None
        state, until = (worst.state, worst.until) if worst else (State.CLOSED.value, None)
        return PlatformView(
            platform=platform,
            state="frozen" if frozen_until else state,
            until=frozen_until or until,
            families=families,
            buckets=[await self._bucket(bucket, silences) for bucket in kit.manifest.buckets],
        )

    async def _bucket(self, bucket: Bucket, silences: Mapping[Place, float]) -> BucketView:
        now = self.clock.now()
        counted = bucket.limit is not None and bucket.per is None and bucket.scope is Scope.APP
        used = sum([await self.quota.used(bucket, app) for app in self.apps]) if counted else None
        silence = max((silences.get((bucket.name, app), 0.0) for app in self.apps), default=0.0)
        return BucketView(
            name=bucket.name,
            limit=bucket.limit,
            seconds=bucket.per,
            used=used,
            left=None if used is None or bucket.limit is None else max(0, bucket.limit - used),
            resets_at=now + timedelta(seconds=day_of(bucket, now).left) if counted else None,
            blocked_until=now + timedelta(seconds=silence) if silence else None,
        )


def mount_quotas(app: FastAPI, quotas: Quotas) -> None:
    """Add the address to Plant's API."""
    app.state.quotas = quotas
    app.add_api_route(
        "/api/v1/quotas",
        show_quotas,
        methods=["GET"],
        responses={status: said for status, said in PROBLEMS.items() if status in {401, 403}},
        summary="What is left of the platforms' quotas, and which of them are left alone",
    )


async def show_quotas(who: Agent, request: Request) -> QuotasView:
    may(who, READ)
    quotas: Quotas = request.app.state.quotas
    return await quotas.view()


def _later(until: float, now: datetime) -> datetime | None:
    return datetime.fromtimestamp(until, UTC) if until > now.timestamp() else None
