"""For how long work has waited that a worker could take: what is due, and whose turn has come.

What follows another publication has no turn before that one has ended, and waits from then on, however long ago it was due itself. Only
rows that are due are read, by the partial indexes; whom each follows, by its key: a join could read the whole table.
"""

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from waooaw_social.core.publication import WAITING, State
from waooaw_social.storage.db import now
from waooaw_social.storage.plant.tables import LEASED, READY, RIPENING, publications

KINDS = (READY, RIPENING, LEASED)
"""A running one whose lease is over is due, too. Each has an index of its own, in which no future row stands before the others."""
NOT_YET = 1e18
"""Later than every clock."""


def overdue(c: sa.Connection) -> Mapping[str, float]:
    """By platform, the seconds for which its oldest such publication has waited. Only platforms that have one."""
    found = dict[str, float]()
    for platform, age in c.execute(sa.union_all(*(_oldest(kind) for kind in KINDS))):
        found[platform] = max(found.get(platform, 0.0), float(age))
    return found


def _oldest(kind: sa.ColumnElement[bool]) -> sa.Select[Any, Any]:
    columns = (publications.c.platform, publications.c.due_at, _turn().label("turn"))
    due = sa.select(*columns).where(kind, publications.c.due_at <= now()).subquery()
    since = sa.case((due.c.turn > due.c.due_at, due.c.turn), else_=due.c.due_at)
    oldest = sa.select(due.c.platform, now() - sa.func.min(since)).where(due.c.turn <= now())
    return oldest.group_by(due.c.platform)


def _turn() -> sa.ColumnElement[float]:
    """When the one that it follows ended; long ago where it follows none."""
    before = publications.alias("before")
    waits = before.c.state.in_(sorted(WAITING | {State.DRAFT}))
    ended = sa.case((waits, NOT_YET), else_=sa.func.coalesce(before.c.ended_at, 0.0))
    return sa.func.coalesce(sa.select(ended).where(before.c.id == publications.c.follows).scalar_subquery(), 0.0)
