"""Settings: documented defaults, and a production that refuses to start with anything that is only good for development."""

import base64
import os
from decimal import Decimal
from pathlib import Path

import pytest
from pydantic import ValidationError

from waooaw_social.settings import CP, PLANT, Settings, Unfit, load

KEY = "base64:" + base64.b64encode(bytes(range(32))).decode()
OTHER = "base64:" + base64.b64encode(bytes(range(1, 33))).decode()
FIT = {
    "ENVIRONMENT": "production",
    "PLANT_INTERNAL_API_KEY": "planted-internal-key-0123456789abcdef",
    "CP_PLATFORM_CREDENTIALS_SECRET": KEY,
    "PLANT_LEDGER_SECRET": OTHER,
    "DATABASE_URL": "postgresql://plant:planted-password@db/plant",
    "CP_DATABASE_URL": "postgresql://cp:planted-password@db/cp",
}


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in os.environ:
        monkeypatch.delenv(name)
    return monkeypatch


def unfit(environment: pytest.MonkeyPatch, **changed: str) -> list[str]:
    for name, value in (FIT | changed).items():
        environment.setenv(name, value)
    try:
        load()
    except Unfit as no:
        for line in str(no).splitlines():
            assert "planted" not in line
            assert KEY.removeprefix("base64:") not in line
        return no.reasons
    return []


def test_the_defaults_are_the_documented_ones(environment: pytest.MonkeyPatch) -> None:
    settings = load()
    assert settings.environment == "development"
    assert settings.plant_database() == "sqlite:///var/plant.db"
    assert settings.cp_database() == "sqlite:///var/cp.db"
    assert settings.cp_backend_url == "http://localhost:8001"
    assert settings.cp_internal_bind is None
    assert settings.platform_origin is None
    assert settings.clock_url is None
    assert settings.fetch_allow_origins == frozenset()
    assert settings.youtube_community_posts is False
    assert (settings.upload_bytes_per_second, settings.uploads_at_once, settings.probes_at_once) == (None, 4, 2)
    assert settings.quota_limits() == {
        "YOUTUBE_API_QUOTA_DAILY_LIMIT": 10_000,
        "YOUTUBE_UPLOAD_QUOTA_DAILY_LIMIT": 100,
        "WHATSAPP_MESSAGES_PER_SECOND": 80,
    }
    assert settings.http_transport == "aiohttp"
    assert (settings.send_window_seconds, settings.reconcile_delay_seconds, settings.lease_seconds) == (5, 120, 30)


def test_an_empty_variable_is_none(environment: pytest.MonkeyPatch) -> None:
    for name in ("PLANT_INTERNAL_API_KEY", "DATABASE_URL", "PLATFORM_ORIGIN", "CP_INTERNAL_BIND", "WAOOAW_VAR"):
        environment.setenv(name, "")
    assert load() == Settings.model_validate({})
    assert load().plant_internal_api_key.get_secret_value()


def test_origins_may_be_several(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("FETCH_ALLOW_ORIGINS", "http://127.0.0.1:9100, http://localhost:9100")
    assert load().fetch_allow_origins == {"http://127.0.0.1:9100", "http://localhost:9100"}


def test_a_fit_production_starts(environment: pytest.MonkeyPatch) -> None:
    assert unfit(environment) == []
    assert (
        unfit(environment, PLANT_LEDGER_SECRET=f"{OTHER} {KEY}", CP_PLATFORM_CREDENTIALS_SECRET=f"{KEY},{OTHER}") == []
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PLANT_INTERNAL_API_KEY", ""),
        ("PLANT_INTERNAL_API_KEY", "dev-plant-internal-key"),
        ("PLANT_INTERNAL_API_KEY", "planted-but-short"),
        ("CP_PLATFORM_CREDENTIALS_SECRET", ""),
        ("CP_PLATFORM_CREDENTIALS_SECRET", "planted passphrase"),
        ("CP_PLATFORM_CREDENTIALS_SECRET", "base64:cGxhbnRlZA=="),
        ("CP_PLATFORM_CREDENTIALS_SECRET", "base64:planted%%%"),
        ("CP_PLATFORM_CREDENTIALS_SECRET", "base64:plantedключ"),
        ("CP_PLATFORM_CREDENTIALS_SECRET", f"{KEY} planted"),
        ("PLANT_LEDGER_SECRET", ""),
        ("PLANT_LEDGER_SECRET", "planted passphrase"),
        ("PLATFORM_ORIGIN", "http://planted:9100"),
        ("CLOCK_URL", "http://planted:9100/clock"),
        ("FETCH_ALLOW_ORIGINS", "http://planted:9100"),
    ],
)
def test_production_refuses_what_is_for_development(environment: pytest.MonkeyPatch, name: str, value: str) -> None:
    (reason,) = unfit(environment, **{name: value})
    assert name in reason


def test_all_reasons_are_told_at_once(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("ENVIRONMENT", "production")
    environment.setenv("PLATFORM_ORIGIN", "http://127.0.0.1:9100")
    environment.setenv("DATABASE_URL", "sqlite:///x.db")
    environment.setenv("CP_DATABASE_URL", "sqlite:///x.db")
    with pytest.raises(Unfit) as no:
        load()
    told = str(no.value)
    named = (
        "PLANT_INTERNAL_API_KEY",
        "CP_PLATFORM_CREDENTIALS_SECRET",
        "PLANT_LEDGER_SECRET",
        "PLATFORM_ORIGIN",
        "CP_DATABASE_URL",
    )
    assert all(name in told for name in named)
    assert len(no.value.reasons) == 5


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("sqlite:///var/x.db", "sqlite:///var/x.db"),
        ("sqlite:///var/x.db", "sqlite:///./var/../var/x.db?mode=ro"),
        ("sqlite:///x.db", "sqlite+aiosqlite:///x.db"),
        ("sqlite:///x.db", f"sqlite:///{Path.cwd()}/x.db"),
        ("postgresql://a@db/x", "postgresql://b:planted@db/x"),
        ("postgresql://a@db/x", "postgresql+psycopg://a@db:5432/x?sslmode=require"),
        ("postgresql://a@db/x", "postgres://a@DB/x/"),
        ("postgresql://a@localhost/x", "postgresql://a@127.0.0.1:5432/x"),
        ("postgresql://a@[::1]:5432/x", "postgresql:///x"),
        ("postgresql:///x?host=/run/postgresql", "postgresql://localhost/x"),
        ("postgresql:///x?host=/run/a", "postgresql://u@/x?host=/run/a"),
        ("postgresql://a@one,two/x", "postgresql://a@two/x"),
        ("postgresql://a@db/x%79", "postgresql://a@db/xy"),
    ],
)
def test_one_database_for_both_is_refused_however_it_is_spelled(
    environment: pytest.MonkeyPatch, one: str, other: str
) -> None:
    environment.setenv("DATABASE_URL", one)
    environment.setenv("CP_DATABASE_URL", other)
    with pytest.raises(Unfit) as no:
        load()
    assert "planted" not in str(no.value)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("sqlite:///var/plant.db", "sqlite:///var/cp.db"),
        ("postgresql://a@db/x", "postgresql://a@db/y"),
        ("postgresql://a@one/x", "postgresql://a@two/x"),
        ("postgresql://a@db/x", "postgresql://a@db:5433/x"),
        ("postgresql:///x?host=/run/a", "postgresql:///x?host=/run/b"),
        ("sqlite:///x", "postgresql:///x"),
    ],
)
def test_two_databases_are_two(environment: pytest.MonkeyPatch, one: str, other: str) -> None:
    environment.setenv("DATABASE_URL", one)
    environment.setenv("CP_DATABASE_URL", other)
    load()


def test_no_print_and_no_error_of_the_settings_shows_a_secret(environment: pytest.MonkeyPatch) -> None:
    secrets = {
        "YOUTUBE_CLIENT_SECRET": "planted-client-secret",
        "PLANT_INTERNAL_API_KEY": "planted-internal-key",
        "CP_PLATFORM_CREDENTIALS_SECRET": "planted-secret",
        "PLANT_LEDGER_SECRET": "planted-secret",
        "DATABASE_URL": "postgresql://a:planted@db/x",
    }
    for name, value in secrets.items():
        environment.setenv(name, value)
    settings = load()
    assert "planted" not in f"{settings!r} {settings} {settings.model_dump()} {settings.model_dump_json()}"
    environment.setenv("LEASE_SECONDS", "planted-in-the-wrong-place")
    environment.setenv("ENVIRONMENT", "prod")
    with pytest.raises(ValidationError) as wrong:
        load()
    assert "planted" not in str(wrong.value)


@pytest.mark.parametrize("opens", [CP, PLANT])
def test_a_process_is_asked_for_the_secrets_that_it_opens_and_for_no_others(
    environment: pytest.MonkeyPatch, opens: frozenset[str]
) -> None:
    for name, value in FIT.items():
        if name.lower() not in (CP | PLANT) - opens:
            environment.setenv(name, value)
    load(opens)
    with pytest.raises(Unfit):
        load()


@pytest.mark.parametrize(
    ("url", "fits"),
    [
        ("http://cp-internal:8002", True),
        ("http://10.1.2.3:8002", True),
        ("http://cp.corp.internal:8002", True),
        ("https://cp.example.com", True),
        ("http://cp.example.com:8002", False),
        ("http://8.8.8.8:8002", False),
        ("ftp://", False),
    ],
)
def test_in_production_tokens_cross_no_public_network_in_the_clear(
    environment: pytest.MonkeyPatch, url: str, fits: bool
) -> None:
    assert [reason.split()[0] for reason in unfit(environment, CP_BACKEND_URL=url)] == (
        [] if fits else ["CP_BACKEND_URL"]
    )


def test_mutual_tls_is_set_whole_and_where_it_has_a_listener_and_a_caller(environment: pytest.MonkeyPatch) -> None:
    whole = {"CP_INTERNAL_TLS_CERT": "c.pem", "CP_INTERNAL_TLS_KEY": "k.pem", "CP_INTERNAL_TLS_CA": "ca.pem"}
    there = {"CP_INTERNAL_BIND": "cp-internal:8002", "CP_BACKEND_URL": "https://cp-internal:8002"}
    assert unfit(environment, **whole, **there) == []
    for name in whole:
        assert any("together" in reason for reason in unfit(environment, **{**whole, **there, name: ""}))
    assert unfit(environment, **{**whole, **there, "CP_INTERNAL_BIND": ""})
    assert unfit(environment, **{**whole, **there, "CP_BACKEND_URL": "http://cp-internal:8002"})


def test_a_price_is_a_decimal_and_metrics_listen_in_the_open_only_with_a_token(
    environment: pytest.MonkeyPatch,
) -> None:
    assert unfit(environment, USAGE_PRICES="youtube=0.02 instagram/reel=1") == []
    assert load().prices() == {"youtube": Decimal("0.02"), "instagram/reel": Decimal(1)}
    for wrong in ("youtube", "youtube=", "=1", "youtube=-1", "youtube=NaN", "youtube=1e9"):
        assert len(unfit(environment, USAGE_PRICES=wrong)) == 1, wrong
    environment.delenv("USAGE_PRICES")
    for bind in ("127.0.0.1:9102", "localhost:9102", "[::1]:9102"):
        assert unfit(environment, METRICS_BIND=bind) == []
    for bind in ("0.0.0.0:9102", ":9102", "127.0.0.1.example.com:1", "127.0.0.1"):
        assert len(unfit(environment, METRICS_BIND=bind)) == 1, bind
    assert unfit(environment, METRICS_BIND="0.0.0.0:9102", METRICS_TOKEN="t" * 32) == []
    assert len(unfit(environment, METRICS_TOKEN="planted-short")) == 1


def test_a_collector_of_traces_is_an_http_address_and_holds_no_password(environment: pytest.MonkeyPatch) -> None:
    for fit in ("http://127.0.0.1:4318", "https://collector.example.com/otlp/", ""):
        assert unfit(environment, OTEL_EXPORTER_OTLP_ENDPOINT=fit) == [], fit
    for wrong in (
        "planted:4318",
        "grpc://planted:4317",
        "http://",
        "https://planted:planted@collector.example.com",
        "https://collector.example.com?key=planted",
        "http://[planted",
    ):
        (reason,) = unfit(environment, OTEL_EXPORTER_OTLP_ENDPOINT=wrong)
        assert "OTEL_EXPORTER_OTLP_ENDPOINT" in reason
