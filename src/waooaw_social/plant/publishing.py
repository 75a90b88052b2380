"""From "put this on those accounts" to publications that are kept: checked against each platform's limits, all accepted or none.

Knows neither HTTP nor SQL. What is wrong is told for every target at once, each problem with its field and what to do about it.
"""

import asyncio
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Protocol

from waooaw_social.core.account import Account
from waooaw_social.core.clock import Clock
from waooaw_social.core.ids import AgentId, CredentialRef, CustomerId, PublicationId
from waooaw_social.core.post import Content
from waooaw_social.core.publication import Publication
from waooaw_social.core.refusal import Refusal, Refused
from waooaw_social.plant.times import untimely
from waooaw_social.platforms.kit import Kits, whole
from waooaw_social.storage.plant.publications import Kept, Order, new_id
from waooaw_social.wire.ports import TokenSource


@dataclass(frozen=True, kw_only=True)
class Target:
    """One account, and the shape that the content takes there."""

    credential_ref: CredentialRef
    format: str
    content: Content | None = None
    """What is said here instead of what is said elsewhere."""


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What an agent asked for."""

    customer_id: CustomerId
    agent_id: AgentId
    correlation_id: str | None
    content: Content
    targets: Sequence[Target]
    idempotency_key: str
    api_key: str
    body: Mapping[str, Any]
    """The parsed body, by which a repeat is recognised."""
    publish_at: datetime | None = None
    late_by_most: float | None = None
    """Seconds; None: the service's default."""
    spread: float = 0.0  # seconds after `publish_at` over which its publications are spread
    draft: bool = False


@dataclass(frozen=True, kw_only=True)
class TargetProblem:
    """What is wrong with one target."""

    target: int
    platform: str | None
    refusal: Refusal


class NotAccepted(Exception):
    """Nothing was accepted. `problems` names everything that is wrong."""

    def __init__(self, problems: Sequence[TargetProblem]) -> None:
        super().__init__("; ".join(problem.refusal.message for problem in problems))
        self.problems = problems


class Store(Protocol):
    """What publishing needs of `storage.plant`."""

    async def accepted(self, order: Order) -> Kept | None: ...
    async def submit(self, order: Order) -> Kept: ...
    async def show(self, customer_id: CustomerId, publication_id: str) -> Mapping[str, Any] | None: ...


class Media(Protocol):
    """What publishing needs of `media.py`."""

    async def problems(self, customer_id: CustomerId, content: Content) -> list[Refusal]: ...


@dataclass(frozen=True, kw_only=True)
class Publishing:
    """Submit and show. `wake` is called when something is due."""

    store: Store
    tokens: TokenSource
    kits: Kits
    media: Media
    clock: Clock
    wake: Callable[[], None] = lambda: None

    async def submit(self, wanted: Wanted) -> Kept:
        """Accept all targets, or raise `NotAccepted`. The same key and body give the same answer again.

        Raises `CredentialUnknown` and `CredentialsUnavailable` of the token source, and `KeyReused`.
        """
        repeat = await self.store.accepted(self._order(wanted))
        if repeat is not None:
            return repeat
        considered = await self.considered(wanted)
        if considered.problems:
            raise NotAccepted(considered.problems)
        accepted = await self.store.submit(self._order(wanted, considered))
        self.wake()
        return accepted

    async def considered(self, wanted: Wanted) -> "Considered":
        """The publications that an order would be, and everything that is wrong with them. Nothing is kept.

        Raises `CredentialUnknown`, `CredentialsUnavailable` and `UnknownMedia`.
        """
        accounts = await asyncio.gather(*(self._account(wanted.customer_id, t.credential_ref) for t in wanted.targets))
        made = [await self._made(i, account, wanted) for i, account in enumerate(accounts)]
        return Considered(targets=made, repeated=_repeated(wanted.targets, accounts))

    async def problems(self, target: int, publication: Publication) -> list[TargetProblem]:
        """What is wrong with one publication: its time, its files, its words. Raises `UnknownMedia`."""
        platform = publication.account.platform
        untimely_one = untimely(publication.publish_at, self.clock.now())
        found = [untimely_one] if untimely_one else []
        found += await self.media.problems(publication.account.customer_id, publication.content)
        own = [TargetProblem(target=target, platform=platform, refusal=refusal) for refusal in found]
        return own + self._problems(target, publication)

    async def show(self, customer_id: CustomerId, publication_id: str) -> Mapping[str, Any] | None:
        """One publication of this customer's; None where it has none of this id."""
        return await self.store.show(customer_id, publication_id)

    async def _account(self, customer_id: CustomerId, credential_ref: CredentialRef) -> Account:
        credentials = await self.tokens.resolve(customer_id=customer_id, credential_ref=credential_ref)
        return Account(
            customer_id=customer_id,
            credential_ref=credential_ref,
            platform=credentials.platform,
            posting_identity=credentials.posting_identity,
            metadata=credentials.metadata,
        )

    async def _made(self, target: int, account: Account, wanted: Wanted) -> "Made":
        """The publications of one target, and what is wrong with them."""
        asked, kit = wanted.targets[target], self.kits.get(account.platform)
        made = Made(account=account, format=asked.format)
        try:
            parts = (kit.split if kit else whole)(asked.format, asked.content or wanted.content)
        except Refused as no:
            made.problems.append(TargetProblem(target=target, platform=account.platform, refusal=no.refusal))
            return made
        for part in parts:
            publication = Publication(
                id=new_id(),
                account=account,
                format=part.format,
                content=part.content,
                agent_id=wanted.agent_id,
                correlation_id=wanted.correlation_id,
                publish_at=wanted.publish_at,
                late_by_most=wanted.late_by_most,
                spread=wanted.spread,
            )
            if part.after is not None:
                made.follows[publication.id] = made.publications[part.after].id
            made.publications.append(publication)
            for problem in await self.problems(target, publication):
                field = part.called(problem.refusal.field) if problem.refusal.field else None
                called = replace(problem, refusal=replace(problem.refusal, field=field))
                if called not in made.problems:  # the same message is wrong for every recipient
                    made.problems.append(called)
        return made

    def _problems(self, target: int, publication: Publication) -> list[TargetProblem]:
        platform = publication.account.platform
        kit = self.kits.get(platform)
        if kit is None:
            message = f"{platform} is not published to yet."
            refusal = Refusal(code="unknown_platform", message=message, field="credential_ref")
            return [TargetProblem(target=target, platform=platform, refusal=refusal)]
        if publication.format not in kit.manifest.formats:
            known = ", ".join(kit.manifest.formats)
            message = f"{kit.manifest.title} has no format {publication.format!r}; it has {known}."
            refusal = Refusal(code="unknown_format", message=message, field="format")
            return [TargetProblem(target=target, platform=platform, refusal=refusal)]
        return [TargetProblem(target=target, platform=platform, refusal=no) for no in kit.check(publication)]

    @staticmethod
    def _order(wanted: Wanted, considered: "Considered | None" = None) -> Order:
        canonical = json.dumps(wanted.body, sort_keys=True, separators=(",", ":"), default=str)
        return Order(
            customer_id=wanted.customer_id,
            api_key=wanted.api_key,
            idempotency_key=wanted.idempotency_key,
            body_sha256=hashlib.sha256(canonical.encode()).hexdigest(),
            publications=considered.publications if considered else (),
            follows=considered.follows if considered else {},
            draft=wanted.draft,
        )


@dataclass(frozen=True, kw_only=True)
class Made:
    """What one target of an order becomes."""

    account: Account
    format: str
    publications: list[Publication] = field(default_factory=list[Publication])
    follows: dict[PublicationId, PublicationId] = field(default_factory=dict[PublicationId, PublicationId])
    problems: list[TargetProblem] = field(default_factory=list[TargetProblem])


@dataclass(frozen=True, kw_only=True)
class Considered:
    """What an order would become, and everything that is wrong with it."""

    targets: Sequence[Made]
    repeated: Sequence[TargetProblem]

    @property
    def publications(self) -> list[Publication]:
        return [publication for one in self.targets for publication in one.publications]

    @property
    def follows(self) -> dict[PublicationId, PublicationId]:
        """Which of them waits for which other's end."""
        return {later: earlier for one in self.targets for later, earlier in one.follows.items()}

    @property
    def problems(self) -> list[TargetProblem]:
        return [problem for one in self.targets for problem in one.problems] + list(self.repeated)


def _repeated(targets: Sequence[Target], accounts: Sequence[Account]) -> list[TargetProblem]:
    """The same post twice in one order would be two posts."""
    return [
        TargetProblem(target=i, platform=account.platform, refusal=REPEATED)
        for i, (target, account) in enumerate(zip(targets, accounts, strict=True))
        if target in targets[:i]
    ]


REPEATED = Refusal(
    code="duplicate_target",
    message="The order names the same account in the same format twice.",
    field="credential_ref",
    remediation="Name each target once.",
)
