"""Production's services as processes, with the commands and the environment of deploy/compose.yaml: who listens where, and who is let in.

Networks are addresses of this machine here: 127.0.0.2 stands for the network that only Plant joins. The databases are SQLite files.
"""

import contextlib
import os
import socket
import ssl
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import pytest
import trustme

from deploy.test_compose import PRODUCTION, composed
from plant.house import free_port, until
from waooaw_social.clients.environment import BadCertificate, resolver_of
from waooaw_social.settings import Settings
from waooaw_social.wire.ports import CredentialsUnavailable, CredentialUnknown

pytestmark = pytest.mark.anyio
PRIVATE = "127.0.0.2"
RESOLVE = "/api/internal/plant/credentials/resolve"
ASKED = {"customer_id": "CUST-1", "credential_ref": "CRED-none"}
SERVICES = composed(PRODUCTION)["services"]


@dataclass
class Machine:
    """The services of the compose file on free ports of this machine."""

    folder: Path
    ports: dict[str, int] = field(default_factory=lambda: {name: free_port() for name in ("8000", "8001", "8002")})

    def translated(self, text: str) -> str:
        for port, here in self.ports.items():
            text = text.replace(port, str(here))
        return text.replace("cp-internal", PRIVATE).replace("0.0.0.0", "127.0.0.1")

    def environment(self, name: str, **more: str) -> dict[str, str]:
        given = {variable: self.translated(str(value)) for variable, value in SERVICES[name]["environment"].items()}
        for variable in ("DATABASE_URL", "CP_DATABASE_URL"):
            if variable in given:
                given[variable] = f"sqlite:///{self.folder}/{variable}.db"
        return {"PATH": os.environ["PATH"], "WAOOAW_VAR": str(self.folder), **given, **more}

    def arguments(self, command: list[str]) -> list[str]:
        program = {"waooaw-social": ["-m", "waooaw_social.cli"], "python": []}[command[0]]
        return [sys.executable, *program, *(self.translated(word) for word in command[1:])]

    def run(self, name: str, command: list[str] | None = None, **more: str) -> subprocess.CompletedProcess[str]:
        """To its end."""
        return subprocess.run(
            self.arguments(command or SERVICES[name]["command"]),
            env=self.environment(name, **more), capture_output=True, text=True, timeout=60,
        )  # fmt: skip

    @contextlib.contextmanager
    def started(self, name: str, **more: str) -> Iterator["subprocess.Popen[str]"]:
        process = subprocess.Popen(
            self.arguments(SERVICES[name]["command"]),
            env=self.environment(name, **more),
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            yield process
        finally:
            process.kill()
            process.communicate()

    def healthy(self, name: str) -> bool:
        """What the compose file's health check says."""
        return self.run(name, SERVICES[name]["healthcheck"]["test"][1:]).returncode == 0


async def listening(process: "subprocess.Popen[str]", host: str, port: int) -> None:
    async def there() -> bool:
        assert process.poll() is None, process.communicate()[1][-2000:]
        with socket.socket() as probe:
            return probe.connect_ex((host, port)) == 0

    await until(there, f"{host}:{port} is listened on")


@pytest.fixture
async def http() -> AsyncIterator[httpx2.AsyncClient]:
    async with httpx2.AsyncClient(timeout=10.0, trust_env=False) as client:
        yield client


async def test_production_waits_for_its_tables_and_then_serves_each_port_with_its_own(
    tmp_path: Path, http: httpx2.AsyncClient
) -> None:
    machine = Machine(tmp_path)
    for name in ("cp-backend", "plant-worker"):
        refused = machine.run(name)
        assert refused.returncode == 1 and "run `waooaw-social migrate" in refused.stderr
    assert not list(tmp_path.glob("*.db"))
    for name in ("cp-migrate", "plant-migrate"):
        done = machine.run(name)
        assert done.returncode == 0, done.stderr
    public, private = machine.ports["8001"], machine.ports["8002"]
    with (
        machine.started("cp-backend") as cp,
        machine.started("plant-backend") as plant,
        machine.started("plant-worker"),
    ):
        await listening(cp, PRIVATE, private)
        await listening(plant, "127.0.0.1", machine.ports["8000"])
        assert all(machine.healthy(name) for name in ("cp-backend", "plant-worker"))
        key = {"x-plant-internal-key": machine.environment("plant-worker")["PLANT_INTERNAL_API_KEY"]}
        inside, outside = f"http://{PRIVATE}:{private}", f"http://127.0.0.1:{public}"
        answered = await http.post(inside + RESOLVE, json=ASKED, headers=key)
        assert (answered.status_code, answered.json()["field"]) == (404, "credential_ref")
        assert (
            await http.post(inside + RESOLVE, json=ASKED, headers={"x-plant-internal-key": "x" * 32})
        ).status_code == 403
        hidden = await http.post(outside + RESOLVE, json=ASKED, headers=key)
        assert hidden.status_code == 404 and "field" not in hidden.json()
        assert (await http.get(inside + "/api/cp/platform-credentials")).status_code == 404
        assert (await http.get(outside + "/api/cp/platform-credentials")).status_code == 401
        with socket.socket() as elsewhere:
            assert elsewhere.connect_ex(("127.0.0.1", private)) != 0, "nobody listens there on any other address"


async def test_over_mutual_tls_plant_is_let_in_and_nobody_without_a_certificate_of_that_authority(
    tmp_path: Path,
) -> None:
    machine, authority = Machine(tmp_path), trustme.CA()
    files = {
        who: written(tmp_path / who, authority, name) for who, name in (("cp", PRIVATE), ("plant", "plant.internal"))
    }
    stranger = written(tmp_path / "stranger", trustme.CA(), "plant.internal") | {
        "CP_INTERNAL_TLS_CA": files["cp"]["CP_INTERNAL_TLS_CA"]
    }
    at = f"https://{PRIVATE}:{machine.ports['8002']}"
    with machine.started("cp-backend", MIGRATE_AT_START="true", **files["cp"]) as cp:
        await listening(cp, PRIVATE, machine.ports["8002"])
        assert await asked(machine, at, files["plant"]) == CredentialUnknown
        assert await asked(machine, at, stranger) == CredentialsUnavailable
        assert await asked(machine, at, {}) == CredentialsUnavailable
        nobody = ssl.create_default_context(cafile=files["cp"]["CP_INTERNAL_TLS_CA"])
        async with httpx2.AsyncClient(verify=nobody, trust_env=False) as http:
            with pytest.raises(httpx2.HTTPError):
                await http.get(f"{at}/healthz")


async def test_a_certificate_that_cannot_be_used_is_told_before_anything_listens(tmp_path: Path) -> None:
    files = written(tmp_path / "cp", trustme.CA(), PRIVATE)
    Path(files["CP_INTERNAL_TLS_KEY"]).write_text("not a key")
    refused = Machine(tmp_path).run("cp-backend", MIGRATE_AT_START="true", **files)
    assert refused.returncode == 1 and "CP_INTERNAL_TLS_CERT" in refused.stderr and "Traceback" not in refused.stderr
    with pytest.raises(BadCertificate):
        resolver_of(Settings.model_validate({name.lower(): path for name, path in files.items()}))


def written(folder: Path, authority: trustme.CA, name: str) -> dict[str, str]:
    """A certificate for this name, its key and its authority, as files; by the settings that name them."""
    folder.mkdir()
    issued = authority.issue_cert(name)
    issued.cert_chain_pems[0].write_to_path(folder / "cert.pem")
    issued.private_key_pem.write_to_path(folder / "key.pem")
    authority.cert_pem.write_to_path(folder / "ca.pem")
    return {f"CP_INTERNAL_TLS_{part.upper()}": str(folder / f"{part}.pem") for part in ("cert", "key", "ca")}


async def asked(machine: Machine, at: str, files: Mapping[str, str]) -> type[Any]:
    """What comes of it when Plant, with these files, asks for a credential that there is not."""
    key = machine.environment("plant-worker")["PLANT_INTERNAL_API_KEY"]
    told = {name.lower(): path for name, path in files.items()} | {"cp_backend_url": at, "plant_internal_api_key": key}
    resolver = resolver_of(Settings.model_validate(told))
    try:
        await resolver.resolve(**ASKED)
    except (CredentialUnknown, CredentialsUnavailable) as error:
        return type(error)
    finally:
        await resolver.aclose()
    raise AssertionError("there is no such credential")
