"""Every setting, its environment variable, its default. Read by `main`, `cli` and the library's `environment`; everybody else is handed values.

Production refuses to start with what is only good for development: default or short secrets, an origin or a clock that is not the real one,
customers' URLs that may point anywhere. It says all that is wrong at once, and never a secret's value.
As long as there are settings.
"""

import base64
import ipaddress
import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import parse_qsl, unquote, urlsplit

from pydantic import BeforeValidator, Field, SecretStr
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

DEV_INTERNAL_KEY = "dev-plant-internal-key"
DEV_CP_SECRET = "dev-cp-platform-credentials-secret"  # noqa: S105 - refused in production
DEV_LEDGER_SECRET = "dev-plant-ledger-secret"  # noqa: S105 - refused in production
SHORTEST_KEY = 32

CP = frozenset({"cp_platform_credentials_secret"})
PLANT = frozenset({"plant_ledger_secret"})
"""What each service opens. Production asks a process for these alone: Plant is not to be handed the key to CP's tokens."""
INSIDE = (".internal", ".local", ".localhost")
"""Endings of names that no public network knows. A name without a dot is one of a container network."""


def _words(value: object) -> object:
    return frozenset(value.replace(",", " ").split()) if isinstance(value, str) else value


Words = Annotated[frozenset[str], NoDecode, BeforeValidator(_words)]


class Unfit(Exception):
    """The settings are not fit for production. `reasons` names every one of them."""

    def __init__(self, reasons: list[str]) -> None:
        super().__init__("not fit for production:\n" + "\n".join(f"  - {reason}" for reason in reasons))
        self.reasons = reasons


class Settings(BaseSettings):
    """One process's settings. `docs/settings.md` is made of these descriptions."""

    model_config = SettingsConfigDict(
        case_sensitive=False, extra="ignore", frozen=True, env_ignore_empty=True, hide_input_in_errors=True
    )

    environment: Literal["development", "production"] = Field(
        "development", description="`production` refuses development keys."
    )
    var: Path = Field(
        Path("var"), alias="WAOOAW_VAR", description="The folder for databases, fetched media and run.json."
    )

    database_url: SecretStr | None = Field(None, description="Plant's database. Default: SQLite under the var folder.")
    cp_database_url: SecretStr | None = Field(
        None, description="CP's database; never Plant's. Default: SQLite under the var folder."
    )

    cp_backend_url: str = Field(
        "http://localhost:8001", description="Where Plant and the library find CP's internal API."
    )
    cp_internal_bind: str | None = Field(None, description="HOST:PORT of a listener of its own for CP's internal API.")
    cp_internal_tls_cert: Path | None = Field(
        None,
        description="With the two below: CP's internal API over mutual TLS. The certificate that this process shows.",
    )
    cp_internal_tls_key: Path | None = Field(None, description="The certificate's private key.")
    cp_internal_tls_ca: Path | None = Field(None, description="Who must have signed the other side's certificate.")
    migrate_at_start: bool = Field(
        True, description="Bring the tables up to date at every start; off: refuse to start on other tables."
    )
    plant_internal_api_key: SecretStr = Field(SecretStr(DEV_INTERNAL_KEY), description="What Plant shows CP.")
    cp_platform_credentials_secret: SecretStr = Field(
        SecretStr(DEV_CP_SECRET),
        description="Seals customers' tokens; in production `base64:` and 32 bytes. Several for rotation, the newest first.",
    )
    plant_ledger_secret: SecretStr = Field(
        SecretStr(DEV_LEDGER_SECRET), description="Seals the ledger's replies; like the one above."
    )

    youtube_client_id: str = Field("", description="Google OAuth client.")
    youtube_client_secret: SecretStr = Field(SecretStr(""), description="Its secret.")
    facebook_app_id: str = Field("", description="Meta app: Facebook, Instagram by Facebook Login, WhatsApp.")
    facebook_app_secret: SecretStr = Field(SecretStr(""), description="Its secret.")
    meta_webhook_verify_token: SecretStr = Field(
        SecretStr(""), description="What Meta shows to subscribe to `/webhooks/meta`; of your own making."
    )
    instagram_app_id: str = Field("", description="Meta's Instagram app: Instagram by Instagram Login.")
    instagram_app_secret: SecretStr = Field(SecretStr(""), description="Its secret.")
    linkedin_client_id: str = Field("", description="LinkedIn app.")
    linkedin_client_secret: SecretStr = Field(SecretStr(""), description="Its secret.")
    youtube_api_quota_daily_limit: int = Field(10_000, ge=0, description="General units a day.")
    youtube_upload_quota_daily_limit: int = Field(100, ge=0, description="Video uploads a day.")
    whatsapp_messages_per_second: int = Field(80, ge=1, description="What one WhatsApp number may send and receive.")
    youtube_community_posts: bool = Field(False, description="Try the unofficial address for community posts.")

    platform_origin: str | None = Field(
        None, description="Sends all platform traffic there (the sandbox). Refused in production."
    )
    clock_url: str | None = Field(None, description="A clock to follow (the sandbox's). Refused in production.")
    fetch_allow_origins: Words = Field(
        frozenset(),
        description="Origins that customers' URLs may name although they are private or http. Refused in production.",
    )
    fetch_max_bytes: int = Field(
        10 * 1024**3, gt=0, description="The largest file that is fetched from a customer's URL."
    )

    fetch_seconds: float = Field(1800.0, gt=0, description="The longest that fetching one file may take.")

    enable_circuit_breaker: bool = Field(True, description="Leave a failing platform alone for a moment.")
    retry_jitter: float = Field(
        0.0, ge=0, le=1, description="Up to this share of a wait before a repeat is added at random."
    )
    retry_share: float = Field(0.2, ge=0, le=1, description="Repeats per first send, in the long run.")
    quota_share_per_customer: float = Field(
        1.0, gt=0, le=1, description="How much of an app's daily quota one customer may use."
    )
    quota_share_per_agent: float = Field(
        1.0, gt=0, le=1, description="How much of an app's daily quota one agent of a customer may use."
    )
    quota_share_for_publishing: float = Field(
        0.2, ge=0, lt=1, description="How much of an app's daily quota is kept for publishing, before analytics."
    )
    enable_metrics_collection: bool = Field(True, description="Count what happens.")
    metrics_token: SecretStr | None = Field(
        None, description="What Prometheus shows at /metrics. Without it CP and Plant serve no /metrics."
    )
    metrics_bind: str | None = Field(
        None,
        description="HOST:PORT of a worker's own /metrics; without METRICS_TOKEN the host must be this machine's loopback.",
    )
    usage_prices: Words = Field(
        frozenset(),
        description="What a published post costs: `youtube=0.02 instagram/reel=0.05`; `/api/v1/usage` adds it up.",
    )
    otel_exporter_otlp_endpoint: str | None = Field(
        None,
        description="An OpenTelemetry collector's address for OTLP/HTTP: traces go there. Needs `waooaw-social[traces]`. Default: none.",
    )
    http_transport: Literal["aiohttp", "httpx2"] = Field("aiohttp", description="The HTTP client under the wire.")

    reconcile_delay_seconds: float = Field(120.0, gt=0, description="How old a doubt must be before it is looked at.")
    send_window_seconds: float = Field(
        5.0, gt=0, description="How long a visible call may take from its record to its first byte."
    )
    lease_seconds: float = Field(30.0, gt=0, description="After so long a silent worker's publications are taken over.")
    agent_requests_per_minute: int = Field(
        6000, gt=0, description="Requests that one agent's key may make of one Plant process."
    )
    worker_concurrency: int = Field(16, gt=0, description="Publications that one worker drives at once.")
    upload_bytes_per_second: int | None = Field(
        None, ge=1024, description="What all uploads of one process take of its line together. Default: no bound."
    )
    uploads_at_once: int = Field(
        4,
        gt=0,
        description="Files that one process uploads at once; the others wait, and posts without one go past them.",
    )
    probes_at_once: int = Field(
        2, gt=0, description="Files that one process looks into at once, each in a process of its own."
    )
    connection_check_hours: float = Field(
        6.0, ge=0, description="How long before its time a publication's account is looked at; 0: not at all."
    )
    prepare_ahead_seconds: float = Field(
        600.0, ge=0, description="How long before its time a publication is prepared: uploads, containers."
    )

    def plant_database(self) -> str:
        return self.database_url.get_secret_value() if self.database_url else f"sqlite:///{self.var}/plant.db"

    def cp_database(self) -> str:
        return self.cp_database_url.get_secret_value() if self.cp_database_url else f"sqlite:///{self.var}/cp.db"

    def quota_limits(self) -> dict[str, int]:
        return {
            "YOUTUBE_API_QUOTA_DAILY_LIMIT": self.youtube_api_quota_daily_limit,
            "YOUTUBE_UPLOAD_QUOTA_DAILY_LIMIT": self.youtube_upload_quota_daily_limit,
            "WHATSAPP_MESSAGES_PER_SECOND": self.whatsapp_messages_per_second,
        }

    def prices(self) -> dict[str, Decimal]:
        """The price table. Raises `ValueError` where a word of it is none."""
        found = dict[str, Decimal]()
        for word in self.usage_prices:
            name, equals, price = word.partition("=")
            if not (name and equals and re.fullmatch(r"\d{1,9}(\.\d{1,9})?", price)):
                raise ValueError("a price is written like youtube=0.02 or instagram/reel=0.05")
            found[name] = Decimal(price)
        return found

    def features(self) -> frozenset[str]:
        return frozenset({"YOUTUBE_COMMUNITY_POSTS"} if self.youtube_community_posts else ())

    def internal_tls(self) -> tuple[Path, Path, Path] | None:
        """Certificate, key and authority of the internal API, where it goes over mutual TLS."""
        cert, key, authority = self.cp_internal_tls_cert, self.cp_internal_tls_key, self.cp_internal_tls_ca
        return (cert, key, authority) if cert and key and authority else None

    def fit(self, opens: frozenset[str] = CP | PLANT) -> "Settings":
        """These settings, if they are fit for their environment and for a process that `opens` these secrets. Raises `Unfit`."""
        reasons = [*self._unfit_anywhere(opens), *(self._unfit(opens) if self.environment == "production" else ())]
        if reasons:
            raise Unfit(reasons)
        return self

    def _unfit_anywhere(self, opens: frozenset[str]) -> Iterator[str]:
        if _same_database(self.plant_database(), self.cp_database()):
            yield "DATABASE_URL and CP_DATABASE_URL name one database: tokens would lie beside the ledger"
        parts = (self.cp_internal_tls_cert, self.cp_internal_tls_key, self.cp_internal_tls_ca)
        if any(parts) and not all(parts):
            yield "CP_INTERNAL_TLS_CERT, CP_INTERNAL_TLS_KEY and CP_INTERNAL_TLS_CA are set together or not at all"
        if any(parts) and opens >= CP and not self.cp_internal_bind:
            yield "CP_INTERNAL_TLS_CERT is for a listener of its own: set CP_INTERNAL_BIND"
        if any(parts) and opens != CP and not self.cp_backend_url.startswith("https://"):
            yield "CP_BACKEND_URL is not https, which CP_INTERNAL_TLS_CERT asks for"
        yield from self._unfit_metrics()

    def _unfit(self, opens: frozenset[str]) -> Iterator[str]:
        key = self.plant_internal_api_key.get_secret_value()
        if key == DEV_INTERNAL_KEY or len(key) < SHORTEST_KEY:
            yield f"PLANT_INTERNAL_API_KEY is the default, or shorter than {SHORTEST_KEY} characters"
        for name in sorted(opens):
            value: SecretStr = getattr(self, name)
            if not all(_is_key(word) for word in value.get_secret_value().replace(",", " ").split() or [""]):
                yield f"{name.upper()} is not `base64:` and 32 bytes"
        if opens != CP and not _inside(self.cp_backend_url):
            yield "CP_BACKEND_URL is plain http to a public name: tokens would cross it unsealed; use https, or an internal network"
        for name in ("platform_origin", "clock_url", "fetch_allow_origins"):
            if getattr(self, name):
                yield f"{name.upper()} is for development: it would send tokens, or time, or customers' URLs elsewhere"

    def _unfit_metrics(self) -> Iterator[str]:
        try:
            self.prices()
        except ValueError as error:
            yield f"USAGE_PRICES: {error}"
        host, colon, port = (self.metrics_bind or "").rpartition(":")
        if self.metrics_bind and not (colon and port.isdecimal()):
            yield "METRICS_BIND is not HOST:PORT"
        elif self.metrics_bind and self.metrics_token is None and not _loopback(host):
            yield "METRICS_BIND names more than this machine's loopback, and there is no METRICS_TOKEN"
        if self.otel_exporter_otlp_endpoint and not _is_open_address(self.otel_exporter_otlp_endpoint):
            yield "OTEL_EXPORTER_OTLP_ENDPOINT is not http(s)://HOST:PORT, without a password or a query"
        token = self.metrics_token
        if self.environment == "production" and token and len(token.get_secret_value()) < SHORTEST_KEY:
            yield f"METRICS_TOKEN is shorter than {SHORTEST_KEY} characters"


def load(opens: frozenset[str] = CP | PLANT) -> Settings:
    """The settings of this process's environment, fit for it. Raises `Unfit`, or pydantic's `ValidationError`."""
    return Settings.model_validate({}).fit(opens)


def _is_key(text: str) -> bool:
    try:
        return text.startswith("base64:") and len(base64.b64decode(text.removeprefix("base64:"), validate=True)) == 32
    except ValueError:  # binascii's, or that of a letter beyond ASCII
        return False


def _is_open_address(url: str) -> bool:
    """Whether it is a server's address, and holds no secret: it is printed with the other settings."""
    try:
        parts = urlsplit(url)
    except ValueError:  # brackets that are no IPv6 address
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname) and not {"@", "?"} & set(url)


def _inside(url: str) -> bool:
    """Whether what is sent there is encrypted, or stays in a network of ours."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if parts.scheme == "https":
        return True
    try:
        return ipaddress.ip_address(host).is_private
    except ValueError:
        return parts.scheme == "http" and bool(host) and ("." not in host or host.endswith(INSIDE))


def _same_database(one: str, other: str) -> bool:
    """In doubt yes: the machine itself has many names."""
    if one.startswith("sqlite") or other.startswith("sqlite"):
        return one.startswith("sqlite") and other.startswith("sqlite") and _file(one) == _file(other)
    hosts, place = _server(one)
    other_hosts, other_place = _server(other)
    here = any(map(_here, hosts)) and any(map(_here, other_hosts))
    sockets = all(host.startswith("/") for host in hosts | other_hosts)
    return place == other_place and (bool(hosts & other_hosts) or (here and not sockets))


def _file(url: str) -> Path:
    return Path(url.partition("://")[2].removeprefix("/").partition("?")[0]).resolve()


def _server(url: str) -> tuple[frozenset[str], tuple[str, str]]:
    """Hosts, and port and name, of a PostgreSQL URL: each may also stand in its query."""
    place, _, query = url.partition("://")[2].partition("?")
    asked = dict(parse_qsl(query))
    authority, _, name = place.partition("/")
    user, _, address = authority.rpartition("@")
    host, colon, port = address.rpartition(":")
    if not colon or port.endswith("]"):
        host, port = address, ""
    named = unquote(asked.get("host") or asked.get("hostaddr") or host).lower()
    database = asked.get("dbname") or unquote(name.rstrip("/")) or unquote(user.partition(":")[0])
    return frozenset(word.strip("[]") for word in named.split(",")), (asked.get("port") or port or "5432", database)


def _loopback(host: str) -> bool:
    return host in {"localhost", "[::1]"} or re.fullmatch(r"127\.\d+\.\d+\.\d+", host) is not None


def _here(host: str) -> bool:
    return host in {"", "localhost", "::1"} or host.startswith(("127.", "/"))
