"""A person decides what nobody could tell. One transaction: the decision, what it makes of the ledger, and who decided.

Whoever says that it did not go out stands for a look that found nothing: the attempt is `absent`, so that everything that holds for such
an attempt holds for this one too, also when a late answer proves the person wrong.
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from waooaw_social.core.events import PlatformPostEvent
from waooaw_social.core.publication import State
from waooaw_social.core.refusal import Refusal
from waooaw_social.durable.ports import EntryState, HeardBy
from waooaw_social.storage.db import Database, now
from waooaw_social.storage.plant import bell, usage
from waooaw_social.storage.plant.codec import refusal_to_json
from waooaw_social.storage.plant.reach import Reach
from waooaw_social.storage.plant.tables import entries, publications, settlements

GIVEN_UP = Refusal(
    code="given_up",
    message="Settled by hand: it did not go out, and is given up.",
    remediation="Order it anew if it is to go out after all.",
)
BY_HAND = "Settled by hand."


class Decision(StrEnum):
    """What a person found."""

    PUBLISHED = "published"
    SEND_AGAIN = "send_again"
    GIVE_UP = "give_up"


class Settled(StrEnum):
    """What became of a decision."""

    DONE = "done"
    NOT_UNRESOLVED = "not_unresolved"
    """There is nothing to decide."""
    TAKEN = "taken"
    """The post is another publication's."""


@dataclass(frozen=True, kw_only=True)
class Settlement:
    """Who decided what, and why."""

    decision: Decision
    post_id: str | None
    """Set exactly where it was published."""
    post_url: str | None
    note: str | None
    person: str | None
    api_key: str
    agent_id: str | None
    request_id: str


@dataclass(frozen=True, kw_only=True)
class SqlSettling:
    """Settles unresolved publications."""

    db: Database
    tell: Callable[[PlatformPostEvent], None] = lambda _: None
    """Is told of each usage event once it is committed. Must not raise."""

    async def settle(self, reach: Reach, publication_id: str, settlement: Settlement) -> Settled | None:
        """None where there is none of this id within reach."""
        if "\0" in publication_id:
            return None
        heard: list[PlatformPostEvent] = []
        one = sa.select(publications).where(reach.publication(publication_id)).with_for_update()

        def work(c: sa.Connection) -> Settled | None:
            row = c.execute(one).first()
            if row is None:
                return None
            if row.state != State.UNRESOLVED.value:
                return Settled.NOT_UNRESOLVED
            if settlement.decision is Decision.PUBLISHED and not _adopted(c, row, settlement):
                return Settled.TAKEN
            doubted = (entries.c.publication == row.id) & (entries.c.state == EntryState.UNRESOLVED.value)
            if settlement.decision is not Decision.PUBLISHED:
                c.execute(
                    sa.update(entries)
                    .where(doubted)
                    .values(state=EntryState.ABSENT.value, heard_by=HeardBy.PERSON.value)
                )
            values = _values(row, settlement)
            c.execute(sa.update(publications).where(publications.c.id == row.id).values(**values))
            c.execute(sa.insert(settlements).values(**_audited(row, settlement)))
            if settlement.decision is Decision.SEND_AGAIN:
                bell.ring(c)
            event = usage.ended(c, row.id)
            heard[:] = [event] if event else []
            return Settled.DONE

        settled = await self.db.write(work)
        for event in heard:
            self.tell(event)
        return settled


def settled_of(c: sa.Connection, publication_id: str) -> list[dict[str, Any]]:
    """What was decided about a publication, the first decision first."""
    told = sa.select(settlements).where(settlements.c.publication == publication_id)
    return [dict(row) for row in c.execute(told.order_by(settlements.c.settled_at)).mappings()]


def _adopted(c: sa.Connection, row: Any, settlement: Settlement) -> bool:
    """The post is this publication's from here on. False: it is another one's already."""
    same = (entries.c.platform == row.platform) & (entries.c.remote_id == settlement.post_id)
    owners = set(c.execute(sa.select(entries.c.publication).where(same)).scalars())
    if owners:
        return owners == {row.id}
    doubted = (entries.c.publication == row.id) & (entries.c.state == EntryState.UNRESOLVED.value)
    last = sa.select(sa.func.max(entries.c.number)).where(doubted).scalar_subquery()
    heard = {"state": EntryState.ANSWERED.value, "heard_by": HeardBy.PERSON.value, "answered_at": now()}
    adopted = sa.update(entries).where(doubted, entries.c.number == last)
    try:
        with c.begin_nested():
            c.execute(adopted.values(remote_id=settlement.post_id, **heard))
    except IntegrityError:  # another one came first just now
        return False
    return True


def _values(row: Any, settlement: Settlement) -> dict[str, Any]:
    moved = {"epoch": publications.c.epoch + 1, "worker": None, "why": None, "refusal": None}
    match settlement.decision:
        case Decision.PUBLISHED:
            known: list[str] = row.notes or []
            notes = [*known, BY_HAND]
            post = {"post_id": settlement.post_id, "post_url": settlement.post_url, "notes": notes}
            return moved | {"state": State.PUBLISHED.value, "ended_at": now()} | post
        case Decision.SEND_AGAIN:
            return moved | {"state": State.DUE.value, "due_at": now(), "ended_at": None}
        case Decision.GIVE_UP:
            no = {"why": GIVEN_UP.message, "refusal": refusal_to_json(GIVEN_UP)}
            return moved | no | {"state": State.REFUSED.value, "ended_at": now()}


def _audited(row: Any, settlement: Settlement) -> dict[str, Any]:
    return {
        "id": secrets.token_hex(12),
        "publication": row.id,
        "settled_at": now(),
        "api_key": settlement.api_key,
        "agent_id": settlement.agent_id,
        "person": settlement.person,
        "decision": settlement.decision.value,
        "post_id": settlement.post_id,
        "note": settlement.note,
        "request_id": settlement.request_id,
    }
