"""What headers of replies say that every platform says alike. Pure: a date is read against the reply's own date, not against a clock."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

_SECONDS = re.compile(r"[+-]?[0-9]{1,10}(?:\.[0-9]{1,9})?")


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds to wait by `Retry-After`, in either of its forms (RFC 9110, 10.2.3); never negative.

    None where there is none, or where it cannot be read; a date cannot be read where the reply has no `Date` of its own. `headers` has
    lower-case names, as a `Reply`'s.
    """
    text = headers.get("retry-after", "").strip()
    if _SECONDS.fullmatch(text):
        return max(0.0, float(text))
    then, now = _date(text), _date(headers.get("date", ""))
    if then is None or now is None:
        return None
    return max(0.0, (then - now).total_seconds())


def _date(text: str) -> datetime | None:
    try:
        date = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    # "-0000" (and a missing zone) is UTC that does not say so.
    return date if date.tzinfo else date.replace(tzinfo=UTC)
