"""`GET /api/v1/usage`: what a customer's agents have published and what it costs; and the events themselves, as CSV or JSON lines.

The customer is the key's and stands in every query. Events are rows that were written with the publications' ends, so sums and export agree
to the event. The price is today's: `USAGE_PRICES`, per published post; nothing else costs anything.
"""

import csv
import io
import json
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal, Protocol

from fastapi import APIRouter, Query
from pydantic import AwareDatetime, BaseModel, BeforeValidator, Field, StringConstraints
from starlette.responses import StreamingResponse

from waooaw_social.core.events import PostingStatus
from waooaw_social.core.ids import CustomerId
from waooaw_social.storage.api_keys import ApiKey
from waooaw_social.storage.plant.usage import Asked, Place, place_of
from waooaw_social.wire.retry import DEFAULT

PAGE = 500
"""Events that are read at once."""
COLUMNS = (
    "event_type", "timestamp", "publication", "customer_id", "agent_id", "correlation_id", "platform", "credential_ref",
    "content_type", "content_length", "status", "duration_ms", "retry_count", "max_retries", "post_id", "post_url", "error_code",
    "error_message", "is_transient", "cost",
)  # fmt: skip
"""Of the export, in this order; a JSON line leaves out what is None."""
FREE_TEXT = frozenset({"agent_id", "correlation_id", "error_message", "post_id", "post_url"})
"""Columns that others have filled: in CSV none of them may begin like a formula."""


def _written(value: object) -> object:
    """A bare number, or a day alone, is no moment."""
    if not isinstance(value, str) or not re.match(r"\d{4}-\d\d-\d\d[Tt ]\d\d:", value):
        raise ValueError("a time is written like 2026-11-21T12:00:00Z")
    return value


Moment = Annotated[AwareDatetime, BeforeValidator(_written)]
Word = Annotated[str, StringConstraints(min_length=1, max_length=256, pattern=r"^[\x20-\x7e]+$")]
Since = Annotated[Moment | None, Query(description="From this moment on.")]
Until = Annotated[Moment | None, Query(description="Up to this moment, which is not in it.")]


class Usage(Protocol):
    """What this page needs of `storage.plant`."""

    async def sums(self, asked: Asked) -> Sequence[Mapping[str, Any]]: ...
    async def page(self, asked: Asked, *, after: Place | None, most: int) -> Sequence[Mapping[str, Any]]: ...


@dataclass(frozen=True, kw_only=True)
class Prices:
    """What a published post costs: by `platform/format`, else by `platform`, else nothing."""

    table: Mapping[str, Decimal]

    def of(self, event: Mapping[str, Any]) -> Decimal:
        """Of one event. Only a success costs."""
        if event["status"] != PostingStatus.SUCCESS.value:
            return Decimal(0)
        by_platform = self.table.get(event["platform"], Decimal(0))
        return self.table.get(f"{event['platform']}/{event['content_type']}", by_platform)


class UsageSum(BaseModel):
    """The events of one platform, agent, format and status."""

    platform: str
    agent_id: str | None
    content_type: str
    status: str
    events: int
    average_duration_ms: float
    cost: str = Field(description="Decimal, in the currency of USAGE_PRICES.")


class UsageView(BaseModel):
    """What was used, and what it costs."""

    since: datetime | None
    until: datetime | None
    events: int
    cost: str
    sums: list[UsageSum]


@dataclass(frozen=True, kw_only=True)
class UsagePage:
    """Sums and export over one storage and one price table."""

    usage: Usage
    prices: Prices

    async def show(self, asked: Asked, since: datetime | None, until: datetime | None) -> UsageView:
        sums: list[UsageSum] = []
        total = Decimal(0)
        for row in await self.usage.sums(asked):
            cost = self.prices.of(row) * int(row["events"])
            total += cost
            sums.append(UsageSum(**row, cost=str(cost)))
        events = sum(row.events for row in sums)
        return UsageView(since=since, until=until, events=events, cost=str(total), sums=sums)

    async def lines(self, asked: Asked) -> AsyncIterator[str]:
        """The events as JSON lines."""
        async for event in self._events(asked):
            yield json.dumps({name: value for name, value in event.items() if value is not None}) + "\n"

    async def rows(self, asked: Asked) -> AsyncIterator[str]:
        """The events as CSV, with a head."""
        yield _csv(COLUMNS)
        async for event in self._events(asked):
            yield _csv([_cell(name, event[name]) for name in COLUMNS])

    async def _events(self, asked: Asked) -> AsyncIterator[dict[str, Any]]:
        after: Place | None = None
        while page := await self.usage.page(asked, after=after, most=PAGE):
            for row in page:
                at = datetime.fromtimestamp(row["at"], UTC).isoformat()
                told = {"event_type": "platform_post", "timestamp": at, "cost": str(self.prices.of(row))}
                event = {**row, **told, "max_retries": len(DEFAULT.waits)}
                yield {name: event[name] for name in COLUMNS}
            after = place_of(page[-1])


def router(agent: Any, may_read: Any, page: UsagePage, problems: Any) -> APIRouter:
    """The two addresses. `agent` is the dependency that finds the caller's key, `may_read` refuses a key without the scope."""
    made = APIRouter()

    @made.get("/api/v1/usage", responses=problems, summary="What was published, and what it costs")
    async def usage(
        who: Annotated[ApiKey, agent],
        since: Since = None,
        until: Until = None,
        agent_id: Word | None = None,
        platform: Word | None = None,
    ) -> UsageView:
        """Events of this customer's, counted per platform, agent, format and status."""
        may_read(who)
        return await page.show(_asked(who, since, until, agent_id, platform), since, until)

    @made.get(
        "/api/v1/usage/export", responses=EXPORTED | problems, response_class=StreamingResponse, summary="The events"
    )
    async def export(
        who: Annotated[ApiKey, agent],
        format: Literal["csv", "jsonl"] = "jsonl",
        since: Since = None,
        until: Until = None,
        agent_id: Word | None = None,
        platform: Word | None = None,
    ) -> StreamingResponse:
        """Every event, the oldest first, streamed."""
        may_read(who)
        asked = _asked(who, since, until, agent_id, platform)
        if format == "csv":
            return StreamingResponse(page.rows(asked), media_type="text/csv")
        return StreamingResponse(page.lines(asked), media_type="application/x-ndjson")

    del usage, export  # registered; not called by name
    return made


EXPORTED: dict[int | str, dict[str, Any]] = {
    200: {"description": "The events.", "content": {"text/csv": {}, "application/x-ndjson": {}}}
}


def _asked(
    who: ApiKey, since: datetime | None, until: datetime | None, agent_id: str | None, platform: str | None
) -> Asked:
    return Asked(
        customer_id=CustomerId(who.customer_id),
        since=since.timestamp() if since else None,
        until=until.timestamp() if until else None,
        agent_id=agent_id,
        platform=platform,
        accounts=who.credential_refs,
    )


def _cell(name: str, value: Any) -> Any:
    """A spreadsheet would run what begins like a formula."""
    text = isinstance(value, str) and name in FREE_TEXT and value.startswith(("=", "+", "-", "@", "\t", "\r"))
    return f"'{value}" if text else value


def _csv(cells: Sequence[Any]) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="\r\n").writerow(cells)
    return line.getvalue()
