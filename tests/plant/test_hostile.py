"""Odd orders and odd questions, on the stores that a service runs on; and what CP keeps when an account changes under a credential."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from durable.stores import SqlStore, open_store
from durable.sweep import SteppingClock
from durable.toys import publication
from waooaw_social.core.ids import AgentId, CredentialRef, CustomerId
from waooaw_social.core.post import Content, MediaUrl
from waooaw_social.core.secret import Secret
from waooaw_social.plant.media import MediaDesk
from waooaw_social.plant.models import ContentBody
from waooaw_social.plant.publishing import NotAccepted, Publishing, Target, Wanted
from waooaw_social.platforms.registry import kits
from waooaw_social.platforms.youtube.manifest import YOUTUBE
from waooaw_social.storage.cp.credentials import Actor, Credentials
from waooaw_social.storage.cp.credentials import Wanted as Connection
from waooaw_social.storage.db import Database
from waooaw_social.storage.migrate import migrate
from waooaw_social.storage.plant.media import SqlMedia
from waooaw_social.storage.seal import KeyRing, Sealer
from waooaw_social.wire.clock import SystemClock
from waooaw_social.wire.fetch import Fetcher, FetchLimits
from waooaw_social.wire.media import MediaFolder
from waooaw_social.wire.ports import ResolvedSocialCredentials

pytestmark = pytest.mark.anyio

CUSTOMER = CustomerId("CUST-1")


@pytest.fixture(params=["sqlite", "postgresql"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[SqlStore]:
    place: Any = request.getfixturevalue("postgres_url") if request.param == "postgresql" else tmp_path
    async with open_store(request.param, SteppingClock(), place) as opened:
        yield opened


async def test_an_id_that_no_database_can_hold_is_an_id_that_does_not_exist(store: SqlStore) -> None:
    assert await store.show(CUSTOMER, "pub_\0") is None


@pytest.mark.parametrize("text", ["a NUL: \0", "x" * 65536, "\u202e\u0000\U0001f600", "'; drop table publications; --"])
async def test_a_text_is_kept_as_it_came(store: SqlStore, text: str) -> None:
    await store.accept(publication(text=text))
    (claim,) = await store.claim("w", lease=30.0, most=1)
    assert claim.publication.content.text == text


class Lends:
    """CP with one credential."""

    def __init__(self, lent: ResolvedSocialCredentials) -> None:
        self.lent = lent

    async def resolve(self, **_: Any) -> ResolvedSocialCredentials:
        return self.lent


@pytest.mark.parametrize("options", [{"a\ud800": 1}, {"x": "\ud800"}, {"x": 10**4000}, {"": 1}, {"x": "y" * 5000}])
def test_an_option_is_a_short_word_and_a_value_that_can_be_kept(options: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        ContentBody.model_validate({"options": options})
    ContentBody.model_validate({"options": {"category_id": "22", "made_for_kids": True, "x": -7}})


def wanted(*targets: Target) -> Wanted:
    return Wanted(
        customer_id=CUSTOMER,
        agent_id=AgentId("AGENT-1"),
        correlation_id=None,
        content=Content(title="A cat", video=MediaUrl("https://example.com/cat.mp4")),
        targets=targets,
        idempotency_key="k",
        api_key="key",
        body={},
    )


async def test_one_order_does_not_name_the_same_target_twice(store: SqlStore, tmp_path: Path) -> None:
    lent = ResolvedSocialCredentials(
        customer_id=CUSTOMER,
        credential_ref=CredentialRef("CRED-1"),
        platform=YOUTUBE,
        posting_identity="UC1",
        access_token=Secret("ya29.x"),
        refresh_token=None,
        expires_at=None,
    )
    tokens: Any = Lends(lent)
    limits = FetchLimits(max_bytes=1, seconds=1.0, content_types=frozenset())
    folder = MediaFolder(folder=tmp_path / "media", fetcher=Fetcher(), limits=limits)
    media = MediaDesk(store=SqlMedia(db=store.db), folder=folder)
    publishing = Publishing(store=store.publications, tokens=tokens, kits=kits(), media=media, clock=SystemClock())
    target = Target(credential_ref=CredentialRef("CRED-1"), format="short")
    with pytest.raises(NotAccepted) as no:
        await publishing.submit(wanted(target, target))
    assert [(problem.target, problem.refusal.code) for problem in no.value.problems] == [(1, "duplicate_target")]
    kept = await publishing.submit(wanted(target, replace(target, format="video")))
    assert len(kept.publications) == 2


# --- CP ---------------------------------------------------------------------------------------------------------------------

CONNECTION = Connection(
    platform="youtube",
    posting_identity="UC1",
    access_token=Secret("ya29.of-the-first"),
    refresh_token=Secret("1//of-the-first"),
    expires_at=None,
    scopes=(),
    metadata={},
)
PORTAL = Actor(name="key:k1", request_id="r-1")


@pytest.mark.parametrize(("identity", "kept"), [("UC1", "1//of-the-first"), ("UC2", None)])
async def test_a_refresh_token_does_not_outlive_the_account_that_it_is_of(
    tmp_path: Path, identity: str, kept: str | None
) -> None:
    url = f"sqlite:///{tmp_path}/cp.db"
    await migrate(url, "cp")
    db = await Database.open(url)
    vault = Credentials(db=db, sealer=Sealer(KeyRing("a test's secret")))
    ref = (await vault.create(CUSTOMER, CONNECTION, PORTAL)).credential_ref
    another = replace(
        CONNECTION, posting_identity=identity, access_token=Secret("ya29.of-the-second"), refresh_token=None
    )
    await vault.replace(CUSTOMER, ref, another, PORTAL)
    lent = await vault.open(CUSTOMER, ref, PORTAL)
    assert lent.access_token.open() == "ya29.of-the-second"
    assert (lent.refresh_token.open() if lent.refresh_token else None) == kept
    await db.close()
