"""Whether this service answers (`/healthz`, with the API), and whether what it accepts is carried out (`/readyz`).

Ready means that a worker really claims, here or in another process: the database says so, not a process that is merely there.
"""

from collections.abc import Awaitable, Callable
from typing import Protocol

import structlog
from fastapi import FastAPI
from pydantic import BaseModel, Field

from waooaw_social.web.problem import Problem, described

READY_WITHIN = 15.0
"""Seconds since a worker's claims were last known to work; it says so every few."""

log = structlog.get_logger(__name__)


class Standing(Protocol):
    """How the work stands, as the storage tells it."""

    @property
    def claimed_ago(self) -> float | None: ...
    @property
    def oldest_due(self) -> float: ...
    @property
    def unresolved(self) -> int: ...


class Readiness(BaseModel):
    """A worker claims."""

    claimed_ago: float = Field(description="Seconds since a worker's claims were last known to work.")
    oldest_due: float = Field(
        description="Seconds for which the oldest publication has been due, and nobody claimed it."
    )
    unresolved: int = Field(description="Publications of which nobody can tell; they wait for a person.")


def add_readiness(app: FastAPI, standing: Callable[[], Awaitable[Standing]]) -> None:
    """Put `/readyz` on Plant's app."""

    async def readyz() -> Readiness:
        try:
            found = await standing()
        except Exception as error:  # its text may name the server
            log.warning("not_ready", error=type(error).__name__)
            raise _not_ready("The database does not answer.") from None
        if found.claimed_ago is None or found.claimed_ago > READY_WITHIN:
            ago = "never" if found.claimed_ago is None else f"{found.claimed_ago:.0f} s ago"
            raise _not_ready(f"No worker claims: the last claim was {ago}. What is accepted is kept, and waits.")
        return Readiness(
            claimed_ago=round(found.claimed_ago, 1), oldest_due=round(found.oldest_due, 1), unresolved=found.unresolved
        )

    app.add_api_route(
        "/readyz",
        readyz,
        methods=["GET"],
        responses=described({503: "No worker claims, or the database does not answer."}),
        summary="Whether what is accepted is carried out",
    )


def _not_ready(detail: str) -> Problem:
    return Problem(
        status=503,
        code="not_ready",
        detail=detail,
        retryable=True,
        retry_after=5.0,
        remediation="Start a worker: `waooaw-social worker`.",
    )
