"""What became of a message, by its statuses (contract 2.7): each is kept by itself, so that disorder, repeats and gaps change nothing.

`delivered` may be skipped; a `failed` counts only where nothing better is known; never backwards. Also here: the names under which things
are kept in the inbox, for those who put them there and those who look for them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from waooaw_social.core.ids import PublicationId
from waooaw_social.core.refusal import Refusal
from waooaw_social.platforms.whatsapp.errors import why_failed
from waooaw_social.platforms.whatsapp.replies import record, records

BEST_FIRST = ("played", "read", "delivered", "failed", "sent")


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """How far a message got."""

    status: str
    """accepted, sent, delivered, read, played or failed."""
    at: float | None = None
    """Seconds since 1970, by the platform."""
    recipient: str | None = None
    why: Refusal | None = None
    """Why it failed."""
    times: Mapping[str, float] | None = None
    """Every status that was told, and when."""


def proof_key(publication_id: PublicationId) -> str:
    """Under it lies the newest status that carried a publication's mark."""
    return f"whatsapp/publication/{publication_id}"


def status_key(message_id: str, status: str) -> str:
    return f"whatsapp/message/{message_id}/{status}"


def window_key(number: str, person: str) -> str:
    """Under it lies when a person last wrote to a number."""
    return f"whatsapp/window/{number}/{person}"


def status_keys(message_id: str) -> Mapping[str, str]:
    """Status to the key under which it would lie."""
    return {status: status_key(message_id, status) for status in BEST_FIRST}


def delivery_of(told: Mapping[str, Mapping[str, Any] | None]) -> Delivery | None:
    """What the statuses say together. None: nothing was told."""
    best = next((status for status in BEST_FIRST if told.get(status)), None)
    if best is None:
        return None
    what = record(told[best])
    return Delivery(
        status=best,
        at=float(what["at"]),
        recipient=str(what.get("recipient") or "") or None,
        why=failure_of(what) if best == "failed" else None,
        times={status: float(one["at"]) for status, one in told.items() if one},
    )


def failure_of(what: Mapping[str, Any]) -> Refusal:
    """Why a `failed` status says that it failed."""
    error = next(iter(records(what.get("errors"))), record(None))
    details = str(record(error.get("error_data")).get("details") or "")
    return why_failed(str(error.get("code", "")), str(error.get("title") or "It failed, and nobody said why."), details)
