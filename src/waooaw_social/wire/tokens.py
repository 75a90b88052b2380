"""A token that works now: lent by CP, refreshed ahead of its end or after a 401, by one in the fleet at a time.

The right to refresh is CP's to give. Whoever has it asks the platform and writes the new token back, compare-and-swap; whoever has it not
waits and adopts the winner's. A dead grant waits for the customer to reconnect; a wrong client id is the operator's and blames nobody.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from waooaw_social.core.clock import Clock
from waooaw_social.core.ids import CredentialRef, CustomerId, Platform
from waooaw_social.core.refusal import Cure, Reaction, Refusal, Refused
from waooaw_social.platforms.call import Call, Reply
from waooaw_social.platforms.kit import Kits, NewTokens, OAuthClient
from waooaw_social.wire.ports import (
    CredentialsUnavailable,
    CredentialUnknown,
    Errand,
    Lost,
    NotSent,
    NotWritten,
    Outcome,
    ResolvedSocialCredentials,
    StaleVersion,
    TokenSource,
    Unknown,
)
from waooaw_social.wire.redact import redacted
from waooaw_social.wire.retry import repeated
from waooaw_social.wire.transport import Transport

TOKEN_TIMEOUT = 10.0
AHEAD = 225.0
"""Seconds before a token's end at which it is refreshed: the threshold of Google's own client."""
JUST_REFRESHED = 60.0
"""Seconds within which a refreshed token that is refused again proves that refreshing does not help."""
FAILED_LATELY = 30.0
"""Seconds for which a refresh ahead of time is not tried again after it failed."""
WAIT_FOR_WINNER = 12.0
"""Seconds to wait for somebody else's refresh: a token call's timeout, and a little."""

MESSAGE_LIMIT = 500
"""Characters of a platform's words that go into ours."""

Key = tuple[CustomerId, CredentialRef]


@dataclass(kw_only=True)
class Tokens:
    """Gives out credentials that are good now, or the reason why there are none: always a certain "not sent"."""

    source: TokenSource
    transport: Transport
    kits: Kits
    clients: Mapping[Platform, OAuthClient]
    clock: Clock
    _locks: dict[Key, asyncio.Lock] = field(default_factory=dict[Key, asyncio.Lock])
    _refreshed: dict[Key, tuple[int, datetime]] = field(default_factory=dict[Key, tuple[int, datetime]])
    _failed: dict[Key, datetime] = field(default_factory=dict[Key, datetime])

    async def good(self, errand: Errand) -> ResolvedSocialCredentials | NotSent:
        """The credential, refreshed first where its token is about to end."""
        credentials = await self._resolve(errand)
        if isinstance(credentials, NotSent) or not self._ends_soon(credentials):
            return credentials
        if not self._ended(credentials) and self._is_new(_key(errand), credentials):
            return credentials  # the platform gives out tokens that last no longer
        if not self._ended(credentials) and self._failed_lately(_key(errand)):
            return credentials  # it still works, and not every call has to wait for a stumbling token endpoint
        renewed = await self.renew(errand, credentials)
        if isinstance(renewed, NotSent):
            self._failed[_key(errand)] = self.clock.now()
        # The old token may still do for a while; if it does not, the platform's 401 says so.
        return credentials if isinstance(renewed, NotSent) and not self._ended(credentials) else renewed

    async def renew(self, errand: Errand, stale: ResolvedSocialCredentials) -> ResolvedSocialCredentials | NotSent:
        """A newer token than `stale`. Concurrent callers share one refresh, in this process and in the fleet."""
        key = _key(errand)
        async with self._locks.setdefault(key, asyncio.Lock()):
            newest = await self._resolve(errand, fresh=True)
            if isinstance(newest, NotSent) or newest.version != stale.version:
                return newest
            if self._is_new(key, newest) and not self._ended(newest):
                return _reconnect("The platform refuses the token although it was refreshed a moment ago.")
            if newest.refresh_token is None:
                return _reconnect("The token is no longer valid, and the connection holds no refresh token.")
            if newest.platform not in self.clients:
                return _operator(f"No OAuth client is configured for {newest.platform}.")
            return await self._with_the_right(errand, newest, self.clock.now() + timedelta(seconds=WAIT_FOR_WINNER))

    async def _with_the_right(
        self, errand: Errand, stale: ResolvedSocialCredentials, deadline: datetime
    ) -> ResolvedSocialCredentials | NotSent:
        """Refresh if CP gives us the right to; else wait for who has it."""
        while True:
            try:
                lease = await self.source.refresh_lease(
                    customer_id=errand.customer_id, credential_ref=errand.credential_ref, version=stale.version
                )
            except (CredentialUnknown, CredentialsUnavailable) as error:
                return _unavailable(error)
            if lease.granted:
                return await self._refresh(errand, stale)
            newest = await self._resolve(errand, fresh=True)
            if isinstance(newest, NotSent) or newest.version != stale.version:
                return newest
            if self.clock.now() >= deadline:
                return NotSent(why="somebody else is refreshing the token", retry_in=5.0)
            await self.clock.sleep(0.25)

    async def _refresh(self, errand: Errand, stale: ResolvedSocialCredentials) -> ResolvedSocialCredentials | NotSent:
        client = self.clients[stale.platform]
        refresh_token = stale.refresh_token
        if refresh_token is None:
            raise AssertionError("asked to refresh without a refresh token")
        call = self.kits[stale.platform].refresh(client, refresh_token)
        secrets = (refresh_token.open(), client.client_secret.open(), stale.access_token.open())
        outcome = (await repeated(lambda: self._ask(call, secrets), clock=self.clock)).outcome
        match outcome:
            case Reply():
                new = _read(call, outcome)
                return await self._store(errand, stale, new) if new else _unreadable()
            case Unknown():
                return NotSent(why=outcome.why, retry_in=outcome.retry_in, refusal=outcome.refusal)
            case NotSent():
                return outcome

    async def _ask(self, call: Call[NewTokens], secrets: tuple[str, ...]) -> Outcome:
        body = call.request.body
        if not isinstance(body, bytes):
            raise TypeError("a token call has a small body")
        try:
            reply = await self.transport.send(call.request, body=body, timeout=TOKEN_TIMEOUT)
        except NotWritten as error:
            return NotSent(why=str(error))
        except Lost as error:
            return Unknown(why=str(error))
        if reply.status in call.answers:
            return reply
        refusal = call.explain(reply)
        code = refusal.platform_code
        refusal = replace(
            refusal,
            message=redacted(refusal.message, secrets)[:MESSAGE_LIMIT],
            platform_code=redacted(code, secrets)[:MESSAGE_LIMIT] if code else None,
        )
        if refusal.reaction is Reaction.CURE:
            return NotSent(why=refusal.message, until=refusal.cure, refusal=refusal)
        if refusal.reaction in {Reaction.REFUSED, Reaction.REFRESH}:
            return NotSent(why=refusal.message, until=Cure.OPERATOR, refusal=replace(refusal, cure=Cure.OPERATOR))
        return NotSent(why=refusal.message, retry_in=refusal.retry_after, refusal=refusal)

    async def _store(
        self, errand: Errand, stale: ResolvedSocialCredentials, new: NewTokens
    ) -> ResolvedSocialCredentials | NotSent:
        expires_at = self.clock.now() + timedelta(seconds=new.expires_in) if new.expires_in else None
        try:
            version = await self.source.update_access_token(
                customer_id=errand.customer_id,
                credential_ref=errand.credential_ref,
                new_access_token=new.access_token,
                new_refresh_token=new.refresh_token,
                expires_at=expires_at,
                expected_version=stale.version,
            )
        except StaleVersion:
            return await self._resolve(errand, fresh=True)
        except (CredentialUnknown, CredentialsUnavailable) as error:
            return _unavailable(error)
        self._refreshed[_key(errand)] = (version, self.clock.now())
        return replace(
            stale,
            access_token=new.access_token,
            refresh_token=new.refresh_token or stale.refresh_token,
            expires_at=expires_at,
            version=version,
        )

    async def _resolve(self, errand: Errand, *, fresh: bool = False) -> ResolvedSocialCredentials | NotSent:
        try:
            credentials = await self.source.resolve(
                customer_id=errand.customer_id, credential_ref=errand.credential_ref, fresh=fresh
            )
        except (CredentialUnknown, CredentialsUnavailable) as error:
            return _unavailable(error)
        if credentials.platform != errand.platform:
            return _reconnect(f"The credential is one of {credentials.platform}, not of {errand.platform}.")
        return credentials

    def _ends_soon(self, credentials: ResolvedSocialCredentials) -> bool:
        ahead = self.clock.now() + timedelta(seconds=AHEAD)
        return (
            credentials.refresh_token is not None
            and credentials.expires_at is not None
            and credentials.expires_at < ahead
        )

    def _ended(self, credentials: ResolvedSocialCredentials) -> bool:
        return credentials.expires_at is not None and credentials.expires_at <= self.clock.now()

    def _failed_lately(self, key: Key) -> bool:
        at = self._failed.get(key)
        return at is not None and self.clock.now() - at < timedelta(seconds=FAILED_LATELY)

    def _is_new(self, key: Key, credentials: ResolvedSocialCredentials) -> bool:
        version, at = self._refreshed.get(key, (0, self.clock.now()))
        return version == credentials.version and self.clock.now() - at < timedelta(seconds=JUST_REFRESHED)


def _key(errand: Errand) -> Key:
    return errand.customer_id, errand.credential_ref


def _read(call: Call[NewTokens], reply: Reply) -> NewTokens | None:
    """None where the answer is none: its errors may quote the tokens in it."""
    try:
        new = call.understand(reply)
    except (Refused, LookupError, TypeError, ValueError, OverflowError):
        return None
    return new if new.access_token else None


def _unreadable() -> NotSent:
    message = "The platform's answer to the refresh holds no token."
    refusal = Refusal(code="platform_unavailable", message=message, reaction=Reaction.NOT_DONE)
    return NotSent(why=message, refusal=refusal)


def _unavailable(error: CredentialUnknown | CredentialsUnavailable) -> NotSent:
    if isinstance(error, CredentialUnknown):
        message = "The customer has no such credential."
        refusal = Refusal(
            code="unknown_credential", message=message, reaction=Reaction.CURE, cure=Cure.RECONNECT, field="credential_ref",
            remediation="Connect the account, or correct the credential_ref.",
        )  # fmt: skip
        return NotSent(why=message, until=Cure.RECONNECT, refusal=refusal)
    refusal = Refusal(
        code="credentials_unavailable", message="The credentials cannot be read just now.", reaction=Reaction.NOT_DONE,
        cure=error.until, retry_after=error.retry_in,
    )  # fmt: skip
    return NotSent(why=f"CP: {error}", retry_in=error.retry_in, until=error.until, refusal=refusal)


def _reconnect(message: str) -> NotSent:
    refusal = Refusal(
        code="needs_reconnect", message=message, reaction=Reaction.CURE, cure=Cure.RECONNECT,
        remediation="Ask the customer to connect the account again.",
    )  # fmt: skip
    return NotSent(why=message, until=Cure.RECONNECT, refusal=refusal)


def _operator(message: str) -> NotSent:
    refusal = Refusal(code="needs_operator", message=message, reaction=Reaction.CURE, cure=Cure.OPERATOR)
    return NotSent(why=message, until=Cure.OPERATOR, refusal=refusal)
