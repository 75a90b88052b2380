"""A second post is not noticed by itself: whatever was sent more than once in doubt is looked at once more, hours later.

The flow is run from its top on what is recorded, up to its answered visible call; there its own reconcile looks for a post that resembles
ours and is nobody's. Nothing is sent but reads, nothing is deleted: a likeness is told, and a person decides.
"""

from collections.abc import Sequence
from typing import Any, Protocol

import structlog

from waooaw_social.core.ids import PublicationId, RemoteId
from waooaw_social.core.post import Published
from waooaw_social.core.refusal import Refused
from waooaw_social.durable.ports import Claim, EntryState
from waooaw_social.durable.runner import Parking, Run, Runner, readable, recorded
from waooaw_social.platforms.call import Asked, Call, Flow, Interrupted, Reply, Verdict, Visible, Wasteful
from waooaw_social.wire.ports import Errand, errand_of

OLD_ENOUGH = 6 * 3600.0
"""Seconds after a publication's end: listings have caught up, and a person has had time to notice too."""
ENOUGH_LOOKS = 1000
"""What a reconcile is told of earlier looks: it need not wait for a listing any more."""

log = structlog.get_logger(__name__)


class Audited(Protocol):
    """What an audit needs of the storage."""

    async def to_audit(self, *, older_than: float, most: int) -> list[Claim]:
        """Published ones with an attempt in doubt beside the answered one, not audited yet. The lease in each is nobody's."""
        ...

    async def audited(self, publication_id: PublicationId, note: str | None) -> None:
        """Done with this one; `note` is added to its notes."""
        ...


class _Seen(Exception):
    """Leaves the flow: the look is over."""

    def __init__(self, found: Published | Verdict | None) -> None:
        super().__init__("looked")
        self.found = found


async def audit(runner: Runner, claim: Claim, flow: Flow[Published], errand: Errand) -> str | None:
    """What a person should know about other posts that look like this one; None where there is nothing to tell."""
    try:
        await _Audit(runner, claim, errand).follow(flow)
    except _Seen as seen:
        return _told(seen.found)
    except (Refused, Interrupted):
        return None  # it cannot be asked any more: the post, or the connection, is gone
    finally:
        flow.close()
    return None


def _told(found: Published | Verdict | None) -> str | None:
    match found:
        case Published():
            return f"Another post of this account looks like this one: {found.post_id}. Look at the account."
        case Verdict.UNSURE:
            return "More than one other post of this account looks like this one. Look at the account."
        case _:
            return None


class _Audit(Run):
    """A run that answers recorded writes, sends reads, and goes no further than the answered visible call."""

    async def wasteful(self, call: Call[Any], wasteful: Wasteful) -> Reply:
        kept = recorded(self.seen(call.name))
        if kept is None:
            raise _Seen(None)
        return kept

    async def visible(self, call: Call[Any], visible: Visible) -> Reply:
        seen = self.seen(call.name)
        kept = recorded(seen)
        if kept is None:
            raise _Seen(None)
        if not any(entry.state is EntryState.ABSENT for entry in seen):
            return kept
        ours = visible.published(kept)
        first = min(entry.begun_at for entry in seen)
        taken: set[RemoteId] = {ours.post_id} if ours else set()
        if visible.audience:
            taken |= await self.ledger.taken(visible.audience, first)
        found = await self.look(
            call, visible, Asked(first_sent_at=first, age=OLD_ENOUGH, looks=ENOUGH_LOOKS, taken=frozenset(taken))
        )
        if found is None:
            raise self.parking(0.0, "the platform could not be asked")
        other = visible.published(found) if isinstance(found, Reply) and readable(call, found) else None
        if isinstance(found, Reply):
            raise _Seen(other if other and other.post_id not in taken else None)
        raise _Seen(found)


async def audit_some(runner: Runner, store: Audited, flows: "Flows", *, most: int = 20) -> Sequence[PublicationId]:
    """Audit what is old enough. Returns those with a likeness; each is an alarm in the log, and a note on the publication."""
    alike: list[PublicationId] = []
    for claim in await store.to_audit(older_than=OLD_ENOUGH, most=most):
        publication = claim.publication
        errand = errand_of(publication.account)
        try:
            note = await audit(runner, claim, flows(publication), errand)
        except Parking:
            continue  # it cannot be asked now: the next round does it
        await store.audited(publication.id, note)
        if note:
            alike.append(publication.id)
            log.critical("likeness_found", publication=publication.id, platform=publication.account.platform)
    return alike


class Flows(Protocol):
    def __call__(self, publication: Any, /) -> Flow[Published]: ...
