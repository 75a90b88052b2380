"""The compose files: read as compose reads them, checked for who sees what, and their commands carried out as they stand."""

import base64
import re
import secrets
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import psycopg
import pytest
from compose_spec import PyOptions

from deploy.images import interpolated, stages
from waooaw_social.settings import CP, PLANT, Settings, Unfit, load

ROOT = Path(__file__).parents[2]
LOCAL, PRODUCTION = ROOT / "docker-compose.local.yml", ROOT / "deploy" / "compose.yaml"
NEEDED = {
    "PLANT_INTERNAL_API_KEY": secrets.token_urlsafe(32),
    "CP_PLATFORM_CREDENTIALS_SECRET": "base64:" + base64.b64encode(secrets.token_bytes(32)).decode(),
    "PLANT_LEDGER_SECRET": "base64:" + base64.b64encode(secrets.token_bytes(32)).decode(),
    "CP_DATABASE_PASSWORD": secrets.token_hex(16),
    "PLANT_DATABASE_PASSWORD": secrets.token_hex(16),
}
OPENS = {"cp-backend": CP, "plant-backend": PLANT, "plant-worker": PLANT}


def composed(path: Path, values: Mapping[str, str] = NEEDED) -> dict[str, Any]:
    """The file as compose reads it: values put in, YAML merges applied, every reference checked."""
    options = PyOptions(apply_merge=True)
    project = options.from_yaml(path.read_text())
    project.validate()
    return interpolated(project.to_dict(), values)


def ours(project: Mapping[str, Any]) -> dict[str, Any]:
    """The services that run this program."""
    return {name: service for name, service in project["services"].items() if "build" in service}


def joins(service: Mapping[str, Any]) -> set[str]:
    return set(service.get("networks") or {"default"})


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    import os

    for name in os.environ:
        monkeypatch.delenv(name)
    yield monkeypatch


# --- both ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", [LOCAL, PRODUCTION], ids=["local", "production"])
def test_every_image_has_a_version_and_every_stage_is_one_of_the_dockerfile(path: Path) -> None:
    project = composed(path)
    for name, service in project["services"].items():
        assert re.fullmatch(r"[a-z-]+:[\w.-]*(\d|test)[\w.-]*", service["image"]), name
    targets = {service["build"]["target"] for service in ours(project).values()}
    assert targets == {"test" if path == LOCAL else "run"} <= stages((ROOT / "Dockerfile").read_text()).keys()


@pytest.mark.parametrize("path", [LOCAL, PRODUCTION], ids=["local", "production"])
def test_what_is_published_is_published_on_loopback_and_no_database_is(path: Path) -> None:
    published = {
        port: name for name, service in composed(path)["services"].items() for port in service.get("ports") or ()
    }
    assert set(published) == {"127.0.0.1:8000:8000", "127.0.0.1:8001:8001"}


@pytest.mark.parametrize("path", [LOCAL, PRODUCTION], ids=["local", "production"])
def test_every_variable_of_every_service_is_a_setting(path: Path) -> None:
    known = {(info.alias or field).upper() for field, info in Settings.model_fields.items()}
    for name, service in ours(composed(path)).items():
        assert set(service.get("environment") or {}) <= known, name


# --- on one machine, with the platforms imitated ------------------------------------------------------------------------------


def test_the_local_house_has_its_five_services_under_one_roof() -> None:
    services = composed(LOCAL)["services"]
    assert set(services) == {"cp-backend", "plant-backend", "plant-worker", "postgres", "sandbox"}
    inside = {name for name, service in services.items() if service.get("network_mode") == "service:sandbox"}
    assert inside == {"cp-backend", "plant-backend", "plant-worker"}
    listens = {name: services[name]["command"] for name in ("cp-backend", "plant-backend")}
    assert listens["cp-backend"][1:] == ["cp", "--host", "0.0.0.0", "--port", "8001"]
    assert listens["plant-backend"][1:] == ["plant", "--host", "0.0.0.0", "--port", "8000"]


@pytest.mark.parametrize("name", OPENS)
def test_the_local_services_start_with_what_they_are_given(name: str, environment: pytest.MonkeyPatch) -> None:
    given = composed(LOCAL)["services"][name]["environment"]
    for variable, value in given.items():
        environment.setenv(variable, str(value))
    assert load().platform_origin == "http://127.0.0.1:9100"


def test_the_local_house_knows_the_sandboxs_own_apps() -> None:
    from waooaw_sandbox.linkedin import people as linkedin
    from waooaw_sandbox.meta import people as meta
    from waooaw_sandbox.youtube import people as youtube

    given = composed(LOCAL)["services"]["plant-worker"]["environment"]
    assert (given["YOUTUBE_CLIENT_ID"], given["YOUTUBE_CLIENT_SECRET"]) == (youtube.CLIENT_ID, youtube.CLIENT_SECRET)
    assert (given["FACEBOOK_APP_ID"], given["FACEBOOK_APP_SECRET"]) == meta.FACEBOOK_APP
    assert (given["INSTAGRAM_APP_ID"], given["INSTAGRAM_APP_SECRET"]) == meta.INSTAGRAM_APP
    assert (given["LINKEDIN_CLIENT_ID"], given["LINKEDIN_CLIENT_SECRET"]) == (
        linkedin.CLIENT_ID,
        linkedin.CLIENT_SECRET,
    )


def test_the_local_databases_are_two_and_neither_role_may_enter_the_others(postgres_server: str) -> None:
    """On a real server, under names of this test's own."""
    mark = secrets.token_hex(4)
    script = re.sub(r"\b(plant|cp)\b(?!-on)", rf"\1_{mark}", (ROOT / "deploy/local-databases.sql").read_text())
    given = composed(LOCAL)["services"]["plant-worker"]["environment"]
    with psycopg.connect(postgres_server, autocommit=True) as server:
        try:
            for statement in re.sub(r"--.*", "", script).split(";"):
                if statement.strip():
                    server.execute(statement)  # type: ignore[arg-type]
            entering = "select has_database_privilege(%s, %s, 'CONNECT')"
            may = {
                (role, database): server.execute(entering, [f"{role}_{mark}", f"{database}_{mark}"]).fetchone()[0]  # type: ignore[index]
                for role in ("plant", "cp")
                for database in ("plant", "cp")
            }
        finally:
            for name in ("plant", "cp"):
                server.execute(f"drop database if exists {name}_{mark}")  # type: ignore[arg-type]
                server.execute(f"drop role if exists {name}_{mark}")  # type: ignore[arg-type]
    assert may == {(one, other): one == other for one in ("plant", "cp") for other in ("plant", "cp")}
    for name, variable in (("plant", "DATABASE_URL"), ("cp", "CP_DATABASE_URL")):
        user, password, database = re.fullmatch(r"postgresql://(\w+):(.*)@postgres/(\w+)", given[variable]).groups()  # type: ignore[union-attr]
        assert (
            user == database == name
            and f"ROLE {name} LOGIN PASSWORD '{password}'" in (ROOT / "deploy/local-databases.sql").read_text()
        )


# --- production ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("missing", NEEDED)
def test_without_a_secret_production_is_not_even_read(missing: str) -> None:
    with pytest.raises(KeyError, match=missing):
        composed(PRODUCTION, {name: value for name, value in NEEDED.items() if name != missing})


def test_only_plant_joins_the_network_of_cps_internal_api_and_nobody_elses_listener_is_there() -> None:
    services = composed(PRODUCTION)["services"]
    joined = {name for name, service in services.items() if "cp-internal" in joins(service)}
    assert joined == {"cp-backend", "plant-backend", "plant-worker"}
    cp = services["cp-backend"]
    host, _, port = cp["environment"]["CP_INTERNAL_BIND"].partition(":")
    assert cp["networks"]["cp-internal"]["aliases"] == [host], (
        "it listens under the name that it has in that network alone"
    )
    assert f"{host}:{port}" in " ".join(cp["healthcheck"]["test"]) and port not in " ".join(cp["ports"])
    for name in ("plant-backend", "plant-worker"):
        assert services[name]["environment"]["CP_BACKEND_URL"] == f"http://{host}:{port}"


def test_each_database_is_reached_by_its_owner_alone_and_tokens_keys_by_cp_alone() -> None:
    project = composed(PRODUCTION)
    services, networks = project["services"], project["networks"]
    for owner in ("cp", "plant"):
        members = {name for name, service in services.items() if f"{owner}-data" in joins(service)}
        assert members and all(name.startswith(f"{owner}-") for name in members)
        assert networks[f"{owner}-data"]["internal"] is True
    assert networks["cp-internal"]["internal"] is True
    for name, service in services.items():
        told = str(service.get("environment") or {})
        if not name.startswith("cp-"):
            assert NEEDED["CP_PLATFORM_CREDENTIALS_SECRET"] not in told and NEEDED["CP_DATABASE_PASSWORD"] not in told
        if not name.startswith("plant-"):
            assert NEEDED["PLANT_LEDGER_SECRET"] not in told and NEEDED["PLANT_DATABASE_PASSWORD"] not in told


def test_nobody_of_ours_is_root_may_gain_rights_or_write_where_the_program_lies() -> None:
    for name, service in ours(composed(PRODUCTION)).items():
        assert re.fullmatch(r"[1-9]\d+:[1-9]\d+", service["user"]), name
        assert service["read_only"] is True and service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"] and service["tmpfs"] == ["/tmp"]
        assert {volume.partition(":")[2] for volume in service.get("volumes") or ()} <= {"/srv/waooaw/var"}


def test_one_process_migrates_each_database_and_the_others_wait_for_it() -> None:
    services = composed(PRODUCTION)["services"]
    for name, service in ours({"services": services}).items():
        migrates = service["command"][1] == "migrate"
        assert str(service["environment"]["MIGRATE_AT_START"]).lower() == "false"
        assert migrates == name.endswith("-migrate") and (service["restart"] == "no") == migrates
        if not migrates:
            waits = service["depends_on"][f"{name.partition('-')[0]}-migrate"]
            assert waits["condition"] == "service_completed_successfully" and service["healthcheck"]["test"][0] == "CMD"


@pytest.mark.parametrize("name", OPENS)
def test_real_secrets_start_production_and_default_ones_do_not(name: str, environment: pytest.MonkeyPatch) -> None:
    given = composed(PRODUCTION)["services"][name]["environment"]
    for variable, value in given.items():
        environment.setenv(variable, str(value))
    assert load(OPENS[name]).environment == "production"
    for variable in ("PLANT_INTERNAL_API_KEY", *(secret.upper() for secret in OPENS[name])):
        with environment.context() as without:
            without.delenv(variable)
            with pytest.raises(Unfit, match=variable):
                load(OPENS[name])


# --- .env.example -------------------------------------------------------------------------------------------------------------


def test_the_example_names_every_setting_and_every_variable_of_production_and_holds_no_value() -> None:
    lines = (ROOT / ".env.example").read_text().splitlines()
    named = [line.partition("=")[0] for line in lines if line and not line.startswith("#")]
    settings = {(info.alias or field).upper() for field, info in Settings.model_fields.items()}
    used = set(re.findall(r"\$\{(\w+)", PRODUCTION.read_text()))
    assert len(named) == len(set(named)) and set(named) == settings | used
    assert not [line for line in lines if not line.startswith("#") and line.partition("=")[2]]


def test_every_setting_that_production_can_use_reaches_a_service_of_it() -> None:
    """What is written into .env and reaches nobody would be a setting that silently does nothing."""
    lines = (ROOT / ".env.example").read_text().partition("# --- set by deploy/compose.yaml")[0].splitlines()
    named = {line.partition("=")[0] for line in lines if line and not line.startswith("#")}
    assert named <= set(re.findall(r"\$\{(\w+)", PRODUCTION.read_text()))
