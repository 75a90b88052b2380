"""To whom: a phone number with its plus, or a business-scoped user id; and whether a status is about the same person (contract 2.2, 2.7).

Without the plus WhatsApp may put the sender's country in front. What it answers with may differ by a digit in three countries, and may be
missing where a person hides the number.
"""

import re
from dataclasses import dataclass

from waooaw_social.core.account import Account
from waooaw_social.core.publication import Publication
from waooaw_social.core.refusal import Refusal

PHONE = re.compile(r"\+[1-9][0-9]{6,14}")
USER_ID = re.compile(r"[A-Z]{2}\.[A-Za-z0-9]{1,128}")
SEPARATORS = re.compile(r"[ ().\-/\u00a0]")
DEFAULT = "default_recipient"
"""The name under which a connection's metadata says whom to write to where nobody is named."""
LOCAL_DIGITS = (
    (re.compile(r"521([0-9]{10})"), r"52\1"),
    (re.compile(r"549([0-9]{10})"), r"54\1"),
    (re.compile(r"55([0-9]{2})9([0-9]{8})"), r"55\1\2"),
)
"""Mexico, Argentina, Brazil: a digit that a number has, and the WhatsApp id may lack, or the other way round."""


@dataclass(frozen=True, kw_only=True)
class Recipient:
    """One person, by the digits of a number or by an id that only this business knows."""

    phone: str | None = None
    user_id: str | None = None

    @property
    def key(self) -> str:
        """One name for one person, whichever of its spellings was given."""
        return self.user_id or one_spelling(self.phone or "")

    @property
    def fields(self) -> dict[str, str]:
        """As a message names them."""
        return {"recipient": self.user_id} if self.user_id else {"to": self.phone or ""}

    def is_named_by(self, wa_id: str, user_id: str) -> bool:
        """Whether a status with these ids may be about this person. Where it names nobody that we know of, it may."""
        if self.user_id:
            return user_id in {"", self.user_id}
        return not wa_id or one_spelling(wa_id) == self.key


def one_spelling(number: str) -> str:
    """The digits, without those that come and go."""
    digits = re.sub(r"[^0-9]", "", number)
    for local, usual in LOCAL_DIGITS:
        if local.fullmatch(digits):
            return local.sub(usual, digits)
    return digits


def spelled(name: str) -> str:
    """One name for one person, whichever of its spellings this is; what is nobody's is itself."""
    found = _read(name)
    return found.key if found else name


def recipient_of(publication: Publication) -> Recipient | None:
    """Whom a publication is for: named in it, or the connection's own default. None: nobody that can be read."""
    return _read(named(publication))


def named(publication: Publication) -> str:
    """As it was written."""
    to = publication.content.options.get("to")
    return to if isinstance(to, str) and to else publication.account.metadata.get(DEFAULT, "")


def problem_of(publication: Publication) -> Refusal | None:
    """What is wrong with it. Before the connection is known its default is not, either."""
    if recipient_of(publication):
        return None
    if named(publication) or "to" in publication.content.options:
        return NOT_A_RECIPIENT
    return NOBODY if known(publication.account) else None


def known(account: Account) -> bool:
    return account.posting_identity is not None


def _read(text: str) -> Recipient | None:
    if USER_ID.fullmatch(text):
        return Recipient(user_id=text)
    number = SEPARATORS.sub("", text)
    return Recipient(phone=number) if PHONE.fullmatch(number) else None


NOBODY = Refusal(
    code="recipient_required",
    message="Nobody is named to whom it goes.",
    field="options.to",
    remediation=f"Name the recipient's number, or put {DEFAULT} into the connection's metadata.",
)
NOT_A_RECIPIENT = Refusal(
    code="invalid_recipient",
    message="A recipient is a phone number with a plus and the country's code, or a user id such as US.1349….",
    field="options.to",
    remediation="Write it like +15550100123.",
)
