"""Taking back, re-timing and editing what has not begun to go out. The answer is the truth of the moment of its commit.

From the first visible `begin` on it is too late, unless nothing of it is certainly out: each attempt was abandoned, or answered with a
clear no. Then it may be taken back; it has begun, and is not changed any more. Whoever is running a publication then loses it: the epoch goes up in the same
transaction, so that its next `begin` is fenced. The row is locked before its entries are read, as `begin` does it: one of both is first.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from waooaw_social.core.publication import ENDED, Publication, State
from waooaw_social.durable.ports import SURELY_NOT_OUT, EntryState
from waooaw_social.storage.db import Database, now
from waooaw_social.storage.plant import bell
from waooaw_social.storage.plant.codec import content_to_json, publication_of
from waooaw_social.storage.plant.media import use
from waooaw_social.storage.plant.publications import moment_of
from waooaw_social.storage.plant.reach import Reach
from waooaw_social.storage.plant.tables import entries, publications


class Verdict(StrEnum):
    """What became of a wish."""

    DONE = "done"
    ALREADY = "already"
    """It was so before."""
    TOO_LATE = "too_late"
    """It may be out, or is."""
    ENDED = "ended"
    """It ended otherwise, and nothing is out."""
    SUBMITTED = "submitted"
    """It is no draft, and only a draft was to be changed."""


class Field(StrEnum):
    """What of a publication may be changed before it starts."""

    CONTENT = "content"
    PUBLISH_AT = "publish_at"
    LATE_BY_MOST = "late_by_most"


@dataclass(frozen=True, kw_only=True)
class Standing:
    """A publication and where it stands."""

    publication: Publication
    state: State


@dataclass(frozen=True, kw_only=True)
class SqlChanges:
    """Everything that a customer may do to a publication that is accepted and has not begun to go out."""

    db: Database
    prepare_ahead: float = 0.0
    """Seconds before its time in which a publication may be prepared, as it is when it is accepted."""

    async def standing(self, reach: Reach, publication_id: str) -> Standing | None:
        """None where there is none of this id within reach."""
        if "\0" in publication_id:
            return None
        one = sa.select(publications).where(reach.publication(publication_id))
        row = await self.db.read(lambda c: c.execute(one).first())
        return Standing(publication=publication_of(row), state=State(row.state)) if row else None

    async def cancel(self, reach: Reach, publication_id: str) -> Verdict | None:
        """Take it back. None where there is none of this id within reach."""
        values = {"state": State.CANCELLED.value, "ended_at": now(), "why": None, "refusal": None}

        def work(c: sa.Connection, row: Any) -> Verdict:
            if State(row.state) is State.CANCELLED:
                return Verdict.ALREADY
            return _stopped(c, row, SURELY_NOT_OUT) or _put(c, row, values)

        return await self._locked(reach, publication_id, work)

    async def change(
        self, reach: Reach, new: Publication, fields: frozenset[Field], *, only_draft: bool = False
    ) -> Verdict | None:
        """Write these fields of `new`, with `only_draft` only if it is a draft still. What was prepared for the old ones is made anew.

        Raises `UnknownMedia`.
        """
        at = moment_of(new)
        all_values = {
            Field.CONTENT: content_to_json(new.content),
            Field.PUBLISH_AT: at,
            Field.LATE_BY_MOST: new.late_by_most,
        }
        values = {field.value: all_values[field] for field in fields}

        def work(c: sa.Connection, row: Any) -> Verdict:
            if only_draft and State(row.state) is not State.DRAFT:
                return Verdict.SUBMITTED
            if verdict := _stopped(c, row, NOT_BEGUN):
                return verdict
            use(c, new)
            prepared = (entries.c.publication == new.id) & ~entries.c.visible
            c.execute(sa.update(entries).where(prepared).values(state=EntryState.STALE.value))
            moment = at if Field.PUBLISH_AT in fields else row.publish_at
            waits = {} if State(row.state) is State.DRAFT else self._waiting(moment)
            return _put(c, row, values | waits)

        return await self._locked(reach, new.id, work)

    async def release(self, reach: Reach, publication_id: str) -> Verdict | None:
        """Submit a draft: from here on it is done at its time."""

        def work(c: sa.Connection, row: Any) -> Verdict:
            if State(row.state) is State.DRAFT:
                return _put(c, row, self._waiting(row.publish_at))
            return Verdict.ENDED if State(row.state) is State.CANCELLED else Verdict.ALREADY

        return await self._locked(reach, publication_id, work)

    def _waiting(self, publish_at: float | None) -> dict[str, Any]:
        if publish_at is None:
            return {"state": State.DUE.value, "due_at": now(), "wanted_at": now(), "why": None, "refusal": None}
        due = publish_at - self.prepare_ahead
        return {"state": State.SCHEDULED.value, "due_at": due, "why": None, "refusal": None}

    async def _locked(
        self, reach: Reach, publication_id: str, work: Callable[[sa.Connection, Any], Verdict]
    ) -> Verdict | None:
        if "\0" in publication_id:
            return None
        one = sa.select(publications).where(reach.publication(publication_id)).with_for_update()

        def locked(c: sa.Connection) -> Verdict | None:
            row = c.execute(one).first()
            return None if row is None else work(c, row)

        return await self.db.write(locked)


NOT_BEGUN = frozenset({EntryState.ABANDONED})
"""Attempts that were none. A recorded no is what the next run goes by: it would be about the old content."""


def _stopped(c: sa.Connection, row: Any, harmless: frozenset[EntryState]) -> Verdict | None:
    """Why nothing may be done about it any more; None: all of its visible attempts are `harmless`."""
    state = State(row.state)
    if state in {State.PUBLISHED, State.UNRESOLVED}:
        return Verdict.TOO_LATE
    if state in ENDED:
        return Verdict.ENDED
    left = entries.c.state.not_in(sorted(harmless))
    begun = sa.select(entries.c.name).where(entries.c.publication == row.id, entries.c.visible, left)
    return Verdict.TOO_LATE if c.execute(begun.limit(1)).first() else None


def _put(c: sa.Connection, row: Any, values: dict[str, Any]) -> Verdict:
    fence = {"epoch": publications.c.epoch + 1, "worker": None}
    c.execute(sa.update(publications).where(publications.c.id == row.id).values(**fence, **values))
    if values.get("state") == State.DUE.value:
        bell.ring(c)
    return Verdict.DONE
