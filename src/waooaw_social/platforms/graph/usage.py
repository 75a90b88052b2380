"""How near the limits are, by the headers of every reply (contract meta A7). Values are percent; waits are minutes; absence is not zero.

At full use a bucket waits as long as the platform estimates, or a quarter of an hour; near it, its calls are spaced.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any, cast

from waooaw_social.platforms.call import Reply
from waooaw_social.platforms.graph.facts import ACCOUNT_CALLS, APP_CALLS
from waooaw_social.platforms.manifest import Slow

FULL, NEAR = 100.0, 95.0
"""Percent."""
UNTOLD_WAIT = 15 * 60.0
SPACING = 10.0
"""Seconds."""
HEADERS = {
    "x-app-usage": APP_CALLS,
    "x-page-usage": ACCOUNT_CALLS,
    "x-business-use-case-usage": ACCOUNT_CALLS,
}


def usage(reply: Reply) -> tuple[Slow, ...]:
    """What the headers ask for; nothing where they cannot be read."""
    found = ((bucket, _wait(reply.headers.get(name, ""))) for name, bucket in HEADERS.items())
    return tuple(Slow(bucket=bucket, seconds=wait) for bucket, wait in found if wait)


def _wait(header: str) -> float:
    try:
        told = json.loads(header)
    except ValueError:
        return 0.0
    return max((_wait_of(row) for row in _rows(told)), default=0.0)


def _rows(told: Any) -> Iterator[Mapping[str, Any]]:
    """One object of percentages, or lists of them under the ids of businesses."""
    if not isinstance(told, dict):
        return
    fields = cast("dict[str, Any]", told)
    yield fields
    for value in fields.values():
        for row in cast("list[Any]", value) if isinstance(value, list) else ():
            if isinstance(row, dict):
                yield cast("dict[str, Any]", row)


def _wait_of(row: Mapping[str, Any]) -> float:
    minutes = _number(row.get("estimated_time_to_regain_access"))
    used = max(_number(row.get(name)) for name in ("call_count", "total_time", "total_cputime"))
    if minutes:
        return minutes * 60.0
    return UNTOLD_WAIT if used >= FULL else SPACING if used >= NEAR else 0.0


def _number(value: Any) -> float:
    return float(value) if isinstance(value, int | float) else 0.0
