"""From "put this on those accounts" to publications that are kept: checked against each platform's limits, all accepted or none.

Knows neither HTTP nor SQL. What is wrong is told for every target at once, each problem with its field and what to do about it.
"""

import asyncio
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from waooaw_social.core.account import Account
from waooaw_social.core.ids import AgentId, CredentialRef, CustomerId, PublicationId
from waooaw_social.core.post import Content
from waooaw_social.core.publication import Publication
from waooaw_social.core.refusal import Refusal, Refused
from waooaw_social.platforms.kit import Kits, whole
from waooaw_social.storage.plant.publications import Kept, Order, new_id
from waooaw_social.wire.ports import TokenSource


@dataclass(frozen=True, kw_only=True)
class Target:
    """One account, and the shape that the content takes there."""

    credential_ref: CredentialRef
    format: str


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


@dataclass(frozen=True, kw_only=True)
class Publishing:
    """Submit and show. `wake` is called when something is due."""

    store: Store
    tokens: TokenSource
    kits: Kits
    wake: Callable[[], None] = lambda: None

    async def submit(self, wanted: Wanted) -> Kept:
        """Accept all targets, or raise `NotAccepted`. The same key and body give the same answer again.

        Raises `CredentialUnknown` and `CredentialsUnavailable` of the token source, and `KeyReused`.
        """
        repeat = await self.store.accepted(self._order(wanted, []))
        if repeat is not None:
            return repeat
        accounts = await asyncio.gather(*(self._account(wanted.customer_id, t.credential_ref) for t in wanted.targets))
        made = [self._made(i, account, wanted) for i, account in enumerate(accounts)]
        problems = [problem for one in made for problem in one.problems]
        problems += _repeated(wanted.targets, accounts)
        if problems:
            raise NotAccepted(problems)
        follows = {i: before for one in made for i, before in one.follows.items()}
        accepted = await self.store.submit(self._order(wanted, [p for one in made for p in one.publications], follows))
        self.wake()
        return accepted

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

    def _made(self, target: int, account: Account, wanted: Wanted) -> "_Made":
        """The publications of one target, and what is wrong with them."""
        made, kit = _Made(), self.kits.get(account.platform)
        try:
            parts = (kit.split if kit else whole)(wanted.targets[target].format, wanted.content)
        except Refused as no:
            return _Made(problems=[TargetProblem(target=target, platform=account.platform, refusal=no.refusal)])
        for part in parts:
            publication = Publication(
                id=new_id(),
                account=account,
                format=part.format,
                content=part.content,
                agent_id=wanted.agent_id,
                correlation_id=wanted.correlation_id,
            )
            if part.after is not None:
                made.follows[publication.id] = made.publications[part.after].id
            made.publications.append(publication)
            for problem in self._problems(target, publication):
                called = replace(
                    problem, refusal=replace(problem.refusal, field=part.called(problem.refusal.field or ""))
                )
                if called not in made.problems:  # the same message is wrong for every recipient
                    made.problems.append(called)
        return made

    def _problems(self, target: int, publication: Publication) -> list[TargetProblem]:
        platform = publication.account.platform
        kit = self.kits.get(platform)
        if kit is None:
            refusal = Refusal(
                code="unknown_platform", message=f"{platform} is not published to yet.", field="credential_ref"
            )
            return [TargetProblem(target=target, platform=platform, refusal=refusal)]
        if publication.format not in kit.manifest.formats:
            known = ", ".join(kit.manifest.formats)
            message = f"{kit.manifest.title} has no format {publication.format!r}; it has {known}."
            refusal = Refusal(code="unknown_format", message=message, field="format")
            return [TargetProblem(target=target, platform=platform, refusal=refusal)]
        return [TargetProblem(target=target, platform=platform, refusal=no) for no in kit.check(publication)]

    @staticmethod
    def _order(
        wanted: Wanted,
        publications: Sequence[Publication],
        follows: Mapping[PublicationId, PublicationId] | None = None,
    ) -> Order:
        canonical = json.dumps(wanted.body, sort_keys=True, separators=(",", ":"), default=str)
        return Order(
            customer_id=wanted.customer_id,
            api_key=wanted.api_key,
            idempotency_key=wanted.idempotency_key,
            body_sha256=hashlib.sha256(canonical.encode()).hexdigest(),
            publications=publications,
            follows=follows or {},
        )


@dataclass(frozen=True, kw_only=True)
class _Made:
    """What one target of an order became."""

    publications: list[Publication] = field(default_factory=list[Publication])
    follows: dict[PublicationId, PublicationId] = field(default_factory=dict[PublicationId, PublicationId])
    problems: list[TargetProblem] = field(default_factory=list[TargetProblem])


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
