"""Who speaks: an organization or a member, as URN. `LI_ORG:123`, `123` and `urn:li:organization:123` are the same (contract 1.4).

A member's connection may also post for an organization in which the member has a role: the option `organization` names it. An
organization's connection posts for that organization and no other.
"""

import re
from dataclasses import dataclass

from waooaw_social.core.account import Account
from waooaw_social.core.post import Content
from waooaw_social.core.refusal import Refusal, Scope

OPTION = "organization"
ORGANIZATION, PERSON = "urn:li:organization:", "urn:li:person:"
MEMBER = "member"
"""Metadata `author_kind`; the other one is `organization`."""
_ORGANIZATION = re.compile(r"(?:LI_ORG:|urn:li:organization:)?([0-9]{1,19})")
_PERSON = re.compile(r"(?:LI_PERSON:|urn:li:person:)?([A-Za-z0-9_-]{1,64})")


@dataclass(frozen=True)
class Unsaid:
    """The connection does not say: its token is asked for the member."""


Author = str | Unsaid


def is_organization(author: str) -> bool:
    return author.startswith(ORGANIZATION)


def organization_urn(given: str) -> str | None:
    found = _ORGANIZATION.fullmatch(given)
    return f"{ORGANIZATION}{found[1]}" if found else None


def own_urn(account: Account) -> str | None:
    """Whom the connection is for; None where it does not say, or not readably."""
    identity = account.posting_identity or ""
    is_member = account.metadata.get("author_kind") == MEMBER or identity.startswith((PERSON, "LI_PERSON:"))
    if not is_member:
        return organization_urn(identity)
    found = _PERSON.fullmatch(identity)
    return f"{PERSON}{found[1]}" if found else None


def author_of(account: Account, content: Content) -> Author | Refusal:
    """Whom a publication is by, or why it can be by nobody."""
    own, asked = own_urn(account), content.options.get(OPTION)
    if account.posting_identity and own is None:
        return _no("invalid_identity", "posting_identity", "LinkedIn has no author of this name.", "Connect the account again.")  # fmt: skip
    if asked is not None:
        wanted = organization_urn(str(asked))
        if wanted is None:
            return _no("invalid_organization", f"options.{OPTION}", "An organization is a number, LI_ORG:number, or its URN.")  # fmt: skip
        if own and is_organization(own) and own != wanted:
            message = f"The connection is that of {own}, and not of {wanted}."
            return _no("wrong_organization", f"options.{OPTION}", message, "Connect that organization, and name its connection.")  # fmt: skip
        return wanted
    return own or Unsaid()


def _no(code: str, field: str, message: str, remediation: str = "") -> Refusal:
    return Refusal(code=code, field=field, message=message, remediation=remediation, scope=Scope.ACCOUNT)
