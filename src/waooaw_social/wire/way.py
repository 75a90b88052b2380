"""One call on its way out: what it is, for whom, with what; and whose buckets it draws on."""

from dataclasses import dataclass
from typing import Any

from waooaw_social.core.refusal import Scope
from waooaw_social.platforms.call import Call
from waooaw_social.platforms.kit import Kit, OAuthClient
from waooaw_social.platforms.manifest import Bucket
from waooaw_social.wire.ports import Errand, ResolvedSocialCredentials


@dataclass(frozen=True, kw_only=True)
class Way:
    """One call on its way: what it is, for whom, and with what."""

    call: Call[Any]
    errand: Errand
    kit: Kit
    credentials: ResolvedSocialCredentials
    client: OAuthClient | None

    def owner(self, bucket: Bucket) -> str:
        """Whose bucket it is: the app's, shared by all of its customers, or the account's."""
        if bucket.scope is Scope.ACCOUNT:
            return self.credentials.posting_identity or self.credentials.credential_ref
        return self.client.client_id if self.client else "unconfigured"

    def bucket(self, name: str) -> Bucket:
        return next(bucket for bucket in self.kit.manifest.buckets if bucket.name == name)
