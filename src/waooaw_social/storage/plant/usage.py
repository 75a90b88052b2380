"""Usage events: one row for each run that ended or parked a publication, written in that very transaction. What is billed is what happened.

`ended` is called right after the row of a publication was changed, by whoever changed it; a state that leaves no event leaves none. The
database itself keeps an event from being there twice, and a publication from succeeding twice. A row is never changed; retrying ones are
dropped after a while, the others stay.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeAlias

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from waooaw_social.core.events import STATUS_OF, PlatformPostEvent, PostingStatus, length_of
from waooaw_social.core.ids import CustomerId
from waooaw_social.core.publication import State
from waooaw_social.core.refusal import Reaction
from waooaw_social.metrics.prometheus import LATE
from waooaw_social.storage.db import Database, now
from waooaw_social.storage.plant.codec import content_from_json
from waooaw_social.storage.plant.overdue import overdue
from waooaw_social.storage.plant.tables import UNRESOLVED, entries, publications, usage
from waooaw_social.wire.retry import DEFAULT

TRANSIENT = frozenset(
    {Reaction.THROTTLE.value, Reaction.EXHAUSTED.value, Reaction.NOT_DONE.value, Reaction.UNKNOWN.value}
)
"""Refusals that waiting alone may cure, as `SocialPlatformError.of` sees them."""

INSERT = {
    dialect: insert(usage).on_conflict_do_nothing().returning(usage.c.publication)
    for dialect, insert in (("sqlite", sqlite_insert), ("postgresql", postgresql_insert))
}

Place: TypeAlias = tuple[float, str, int, str]
"""Where a page of events ends: its last row's time and key."""
PLACE = (usage.c.at, usage.c.publication, usage.c.epoch, usage.c.status)


def ended(c: sa.Connection, publication_id: str) -> PlatformPostEvent | None:
    """Write the event of the state that the publication has just come to. None: it leaves none, or it was written before."""
    mine = publications.c.id == publication_id
    again = sa.select(sa.func.count()).where(entries.c.publication == publication_id)
    again = again.where(entries.c.visible.is_(True), entries.c.attempt > 1).scalar_subquery()
    row = c.execute(sa.select(publications, now().label("clock"), again.label("again")).where(mine)).mappings().first()
    if row is None:
        return None
    found: dict[str, Any] = {**row}
    return record(c, found, found["again"])


def record(c: sa.Connection, row: Mapping[str, Any], sent_again: int, repeats: int = 0) -> PlatformPostEvent | None:
    """The same of a row (and its `clock`) that is at hand, after so many further attempts, and so many repeats by the gateway."""
    status = STATUS_OF.get(State(row["state"]))
    if status is None:
        return None
    values = _values(row, status, sent_again + repeats)
    written = c.execute(INSERT[c.dialect.name], values).first()
    return _event(row, values) if written else None


@dataclass(frozen=True, kw_only=True)
class Asked:
    """Which events: a customer's, and of those some. Times in seconds since 1970; `until` itself is not in it."""

    customer_id: CustomerId
    since: float | None = None
    until: float | None = None
    agent_id: str | None = None
    platform: str | None = None
    accounts: frozenset[str] | None = None
    """The only credential_refs that exist for whoever asks; None: all of the customer's."""

    def where(self) -> list[sa.ColumnElement[bool]]:
        found = [usage.c.customer_id == self.customer_id]
        if self.since is not None:
            found.append(usage.c.at >= self.since)
        if self.until is not None:
            found.append(usage.c.at < self.until)
        if self.agent_id is not None:
            found.append(usage.c.agent_id == self.agent_id)
        if self.platform is not None:
            found.append(usage.c.platform == self.platform)
        if self.accounts is not None:
            found.append(usage.c.credential_ref.in_(sorted(self.accounts)))
        return found


@dataclass(frozen=True, kw_only=True)
class SqlUsage:
    """The events, for their own customer; and what stands still, for whoever watches."""

    db: Database

    async def sums(self, asked: Asked) -> Sequence[Mapping[str, Any]]:
        """Events per platform, agent, format and status, with their number and average duration."""
        groups = (usage.c.platform, usage.c.agent_id, usage.c.content_type, usage.c.status)
        counted = sa.func.count().label("events")
        average = sa.cast(sa.func.avg(usage.c.duration_ms), sa.Double).label("average_duration_ms")
        summed = sa.select(*groups, counted, average).where(*asked.where()).group_by(*groups).order_by(*groups)
        return await self.db.read(lambda c: [dict(row) for row in c.execute(summed).mappings()])

    async def page(self, asked: Asked, *, after: Place | None, most: int) -> Sequence[Mapping[str, Any]]:
        """The next `most` events after that place, the oldest first."""
        link = publications.c.post_url
        chosen = sa.select(usage, link).join(publications, publications.c.id == usage.c.publication)
        chosen = chosen.where(*asked.where()).order_by(*PLACE).limit(most)
        if after is not None:
            chosen = chosen.where(sa.tuple_(*PLACE) > sa.tuple_(*(sa.literal(one) for one in after)))
        return await self.db.read(lambda c: [dict(row) for row in c.execute(chosen).mappings()])

    async def forget_retrying(self, *, older_than: float) -> int:
        """Drop retrying events so many seconds old: what ended stands in rows of its own. Returns how many."""
        retrying = usage.c.status == PostingStatus.RETRYING.value
        old = sa.delete(usage).where(retrying, usage.c.at < now() - older_than)
        return await self.db.write(lambda c: c.execute(old).rowcount)

    async def unresolved(self) -> Mapping[str, int]:
        """How many publications of each platform nobody knows the end of."""
        of = publications.c.platform
        counted = sa.select(of, sa.func.count()).where(UNRESOLVED).group_by(of)
        return await self.db.read(lambda c: {row[0]: int(row[1]) for row in c.execute(counted)})

    async def oldest_due(self) -> Mapping[str, float]:
        """For how many seconds each platform's oldest publication waits that a worker could take. Only platforms that have one."""
        return await self.db.read(overdue)


STANDING_CODES: Mapping[State, str | None] = {
    State.PUBLISHED: None,
    State.UNRESOLVED: "unresolved",
    State.MISSED: "missed",
}
"""Error codes that the state itself says; in the other states the refusal does."""


def place_of(row: Mapping[str, Any]) -> Place:
    return (row["at"], row["publication"], row["epoch"], row["status"])


def _values(row: Mapping[str, Any], status: PostingStatus, retries: int) -> dict[str, Any]:
    refusal: Mapping[str, Any] = row["refusal"] or {}
    code = STANDING_CODES.get(State(row["state"]), refusal.get("code"))
    success = status is PostingStatus.SUCCESS
    began = row["claimed_at"] if row["claimed_at"] is not None else row["clock"]
    return {
        "publication": row["id"],
        "epoch": row["epoch"],
        "status": status.value,
        "at": row["clock"],
        "customer_id": row["customer_id"],
        "agent_id": row["agent_id"],
        "correlation_id": row["correlation_id"],
        "platform": row["platform"],
        "credential_ref": row["credential_ref"],
        "content_type": row["format"],
        "content_length": _length(row["content"]),
        "duration_ms": max(0, round((row["clock"] - began) * 1000)),
        "post_id": row["post_id"] if success else None,
        "error_code": code,
        "error_message": None if success else row["why"],
        "is_transient": None if success else _transient(status, refusal),
        "retry_count": retries,
    }


def _length(content: Any) -> int:
    """Of what cannot be read there is nothing to count; it is parked, and its event says why."""
    try:
        return length_of(content_from_json(content))
    except (LookupError, TypeError, ValueError, AttributeError):
        return 0


def _transient(status: PostingStatus, refusal: Mapping[str, Any]) -> bool:
    """Whether waiting alone may cure it; a publication that is parked without any no waits for nothing else."""
    return status is PostingStatus.RETRYING and refusal.get("reaction", Reaction.NOT_DONE.value) in TRANSIENT


def _event(row: Mapping[str, Any], values: Mapping[str, Any]) -> PlatformPostEvent:
    late: dict[str, float] = {}
    if values["status"] == PostingStatus.SUCCESS.value:
        late = {LATE: row["clock"] - (row["publish_at"] if row["publish_at"] is not None else row["wanted_at"])}
    left_out = {"publication", "epoch", "at", "agent_id", "correlation_id"}
    return PlatformPostEvent(
        **{name: value for name, value in values.items() if name not in left_out},
        agent_id=row["agent_id"] or "",
        correlation_id=row["correlation_id"] or "",
        timestamp=datetime.fromtimestamp(row["clock"], UTC).isoformat(),
        post_url=row["post_url"],
        max_retries=len(DEFAULT.waits),
        metadata={"publication": row["id"], **late},
    )
