"""A reply that was heard, and a call that never left, while our own database stumbles."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from clients.stage import Set, on_stage
from durable.youtube_stage import open_youtube
from waooaw_social.core.ids import CredentialRef, CustomerId
from waooaw_social.platforms.call import Reply
from waooaw_social.platforms.youtube import calls
from waooaw_social.platforms.youtube.manifest import YOUTUBE
from waooaw_social.wire.breaker import NoBreaker
from waooaw_social.wire.ports import Errand, NotSent

pytestmark = pytest.mark.anyio
ERRAND = Errand(customer_id=CustomerId("CUST-1"), credential_ref=CredentialRef("CRED-1"), platform=YOUTUBE)


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Set]:
    async with open_youtube(tmp_path) as house, on_stage(house) as opened:
        yield opened


class Away(NoBreaker):
    """The breaker's row cannot be written just now: the database restarts."""

    def __init__(self, at: str) -> None:
        self.at = at

    async def admit(self, *told: Any) -> Any:
        if self.at == "admit":
            raise ConnectionError("the database is away")
        return await super().admit(*told)

    async def report(self, *told: Any) -> None:
        if self.at == "report":
            raise ConnectionError("the database is away")


async def test_an_answer_is_not_lost_because_the_breaker_cannot_be_written(stage: Set) -> None:
    stage.wiring.gateway.breaker = Away("report")
    assert isinstance(await stage.wiring.gateway.send(calls.my_channel(), ERRAND), Reply)


async def test_what_never_left_is_not_in_doubt_because_the_breaker_cannot_be_read(stage: Set) -> None:
    stage.wiring.gateway.breaker = Away("admit")
    assert isinstance(await stage.wiring.gateway.send(calls.my_channel(), ERRAND), NotSent)
