"""What all clients share: one publication driven to one of three ends, and three questions about a connection.

A call of a client sleeps through pauses, short waits and the reconcile delay, up to its deadline. It ends with a result; with a
`SocialPlatformError` whose `is_transient` is true only if nothing can have gone out; or with a `SocialOutcomeUnknown`, which must not be
repeated blindly. The ledger lives in memory: if the process dies, nobody remembers. For publications that survive that, use Plant.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal, Self, cast

from waooaw_social.core.account import Account
from waooaw_social.core.clock import Clock
from waooaw_social.core.ids import CredentialRef, CustomerId, Platform, PublicationId
from waooaw_social.core.post import Content, SocialPostResult
from waooaw_social.core.publication import Publication
from waooaw_social.core.refusal import Refused, SocialOutcomeUnknown, SocialPlatformError
from waooaw_social.durable.memory import MemoryInbox, MemoryLedger
from waooaw_social.durable.ports import Delays, Done, Ending, Failed, Files, Overtaken, Parked, Undecided
from waooaw_social.durable.reading import Unanswered, read
from waooaw_social.durable.runner import Runner
from waooaw_social.platforms.call import Reply
from waooaw_social.platforms.kit import CredentialReport, Kit
from waooaw_social.wire.gateway import Gateway
from waooaw_social.wire.ports import Cost, Errand, NotSent, ResolvedSocialCredentials, Unknown

DEADLINE = 600.0
"""Seconds. Long enough for the reconcile delay and three looks."""
LEASE = 24 * 3600.0
"""Seconds. Nobody else is there to take over; an upload may take hours."""


@dataclass
class CallMeter:
    """Fills the gateway's `Meter`: how many calls left, and what they cost."""

    calls: int = 0
    quota: dict[str, int] = field(default_factory=dict[str, int])

    def called(self, *, platform: Platform, name: str, answer: str, seconds: float, cost: Cost | None) -> None:
        if answer == "not_written":
            return
        self.calls += 1
        if cost:
            self.quota[cost.bucket] = self.quota.get(cost.bucket, 0) + cost.units


@dataclass(frozen=True, kw_only=True)
class Wiring:
    """What a client is made of. `environment.py` makes one from the environment; tests and services hand in their own."""

    kit: Kit
    gateway: Gateway
    files: Files
    clock: Clock
    meter: CallMeter
    delays: Delays = field(default_factory=Delays)


class SocialClient:
    """One platform on behalf of one customer. Use it as `async with`, or call `aclose()`."""

    def __init__(self, wiring: Wiring, customer_id: str, *, deadline: float = DEADLINE) -> None:
        self._wiring = wiring
        self._customer_id = CustomerId(customer_id)
        self._deadline = deadline
        self._ledger = MemoryLedger(wiring.clock)
        self._runner = Runner(
            ledger=self._ledger,
            gateway=wiring.gateway,
            files=wiring.files,
            inbox=MemoryInbox(),
            clock=wiring.clock,
            delays=wiring.delays,
        )

    @property
    def calls_made(self) -> int:
        """Calls that left for the platform, by this client."""
        return self._wiring.meter.calls

    @property
    def platform(self) -> Platform:
        return self._wiring.kit.manifest.platform

    async def validate_credentials(self, credential_ref: str) -> Literal[True]:
        """True, or a `SocialPlatformError` that says what is wrong with the connection."""
        report = await self.inspect_credentials(credential_ref)
        for problem in report.problems:
            raise SocialPlatformError.of(problem, self.platform)
        return True

    async def inspect_credentials(self, credential_ref: str) -> CredentialReport:
        """Whom the token speaks for, and every problem that reading can find. Raises `SocialPlatformError` if nobody could be asked."""
        account = await self._account(credential_ref)
        try:
            return await read(
                self._wiring.kit.inspect(account), self._wiring.gateway, self._errand(account), self._wiring.clock
            )
        except Unanswered as silence:
            raise self._not_done(silence.outcome) from None
        except Refused as no:
            raise SocialPlatformError.of(no.refusal, self.platform) from None

    async def refresh_token(self, credential_ref: str) -> str:
        """Refresh the access token now, store it in CP, and return it. Concurrent callers share one refresh."""
        account = await self._account(credential_ref)
        tokens = self._wiring.gateway.tokens
        stale = await tokens.good(self._errand(account))
        renewed = stale if isinstance(stale, NotSent) else await tokens.renew(self._errand(account), stale)
        if isinstance(renewed, NotSent):
            raise self._not_done(renewed)
        return renewed.access_token.open()

    async def aclose(self) -> None:
        await self._wiring.gateway.transport.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    # --- one publication --------------------------------------------------------------------------------------------------

    async def _publish(self, credential_ref: str, format: str, content: Content) -> SocialPostResult:
        publication = Publication(
            id=PublicationId(f"lib-{secrets.token_hex(8)}"),
            account=await self._account(credential_ref),
            format=format,
            content=content,
        )
        until = self._wiring.clock.monotonic() + self._deadline
        self._ledger.submit(publication)
        while True:
            ending = await self._advance(publication)
            if not isinstance(ending, Parked):
                return self._result(ending)
            left = until - self._wiring.clock.monotonic()
            if ending.seconds > left or ending.until is not None:
                self._ledger.give_up(publication.id)
                raise self._given_up(ending)
            await self._wiring.clock.sleep(ending.seconds)

    async def _advance(self, publication: Publication) -> Ending:
        claim = self._ledger.claim_one(publication.id, "library", lease=LEASE)
        flow = self._wiring.kit.publish(publication)
        return await self._runner.advance(claim, flow, self._errand(publication.account))

    def _given_up(self, parked: Parked) -> SocialPlatformError:
        """What to raise where waiting is of no use, or would last beyond the deadline."""
        if parked.in_doubt:
            return SocialOutcomeUnknown(
                f"It may have gone out: {parked.why}.",
                self.platform,
                tried_at=self._wiring.clock.now(),
                how_to_settle="Look at the account before you send it again.",
            )
        if parked.refusal is None:
            return SocialPlatformError(parked.why, self.platform, "not_sent", parked.until is None, parked.seconds)
        error = SocialPlatformError.of(parked.refusal, self.platform)
        error.is_transient, error.retry_after = parked.until is None, parked.seconds if parked.until is None else None
        return error

    def _result(self, ending: Done | Failed | Undecided | Overtaken) -> SocialPostResult:
        match ending:
            case Done(published=published, reply=reply):
                return SocialPostResult(
                    success=True,
                    platform=self.platform,
                    post_id=published.post_id,
                    post_url=published.post_url,
                    posted_at=self._wiring.clock.now(),
                    raw_response=shown(reply, self._wiring.kit.manifest.secret_fields),
                    notes=published.notes,
                )
            case Failed(refusal=refusal):
                raise SocialPlatformError.of(refusal, self.platform)
            case Undecided():
                tried_at = datetime.fromtimestamp(ending.tried_at, UTC)
                raise SocialOutcomeUnknown(
                    f"It may have gone out: {ending.why}.",
                    self.platform,
                    tried_at=tried_at,
                    how_to_settle=ending.how_to_settle,
                )
            case Overtaken():
                raise AssertionError("a publication in memory has one driver")

    # --- helpers ----------------------------------------------------------------------------------------------------------

    async def _account(self, credential_ref: str) -> Account:
        errand = Errand(
            customer_id=self._customer_id, credential_ref=CredentialRef(credential_ref), platform=self.platform
        )
        credentials: ResolvedSocialCredentials | NotSent = await self._wiring.gateway.tokens.good(errand)
        if isinstance(credentials, NotSent):
            raise self._not_done(credentials)
        return Account(
            customer_id=self._customer_id,
            credential_ref=errand.credential_ref,
            platform=self.platform,
            posting_identity=credentials.posting_identity,
            metadata=credentials.metadata,
        )

    def _errand(self, account: Account) -> Errand:
        return Errand(customer_id=account.customer_id, credential_ref=account.credential_ref, platform=account.platform)

    def _not_done(self, outcome: NotSent | Unknown) -> SocialPlatformError:
        """A question that was not answered: nothing can have gone out."""
        waits = not (isinstance(outcome, NotSent) and outcome.until)
        if outcome.refusal:
            error = SocialPlatformError.of(outcome.refusal, self.platform)
            error.is_transient, error.retry_after = waits, outcome.retry_in
            return error
        return SocialPlatformError(outcome.why, self.platform, "not_answered", waits, outcome.retry_in)


def shown(reply: Reply | None, secret_fields: frozenset[str]) -> Mapping[str, Any] | None:
    """A platform's answer without the fields that hold secrets."""
    return cast("Mapping[str, Any]", _without(reply.json(), secret_fields)) if reply else None


def _without(value: Any, names: frozenset[str]) -> Any:
    if isinstance(value, Mapping):
        fields = cast("Mapping[str, Any]", value)
        return {name: "[redacted]" if name in names else _without(inner, names) for name, inner in fields.items()}
    if isinstance(value, list):
        return [_without(inner, names) for inner in cast("list[Any]", value)]
    return value
