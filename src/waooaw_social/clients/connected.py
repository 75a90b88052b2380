"""How every client is constructed: from the environment, or out of parts that are handed in; and how one asks what publishes nothing."""

from collections.abc import Callable
from pathlib import Path
from typing import ClassVar, TypeVar

from waooaw_social.clients.client import DEADLINE, SocialClient, Wiring
from waooaw_social.clients.endings import not_done
from waooaw_social.clients.environment import wiring
from waooaw_social.core.account import Account
from waooaw_social.core.ids import Platform
from waooaw_social.core.post import MediaPath, MediaSource, MediaUrl
from waooaw_social.core.refusal import Refused, SocialPlatformError
from waooaw_social.durable.reading import Unanswered, read
from waooaw_social.platforms.call import Flow
from waooaw_social.wire.ports import NotSent, TokenSource

T = TypeVar("T")


class ConnectedClient(SocialClient):
    """A client of one platform, on behalf of one customer."""

    PLATFORM: ClassVar[Platform]

    def __init__(
        self,
        credential_resolver: TokenSource | None = None,
        customer_id: str = "",
        *,
        deadline: float = DEADLINE,
        wired: Wiring | None = None,
    ) -> None:
        """`credential_resolver` None: the one that the environment names. `deadline`: how many seconds one call may wait; working does not count."""
        super().__init__(wired or wiring(self.PLATFORM, credential_resolver), customer_id, deadline=deadline)

    async def _about(self, credential_ref: str, flow: Callable[[Account], Flow[T]]) -> T:
        """What a flow that publishes nothing returns. Repeating it is always safe."""
        errand = self._errand(credential_ref)
        credentials = await self._wiring.gateway.tokens.good(errand)
        if isinstance(credentials, NotSent):
            raise not_done(self.platform, credentials)
        try:
            account = self._account_of(errand, credentials)
            return await read(flow(account), self._wiring.gateway, errand, self._wiring.clock)
        except Unanswered as silence:
            raise not_done(self.platform, silence.outcome) from None
        except Refused as no:
            raise SocialPlatformError.of(no.refusal, self.platform) from None


def media_at(given: str | Path) -> MediaSource:
    """An address, or a file's place on this machine: a string is never a path."""
    return MediaPath(given) if isinstance(given, Path) else MediaUrl(given)
