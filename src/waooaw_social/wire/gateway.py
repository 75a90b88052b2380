"""The way out, one straight function, and therefore long: token, quota, breaker, sign, send, classify, meter.

Three answers leave here: a `Reply` (an acceptance, or a no that nobody can cure), `NotSent` (certainly not done) and `Unknown`. A visible
call leaves once per `send`, whatever comes back; harmless and wasteful calls are repeated by the policy of `retry.py`. Only hosts of the
platform's manifest ever see a token, and nothing that comes back still holds one.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, TypeAlias

import structlog

from waooaw_social.core.clock import Clock
from waooaw_social.core.ids import Platform
from waooaw_social.core.refusal import Cure, Reaction, Refusal, Refused, Scope
from waooaw_social.metrics.traces import NO_TRACES, Traces
from waooaw_social.platforms.call import Call, Form, Harmless, Piece, Reply, Request, Visible, Wasteful
from waooaw_social.platforms.kit import Kit, Kits, OAuthClient
from waooaw_social.wire.bounds import Crowded, Places
from waooaw_social.wire.holding import Budgets, Holding
from waooaw_social.wire.no_token import another_account
from waooaw_social.wire.ports import (
    Admitted,
    BreakerStore,
    Errand,
    FileRange,
    Health,
    Lost,
    MediaMissing,
    MediaStore,
    Meter,
    NotSent,
    NotWritten,
    Outcome,
    QuotaStore,
    ResolvedSocialCredentials,
    Resting,
    Saturated,
    TooLate,
    Unknown,
)
from waooaw_social.wire.redact import redacted_refusal, redacted_reply
from waooaw_social.wire.retry import DEFAULT, RetryBudget, RetryPolicy, repeated
from waooaw_social.wire.signing import grant_of, secrets_of
from waooaw_social.wire.telling import of_call, of_outcome
from waooaw_social.wire.tokens import Tokens
from waooaw_social.wire.transport import Transport
from waooaw_social.wire.way import Way

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Answered:
    reply: Reply
    until: datetime


Question: TypeAlias = tuple[str, ...]


@dataclass(kw_only=True)
class Gateway:
    """Fills the runner's port of the same name."""

    transport: Transport
    tokens: Tokens
    quota: QuotaStore
    breaker: BreakerStore
    media: MediaStore
    meter: Meter
    kits: Kits
    clock: Clock
    retry: RetryPolicy = DEFAULT
    budgets: Budgets = field(default_factory=Budgets)
    uploads: Places = field(default_factory=lambda: Places(UPLOADS_AT_ONCE))
    traces: Traces = NO_TRACES

    _repeats: dict[Platform, RetryBudget] = field(default_factory=dict[Platform, RetryBudget])
    _kept: dict[Question, Answered] = field(default_factory=dict[Question, Answered])

    async def send(self, call: Call[Any], errand: Errand, *, not_after: float | None = None) -> Outcome:
        """Raises `Refused` for a request that must go nowhere."""
        match call.if_repeated:
            case Harmless(kept_for=seconds) if seconds:
                return await self._asked_lately(call, errand, seconds)
            case Harmless(repeatable=True) | Wasteful():
                return await self._repeated(call, errand, not_after)
            case Harmless() | Visible():
                with self.traces.span(call.name, outward=True) as span:
                    span.tell(of_call, call, self.kits, errand, self.transport.host_of)
                    outcome = await self._once(call, errand, not_after)
                    span.tell(of_outcome, call, outcome)
                return outcome

    async def _asked_lately(self, call: Call[Any], errand: Errand, seconds: float) -> Outcome:
        """A read whose answer serves for a while."""
        now, question = self.clock.now(), question_of(call.request, errand)
        self._kept = {asked: kept for asked, kept in self._kept.items() if kept.until > now}
        if question in self._kept:
            return self._kept[question].reply
        outcome = await self._repeated(call, errand, None)
        if isinstance(outcome, Reply) and call.answered(outcome):
            self._kept[question] = Answered(outcome, now + timedelta(seconds=seconds))
        return outcome

    async def _repeated(self, call: Call[Any], errand: Errand, not_after: float | None) -> Outcome:
        budget = self._repeats.get(errand.platform)
        if budget is None:
            budget = self._repeats[errand.platform] = RetryBudget(share=self.retry.share)
        with self.traces.span(call.name, outward=True) as span:
            span.tell(of_call, call, self.kits, errand, self.transport.host_of)
            repeats = await repeated(
                lambda: self._once(call, errand, not_after),
                clock=self.clock,
                policy=self.retry,
                budget=budget,
                told=errand.retried,
            )
            span.tell(of_outcome, call, repeats.outcome, repeats.retry_count)
        return repeats.outcome

    async def _once(self, call: Call[Any], errand: Errand, not_after: float | None) -> Outcome:
        """With a place for it, where it is an upload; waited for before a token or a quota is taken, for it may be long."""
        if not is_upload(call):
            return await self._straight(call, errand, not_after)
        try:
            async with self.uploads.one(errand.meanwhile):
                return await self._straight(call, errand, not_after)
        except Crowded:
            return NotSent(why="other files go up before this one", retry_in=CROWDED, held_back=True)

    async def _straight(self, call: Call[Any], errand: Errand, not_after: float | None) -> Outcome:
        kit = self.kits[errand.platform]
        if self.transport.host_of(call.request.url) not in kit.manifest.hosts:
            raise Refused(FOREIGN_HOST)
        credentials = await self.tokens.good(errand)
        if isinstance(credentials, NotSent):
            return credentials
        if errand.posting_identity is not None and credentials.posting_identity not in {None, errand.posting_identity}:
            return another_account(errand.posting_identity)
        way = Way(call=call, errand=errand, kit=kit, credentials=credentials, client=self._client(kit, credentials))
        try:
            held_back = await self._holding.held_back(way, not_after)
        except Exception as error:  # nothing has left: our own database is away
            return _not_counted(error)
        if held_back:
            return held_back
        try:
            body = await self._body(call)
        except MediaMissing as missing:
            await self._holding.give_back(way)
            return NotSent(why=str(missing), retry_in=missing.retry_in)
        try:
            admission = await self.breaker.admit(kit.manifest.platform, way.family(self.transport.host_of))
        except Exception as error:
            return _not_counted(error)
        if isinstance(admission, Resting):
            await self._holding.give_back(way)
            return self._holding.resting(kit.manifest, admission)
        return await self._reported(way, body, not_after, admission)

    async def _reported(self, way: Way, body: bytes | FileRange, not_after: float | None, leave: Admitted) -> Outcome:
        """One exchange, and what it says about the platform: also where it was cancelled, for it may have been the fleet's one probe."""
        health = Health.NO_WORD
        try:
            outcome, health = await self._exchange(way, body, not_after)
        finally:
            await self._afterwards(self.breaker.report(leave, health))
        return outcome

    async def _afterwards(self, noted: Awaitable[None]) -> None:
        """What is noted after an exchange must not cost its answer: a database that stumbles here is told, and forgiven."""
        try:
            await noted
        except Exception as error:
            log.warning("not_noted", error=type(error).__name__)

    async def _exchange(self, way: Way, body: bytes | FileRange, not_after: float | None) -> tuple[Outcome, Health]:
        call, manifest = way.call, way.kit.manifest
        signed = way.kit.sign(call.request, grant_of(way.credentials, self.clock.now()), way.client)
        if isinstance(signed.body, bytes):
            body = signed.body  # a signature may stand in a small body, too
        started = self.clock.monotonic()
        answer = "lost"
        try:
            reply = await self.transport.send(
                signed,
                body=body,
                timeout=manifest.request_timeout,
                not_after=not_after,
                progress=progress_of(call, way.errand),
            )
            answer = str(reply.status)
        except NotWritten as error:
            answer = "not_written"
            await self._holding.give_back(way)
            ours = isinstance(error, TooLate | Saturated)
            not_sent = NotSent(why=str(error), retry_in=0.0 if isinstance(error, TooLate) else None)
            return not_sent, Health.NO_WORD if ours else Health.FAULT
        except Lost as error:
            return Unknown(why=str(error)), Health.FAULT
        finally:
            seconds = self.clock.monotonic() - started
            self.meter.called(
                platform=manifest.platform, name=call.name, answer=answer, seconds=seconds, cost=call.cost
            )
        for slow in manifest.usage(reply):
            await self._afterwards(self._holding.block(way, slow.bucket, slow.seconds))
        return await self._classified(way, signed, reply), health_of(call, reply)

    async def _classified(self, way: Way, signed: Request, reply: Reply) -> Outcome:
        call, lent = way.call, way.credentials
        held = (lent.access_token, lent.refresh_token, way.client.client_secret if way.client else None)
        secrets = secrets_of(call.request, signed, held)
        clean = redacted_reply(reply, secrets)
        if call.answered(clean):
            return clean
        refusal = redacted_refusal(call.explain(clean), secrets)
        match refusal.reaction:
            case Reaction.REFUSED | Reaction.TAKEN:
                return clean
            case Reaction.REFRESH:
                return await self._renewed(way.errand, lent, refusal)
            case Reaction.CURE:
                if (
                    refusal.cure is Cure.DEPLOY
                ):  # nobody but us can cure it, and everything of the platform waits for it
                    log.error("needs_deploy", platform=way.kit.manifest.platform, code=refusal.code, call=call.name)
                return NotSent(why=refusal.message, until=refusal.cure, refusal=refusal)
            case Reaction.EXHAUSTED:
                return await self._holding.exhausted(way, refusal)
            case Reaction.THROTTLE | Reaction.NOT_DONE:
                return NotSent(why=refusal.message, retry_in=refusal.retry_after, refusal=refusal)
            case Reaction.UNKNOWN:
                if refusal.bucket and refusal.retry_after:
                    await self._afterwards(self._holding.block(way, refusal.bucket, refusal.retry_after))
                return Unknown(why=refusal.message, retry_in=refusal.retry_after, refusal=refusal)

    async def _renewed(self, errand: Errand, credentials: ResolvedSocialCredentials, refusal: Refusal) -> NotSent:
        """The token was refused: nothing was done. Refresh it once, and let the caller ask again."""
        self.tokens.source.drop(customer_id=errand.customer_id, credential_ref=errand.credential_ref)
        renewed = await self.tokens.renew(errand, credentials)
        if isinstance(renewed, NotSent):
            return renewed
        return NotSent(why="the token was refreshed", retry_in=0.0, refusal=refusal)

    @property
    def _holding(self) -> Holding:
        return Holding(quota=self.quota, breaker=self.breaker, clock=self.clock, budgets=self.budgets)

    def _client(self, kit: Kit, credentials: ResolvedSocialCredentials) -> OAuthClient | None:
        return self.tokens.clients.get(kit.app(credentials.metadata))

    # --- the request ------------------------------------------------------------------------------------------------------

    async def _body(self, call: Call[Any]) -> bytes | FileRange:
        """Small and whole for a visible call, so that it is one write; streamed from disk for everything else."""
        whole = isinstance(call.if_repeated, Visible)
        match call.request.body:
            case bytes() as small:
                return small
            case Form(before=before, file=piece, after=after) if whole:
                return before + await self._read(piece) + after
            case Form(before=before, file=piece, after=after):
                return replace(await self._span(piece), before=before, after=after)
            case Piece() as piece if whole:
                return await self._read(piece)
            case Piece() as piece:
                return await self._span(piece)

    async def _span(self, piece: Piece) -> FileRange:
        return FileRange(path=await self.media.path(piece.file), offset=piece.offset, length=piece.length)

    async def _read(self, piece: Piece) -> bytes:
        span = await self._span(piece)
        try:
            held = await asyncio.to_thread(read, span)
        except OSError:
            held = b""
        if len(held) != piece.length:
            raise MediaMissing("the file went away, or became shorter, while it was read")
        return held


def is_upload(call: Call[Any]) -> bool:
    """Whether a file is streamed into its body."""
    return isinstance(call.request.body, Form | Piece) and not isinstance(call.if_repeated, Visible)


def health_of(call: Call[Any], reply: Reply) -> Health:
    """The platform's fault is a 5xx that its error table does not know as somebody else's; 429 is a matter of quota.

    A 5xx that says of itself that nothing was done is the platform's fault all the same, unless it is about an account.
    """
    if reply.status == 429:
        return Health.NO_WORD
    if reply.status < 500 or call.answered(reply):
        return Health.WELL
    no = call.explain(reply)
    stumbled = no.reaction is Reaction.NOT_DONE and no.scope in {Scope.REQUEST, Scope.PLATFORM}
    return Health.FAULT if stumbled or no.reaction is Reaction.UNKNOWN else Health.WELL


def _not_counted(error: Exception) -> NotSent:
    """Our own database is away: nothing was sent, and nothing is in doubt."""
    log.warning("not_counted", error=type(error).__name__)
    return NotSent(why="the quotas could not be read just now", retry_in=STUMBLED, held_back=True)


def progress_of(call: Call[Any], errand: Errand) -> Callable[[int], None] | None:
    """Tells the errand how far the whole file has got, while a piece of it goes up."""
    body, told = call.request.body, errand.progress
    if told is None or not isinstance(body, Piece):
        return None
    offset, size = body.offset, body.file.size
    return lambda sent: told(offset + sent, size)


def read(span: FileRange) -> bytes:
    with span.path.open("rb") as file:
        file.seek(span.offset)
        return file.read(span.length)


def question_of(request: Request, errand: Errand) -> Question:
    """What makes two reads the same."""
    asked = (f"{name}={value}" for name, value in sorted(request.params.items()))
    return (errand.customer_id, errand.credential_ref, request.method, request.url, *asked)


UPLOADS_AT_ONCE = 4
"""Where nobody says how many."""
CROWDED = 60.0
"""Seconds after which an upload comes again that found too many waiting before it: longer than a worker's hand should be held for it."""
STUMBLED = 5.0
"""Seconds until it is tried again after our own database stumbled."""

FOREIGN_HOST = Refusal(
    code="foreign_host",
    message="The platform's answer names a host that is not one of its own; nothing was sent there.",
    scope=Scope.PLATFORM,
    remediation="Try again; if it comes back, somebody may stand between this server and the platform.",
)
