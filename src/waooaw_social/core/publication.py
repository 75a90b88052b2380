"""A publication: one post for one account, from accepted to its known end. The lifecycle is a table.

No arrow leads back from `published`. Out of `unresolved` lead `published` and `refused` (a person or a late reply settled it) and `due`
(send again, as a new attempt). What is not in the table does not happen: a test watches every change of the crash sweep.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from waooaw_social.core.account import Account
from waooaw_social.core.ids import AgentId, PublicationId
from waooaw_social.core.post import Content


class State(StrEnum):
    """Where a publication stands."""

    DRAFT = "draft"
    SCHEDULED = "scheduled"
    DUE = "due"
    RUNNING = "running"
    PARKED = "parked"
    PUBLISHED = "published"
    REFUSED = "refused"
    UNRESOLVED = "unresolved"
    CANCELLED = "cancelled"
    MISSED = "missed"


WAITING = frozenset({State.SCHEDULED, State.DUE, State.RUNNING, State.PARKED})
"""Somebody will still do something about it: it has a due time, or a lease, which is a due time too."""

ENDED = frozenset({State.PUBLISHED, State.REFUSED, State.UNRESOLVED, State.CANCELLED, State.MISSED})

ARROWS: Mapping[State, frozenset[State]] = {
    State.DRAFT: frozenset({State.SCHEDULED, State.DUE, State.CANCELLED}),
    State.SCHEDULED: frozenset({State.DUE, State.RUNNING, State.CANCELLED, State.MISSED}),
    State.DUE: frozenset({State.RUNNING, State.SCHEDULED, State.CANCELLED, State.MISSED}),
    State.RUNNING: frozenset(
        {State.RUNNING, State.PARKED, State.PUBLISHED, State.REFUSED, State.UNRESOLVED, State.DUE, State.MISSED}
        | {State.SCHEDULED, State.CANCELLED}  # taken from its run, which is fenced: nothing visible had begun
    ),
    State.PARKED: frozenset({State.RUNNING, State.DUE, State.SCHEDULED, State.CANCELLED, State.MISSED}),
    State.UNRESOLVED: frozenset({State.PUBLISHED, State.REFUSED, State.DUE}),
    State.REFUSED: frozenset({State.DUE}),  # a reply heard late said that it went out after all
    State.PUBLISHED: frozenset(),
    State.CANCELLED: frozenset(),
    State.MISSED: frozenset(),
}


def may_become(old: State, new: State) -> bool:
    """Whether the lifecycle has an arrow from `old` to `new`."""
    return new in ARROWS[old]


@dataclass(frozen=True, kw_only=True)
class Publication:
    """What is to be published, where, for whom and when. Where it stands is not in here: that is the storage's to know."""

    id: PublicationId
    account: Account
    format: str
    content: Content
    agent_id: AgentId | None = None
    correlation_id: str | None = None
    publish_at: datetime | None = None
    """None: as soon as it is accepted."""
    late_by_most: float | None = None
    """Seconds after its time in which it may still go out; later, with nothing sent, it is missed. None: however late."""
    spread: float = 0.0
    """Seconds over which posts for the same moment are spread, so that they do not all come at once. Which second is this one's, its id
    says: the same one whenever it is asked."""
