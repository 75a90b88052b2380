"""The library's own `main`: makes a client's wiring out of the environment. The only file of this room that reads settings.

Nothing is opened before it is used: the pool and the cache come with the first call.
"""

import asyncio
import secrets
import shutil
import ssl
from collections.abc import Awaitable, Callable
from pathlib import Path
from tempfile import gettempdir
from weakref import WeakKeyDictionary

from waooaw_social.clients.client import CallMeter, Wiring
from waooaw_social.core.ids import Platform
from waooaw_social.core.secret import Secret
from waooaw_social.durable.ports import Delays
from waooaw_social.metrics.collector import get_metrics_collector
from waooaw_social.platforms.kit import OAuthClient
from waooaw_social.platforms.registry import kits
from waooaw_social.settings import Settings, load
from waooaw_social.wire.bounds import Pace, Places
from waooaw_social.wire.breaker import MemoryBreaker, NoBreaker
from waooaw_social.wire.clock import SystemClock
from waooaw_social.wire.fetch import Fetcher, FetchLimits
from waooaw_social.wire.gateway import Gateway
from waooaw_social.wire.holding import Budgets
from waooaw_social.wire.media import MediaFolder
from waooaw_social.wire.ports import BreakerStore, TokenSource
from waooaw_social.wire.quota import MemoryQuota, Warnings
from waooaw_social.wire.resolver import CPSocialCredentialResolver
from waooaw_social.wire.retry import RetryPolicy
from waooaw_social.wire.tokens import Tokens
from waooaw_social.wire.transport import Transport

KEPT_FOR = 3600.0
"""Seconds for which a fetched file stays after its last use. What is left goes with the client."""
_open: WeakKeyDictionary[CPSocialCredentialResolver, int] = WeakKeyDictionary()
"""How many open clients use a resolver: it is closed with the last of them, and opens again when it is asked again."""

_clock = SystemClock()
_breakers: dict[str | None, MemoryBreaker] = {}
"""By where platform traffic goes; shared by all clients of this process, or a client for each post would never learn that a platform rests."""
_quotas: dict[str | None, MemoryQuota] = {}
"""Likewise: the app's quota is one, however many clients there are."""
_paces: dict[int | None, Pace] = {}
_uploads: dict[int, Places] = {}
_probes: dict[int, Places] = {}
"""By their size. Likewise: the process has one line, one memory and one set of processors."""

DOCUMENT_TYPES = frozenset(
    {
        "application/pdf",
        "application/zip",  # what DOCX and PPTX are by their first bytes
        "application/msword",
        "application/vnd.ms-powerpoint",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "application/vnd.openxmlformats-officedocument.presentationml.presentation",
        "application/vnd.ms-excel",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    }
)
MEDIA_TYPES = frozenset({"video/*", "image/*", "audio/*", "application/octet-stream"}) | DOCUMENT_TYPES


def get_default_resolver() -> CPSocialCredentialResolver:
    """The resolver for the CP that `CP_BACKEND_URL` and `PLANT_INTERNAL_API_KEY` name."""
    return resolver_of(load(frozenset()))


def resolver_of(settings: Settings) -> CPSocialCredentialResolver:
    """The resolver for the CP that these settings name. Raises `BadCertificate`."""
    return CPSocialCredentialResolver(
        cp_base_url=settings.cp_backend_url,
        internal_api_key=settings.plant_internal_api_key.get_secret_value(),
        verify=internal_trust(settings),
    )


class BadCertificate(Exception):
    """A file that CP_INTERNAL_TLS_… names cannot be used."""


def internal_trust(settings: Settings) -> ssl.SSLContext | bool:
    """How CP is recognised, and how we show who we are. Raises `BadCertificate`."""
    files = settings.internal_tls()
    if files is None:
        return True
    cert, key, authority = files
    try:
        context = ssl.create_default_context(cafile=authority)
        context.load_cert_chain(cert, key)
    except OSError as error:  # ssl's errors are among them
        raise BadCertificate(f"CP_INTERNAL_TLS_CERT, _KEY or _CA cannot be used ({type(error).__name__})") from None
    return context


def wiring(platform: Platform, resolver: TokenSource | None = None, settings: Settings | None = None) -> Wiring:
    """What a client of `platform` is made of."""
    settings = settings or load(frozenset())
    clock, meter, place = _clock, CallMeter(), settings.platform_origin
    events = get_metrics_collector()
    events.collecting = settings.enable_metrics_collection
    known = kits(limits=settings.quota_limits(), features=settings.features())
    transport = _transport(settings)
    folder = (
        Path(gettempdir()) / f"waooaw-social-{secrets.token_hex(8)}"
    )  # in a room of everybody's: not to be foreseen
    files = _media(settings, folder)
    source = resolver or get_default_resolver()
    tokens = Tokens(source=source, transport=transport, kits=known, clients=oauth_clients(settings), clock=clock)
    gateway = Gateway(
        transport=transport,
        tokens=tokens,
        quota=_quotas.setdefault(place, MemoryQuota(clock=clock, told=Warnings(clock=clock))),
        breaker=_breaker(settings),
        media=files,
        meter=meter,
        kits=known,
        clock=clock,
        retry=retry_policy(settings),
        budgets=budgets(settings),
        uploads=_shared(_uploads, settings.uploads_at_once),
    )
    return Wiring(
        kit=known[platform],
        gateway=gateway,
        files=files,
        clock=clock,
        meter=meter,
        delays=Delays(send_window=settings.send_window_seconds, reconcile=settings.reconcile_delay_seconds),
        events=events,
        closing=(lambda: asyncio.to_thread(shutil.rmtree, folder, True), _hand_back(source)),
    )


def _media(settings: Settings, folder: Path) -> MediaFolder:
    return MediaFolder(
        folder=folder,
        fetcher=Fetcher(allow_origins=settings.fetch_allow_origins),
        limits=fetch_limits(settings),
        keep_for=KEPT_FOR,
        probes=_shared(_probes, settings.probes_at_once),
    )


def _transport(settings: Settings) -> Transport:
    rate = settings.upload_bytes_per_second
    pace = _paces.setdefault(rate, Pace(rate))
    return Transport(origin=settings.platform_origin, kind=settings.http_transport, pace=pace)


def _shared(places: dict[int, Places], size: int) -> Places:
    return places.setdefault(size, Places(size))


def _breaker(settings: Settings) -> BreakerStore:
    if not settings.enable_circuit_breaker:
        return NoBreaker()
    return _breakers.setdefault(settings.platform_origin, MemoryBreaker(clock=_clock))


def _hand_back(source: TokenSource) -> Callable[[], Awaitable[None]]:
    """Closes a resolver of ours with the last client that uses it. Other sources of tokens are their maker's to close."""
    if isinstance(source, CPSocialCredentialResolver):
        _open[source] = _open.get(source, 0) + 1
    used = True

    async def hand_back() -> None:
        nonlocal used
        if not used or not isinstance(source, CPSocialCredentialResolver):
            return
        used = False
        _open[source] -= 1
        if not _open[source]:
            await source.aclose()

    return hand_back


def fetch_limits(settings: Settings) -> FetchLimits:
    """How large, how slow, and of which type a customer's file may be."""
    return FetchLimits(max_bytes=settings.fetch_max_bytes, seconds=settings.fetch_seconds, content_types=MEDIA_TYPES)


def retry_policy(settings: Settings) -> RetryPolicy:
    """How calls are repeated that may be."""
    return RetryPolicy(jitter=settings.retry_jitter, share=settings.retry_share)


def budgets(settings: Settings) -> Budgets:
    """Who may use how much of the daily quotas."""
    return Budgets(
        customer=settings.quota_share_per_customer,
        agent=settings.quota_share_per_agent,
        publishing=settings.quota_share_for_publishing,
    )


def oauth_clients(settings: Settings) -> dict[str, OAuthClient]:
    """The OAuth clients that are configured, by the names that `Kit.app` gives."""
    found = {
        "youtube": (settings.youtube_client_id, settings.youtube_client_secret),
        "facebook": (settings.facebook_app_id, settings.facebook_app_secret),
        "instagram": (settings.instagram_app_id, settings.instagram_app_secret),
        "linkedin": (settings.linkedin_client_id, settings.linkedin_client_secret),
    }
    return {
        name: OAuthClient(client_id=client_id, client_secret=Secret(secret.get_secret_value()))
        for name, (client_id, secret) in found.items()
        if client_id
    }
