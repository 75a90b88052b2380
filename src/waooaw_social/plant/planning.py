"""What an order would do, without doing it: the same checks, the calls of each target, and what they take of which quota.

Nothing is asked of a platform and nothing is kept. A quota's figures are those of this moment.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from pydantic import BaseModel, Field

from waooaw_social.core.publication import Publication
from waooaw_social.core.refusal import Scope
from waooaw_social.plant.publishing import Publishing, TargetProblem, Wanted
from waooaw_social.platforms.kit import Planned
from waooaw_social.platforms.manifest import Bucket
from waooaw_social.storage.plant.quota import SqlQuota
from waooaw_social.wire.quota import day_of

UNCONFIGURED = "unconfigured"


class PlannedCall(BaseModel):
    """One call to the platform."""

    call: str
    visible: bool = Field(description="Whether the audience can see what it does.")


class PlannedQuota(BaseModel):
    """What a target takes of a quota that is counted here."""

    bucket: str
    units: int
    used: int = Field(description="By everybody, today.")
    limit: int
    resets_in: float = Field(description="Seconds.")
    enough: bool


class ProblemView(BaseModel):
    """Something that is wrong."""

    field: str | None
    code: str
    message: str
    remediation: str | None


class PlannedTarget(BaseModel):
    """One account of the order."""

    credential_ref: str
    format: str
    platform: str
    publish_at: datetime | None = Field(description="In UTC; null: as soon as it is accepted.")
    calls: list[PlannedCall] = Field(description="At the least; reads and pieces of files come on top.")
    quota: list[PlannedQuota]
    problems: list[ProblemView]


class Plan(BaseModel):
    """What would be done."""

    ok: bool = Field(description="Whether the order would be accepted.")
    targets: list[PlannedTarget]


@dataclass(frozen=True, kw_only=True)
class Planning:
    """Makes plans of orders."""

    publishing: Publishing
    quota: SqlQuota
    clients: Mapping[str, str]
    """Our OAuth client ids, by the names that kits give: whose quota it is."""

    async def plan(self, wanted: Wanted) -> Plan:
        """Raises `CredentialUnknown`, `CredentialsUnavailable` and `UnknownMedia`."""
        publications, problems = await self.publishing.considered(wanted)
        targets = [
            await self._target(publication, [p for p in problems if p.target == index])
            for index, publication in enumerate(publications)
        ]
        return Plan(ok=not problems, targets=targets)

    async def _target(self, publication: Publication, problems: Sequence[TargetProblem]) -> PlannedTarget:
        account = publication.account
        kit = self.publishing.kits.get(account.platform)
        steps = kit.plan(publication) if kit and not problems else ()
        counted = [b for b in kit.manifest.buckets if b.limit is not None and b.scope is Scope.APP] if kit else []
        owner = self.clients.get(kit.app(account.metadata), UNCONFIGURED) if kit else UNCONFIGURED
        return PlannedTarget(
            credential_ref=account.credential_ref,
            format=publication.format,
            platform=account.platform,
            publish_at=publication.publish_at,
            calls=[PlannedCall(call=step.call, visible=step.visible) for step in steps],
            quota=[await self._quota(bucket, owner, units) for bucket in counted if (units := _units(steps, bucket))],
            problems=[_problem(p) for p in problems],
        )

    async def _quota(self, bucket: Bucket, owner: str, units: int) -> PlannedQuota:
        used, limit = await self.quota.used(bucket, owner), bucket.limit or 0
        blocked = await self.quota.blocked(bucket, owner)
        left = day_of(bucket, self.quota.clock.now()).left
        return PlannedQuota(
            bucket=bucket.name,
            units=units,
            used=used,
            limit=limit,
            resets_in=max(left, blocked) if blocked else left,
            enough=blocked is None and used + units <= limit,
        )


def _units(steps: Sequence[Planned], bucket: Bucket) -> int:
    return sum(step.cost.units for step in steps if step.cost and step.cost.bucket == bucket.name)


def _problem(problem: TargetProblem) -> ProblemView:
    no = problem.refusal
    return ProblemView(field=no.field, code=no.code, message=no.message, remediation=no.remediation or None)
