"""The way out, one straight function: token, quota, breaker, sign, send, classify, meter.

Three answers leave here: a `Reply` (an acceptance, or a no that nobody can cure), `NotSent` (certainly not done) and `Unknown`. A visible
call leaves once per `send`, whatever comes back; harmless and wasteful calls are repeated by the policy of `retry.py`. Only hosts of the
platform's manifest ever see a token, and nothing that comes back still holds one.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from waooaw_social.core.clock import Clock
from waooaw_social.core.refusal import Reaction, Refusal, Refused, Scope
from waooaw_social.platforms.call import Call, Harmless, Piece, Reply, Visible, Wasteful
from waooaw_social.platforms.kit import Kits
from waooaw_social.platforms.manifest import Bucket, Manifest
from waooaw_social.wire.ports import (
    BreakerStore,
    Errand,
    FileRange,
    Lost,
    MediaMissing,
    MediaStore,
    Meter,
    NotSent,
    NotWritten,
    Outcome,
    QuotaStore,
    ResolvedSocialCredentials,
    Saturated,
    TooLate,
    Unknown,
)
from waooaw_social.wire.quota import day_of
from waooaw_social.wire.redact import redacted_refusal, redacted_reply
from waooaw_social.wire.retry import repeated
from waooaw_social.wire.signing import secrets_of, signed
from waooaw_social.wire.tokens import Tokens
from waooaw_social.wire.transport import Transport


@dataclass(frozen=True, kw_only=True)
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

    async def send(self, call: Call[Any], errand: Errand, *, not_after: float | None = None) -> Outcome:
        """Raises `Refused` for a request that must go nowhere."""
        match call.if_repeated:
            case Harmless(repeatable=True) | Wasteful():
                return (await repeated(lambda: self._once(call, errand, not_after), clock=self.clock)).outcome
            case Harmless() | Visible():
                return await self._once(call, errand, not_after)

    async def _once(self, call: Call[Any], errand: Errand, not_after: float | None) -> Outcome:
        manifest = self.kits[errand.platform].manifest
        if self.transport.host_of(call.request.url) not in manifest.hosts:
            raise Refused(FOREIGN_HOST)
        credentials = await self.tokens.good(errand)
        if isinstance(credentials, NotSent):
            return credentials
        held_back = await self._held_back(call, manifest)
        if held_back:
            return held_back
        try:
            body = await self._body(call)
        except MediaMissing as missing:
            await self._give_back(call, manifest)
            return NotSent(why=str(missing), retry_in=missing.retry_in)
        return await self._exchange(call, errand, manifest, credentials, body, not_after)

    async def _exchange(
        self,
        call: Call[Any],
        errand: Errand,
        manifest: Manifest,
        credentials: ResolvedSocialCredentials,
        body: bytes | FileRange,
        not_after: float | None,
    ) -> Outcome:
        started = self.clock.monotonic()
        answer = "lost"
        try:
            reply = await self.transport.send(
                signed(call.request, credentials),
                body=body,
                timeout=manifest.request_timeout,
                not_after=not_after,
                progress=progress_of(call, errand),
            )
            answer = str(reply.status)
        except NotWritten as error:
            answer = "not_written"
            await self._give_back(call, manifest)
            if not isinstance(error, TooLate | Saturated):
                await self.breaker.report(manifest.platform, healthy=False)
            return NotSent(why=str(error), retry_in=0.0 if isinstance(error, TooLate) else None)
        except Lost as error:
            await self.breaker.report(manifest.platform, healthy=False)
            return Unknown(why=str(error))
        finally:
            seconds = self.clock.monotonic() - started
            self.meter.called(
                platform=manifest.platform, name=call.name, answer=answer, seconds=seconds, cost=call.cost
            )
        await self.breaker.report(manifest.platform, healthy=reply.status < 500)
        return await self._classified(call, errand, manifest, credentials, reply)

    async def _classified(
        self, call: Call[Any], errand: Errand, manifest: Manifest, credentials: ResolvedSocialCredentials, reply: Reply
    ) -> Outcome:
        secrets = secrets_of(call.request, credentials)
        clean = redacted_reply(reply, secrets)
        if reply.status in call.answers:
            return clean
        refusal = redacted_refusal(call.explain(clean), secrets)
        match refusal.reaction:
            case Reaction.REFUSED:
                return clean
            case Reaction.REFRESH:
                return await self._renewed(errand, credentials, refusal)
            case Reaction.CURE:
                return NotSent(why=refusal.message, until=refusal.cure, refusal=refusal)
            case Reaction.EXHAUSTED:
                return await self._exhausted(manifest, refusal)
            case Reaction.THROTTLE | Reaction.NOT_DONE:
                return NotSent(why=refusal.message, retry_in=refusal.retry_after, refusal=refusal)
            case Reaction.UNKNOWN:
                return Unknown(why=refusal.message, retry_in=refusal.retry_after, refusal=refusal)

    async def _renewed(self, errand: Errand, credentials: ResolvedSocialCredentials, refusal: Refusal) -> NotSent:
        """The token was refused: nothing was done. Refresh it once, and let the caller ask again."""
        self.tokens.source.drop(customer_id=errand.customer_id, credential_ref=errand.credential_ref)
        renewed = await self.tokens.renew(errand, credentials)
        if isinstance(renewed, NotSent):
            return renewed
        return NotSent(why="the token was refreshed", retry_in=0.0, refusal=refusal)

    # --- quota and breaker ------------------------------------------------------------------------------------------------

    async def _held_back(self, call: Call[Any], manifest: Manifest) -> NotSent | None:
        resting = await self.breaker.admit(manifest.platform)
        if resting is not None:
            refusal = replace(RESTING, retry_after=resting)
            return NotSent(why=refusal.message, retry_in=resting, refusal=refusal)
        if call.cost is None:
            return None
        bucket = bucket_of(manifest, call.cost.bucket)
        wait = await self.quota.take(bucket, self._app(manifest), call.cost.units)
        if wait is None:
            return None
        refusal = Refusal(
            code="quota_exhausted",
            message=f"The app's {manifest.title} quota '{bucket.name}' is used up for today ({bucket.limit}).",
            reaction=Reaction.EXHAUSTED,
            scope=Scope.APP,
            bucket=bucket.name,
            retry_after=wait,
        )
        return NotSent(why=refusal.message, retry_in=wait, refusal=refusal)

    async def _exhausted(self, manifest: Manifest, refusal: Refusal) -> NotSent:
        """The platform's own count decides: nobody asks again before the bucket is refilled."""
        bucket = bucket_of(manifest, refusal.bucket or "")
        left = refusal.retry_after if refusal.retry_after is not None else day_of(bucket, self.clock.now()).left
        await self.quota.block(bucket, self._app(manifest), left)
        return NotSent(why=refusal.message, retry_in=left, refusal=replace(refusal, retry_after=left))

    async def _give_back(self, call: Call[Any], manifest: Manifest) -> None:
        if call.cost:
            await self.quota.give_back(bucket_of(manifest, call.cost.bucket), self._app(manifest), call.cost.units)

    def _app(self, manifest: Manifest) -> str:
        """Whose quota it is: the app's, shared by all of its customers."""
        client = self.tokens.clients.get(manifest.platform)
        return client.client_id if client else "unconfigured"

    # --- the request ------------------------------------------------------------------------------------------------------

    async def _body(self, call: Call[Any]) -> bytes | FileRange:
        """Small and whole for a visible call, so that it is one write; streamed from disk for everything else."""
        body = call.request.body
        if not isinstance(body, Piece):
            return body
        path = await self.media.path(body.file)
        span = FileRange(path=path, offset=body.offset, length=body.length)
        if not isinstance(call.if_repeated, Visible):
            return span
        try:
            piece = await asyncio.to_thread(read, span)
        except OSError:
            piece = b""
        if len(piece) != body.length:
            raise MediaMissing("the file went away, or became shorter, while it was read")
        return piece


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


def bucket_of(manifest: Manifest, name: str) -> Bucket:
    return next(bucket for bucket in manifest.buckets if bucket.name == name)


FOREIGN_HOST = Refusal(
    code="foreign_host",
    message="The platform's answer names a host that is not one of its own; nothing was sent there.",
    scope=Scope.PLATFORM,
    remediation="Try again; if it comes back, somebody may stand between this server and the platform.",
)
RESTING = Refusal(
    code="platform_resting",
    message="The platform has failed too often; it is left alone for a moment.",
    reaction=Reaction.NOT_DONE,
    scope=Scope.PLATFORM,
)
