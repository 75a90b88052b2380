"""What `/openapi.json` says of Plant and CP is what they do: asked by a program that makes up requests, good ones and broken ones."""

import asyncio
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from plant.house import House

pytestmark = pytest.mark.anyio

LEFT_OUT = (
    # An order may be well-formed and name no credential of this customer's, or a key that is in use: 404 and 422 are right.
    "positive_data_acceptance",
)


async def asked(origin: str, key: str, folder: Path, *more: str) -> tuple[int, str]:
    """Exit status and words of schemathesis."""
    folder.mkdir(exist_ok=True)
    process = await asyncio.create_subprocess_exec(
        *(str(Path(sys.executable).parent / "st"), "run", f"{origin}/openapi.json", "--checks", "all"),
        *("--exclude-checks", ",".join(LEFT_OUT), "--header", f"Authorization: Bearer {key}"),
        *(
            "--max-examples",
            "12",
            "--seed",
            "1",
            "--generation-database",
            "none",
            "--no-color",
            "--max-time",
            "6",
            *more,
        ),
        cwd=folder,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env={**os.environ, "HYPOTHESIS_STORAGE_DIRECTORY": str(folder)},
    )
    said, _ = await process.communicate()
    return process.returncode or 0, said.decode()


async def test_no_made_up_request_finds_a_service_other_than_described(house: House, tmp_path: Path) -> None:
    (plant, told), (cp, also) = await asyncio.gather(
        asked(house.plant, house.agent_key, tmp_path / "plant"),
        # Only well-formed requests: of a body that is no text, FastAPI says 400, which CP does not describe.
        asked(house.cp, house.customer_key, tmp_path / "cp", "--mode", "positive"),
    )
    assert (plant, cp) == (0, 0), told + also
    assert not any('"request_failed"' in service.says() for service in house.services)


async def test_every_answer_of_plants_is_described_and_every_no_as_a_problem(house: House) -> None:
    described: Any = (await house.http.get(f"{house.plant}/openapi.json")).json()
    assert described["paths"].keys() == {
        "/api/v1/publications",
        "/api/v1/publications/validate",
        "/api/v1/publications/{publication_id}",
        "/api/v1/publications/{publication_id}/cancel",
        "/api/v1/publications/{publication_id}/submit",
        "/api/v1/publications/{publication_id}/resolve",
        "/api/v1/media",
        "/api/v1/media/fetch",
        "/api/v1/media/{media_id}",
        "/api/v1/quotas",
        "/api/v1/usage",
        "/api/v1/usage/export",
        "/healthz",
        "/readyz",
    }
    submit = described["paths"]["/api/v1/publications"]["post"]
    assert {"202", "400", "401", "403", "404", "413", "422", "503"} <= submit["responses"].keys()
    for status, answer in submit["responses"].items():
        if status not in {"200", "202"}:
            assert answer["content"]["application/problem+json"]["schema"], status
    assert submit["security"] and described["components"]["securitySchemes"]
