"""A connected account as Plant knows it: whose it is, where it publishes, and never its token."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from waooaw_social.core.ids import CredentialRef, CustomerId, Platform


@dataclass(frozen=True, kw_only=True)
class Account:
    """One customer's connection to one platform."""

    customer_id: CustomerId
    credential_ref: CredentialRef
    platform: Platform
    posting_identity: str | None = None
    """The platform's own name for who posts: a YouTube channel id, a Page id, a phone number id."""
    metadata: Mapping[str, str] = field(default_factory=dict[str, str])
