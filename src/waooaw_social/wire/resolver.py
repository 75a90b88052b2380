"""The client of CP's internal API: resolves credentials, hands refreshed tokens back, asks for the right to refresh. Fills `TokenSource`.

A cache of 60 seconds at most, in memory only, never past a token's end; dropped by a 401 or 403 of the platform and by every update.
Refusals are not cached. Callers who ask for the same credential at the same time share one request.
"""

import asyncio
import json
import ssl
import time
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, cast

from waooaw_social.core.ids import CredentialRef, CustomerId, Platform
from waooaw_social.core.refusal import Cure
from waooaw_social.core.secret import Secret
from waooaw_social.wire.ports import (
    CredentialsUnavailable,
    CredentialUnknown,
    RefreshLease,
    ResolvedSocialCredentials,
    StaleVersion,
)
from waooaw_social.wire.transport import Client, ClientError, api_client

TIMEOUT = 10.0
KEPT_FOR = 60.0
"""Seconds."""
KEPT_AT_MOST = 1000
"""Credentials."""

Key = tuple[str, str]


@dataclass(frozen=True)
class _Kept:
    credentials: ResolvedSocialCredentials
    until: float


class CPSocialCredentialResolver:
    """`resolver = CPSocialCredentialResolver(cp_base_url="http://localhost:8001", internal_api_key="…")`; close it with `aclose()`."""

    def __init__(
        self,
        cp_base_url: str,
        internal_api_key: str | Secret,
        *,
        client: Client | None = None,
        verify: ssl.SSLContext | bool = True,
        keep_for: float = KEPT_FOR,
        keep_at_most: int = KEPT_AT_MOST,
    ) -> None:
        self._url = cp_base_url.rstrip("/") + "/api/internal/plant/credentials"
        self._key = internal_api_key if isinstance(internal_api_key, Secret) else Secret(internal_api_key)
        self._client, self._verify = client, verify
        self._keep_for, self._keep_at_most = keep_for, keep_at_most
        self._kept: OrderedDict[Key, _Kept] = OrderedDict()
        self._asking: dict[Key, asyncio.Task[ResolvedSocialCredentials]] = {}
        self._drops = 0

    def __repr__(self) -> str:
        return "CPSocialCredentialResolver(…)"

    async def resolve(self, *, customer_id: str, credential_ref: str, fresh: bool = False) -> ResolvedSocialCredentials:
        """The credential. Raises `CredentialUnknown`, or `CredentialsUnavailable` where CP cannot say."""
        key = (customer_id, credential_ref)
        kept = self._kept.get(key)
        if kept and not fresh and kept.until > time.monotonic():
            self._kept.move_to_end(key)
            return kept.credentials
        if fresh:
            return await self._ask(key)
        asking = self._asking.get(key)
        if asking is None:
            asking = self._asking[key] = asyncio.create_task(self._ask(key))
            asking.add_done_callback(lambda done: self._answered(key, done))
        return await asyncio.shield(asking)

    async def refresh_lease(self, *, customer_id: str, credential_ref: str, version: int) -> RefreshLease:
        """Whether we may refresh the token now; one in the fleet may."""
        return _lease(await self._post("refresh-lease", customer_id, credential_ref, version=version))

    async def update_access_token(
        self,
        *,
        customer_id: str,
        credential_ref: str,
        new_access_token: str | Secret,
        new_refresh_token: str | Secret | None = None,
        expires_at: datetime | None = None,
        expected_version: int | None = None,
    ) -> int:
        """Store a refreshed token. Returns the new version; raises `StaleVersion` if somebody was first."""
        told = await self._post(
            "update-token",
            customer_id,
            credential_ref,
            new_access_token=_text(new_access_token),
            new_refresh_token=_text(new_refresh_token),
            expires_at=expires_at.isoformat() if expires_at else None,
            expected_version=expected_version,
        )
        self.drop(customer_id=customer_id, credential_ref=credential_ref)
        version = told.get("version")
        if not isinstance(version, int):
            raise CredentialsUnavailable("its answer is not understood")
        return version

    def drop(self, *, customer_id: str, credential_ref: str) -> None:
        """Forget what is cached of this credential. What is being asked just now will not be cached either."""
        self._drops += 1
        self._kept.pop((customer_id, credential_ref), None)
        self._asking.pop((customer_id, credential_ref), None)

    async def aclose(self) -> None:
        await asyncio.gather(*self._asking.values(), return_exceptions=True)
        self._kept.clear()
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    async def _ask(self, key: Key) -> ResolvedSocialCredentials:
        customer_id, credential_ref = key
        drops = self._drops
        asked_at = time.monotonic()
        credentials = _credentials(await self._post("resolve", customer_id, credential_ref))
        if drops == self._drops:
            self._keep(key, credentials, asked_at)
        return credentials

    def _keep(self, key: Key, credentials: ResolvedSocialCredentials, asked_at: float) -> None:
        kept = self._kept.get(key)
        if kept and kept.credentials.version > credentials.version:
            return  # an answer that was overtaken
        good_for = self._keep_for
        if credentials.expires_at:
            good_for = min(good_for, (credentials.expires_at - datetime.now(UTC)).total_seconds())
        self._kept[key] = _Kept(credentials, asked_at + good_for)
        self._kept.move_to_end(key)
        while len(self._kept) > self._keep_at_most:
            self._kept.popitem(last=False)

    def _answered(self, key: Key, done: asyncio.Task[ResolvedSocialCredentials]) -> None:
        if self._asking.get(key) is done:
            del self._asking[key]
        if not done.cancelled():
            done.exception()  # looked at, also where whoever asked has gone

    async def _post(self, act: str, customer_id: str, credential_ref: str, **more: Any) -> Mapping[str, Any]:
        asked = {"customer_id": customer_id, "credential_ref": credential_ref} | more
        if self._client is None:
            self._client = api_client(timeout=TIMEOUT, verify=self._verify)
        try:
            response = await self._client.post(
                f"{self._url}/{act}", json=asked, headers={"x-plant-internal-key": self._key.open()}
            )
        # ValueError: a key that is no header; RuntimeError: closed
        except (ClientError, ValueError, RuntimeError) as error:
            failure = type(error).__name__
        else:
            return _understood(act, response.status_code, _object(response.content))
        # outside of the except: the library's error holds the request, and the request holds the key
        raise CredentialsUnavailable(f"it did not answer ({failure})")


def _object(body: bytes) -> Mapping[str, Any]:
    """A JSON object; empty where it is none."""
    try:
        value = json.loads(body)
    except ValueError:
        return {}
    return cast("Mapping[str, Any]", value) if isinstance(value, dict) else {}


def _understood(act: str, status: int, told: Mapping[str, Any]) -> Mapping[str, Any]:
    match status:
        case 200 if told:
            return told
        case 404 if told.get("type") == "urn:waooaw:problem:not_found" and "field" not in told:
            why = "the internal API is not served at this address"
            raise CredentialsUnavailable(why, retry_in=300.0, until=Cure.OPERATOR)
        case 404 if told:
            raise CredentialUnknown("there is no such credential of this customer")
        case 409 if act == "update-token" and isinstance(told.get("version"), int):
            raise StaleVersion(told["version"])
        case 401 | 403:
            raise CredentialsUnavailable("it refuses our internal key", retry_in=300.0, until=Cure.OPERATOR)
        case 422:
            raise CredentialsUnavailable("it does not understand our request", retry_in=300.0, until=Cure.DEPLOY)
        case _:
            raise CredentialsUnavailable(f"it answered {status}")


def _credentials(told: Mapping[str, Any]) -> ResolvedSocialCredentials:
    try:
        return _read(told)
    except (KeyError, TypeError, ValueError, AttributeError):
        pass
    # outside of the except: its text may quote a token
    raise CredentialsUnavailable("its answer is not understood")


def _read(told: Mapping[str, Any]) -> ResolvedSocialCredentials:
    refresh = told.get("refresh_token")
    return ResolvedSocialCredentials(
        customer_id=CustomerId(told["customer_id"]),
        credential_ref=CredentialRef(told["credential_ref"]),
        platform=Platform(told["platform"]),
        posting_identity=told["posting_identity"],
        access_token=_secret(told["access_token"]),
        refresh_token=_secret(refresh) if refresh else None,
        expires_at=_time(told.get("expires_at")),
        metadata=dict(told["metadata"]),
        version=int(told["version"]),
        created_at=_time(told.get("created_at")),
        updated_at=_time(told.get("updated_at")),
    )


def _lease(told: Mapping[str, Any]) -> RefreshLease:
    try:
        until = _time(told["until"]) or datetime.now(UTC)
        return RefreshLease(granted=told["granted"] is True, until=until, version=int(told["version"]))
    except (KeyError, TypeError, ValueError):
        pass
    raise CredentialsUnavailable("its answer is not understood")


def _secret(text: object) -> Secret:
    if not isinstance(text, str) or not text:
        raise TypeError("a token is a text")
    return Secret(text)


def _time(text: str | None) -> datetime | None:
    """Without an offset it is no time: it could not be compared with any."""
    time = datetime.fromisoformat(text) if text else None
    if time is not None and time.tzinfo is None:
        raise ValueError("no offset")
    return time


def _text(secret: str | Secret | None) -> str | None:
    return secret.open() if isinstance(secret, Secret) else secret
