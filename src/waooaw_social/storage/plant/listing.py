"""Lists of publications, a page at a time. A page begins where the last one ended, by sort value and id: what comes meanwhile moves nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from waooaw_social.core.publication import State
from waooaw_social.storage.db import Database
from waooaw_social.storage.plant import connections
from waooaw_social.storage.plant.reach import Reach
from waooaw_social.storage.plant.tables import publications


class By(StrEnum):
    """What a list is sorted by; with a minus the newest or latest first."""

    NEWEST = "-created_at"
    OLDEST = "created_at"
    LATEST = "-publish_at"
    SOONEST = "publish_at"


@dataclass(frozen=True, kw_only=True)
class Filter:
    """Which publications. Times are seconds since 1970; from is included, until is not."""

    states: Sequence[State] = ()
    platforms: Sequence[str] = ()
    credential_refs: Sequence[str] = ()
    order_id: str | None = None
    agent_id: str | None = None
    correlation_id: str | None = None
    created_from: float | None = None
    created_until: float | None = None
    publish_from: float | None = None
    publish_until: float | None = None


@dataclass(frozen=True, kw_only=True)
class After:
    """Where the last page ended."""

    value: float
    id: str


@dataclass(frozen=True, kw_only=True)
class SqlListing:
    """Reads pages."""

    db: Database

    async def page(
        self, reach: Reach, wanted: Filter, *, by: By, most: int, after: After | None
    ) -> tuple[list[Mapping[str, Any]], After | None]:
        """Up to `most` rows, and where the next page begins; None where this is the last."""
        moment = publications.c.created_at
        if by in {By.LATEST, By.SOONEST}:  # what goes out as soon as it is accepted has no other time
            moment = sa.func.coalesce(publications.c.publish_at, publications.c.created_at)
        rows = connections.shown(sa.select(publications, moment.label("moment"))).where(reach.all, *_wanted(wanted))
        down = by in {By.NEWEST, By.LATEST}
        if after:
            here, last = sa.tuple_(moment, publications.c.id), sa.tuple_(sa.literal(after.value), sa.literal(after.id))
            rows = rows.where(here < last if down else here > last)
        order = (moment.desc(), publications.c.id.desc()) if down else (moment, publications.c.id)
        page = rows.order_by(*order).limit(most + 1)
        found = await self.db.read(lambda c: c.execute(page).mappings().all())
        shown = found[:most]
        end = After(value=shown[-1]["moment"], id=shown[-1]["id"]) if len(found) > most else None
        return [dict(row) for row in shown], end


def _wanted(wanted: Filter) -> list[sa.ColumnElement[bool]]:
    row = publications.c
    sets = (
        (row.state, [s.value for s in wanted.states]),
        (row.platform, wanted.platforms),
        (row.credential_ref, wanted.credential_refs),
    )
    said = [column.in_(list(values)) for column, values in sets if values]
    same = (
        (row.order_id, wanted.order_id),
        (row.agent_id, wanted.agent_id),
        (row.correlation_id, wanted.correlation_id),
    )
    said += [column == value for column, value in same if value is not None]
    ranges = (
        (row.created_at, wanted.created_from, wanted.created_until),
        (row.publish_at, wanted.publish_from, wanted.publish_until),
    )
    for column, first, until in ranges:
        said += [column >= first] if first is not None else []
        said += [column < until] if until is not None else []
    return said
