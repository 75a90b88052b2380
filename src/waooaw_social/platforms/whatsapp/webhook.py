"""Reads WhatsApp's webhooks (contract 2.7): statuses of our messages, people who wrote in. Everything is taken with distrust: what is not as
it should be is passed over, and the rest of its batch is not.

Only what the house needs is kept: no word that a person wrote. A status with our mark is a proof; whose number it is from is in the mark.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from waooaw_social.core.ids import PublicationId
from waooaw_social.core.publication import Publication
from waooaw_social.core.secret import Secret
from waooaw_social.platforms.call import Reply
from waooaw_social.platforms.told import Proof, Told
from waooaw_social.platforms.whatsapp.account import number_of
from waooaw_social.platforms.whatsapp.callback import FIELD, publication_of
from waooaw_social.platforms.whatsapp.calls import SEND_MESSAGE
from waooaw_social.platforms.whatsapp.delivery import BEST_FIRST, failure_of, proof_key, status_key, window_key
from waooaw_social.platforms.whatsapp.recipient import one_spelling, recipient_of
from waooaw_social.platforms.whatsapp.replies import FAILED_SINCE, published_of, record, records

OBJECT = "whatsapp_business_account"
"""What such a webhook is about, in its own word."""
MESSAGE_ID = re.compile(r"[A-Za-z0-9._=+/-]{1,512}")
ID = re.compile(r"[A-Za-z0-9._-]{1,128}")


@dataclass(frozen=True, kw_only=True)
class Status:
    """One status of one message."""

    number: str
    message_id: str
    status: str
    at: float
    recipient: str
    user_id: str
    mark: str
    errors: tuple[Mapping[str, Any], ...]

    @property
    def what(self) -> Mapping[str, Any]:
        """As it is kept."""
        return {
            "message_id": self.message_id,
            "status": self.status,
            "at": self.at,
            "number": self.number,
            "recipient": self.recipient,
            "user_id": self.user_id,
            "errors": [_error(one) for one in self.errors],
        }


def hear(body: Mapping[str, Any], secrets: Sequence[Secret]) -> Sequence[Told]:
    """What one webhook tells, in any order. The same body tells the same."""
    return [told for value in _values(body) for told in (*_of_statuses(value, secrets), *_of_people(value))]


def reply_of(what: Mapping[str, Any]) -> Reply:
    """The answer that the message's sending would have had. One that failed since was accepted too; the note says so."""
    told: dict[str, Any] = {"messages": [{"id": what["message_id"]}]}
    if what["status"] == "failed":
        told[FAILED_SINCE] = f"WhatsApp accepted it, and it failed then: {failure_of(what).message}"
    return Reply(200, body=json.dumps(told).encode())


def fits(what: Mapping[str, Any], publication: Publication) -> bool:
    """Whether a kept status is about this publication: its number, its recipient."""
    recipient = recipient_of(publication)
    if recipient is None or number_of(publication.account) != what["number"]:
        return False
    return recipient.is_named_by(str(what["recipient"]), str(what["user_id"]))


# --- statuses -----------------------------------------------------------------------------------------------------------------


def _of_statuses(value: Mapping[str, Any], secrets: Sequence[Secret]) -> Iterator[Told]:
    number = _word(record(value.get("metadata")).get("phone_number_id"), ID)
    for row in records(value.get("statuses")):
        status = _status(row, number)
        if status is None:
            continue
        yield Told(key=status_key(status.message_id, status.status), what=status.what, at=status.at)
        publication_id = publication_of(status.mark, number, secrets)
        if publication_id:
            proof = _proof(publication_id, status)
            yield Told(key=proof_key(publication_id), what=status.what, at=status.at, proof=proof)


def _status(row: Mapping[str, Any], number: str) -> Status | None:
    message_id, status, at = _word(row.get("id"), MESSAGE_ID), str(row.get("status")), _time(row.get("timestamp"))
    if not number or not message_id or status not in BEST_FIRST or at is None:
        return None
    return Status(
        number=number,
        message_id=message_id,
        status=status,
        at=at,
        recipient=_word(row.get("recipient_id"), ID),
        user_id=_word(row.get("recipient_user_id"), ID),
        mark=_word(row.get(FIELD), re.compile(r"[\x21-\x7e]{1,512}")),
        errors=records(row.get("errors")),
    )


def _proof(publication_id: PublicationId, status: Status) -> Proof:
    what, reply = status.what, reply_of(status.what)
    return Proof(
        publication_id=publication_id,
        call=SEND_MESSAGE,
        reply=reply,
        published=published_of(reply),
        fits=lambda publication: fits(what, publication),
    )


# --- people -------------------------------------------------------------------------------------------------------------------


def _of_people(value: Mapping[str, Any]) -> Iterator[Told]:
    """Who wrote in, and when: the window to them is open from then on. Under the number and under the id, whichever is told."""
    number = _word(record(value.get("metadata")).get("phone_number_id"), ID)
    for row in records(value.get("messages")):
        at = _time(row.get("timestamp"))
        if not number or at is None or row.get("type") == "system":
            continue
        phone, user_id = _word(row.get("from"), ID), _word(row.get("from_user_id"), ID)
        for person in filter(None, (one_spelling(phone), user_id)):
            yield Told(key=window_key(number, person), what={"at": at}, at=at)


# --- reading with distrust ----------------------------------------------------------------------------------------------------


def _values(body: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    if body.get("object") != OBJECT:
        return
    for entry in records(body.get("entry")):
        for change in records(entry.get("changes")):
            yield record(change.get("value"))


def _word(value: Any, pattern: re.Pattern[str]) -> str:
    return value if isinstance(value, str) and pattern.fullmatch(value) else ""


def _time(value: Any) -> float | None:
    """Seconds, as a text (2.7) or a number."""
    text = str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
    return float(text) if re.fullmatch(r"[0-9]{1,12}", text) else None


def _error(row: Mapping[str, Any]) -> Mapping[str, Any]:
    """As far as anybody needs it later."""
    details = str(record(row.get("error_data")).get("details") or "")
    return {
        "code": str(row.get("code", ""))[:16],
        "title": plain(row.get("title")),
        "error_data": {"details": plain(details)},
    }


def plain(value: Any) -> str:
    """Words from outside as every database can keep them."""
    text = str(value or "")[:500]
    return text.encode("utf-8", "replace").decode().replace("\0", "?")
