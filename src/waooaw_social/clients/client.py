"""What all clients share: one publication driven to one of three ends, and three questions about a connection.

A call of a client sleeps through pauses, short waits and the reconcile delay, up to its deadline. It ends with a result; with a
`SocialPlatformError` whose `is_transient` is true only if nothing can have gone out; or with a `SocialOutcomeUnknown`, which must not be
repeated blindly. The ledger lives in memory: if the process dies, nobody remembers. For publications that survive that, use Plant.
"""

import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from typing import Literal, Self

from waooaw_social.clients.counted import CallMeter, Counted, Tally
from waooaw_social.clients.endings import given_up, not_done, result_of
from waooaw_social.core.account import Account
from waooaw_social.core.clock import Clock
from waooaw_social.core.ids import CredentialRef, CustomerId, Platform, PublicationId
from waooaw_social.core.post import Content, SocialPostResult
from waooaw_social.core.publication import WAITING, Publication
from waooaw_social.core.refusal import Cure, Refused, SocialPlatformError
from waooaw_social.durable.memory import MemoryInbox, MemoryLedger
from waooaw_social.durable.ports import Delays, Ending, EntryState, Files, Parked, Repeats
from waooaw_social.durable.reading import Unanswered, read
from waooaw_social.durable.runner import Runner
from waooaw_social.metrics.collector import PlatformMetricsCollector, get_metrics_collector
from waooaw_social.platforms.kit import CredentialReport, Kit
from waooaw_social.wire.gateway import Gateway
from waooaw_social.wire.holding import HELD_CODES
from waooaw_social.wire.ports import Errand, NotSent, ResolvedSocialCredentials, Unknown, errand_of

DEADLINE = 600.0
"""Seconds of waiting. Long enough for the reconcile delay and three looks."""
LEASE = 24 * 3600.0
"""Seconds. Nobody else is there to take over; an upload may take hours."""
SHORTEST_WAIT = 1.0
"""Seconds that a wait counts at least, so that no row of waits of nothing goes on for ever."""


@dataclass(frozen=True, kw_only=True)
class Wiring:
    """What a client is made of. `environment.py` makes one from the environment; tests and services hand in their own."""

    kit: Kit
    gateway: Gateway
    files: Files
    clock: Clock
    meter: CallMeter
    delays: Delays = field(default_factory=Delays)
    events: PlatformMetricsCollector = field(default_factory=get_metrics_collector)
    """Is told how each call that publishes ended."""
    closing: tuple[Callable[[], Awaitable[None]], ...] = ()
    """What goes with the client, beside its connections."""


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
        errand = self._errand(credential_ref)
        credentials = await self._wiring.gateway.tokens.good(errand)
        if isinstance(credentials, NotSent):
            return self._as_report(credentials)
        flow = self._wiring.kit.inspect(self._account_of(errand, credentials))
        try:
            return await read(flow, self._wiring.gateway, errand, self._wiring.clock)
        except Unanswered as silence:
            outcome = silence.outcome
        except Refused as no:
            raise SocialPlatformError.of(no.refusal, self.platform) from None
        return self._as_report(outcome)

    async def refresh_token(self, credential_ref: str) -> str:
        """Refresh the access token now, store it in CP, and return it. Whoever asks at the same time, or within the next minute, shares it.

        A token that needs no refresh, because it does not end or was made a moment ago, is returned as it is.
        """
        renewed = await self._wiring.gateway.tokens.refreshed(self._errand(credential_ref))
        if isinstance(renewed, NotSent):
            raise not_done(self.platform, renewed)
        return renewed.access_token.open()

    async def aclose(self) -> None:
        """Close what is open. May be called twice; a call of the client afterwards opens what it needs."""
        await self._wiring.gateway.transport.aclose()
        for close in self._wiring.closing:
            await close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    # --- one publication --------------------------------------------------------------------------------------------------

    async def _publish(self, credential_ref: str, format: str, content: Content) -> SocialPostResult:
        """One post and one usage event, however it ends."""
        known = Counted(
            platform=self.platform,
            customer_id=self._customer_id,
            credential_ref=credential_ref,
            format=format,
            content=content,
        )
        post = partial(self._carry_out, credential_ref, format, content)
        most = len(self._wiring.gateway.retry.waits)
        return await known.run(post, clock=self._wiring.clock, max_retries=most, to=self._wiring.events)

    async def _carry_out(self, credential_ref: str, format: str, content: Content, tally: Tally) -> SocialPostResult:
        errand = replace(self._errand(credential_ref), retried=tally.repeated)
        unknown = Account(
            customer_id=self._customer_id,
            credential_ref=errand.credential_ref,
            platform=self.platform,
            posting_identity=None,
        )
        draft = Publication(
            id=PublicationId(f"lib-{secrets.token_hex(8)}"), account=unknown, format=format, content=content
        )
        self._refuse_unasked(draft)
        credentials = await self._wiring.gateway.tokens.good(errand)
        if isinstance(credentials, NotSent):
            raise not_done(self.platform, credentials)
        publication = replace(draft, account=self._account_of(errand, credentials))
        self._ledger.submit(publication)
        try:
            return await self._drive(publication, tally)
        finally:
            if self._ledger.kept[publication.id].state in WAITING:  # also where the caller was cancelled
                self._ledger.give_up(publication.id)
                rows = self._ledger.kept[publication.id].rows
                tally.in_doubt = any(row.state is EntryState.UNRESOLVED for row in rows)
            self._name_visible(publication, tally)

    def _name_visible(self, publication: Publication, tally: Tally) -> None:
        tally.visible = frozenset(row.name for row in self._ledger.kept[publication.id].rows if row.visible)

    def _refuse_unasked(self, draft: Publication) -> None:
        """What is wrong whoever asks: a flow says it before its first step, and nobody, CP included, need be asked."""
        flow = self._wiring.kit.publish(draft)
        try:
            next(flow)
        except Refused as no:
            refusal = no.refusal
        else:
            return
        finally:
            flow.close()
        raise SocialPlatformError.of(refusal, self.platform)

    async def _drive(self, publication: Publication, tally: Tally) -> SocialPostResult:
        """The deadline counts what is waited, not what is worked: a long upload leaves enough of it for a doubt at its end."""
        waited = 0.0
        while True:
            ending = await self._advance(publication, tally)
            if not isinstance(ending, Parked):
                self._name_visible(publication, tally)
                repeats = Repeats(retry_count=tally.retry_count, retry_wait=tally.waited)
                most = len(self._wiring.gateway.retry.waits)
                return result_of(ending, self._wiring.kit.manifest, self._wiring.clock.now(), repeats, most)
            resting = ending.refusal is not None and ending.refusal.code in HELD_CODES and not ending.in_doubt
            if resting or ending.until is not None or waited + ending.seconds > self._deadline:
                raise given_up(self.platform, ending, self._tried_at(publication))
            waited += max(ending.seconds, SHORTEST_WAIT)
            await self._wiring.clock.sleep(ending.seconds)

    async def _advance(self, publication: Publication, tally: Tally) -> Ending:
        claim = self._ledger.claim_one(publication.id, "library", lease=LEASE)
        flow = self._wiring.kit.publish(publication)
        errand = replace(errand_of(publication.account), retried=tally.repeated)
        return await self._runner.advance(claim, flow, errand)

    def _tried_at(self, publication: Publication) -> datetime:
        """When the call left whose end nobody knows."""
        begun = [row.begun_at for row in self._ledger.kept[publication.id].rows if row.state is EntryState.OPEN]
        return datetime.fromtimestamp(max(begun), UTC) if begun else self._wiring.clock.now()

    # --- helpers ----------------------------------------------------------------------------------------------------------

    def _account_of(self, errand: Errand, credentials: ResolvedSocialCredentials) -> Account:
        return Account(
            customer_id=self._customer_id,
            credential_ref=errand.credential_ref,
            platform=self.platform,
            posting_identity=credentials.posting_identity,
            metadata=credentials.metadata,
        )

    def _errand(self, credential_ref: str) -> Errand:
        return Errand(
            customer_id=self._customer_id, credential_ref=CredentialRef(credential_ref), platform=self.platform
        )

    def _as_report(self, outcome: NotSent | Unknown) -> CredentialReport:
        """What only the customer can cure is a fact about the connection; of everything else nobody could be asked."""
        if outcome.refusal and outcome.refusal.cure is Cure.RECONNECT:
            return CredentialReport(platform=self.platform, identity=None, title=None, problems=(outcome.refusal,))
        raise not_done(self.platform, outcome)
