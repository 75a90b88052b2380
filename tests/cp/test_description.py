"""What `/openapi.json` says of CP is what CP does."""

from pathlib import Path
from typing import Any

import pytest

from cp.portal import portal

pytestmark = pytest.mark.anyio


@pytest.fixture
async def description(tmp_path: Path) -> Any:
    async with portal(tmp_path) as cp:
        return (await cp.http.get(f"{cp.origin}/openapi.json")).json()


async def test_only_the_public_api_is_described(description: Any) -> None:
    assert description["paths"].keys() == {"/api/cp/platform-credentials", "/healthz"}


async def test_every_answer_is_described_and_every_no_as_a_problem(description: Any) -> None:
    path = description["paths"]["/api/cp/platform-credentials"]
    assert path["put"]["responses"].keys() == {"200", "201", "401", "404", "409", "413", "422"}
    assert path["get"]["responses"].keys() == {"200", "401"}
    for answer in ("401", "404", "409", "413", "422"):
        assert path["put"]["responses"][answer]["content"].keys() == {"application/problem+json"}, answer


async def test_that_a_key_is_needed_is_described(description: Any) -> None:
    ((name, scheme),) = description["components"]["securitySchemes"].items()
    assert name == "CustomerKey"
    assert (scheme["type"], scheme["scheme"]) == ("http", "bearer")
    for operation in description["paths"]["/api/cp/platform-credentials"].values():
        assert operation["security"]


async def test_the_example_is_accepted(tmp_path: Path) -> None:
    async with portal(tmp_path) as cp:
        told = (await cp.http.get(f"{cp.origin}/openapi.json")).json()
        (example,) = told["components"]["schemas"]["PlatformCredential"]["examples"]
        sendable = {k: v.replace("…", "x") if isinstance(v, str) else v for k, v in example.items()}
        assert (await cp.put(sendable)).status_code == 201


async def test_a_real_problem_has_the_described_shape(tmp_path: Path) -> None:
    async with portal(tmp_path) as cp:
        told = (await cp.http.get(f"{cp.origin}/openapi.json")).json()
        put = told["paths"]["/api/cp/platform-credentials"]["put"]
        shape = put["responses"]["422"]["content"]["application/problem+json"]["schema"]
        problem = (await cp.put({"platform": "tiktok"})).json()
        assert set(shape["required"]) <= problem.keys() <= shape["properties"].keys()
