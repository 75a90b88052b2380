"""When something is to be published: a moment with an offset, or what a clock on the wall shows somewhere.

A wall's clock skips an hour in spring: what it never shows is read as if it had not been put forward yet, and comes an hour later by the
new time (02:30 is 03:30; so does RFC 5545). It shows an hour twice in autumn: the first one is meant, unless `fold` says the second.
"""

import re
from datetime import UTC, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from waooaw_social.core.refusal import Refusal

Fold = Literal["first", "second"]
MOMENT = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?(Z|[+-][0-9]{2}:[0-9]{2})?$"
ZONE = re.compile(r"[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+){0,3}")

PAST = timedelta(minutes=5)
"""How far a moment may lie behind us: an order takes its time on the way. What is older is a slip, and would go out at once."""
YEARS = timedelta(days=5 * 366)


def moment_of(said: str, zone: str | None, fold: Fold | None) -> datetime:
    """The moment, in UTC. Raises `ValueError` that says what is wrong."""
    try:
        read = datetime.fromisoformat(said)
    except ValueError:
        raise ValueError("this is not a date and time") from None
    if not 2000 <= read.year <= 2200:
        raise ValueError("the year is none in which anything is published here")
    if read.tzinfo is not None:
        if zone is not None or fold is not None:
            raise ValueError("a time with an offset says which moment it is: leave time_zone and fold out")
        return read.astimezone(UTC)
    if zone is None:
        raise ValueError("a time without an offset needs a time_zone, for instance Europe/Berlin")
    return read.replace(tzinfo=zone_of(zone), fold=int(fold == "second")).astimezone(UTC)


def zone_of(name: str) -> ZoneInfo:
    """An IANA zone. Raises `ValueError`."""
    try:
        if ZONE.fullmatch(name):
            return ZoneInfo(name)
    except (ZoneInfoNotFoundError, OSError, ValueError):  # a folder of the database is no zone either
        pass
    raise ValueError("this is not the name of an IANA time zone, for instance Europe/Berlin")


def untimely(at: datetime | None, now: datetime) -> Refusal | None:
    """What is wrong with a moment as it stands to now."""
    if at is not None and at < now - PAST:
        return Refusal(
            code="publish_at_past",
            message="The time to publish at has passed.",
            field="publish_at",
            remediation="Give a time that is to come, or leave publish_at out to publish at once.",
        )
    if at is not None and at > now + YEARS:
        return Refusal(
            code="publish_at_far",
            message="The time to publish at is more than five years away.",
            field="publish_at",
            remediation="Give an earlier time.",
        )
    return None
