"""What an order would do, without doing it: the same checks, the calls of each target, and what they take of which quota.

Nothing is asked of a platform and nothing is kept. A quota's figures are those of this moment.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from pydantic import BaseModel, Field

from waooaw_social.core.refusal import Scope
from waooaw_social.plant.publishing import Made, Publishing, TargetProblem, Wanted
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
    publications: int = Field(description="How many it becomes: one, or one for each message to each recipient.")
    calls: list[PlannedCall] = Field(
        description="Of one publication, at the least; reads and pieces of files come on top."
    )
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
        considered = await self.publishing.considered(wanted)
        problems = considered.problems
        targets = [
            await self._target(made, wanted.publish_at, [p for p in problems if p.target == index])
            for index, made in enumerate(considered.targets)
        ]
        return Plan(ok=not problems, targets=targets)

    async def _target(
        self, made: Made, publish_at: datetime | None, problems: Sequence[TargetProblem]
    ) -> PlannedTarget:
        account = made.account
        kit = self.publishing.kits.get(account.platform)
        each = [kit.plan(publication) for publication in made.publications] if kit and not problems else []
        steps = [step for planned in each for step in planned]
        counted = [b for b in kit.manifest.buckets if b.limit is not None and b.scope is Scope.APP] if kit else []
        owner = self.clients.get(kit.app(account.metadata), UNCONFIGURED) if kit else UNCONFIGURED
        return PlannedTarget(
            credential_ref=account.credential_ref,
            format=made.format,
            platform=account.platform,
            publish_at=publish_at,
            publications=len(made.publications),
            calls=[PlannedCall(call=step.call, visible=step.visible) for step in each[0]] if each else [],
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
