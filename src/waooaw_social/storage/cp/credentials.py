"""Credentials in SQL. Every statement names the customer in its WHERE; every opening of a token leaves a row in the audit, in the same commit."""

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from waooaw_social.core.secret import Secret
from waooaw_social.storage.cp.tables import audit, credentials
from waooaw_social.storage.db import Database, now
from waooaw_social.storage.seal import Sealer


@dataclass(frozen=True, kw_only=True)
class Actor:
    """Who acts, and in which request: for the audit."""

    name: str
    request_id: str


@dataclass(frozen=True, kw_only=True)
class Stored:
    """A credential without its secrets."""

    credential_ref: str
    customer_id: str
    platform: str
    posting_identity: str | None
    metadata: Mapping[str, str]
    scopes: Sequence[str]
    expires_at: datetime | None
    version: int
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, kw_only=True)
class Opened:
    """A credential with its secrets, boxed."""

    stored: Stored
    access_token: Secret
    refresh_token: Secret | None


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What a customer wants to have kept. A missing refresh token leaves the stored one."""

    platform: str
    posting_identity: str | None
    access_token: Secret
    refresh_token: Secret | None
    expires_at: datetime | None
    scopes: Sequence[str]
    metadata: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class NewToken:
    """What a refresh brought. Empty values never overwrite a token."""

    access_token: Secret
    refresh_token: Secret | None
    expires_at: datetime | None
    expected_version: int | None


class NoSuchCredential(Exception):
    """This customer has none of this name."""


class OtherPlatform(Exception):
    """The credential is one of another platform."""


class Stale(Exception):
    """It has moved on to `version`."""

    def __init__(self, version: int) -> None:
        super().__init__(f"at version {version}")
        self.version = version


@dataclass(frozen=True, kw_only=True)
class Credentials:
    """The rows, and the only hands that seal and open them."""

    db: Database
    sealer: Sealer

    async def create(self, customer_id: str, wanted: Wanted, actor: Actor) -> Stored:
        ref = f"CRED-{secrets.token_hex(12)}"

        def work(c: sa.Connection) -> Stored:
            values = self._values(customer_id, ref, wanted) | {"version": 1, "created_at": now(), "updated_at": now()}
            c.execute(sa.insert(credentials).values(credential_ref=ref, customer_id=customer_id, **values))
            return _audited(c, customer_id, ref, "stored", actor)

        return await self.db.write(work)

    async def replace(self, customer_id: str, ref: str, wanted: Wanted, actor: Actor) -> Stored:
        """A refresh token stays where none is given, unless the account is another one now. Raises `NoSuchCredential`, `OtherPlatform`."""

        def work(c: sa.Connection) -> Stored:
            row = _row(c, customer_id, ref)
            if row.platform != wanted.platform:
                raise OtherPlatform
            values = {"refresh_token": None} if _another_account(row.posting_identity, wanted.posting_identity) else {}
            values |= self._values(customer_id, ref, wanted) | {
                "version": credentials.c.version + 1,
                "updated_at": now(),
            }
            c.execute(sa.update(credentials).where(_of(customer_id, ref)).values(refresh_until=0, **values))
            return _audited(c, customer_id, ref, "replaced", actor)

        return await self.db.write(work)

    async def list(self, customer_id: str) -> Sequence[Stored]:
        mine = sa.select(credentials).where(credentials.c.customer_id == customer_id).order_by(credentials.c.created_at)
        return await self.db.read(lambda c: [_stored(row) for row in c.execute(mine)])

    async def open(self, customer_id: str, ref: str, actor: Actor) -> Opened:
        """Raises `NoSuchCredential`, and `CannotOpen` where somebody tampered with it or its master key is gone."""

        def work(c: sa.Connection) -> sa.Row[Any]:
            _audited(c, customer_id, ref, "opened", actor)
            return _row(c, customer_id, ref)

        row = await self.db.write(work)  # written down first: an opening that fails was one that somebody tried
        token = self.sealer.open(row.access_token, **_place(row, "access_token"))
        refresh = self.sealer.open(row.refresh_token, **_place(row, "refresh_token")) if row.refresh_token else None
        return Opened(
            stored=_stored(row),
            access_token=Secret(token.decode()),
            refresh_token=Secret(refresh.decode()) if refresh else None,
        )

    async def update(self, customer_id: str, ref: str, new: NewToken, actor: Actor) -> int:
        """Compare-and-swap. Returns the new version; raises `NoSuchCredential`, `Stale`."""

        def work(c: sa.Connection) -> int:
            row = _row(c, customer_id, ref)
            if new.expected_version not in {None, row.version}:
                raise Stale(row.version)
            values: dict[str, Any] = self._sealed(customer_id, ref, row.platform, new.access_token, new.refresh_token)
            values |= {"version": row.version + 1, "updated_at": now(), "refresh_until": 0}
            values["expires_at"] = new.expires_at.timestamp() if new.expires_at else None
            c.execute(sa.update(credentials).where(_of(customer_id, ref)).values(**values))
            return _audited(c, customer_id, ref, "updated", actor).version

        return await self.db.write(work)

    async def lease(
        self, customer_id: str, ref: str, version: int | None, seconds: float, actor: Actor
    ) -> tuple[bool, datetime, int]:
        """The right to refresh: granted, until when, and the newest version. One holder; whoever comes with an old version gets none."""

        def work(c: sa.Connection) -> tuple[bool, datetime, int]:
            row = _row(c, customer_id, ref)
            free = credentials.c.refresh_until <= now()
            fresh = version in {None, row.version}
            taken = sa.update(credentials).where(_of(customer_id, ref), free).values(refresh_until=now() + seconds)
            granted = fresh and bool(c.execute(taken).rowcount)
            if granted:
                _audited(c, customer_id, ref, "lease_granted", actor)
            newest = _row(c, customer_id, ref)
            return granted, _time(newest.refresh_until), newest.version

        return await self.db.write(work)

    def _values(self, customer_id: str, ref: str, wanted: Wanted) -> dict[str, Any]:
        return {
            "platform": wanted.platform,
            "posting_identity": wanted.posting_identity,
            "expires_at": wanted.expires_at.timestamp() if wanted.expires_at else None,
            "scopes": list(wanted.scopes),
            "account_metadata": dict(wanted.metadata),
        } | self._sealed(customer_id, ref, wanted.platform, wanted.access_token, wanted.refresh_token)

    def _sealed(
        self, customer_id: str, ref: str, platform: str, access_token: Secret, refresh_token: Secret | None
    ) -> dict[str, bytes]:
        """Only what there is: nothing empty overwrites a token."""
        tokens = {"access_token": access_token, "refresh_token": refresh_token}
        seal: Callable[[str, Secret], bytes] = lambda name, token: self.sealer.seal(  # noqa: E731
            token.open().encode(), customer=customer_id, credential=ref, platform=platform, field=name
        )
        return {name: seal(name, token) for name, token in tokens.items() if token}


def _of(customer_id: str, ref: str) -> sa.ColumnElement[bool]:
    return (credentials.c.customer_id == customer_id) & (credentials.c.credential_ref == ref)


def _row(c: sa.Connection, customer_id: str, ref: str) -> sa.Row[Any]:
    row = c.execute(sa.select(credentials).where(_of(customer_id, ref)).with_for_update()).first()
    if row is None:
        raise NoSuchCredential
    return row


def _audited(c: sa.Connection, customer_id: str, ref: str, act: str, actor: Actor) -> Stored:
    stored = _stored(_row(c, customer_id, ref))
    who = {"actor": actor.name, "request_id": actor.request_id, "version": stored.version}
    c.execute(sa.insert(audit).values(at=now(), customer_id=customer_id, credential_ref=ref, act=act, **who))
    return stored


def _another_account(before: str | None, after: str | None) -> bool:
    """Whether a stored refresh token would bring back an account that was replaced. Where one of them has no name, nobody can tell."""
    return before is not None and after is not None and before != after


def _place(row: sa.Row[Any], name: str) -> dict[str, str]:
    return {"customer": row.customer_id, "credential": row.credential_ref, "platform": row.platform, "field": name}


def _stored(row: sa.Row[Any]) -> Stored:
    return Stored(
        credential_ref=row.credential_ref,
        customer_id=row.customer_id,
        platform=row.platform,
        posting_identity=row.posting_identity,
        metadata=dict(row.account_metadata),
        scopes=tuple(row.scopes),
        expires_at=_time(row.expires_at) if row.expires_at is not None else None,
        version=row.version,
        created_at=_time(row.created_at),
        updated_at=_time(row.updated_at),
    )


def _time(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
