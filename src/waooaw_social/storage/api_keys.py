"""API keys: minted once and shown once, kept as a hash, bound to a customer and, at Plant, to an agent and to accounts where that is wanted.

A key is 256 random bits, so that one round of SHA-256 is enough. Its id stands in it in the clear, for logs and for revoking.
"""

import hashlib
import hmac
import secrets
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from waooaw_social.storage.db import Database, now


@dataclass(frozen=True, kw_only=True)
class ApiKey:
    """Who a key speaks for."""

    id: str
    customer_id: str
    agent_id: str | None = None
    scopes: frozenset[str] = field(default_factory=frozenset[str])
    credential_refs: frozenset[str] | None = None
    """The only accounts that exist for it; None: all of the customer's."""


@dataclass(frozen=True, kw_only=True)
class KnownKey:
    """A key as its keepers see it: everything but the key."""

    key: ApiKey
    created_at: float
    """Seconds since 1970."""
    revoked_at: float | None


def api_keys_table(metadata: sa.MetaData) -> sa.Table:
    """Each service has this table in its own database."""
    return sa.Table(
        "api_keys",
        metadata,
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("sha256", sa.Text, nullable=False, unique=True),
        sa.Column("customer_id", sa.Text, nullable=False),
        sa.Column("agent_id", sa.Text),
        sa.Column("scopes", sa.Text, nullable=False, server_default=""),
        sa.Column("credential_refs", sa.JSON(none_as_null=True)),
        sa.Column("created_at", sa.Double, nullable=False),
        sa.Column("revoked_at", sa.Double),
    )


@dataclass(frozen=True, kw_only=True)
class ApiKeys:
    """The keys of one service. `prefix` tells a leaked key's service at a glance: `cpk` or `plk`."""

    db: Database
    table: sa.Table
    prefix: str

    async def create(
        self,
        *,
        customer_id: str,
        agent_id: str | None = None,
        scopes: frozenset[str] = frozenset(),
        credential_refs: frozenset[str] | None = None,
    ) -> str:
        """Mint a key. What is returned is the only copy there will ever be."""
        key_id = secrets.token_hex(6)
        key = f"{self.prefix}_{key_id}_{secrets.token_urlsafe(32)}"
        row = sa.insert(self.table).values(
            id=key_id,
            sha256=_hash(key),
            customer_id=customer_id,
            agent_id=agent_id,
            scopes=" ".join(sorted(scopes)),
            credential_refs=None if credential_refs is None else sorted(credential_refs),
            created_at=now(),
        )
        await self.db.write(lambda c: c.execute(row).rowcount)
        return key

    async def find(self, key: str) -> ApiKey | None:
        """Whom the key speaks for; None if it is nobody's, or was revoked."""
        wanted = _hash(key)
        living = sa.select(self.table).where(self.table.c.sha256 == wanted, self.table.c.revoked_at.is_(None))
        row = await self.db.read(lambda c: c.execute(living).first())
        if row is None or not hmac.compare_digest(row.sha256, wanted):
            return None
        return _key_of(row)

    async def of_customer(self, customer_id: str) -> list[KnownKey]:
        """Every key of this customer's, revoked ones too, the oldest first."""
        theirs = sa.select(self.table).where(self.table.c.customer_id == customer_id).order_by(self.table.c.created_at)
        rows = await self.db.read(lambda c: c.execute(theirs).all())
        return [KnownKey(key=_key_of(row), created_at=row.created_at, revoked_at=row.revoked_at) for row in rows]

    async def revoke(self, key_id: str) -> bool:
        one = sa.update(self.table).where(self.table.c.id == key_id, self.table.c.revoked_at.is_(None))
        return bool(await self.db.write(lambda c: c.execute(one.values(revoked_at=now())).rowcount))


def _key_of(row: sa.Row[Any]) -> ApiKey:
    bound: list[str] | None = row.credential_refs
    return ApiKey(
        id=row.id,
        customer_id=row.customer_id,
        agent_id=row.agent_id,
        scopes=frozenset(row.scopes.split()),
        credential_refs=None if bound is None else frozenset(bound),
    )


def _hash(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()
