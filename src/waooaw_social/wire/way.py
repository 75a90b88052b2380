"""One call on its way out: what it is, for whom, with what; and whose buckets it draws on."""

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
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

    def owner(self, bucket: Bucket, of: str = "") -> str:
        """Whose bucket it is: the app's, shared by all of its customers, or the account's; and which part of it, where there are some."""
        if bucket.scope is Scope.ACCOUNT:
            owner = self.credentials.posting_identity or self.credentials.credential_ref
        else:
            owner = self.client.client_id if self.client else "unconfigured"
        return f"{owner}/{sha256(of.encode()).hexdigest()[:24]}" if of else owner

    def bucket(self, name: str) -> Bucket:
        return next(bucket for bucket in self.kit.manifest.buckets if bucket.name == name)

    def family(self, host_of: Callable[[str], str | None]) -> str:
        """The family of endpoints that it goes to."""
        return self.kit.manifest.family_of(host_of(self.call.request.url) or "", self.call.name)
