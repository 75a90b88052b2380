"""A token that works now: lent by CP, refreshed ahead of its end or after a 401, by one in the fleet at a time.

The right to refresh is CP's to give. Whoever has it asks the platform and writes the new token back, compare-and-swap; whoever has it not
waits and adopts the winner's. A dead grant waits for the customer to reconnect; a wrong client id is the operator's and blames nobody.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from waooaw_social.core.clock import Clock
from waooaw_social.core.ids import CredentialRef, CustomerId
from waooaw_social.core.refusal import Cure, Reaction, Refused
from waooaw_social.platforms.call import Call, Reply
from waooaw_social.platforms.kit import Kits, NewTokens, NoRefresh, OAuthClient
from waooaw_social.wire.no_token import FAILED_LATELY, not_refreshed, operator, reconnect, unavailable
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
from waooaw_social.wire.redact import redacted_refusal
from waooaw_social.wire.retry import repeated
from waooaw_social.wire.signing import grant_of
from waooaw_social.wire.transport import Transport

TOKEN_TIMEOUT = 10.0
JUST_REFRESHED = 60.0
"""Seconds within which a refreshed token that is refused again proves that refreshing does not help."""
WAIT_FOR_WINNER = 12.0
"""Seconds to wait for somebody else's refresh: a token call's timeout, and a little."""

Key = tuple[CustomerId, CredentialRef]


@dataclass(frozen=True)
class _Failure:
    version: int
    at: datetime
    outcome: NotSent
    by_platform: bool
    """Or nobody was asked: CP was away, or somebody else was at it."""


@dataclass(kw_only=True)
class Tokens:
    """Gives out credentials that are good now, or the reason why there are none: always a certain "not sent"."""

    source: TokenSource
    transport: Transport
    kits: Kits
    clients: Mapping[str, OAuthClient]
    """Our OAuth clients, by the names that `Kit.app` gives."""
    clock: Clock
    _locks: dict[Key, asyncio.Lock] = field(default_factory=dict[Key, asyncio.Lock])
    _refreshed: dict[Key, tuple[int, datetime]] = field(default_factory=dict[Key, tuple[int, datetime]])
    _failures: dict[Key, _Failure] = field(default_factory=dict[Key, _Failure])

    async def good(self, errand: Errand) -> ResolvedSocialCredentials | NotSent:
        """The credential, refreshed first where its token is about to end."""
        credentials = await self._resolve(errand)
        if isinstance(credentials, NotSent) or not self._ends_soon(credentials):
            return credentials
        if isinstance(self._plan(credentials), NoRefresh):
            return credentials  # the platform says what it thinks of it
        if not self._ended(credentials) and self._is_new(_key(errand), credentials):
            return credentials  # the platform gives out tokens that last no longer
        if not self._ended(credentials) and self._failed_lately(_key(errand), credentials):
            return credentials  # it still works, and not every call has to wait for a stumbling token endpoint
        renewed = await self.renew(errand, credentials)
        if isinstance(renewed, NotSent) and not self._failed_lately(_key(errand), credentials):
            self._failures[_key(errand)] = _Failure(credentials.version, self.clock.now(), renewed, by_platform=False)
        # The old token may still do for a while; if it does not, the platform's 401 says so.
        return credentials if isinstance(renewed, NotSent) and not self._ended(credentials) else renewed

    async def refreshed(self, errand: Errand) -> ResolvedSocialCredentials | NotSent:
        """A token fresh from the platform; the one that there is, where it was refreshed a moment ago or needs no refresh."""
        held = await self.good(errand)
        if isinstance(held, NotSent):
            return held
        fresh = self._is_new(_key(errand), held) or self._plan(held) is NoRefresh.NOT_NEEDED
        return held if fresh else await self.renew(errand, held)

    async def renew(self, errand: Errand, stale: ResolvedSocialCredentials) -> ResolvedSocialCredentials | NotSent:
        """A newer token than `stale`. Concurrent callers share one refresh, in this process and in the fleet."""
        key = _key(errand)
        async with self._locks.setdefault(key, asyncio.Lock()):
            newest = await self._resolve(errand, fresh=True)
            if isinstance(newest, NotSent) or newest.version != stale.version:
                return newest
            if self._is_new(key, newest) and not self._ended(newest):
                return reconnect("The platform refuses the token although it was refreshed a moment ago.")
            plan = self._plan(newest)
            if isinstance(plan, NotSent):
                return plan
            if isinstance(plan, NoRefresh):
                return reconnect("The token is no longer valid, and the connection holds nothing to refresh it with.")
            failed = self._failed_lately(key, newest)
            if failed and failed.by_platform:
                return failed.outcome
            deadline = self.clock.now() + timedelta(seconds=WAIT_FOR_WINNER)
            return await self._with_the_right(errand, newest, plan, deadline)

    async def _with_the_right(
        self, errand: Errand, stale: ResolvedSocialCredentials, call: Call[NewTokens], deadline: datetime
    ) -> ResolvedSocialCredentials | NotSent:
        """Refresh if CP gives us the right to; else wait for who has it."""
        while True:
            try:
                lease = await self.source.refresh_lease(
                    customer_id=errand.customer_id, credential_ref=errand.credential_ref, version=stale.version
                )
            except (CredentialUnknown, CredentialsUnavailable) as error:
                return unavailable(error)
            if lease.granted:
                return await self._refresh(errand, stale, call)
            newest = await self._resolve(errand, fresh=True)
            if isinstance(newest, NotSent) or newest.version != stale.version:
                return newest
            if self.clock.now() >= deadline:
                return NotSent(why="somebody else is refreshing the token", retry_in=5.0)
            await self.clock.sleep(0.25)

    def _plan(self, credentials: ResolvedSocialCredentials) -> Call[NewTokens] | NoRefresh | NotSent:
        """The call that would refresh this token."""
        kit = self.kits[credentials.platform]
        client = self.clients.get(kit.app(credentials.metadata))
        if client is None:
            return operator(f"No OAuth client is configured for {credentials.platform}.")
        return kit.refresh(client, grant_of(credentials, self.clock.now()))

    async def _refresh(
        self, errand: Errand, stale: ResolvedSocialCredentials, call: Call[NewTokens]
    ) -> ResolvedSocialCredentials | NotSent:
        client = self.clients[self.kits[stale.platform].app(stale.metadata)]
        tokens = (stale.refresh_token, stale.access_token, client.client_secret)
        secrets = tuple(token.open() for token in tokens if token)
        outcome = (await repeated(lambda: self._ask(call, secrets), clock=self.clock, told=errand.retried)).outcome
        new = _read(call, outcome) if isinstance(outcome, Reply) else None
        if new:
            return await self._store(errand, stale, new)
        failed = not_refreshed(outcome)
        self._failures[_key(errand)] = _Failure(stale.version, self.clock.now(), failed, by_platform=True)
        return failed

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
        if call.answered(reply):
            return reply
        refusal = redacted_refusal(call.explain(reply), secrets)
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
            return unavailable(error)
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
            return unavailable(error)
        if credentials.platform != errand.platform:
            return reconnect(f"The credential is one of {credentials.platform}, not of {errand.platform}.")
        return credentials

    def _ends_soon(self, credentials: ResolvedSocialCredentials) -> bool:
        ahead = self.clock.now() + timedelta(seconds=self.kits[credentials.platform].refresh_ahead)
        return credentials.expires_at is not None and credentials.expires_at < ahead

    def _ended(self, credentials: ResolvedSocialCredentials) -> bool:
        return credentials.expires_at is not None and credentials.expires_at <= self.clock.now()

    def _failed_lately(self, key: Key, credentials: ResolvedSocialCredentials) -> _Failure | None:
        """Why this very token was not refreshed a moment ago."""
        failure = self._failures.get(key)
        if failure is None or failure.version != credentials.version:
            return None
        return failure if self.clock.now() - failure.at < timedelta(seconds=FAILED_LATELY) else None

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
