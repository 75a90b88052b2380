"""How every client is constructed: from the environment, or out of parts that are handed in."""

from typing import ClassVar

from waooaw_social.clients.client import DEADLINE, SocialClient, Wiring
from waooaw_social.clients.environment import wiring
from waooaw_social.core.ids import Platform
from waooaw_social.wire.ports import TokenSource


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
