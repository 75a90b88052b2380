"""What CP does with credentials, in the words of its callers: put, list, resolve, update, lease. Knows neither HTTP nor SQL."""

from collections.abc import Sequence
from dataclasses import dataclass

from waooaw_social.metrics.prometheus import REFRESHES, RESOLVES
from waooaw_social.storage.api_keys import ApiKey, ApiKeys
from waooaw_social.storage.cp.credentials import (
    Actor,
    Credentials,
    NewToken,
    NoSuchCredential,
    Opened,
    Stale,
    Stored,
    Wanted,
)

LEASE = 20.0
"""Seconds that somebody has to refresh a token: two tries of a token call."""


@dataclass(frozen=True, kw_only=True)
class Lease:
    """The answer to "may I refresh?"."""

    granted: bool
    until: str
    version: int


@dataclass(frozen=True, kw_only=True)
class Vault:
    """Custody. Every method is about one customer."""

    credentials: Credentials
    keys: ApiKeys

    async def customer(self, key: str) -> ApiKey | None:
        """Whose key this is."""
        return await self.keys.find(key)

    async def put(self, customer_id: str, ref: str | None, wanted: Wanted, actor: Actor) -> tuple[Stored, bool]:
        """Keep a new credential, or replace one's content. Whether it is new. Raises `NoSuchCredential`, `OtherPlatform`."""
        if ref is None:
            return await self.credentials.create(customer_id, wanted, actor), True
        return await self.credentials.replace(customer_id, ref, wanted, actor), False

    async def list(self, customer_id: str) -> Sequence[Stored]:
        return await self.credentials.list(customer_id)

    async def resolve(self, customer_id: str, ref: str, actor: Actor) -> Opened:
        """Raises `NoSuchCredential`."""
        try:
            opened = await self.credentials.open(customer_id, ref, actor)
        except NoSuchCredential:
            RESOLVES.labels("unknown").inc()
            raise
        RESOLVES.labels("lent").inc()
        return opened

    async def update(self, customer_id: str, ref: str, new: NewToken, actor: Actor) -> int:
        """Raises `NoSuchCredential`, `Stale`."""
        try:
            version = await self.credentials.update(customer_id, ref, new, actor)
        except Stale:
            REFRESHES.labels("stale").inc()
            raise
        REFRESHES.labels("stored").inc()
        return version

    async def lease(self, customer_id: str, ref: str, version: int | None, actor: Actor) -> Lease:
        """Raises `NoSuchCredential`."""
        granted, until, newest = await self.credentials.lease(customer_id, ref, version, LEASE, actor)
        REFRESHES.labels("granted" if granted else "denied").inc()
        return Lease(granted=granted, until=until.isoformat(), version=newest)
