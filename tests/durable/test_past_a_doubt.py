"""Flows that would go past an open doubt: another round, another name, and nobody looked for the first."""

from typing import Any

import pytest

from durable.stores import open_store
from durable.sweep import DELAYS, SteppingClock
from platforms.facebook_replies import FINISHED, ME, UNKNOWN_OBJECT, VIDEO, VIDEO_FILE, no, state
from platforms.facebook_replies import ok as facebook_ok
from platforms.facebook_replies import publication as facebook_publication
from platforms.linkedin_replies import PICTURE, PICTURE_FILE, ROLE, ok
from platforms.linkedin_replies import publication as linkedin_publication
from waooaw_social.core.post import MediaFile
from waooaw_social.durable.memory import MemoryInbox
from waooaw_social.durable.ports import Undecided
from waooaw_social.durable.runner import Runner
from waooaw_social.platforms.call import Call, Reply
from waooaw_social.platforms.facebook import kit as facebook
from waooaw_social.platforms.linkedin import kit as linkedin
from waooaw_social.wire.ports import Errand, Outcome, Unknown

pytestmark = pytest.mark.anyio


class LinkedIn:
    """Scripted; keeps what went before the audience."""

    def __init__(self) -> None:
        self.asset: list[Reply] = []
        self.live: list[str] = []

    async def send(self, call: Call[Any], errand: Errand, *, not_after: float | None = None) -> Outcome:
        name = call.name
        if name.startswith("create post"):
            self.live.append(name)
            return (
                Unknown(why="the reply was lost")
                if len(self.live) == 1
                else ok(status=201, x_restli_id="urn:li:share:2")
            )
        if name == "asset":
            return self.asset.pop(0) if self.asset else ok({"status": "AVAILABLE"})
        if name.startswith("open image"):
            urn = f"urn:li:image:{len(self.live)}"
            return ok({"value": {"uploadUrl": "https://www.linkedin.com/dms-uploads/1?m=s", "image": urn}})
        if name == "roles":
            return ROLE
        return ok(status=201)


class Here:
    """Whatever is asked for is there."""

    def __init__(self, file: MediaFile) -> None:
        self.file = file

    async def bring(self, source: Any) -> MediaFile:
        return self.file

    async def holds(self, file: MediaFile) -> bool:
        return True


UNTOLD, BROKEN, THERE = ok(status=403), ok({"status": "PROCESSING_FAILED"}), ok({"status": "AVAILABLE"})


@pytest.mark.parametrize(
    ("first", "then", "sent"),
    [
        ([UNTOLD], [BROKEN], "create post"),  # it may not look just now, and posts; then the asset says that it failed
        ([BROKEN, THERE], [UNTOLD], "create post, round 2"),  # the other way round: back to the first upload
        ([BROKEN, THERE], [THERE], "create post, round 2"),
    ],
    ids=["on to another round", "back to an earlier one", "back to one that is there after all"],
)
async def test_whatever_an_asset_says_nothing_is_posted_by_another_name_while_a_post_is_in_doubt(
    first: list[Reply], then: list[Reply], sent: str
) -> None:
    clock = SteppingClock()
    async with open_store("memory", clock, "") as store:
        said, gateway = linkedin_publication("images", text="Hello", images=(PICTURE,)), LinkedIn()
        await store.accept(said)
        runner = Runner(
            ledger=store, gateway=gateway, files=Here(PICTURE_FILE), inbox=MemoryInbox(), clock=clock, delays=DELAYS
        )  # type: ignore[arg-type]
        account = said.account
        errand = Errand(
            customer_id=account.customer_id, credential_ref=account.credential_ref, platform=account.platform
        )

        async def drive() -> Any:
            (claim,) = await store.claim("w", lease=30.0, most=1)
            return await runner.advance(claim, linkedin().publish(said), errand)

        gateway.asset = list(first)
        await drive()  # the post's reply is lost
        for _ in range(3):
            await clock.advance(DELAYS.reconcile + 601)
            gateway.asset = list(then)
            ending = await drive()
            if isinstance(ending, Undecided):
                break
        assert gateway.live == [sent] and isinstance(ending, Undecided) and ending.name == sent


class Facebook:
    """Scripted, likewise."""

    def __init__(self) -> None:
        self.live: list[str] = []
        self.names: list[str] = []

    async def send(self, call: Call[Any], errand: Errand, *, not_after: float | None = None) -> Outcome:
        name = call.name
        self.names.append(name)
        if name.startswith("finish upload"):
            self.live.append(name)
            return Unknown(why="the reply was lost") if len(self.live) == 1 else FINISHED
        if name.startswith("open upload"):
            n = len(self.live) + 1
            return facebook_ok(
                {"video_id": f"v{n}", "upload_url": f"https://rupload.facebook.com/video-upload/v25.0/v{n}"}
            )
        if name == "video state":  # fine before; not to be found for a while after it was finished
            return UNKNOWN_OBJECT if self.live and call.request.url.endswith("v1") else state()
        if name == "send video":
            return no(6000, 1363041)  # the session is over: its video is whole, and published
        return ME


async def test_a_reel_in_doubt_is_not_uploaded_and_published_once_more() -> None:
    clock = SteppingClock()
    async with open_store("memory", clock, "") as store:
        said, gateway = facebook_publication("reel", text="Hello", video=VIDEO), Facebook()
        await store.accept(said)
        runner = Runner(
            ledger=store, gateway=gateway, files=Here(VIDEO_FILE), inbox=MemoryInbox(), clock=clock, delays=DELAYS
        )  # type: ignore[arg-type]
        account = said.account
        errand = Errand(
            customer_id=account.customer_id, credential_ref=account.credential_ref, platform=account.platform
        )
        for _ in range(2):
            (claim,) = await store.claim("w", lease=30.0, most=1)
            await runner.advance(claim, facebook().publish(said), errand)
            await clock.advance(DELAYS.reconcile + 1)
        assert gateway.live == ["finish upload"], gateway.names
