"""Which publications a worker gets: the dead worker's first, then what is due, shared out by customers.

A row that waits for a time (scheduled, parked) ripens to `due` when it has come; from there the customers are gone through in a ring, one
probe of an index each, however much any of them has. So what a claim costs depends on how many are claimed, not on how many wait: each of
the three steps has a partial index of its own, in which future rows and backlogs do not stand in the way. The ring goes on where this
process's last claim stopped. Several processes pass by each other's rows (`SKIP LOCKED`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from waooaw_social.core.ids import CustomerId
from waooaw_social.core.publication import WAITING, State
from waooaw_social.storage.db import now
from waooaw_social.storage.plant.tables import LEASED, READY, RIPENING, publications

RIPEN = 1000
"""Rows that one claim ripens at most: so many of one customer's delay another one's by a claim."""


@dataclass(kw_only=True)
class Ring:
    """Where the last claim of this process stopped."""

    after: str = ""


def _come() -> sa.ColumnElement[bool]:
    return publications.c.due_at <= now()


def _its_turn() -> sa.ColumnElement[bool]:
    """It follows nobody, or whom it follows has ended, however that ended. What waits for another is younger than that one, so a claim,
    which takes the oldest, seldom meets it too early. A scalar, not an EXISTS: PostgreSQL might hash the whole table for that."""
    before = publications.alias("before")
    state = sa.select(before.c.state).where(before.c.id == publications.c.follows).scalar_subquery()
    return sa.func.coalesce(state, "").not_in(sorted(WAITING | {State.DRAFT}))


def _take(*which: sa.ColumnElement[bool]) -> sa.Select[Any, Any, Any]:
    columns = (publications.c.id, publications.c.worker, publications.c.due_at)
    oldest = sa.select(*columns).where(*which).order_by(publications.c.due_at)
    return oldest.limit(sa.bindparam("most", type_=sa.Integer)).with_for_update(skip_locked=True)


def _walk() -> sa.Select[Any]:
    """One probe of the index for each customer, not one for each row."""
    customer = publications.c.customer_id
    first = sa.select(sa.func.min(customer).label("customer")).where(READY, customer > sa.bindparam("after"))
    turn = first.cte("turn", recursive=True)
    following = sa.select(sa.func.min(customer)).where(READY, customer > turn.c.customer).scalar_subquery()
    turn = turn.union_all(sa.select(following).where(turn.c.customer.is_not(None)))
    walked = sa.select(turn.c.customer).where(turn.c.customer.is_not(None))
    return walked.limit(sa.bindparam("most", type_=sa.Integer))


def _ripening() -> sa.Update:
    ripe = sa.select(publications.c.id).where(RIPENING, _come()).order_by(publications.c.due_at).limit(RIPEN)
    these = publications.c.id.in_(ripe.with_for_update(skip_locked=True))
    return sa.update(publications).where(these).values(state=State.DUE.value)


# Built once: SQLAlchemy takes longer to build one of these anew than a database to run it.
DEAD_ONES = _take(LEASED, _come())
OF_CUSTOMER = _take(READY, publications.c.customer_id == sa.bindparam("customer"), _its_turn())
RIPEN_WHAT_HAS_COME = _ripening()
CUSTOMERS = _walk()
ANYTHING = [
    sa.select(publications.c.id).where(*which).limit(1)
    for which in ((READY, _its_turn()), (RIPENING, _come()), (LEASED, _come()))
]


def anything(c: sa.Connection) -> bool:
    """Whether a claim would find something, told without a lock."""
    return any(c.execute(kind).first() for kind in ANYTHING)


def choose(c: sa.Connection, most: int, held: Mapping[CustomerId, int], each: int | None, ring: Ring) -> list[Any]:
    """Rows of (id, worker, due_at), locked for this transaction."""
    found = list(c.execute(DEAD_ONES, {"most": most}))
    if len(found) >= most:
        return found
    c.execute(RIPEN_WHAT_HAS_COME)
    customers = _customers(c, most, ring.after)
    room = {one: (most if each is None else each) - held.get(CustomerId(one), 0) for one in customers}
    waiting = [one for one in customers if room[one] > 0]
    if customers and not waiting:  # all of them are at their limit: the ring goes on past them
        ring.after = customers[-1]
    for place, customer in enumerate(waiting):
        left = most - len(found)
        if left <= 0:
            break
        share = min(-(-left // (len(waiting) - place)), room[customer])
        found += c.execute(OF_CUSTOMER, {"customer": customer, "most": share}).all()
        ring.after = customer
    return found


def next_due(c: sa.Connection) -> float | None:
    """Seconds until something is due, by the first row of each index."""
    first = sa.select(publications.c.due_at - now()).order_by(publications.c.due_at).limit(1)
    kinds = (READY & _its_turn(), RIPENING, LEASED)
    found = [c.execute(first.where(kind)).scalar() for kind in kinds]
    return min((one for one in found if one is not None), default=None)


def _customers(c: sa.Connection, most: int, after: str) -> list[str]:
    """Up to `most` customers that have something due, from the ring's place on and around it once."""
    found = list(c.execute(CUSTOMERS, {"after": after, "most": most}).scalars())
    if after and len(found) < most:
        more = c.execute(CUSTOMERS, {"after": "", "most": most - len(found)}).scalars()
        found += [one for one in more if one not in found]
    return found
