"""How the work stands, for those who watch it: who claims, what waits too long, what nobody could tell.

A worker that claims says so (`seen`); one that does not is not there, whatever its process does. No question reads rows of the future.
"""

from dataclasses import dataclass

import sqlalchemy as sa

from waooaw_social.storage.db import now
from waooaw_social.storage.plant.overdue import overdue
from waooaw_social.storage.plant.tables import UNRESOLVED, publications, workers

FORGOTTEN = 3600.0
"""Seconds after which a worker that says nothing is not counted among the missing any more."""


@dataclass(frozen=True, kw_only=True)
class Standing:
    """At one moment."""

    claimed_ago: float | None
    """Seconds since some worker's claims were last known to work; None where there never was one, or long ago."""
    oldest_due: float
    """Seconds for which the oldest publication has been due in its turn, or its lease over, with nobody claiming it; 0 where there is none."""
    unresolved: int
    """Publications of which nobody can tell, that wait for a person."""


def seen(c: sa.Connection, worker: str) -> None:
    """This worker's claims are answered."""
    mine = workers.c.name == worker
    if not c.execute(sa.update(workers).where(mine).values(seen_at=now())).rowcount:
        c.execute(sa.delete(workers).where(workers.c.seen_at < now() - FORGOTTEN))
        c.execute(sa.insert(workers).values(name=worker, seen_at=now()))


def standing(c: sa.Connection) -> Standing:
    ago = c.execute(sa.select(now() - sa.func.max(workers.c.seen_at))).scalar()
    count = c.execute(sa.select(sa.func.count()).select_from(publications).where(UNRESOLVED)).scalar_one()
    return Standing(claimed_ago=ago, oldest_due=max(overdue(c).values(), default=0.0), unresolved=count)
