"""LinkedIn's flow by scripted replies: what is asked in which order, and what a look at the listing says (contract 1.4 to 1.12)."""

from typing import Any

import pytest

from platforms.linkedin_replies import (
    AVAILABLE,
    FORBIDDEN,
    MEMBER,
    ORGANIZATION,
    PICTURE,
    PICTURE_FILE,
    POSTED,
    ROLE,
    SHARE,
    VIDEO,
    VIDEO_FILE,
    body,
    listed,
    no,
    ok,
    post,
    publication,
    publish,
    role,
    visible,
)
from platforms.script import Played, play, reconcile
from waooaw_social.core.refusal import Cure, Reaction
from waooaw_social.core.secret import Secret
from waooaw_social.platforms.call import Call, Harmless, Piece, Reply, Verdict, Visible, Wasteful
from waooaw_social.platforms.kit import Grant, NoRefresh, OAuthClient
from waooaw_social.platforms.linkedin import calls, tokens
from waooaw_social.platforms.linkedin import publish as publishing
from waooaw_social.platforms.linkedin.account import may_post
from waooaw_social.platforms.linkedin.manifest import HIDDEN_LOOKS, LOOKS, SUNSET, VERSION

IMAGE = "urn:li:image:C5-1"
OPENED = ok({"value": {"uploadUrl": "https://www.linkedin.com/dms-uploads/1?m=s", "image": IMAGE}})


def text(said: str = "Hello", **more: Any) -> Played[Any]:
    return publish(publication("text", text=said, **more), ROLE, POSTED)


def picture(*replies: Reply) -> Played[Any]:
    return publish(publication("images", text="Hello", images=(PICTURE,)), ROLE, *replies, file=PICTURE_FILE)


# --- the wire -----------------------------------------------------------------------------------------------------------------


def test_every_call_to_the_api_speaks_the_version_and_the_protocol() -> None:
    every: list[Call[Any]] = [
        calls.roles(), calls.posts_of(ORGANIZATION), calls.asset("image", IMAGE), calls.delete(SHARE), *text().calls,
        calls.open_upload("x", "image", ORGANIZATION), calls.lifecycle(SHARE), calls.organization_name(ORGANIZATION),
    ]  # fmt: skip
    for call in every:
        headers = call.request.headers
        assert (headers["linkedin-version"], headers["x-restli-protocol-version"]) == (VERSION, "2.0.0")
        assert headers["x-restli-method"] and call.cost and call.cost.within
    assert SUNSET.strftime("%Y%m") > VERSION


def test_a_urn_in_a_path_is_encoded_and_in_a_body_it_is_not() -> None:
    assert calls.delete(SHARE).request.url.endswith("/rest/posts/urn%3Ali%3Ashare%3A1")
    assert calls.asset("image", "urn:li:image:(a,b)").request.url.endswith("/images/urn%3Ali%3Aimage%3A%28a%2Cb%29")
    assert body(visible(text()))["author"] == ORGANIZATION


def test_a_posts_body_is_what_linkedin_takes() -> None:
    said = body(visible(text("A (b) #tag", privacy="logged_in", options={"no_reshares": True})))
    assert said == {
        "author": ORGANIZATION,
        "commentary": "A \\(b\\) #tag",
        "visibility": "LOGGED_IN",
        "distribution": {"feedDistribution": "MAIN_FEED", "targetEntities": [], "thirdPartyDistributionChannels": []},
        "lifecycleState": "PUBLISHED",
        "isReshareDisabledByAuthor": True,
    }


@pytest.mark.parametrize("name", ["x-restli-id", "x-linkedin-id"])
def test_the_posts_name_stands_in_either_header_and_an_answer_without_one_is_none(name: str) -> None:
    call = visible(text())
    assert call.understand(Reply(201, {name: "urn:li:ugcPost:5"})) == "urn:li:ugcPost:5"
    with pytest.raises(ValueError, match="name the post"):
        call.understand(Reply(201))


# --- uploads ------------------------------------------------------------------------------------------------------------------


def test_an_image_is_opened_sent_and_waited_for_before_the_post() -> None:
    waiting = ok({"status": "PROCESSING"})
    played = picture(OPENED, ok(status=201), waiting, AVAILABLE, POSTED)
    assert played.names == ["roles", "open image 1", "send image 1", "asset", "asset", "create post"]
    assert [type(call.if_repeated) for call in played.calls] == [Harmless, Wasteful, Wasteful, Harmless, Harmless, Visible]  # fmt: skip
    assert body(visible(played))["content"] == {"media": {"id": IMAGE}} and played.pauses == [2.0]


def test_parts_of_a_video_go_by_the_bytes_that_are_named_and_without_the_token() -> None:
    rows = [{"uploadUrl": f"https://www.linkedin.com/dms-uploads/{n}", "firstByte": first, "lastByte": last}
            for n, (first, last) in enumerate([(0, 59_999), (60_000, 99_999)])]  # fmt: skip
    opened = ok({"value": {"video": "urn:li:video:1", "uploadInstructions": rows, "uploadToken": "tt"}})
    parts = [ok(etag='"b"'), ok(etag="a")]
    wanted = publication("video", text="Hello", video=VIDEO)
    played = publish(wanted, ROLE, opened, *parts, ok({}), AVAILABLE, POSTED, no(404), file=VIDEO_FILE)
    sent = [call for call in played.calls if call.name.startswith("part")]
    pieces = [call.request.body for call in sent]
    assert [(piece.offset, piece.length) for piece in pieces if isinstance(piece, Piece)] == [
        (0, 60_000),
        (60_000, 40_000),
    ]
    given = next(body(call) for call in played.calls if call.name == "finalize video")["finalizeUploadRequest"]
    assert given == {"video": "urn:li:video:1", "uploadToken": "tt", "uploadedPartIds": ['"b"', "a"]}
    grant = Grant(access_token=Secret("tok"))
    assert not [call for call in sent if "authorization" in tokens.sign(call.request, grant, None).headers]
    assert played.result and played.result.post_id == SHARE


def test_what_failed_or_is_stuck_is_uploaded_once_more_and_then_given_up() -> None:
    failed = ok({"status": "PROCESSING_FAILED", "processingFailureReason": "broken"})
    again = picture(OPENED, ok(status=201), failed, OPENED, ok(status=201), AVAILABLE, POSTED)
    assert again.names[-4:] == ["open image 1, round 2", "send image 1, round 2", "asset", "create post, round 2"]
    given_up = picture(OPENED, ok(status=201), failed, OPENED, ok(status=201), failed)
    assert given_up.refused and given_up.refused.refusal.code == "processing_failed" and "broken" in str(given_up.refused)  # fmt: skip
    sent = ok(status=201, date="Sat, 21 Nov 2026 12:00:00 GMT")
    stuck = ok({"status": "PROCESSING"}, date="Sat, 21 Nov 2026 12:15:01 GMT")
    slow = ok({"status": "PROCESSING"}, date="Sat, 21 Nov 2026 12:14:59 GMT")
    played = picture(OPENED, sent, slow, stuck, OPENED, sent, AVAILABLE, POSTED)
    assert "open image 1, round 2" in played.names and played.result


def test_a_member_who_may_not_look_at_an_image_posts_it_all_the_same() -> None:
    wanted = publication("images", MEMBER, images=(PICTURE,))
    played = publish(wanted, OPENED, ok(status=201), FORBIDDEN, POSTED, file=PICTURE_FILE)
    assert played.result and body(visible(played))["author"] == MEMBER


# --- who speaks ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["organization", "organizationTarget", "organizationalTarget"])
def test_a_role_is_known_by_each_of_the_names_that_the_organization_has_had(name: str) -> None:
    call = may_post(ORGANIZATION)
    reply = ok({"elements": [{name: ORGANIZATION, "role": "CONTENT_ADMIN", "state": "APPROVED"}]})
    assert call.answered(reply)


def test_a_missing_role_waits_for_the_customer_and_what_cannot_be_told_does_not() -> None:
    call = may_post(ORGANIZATION)
    for reply in (
        role("ANALYST"),
        role(state="REVOKED"),
        ok({"elements": []}),
        role(organization="urn:li:organization:8"),
    ):
        refusal = call.explain(reply)
        assert not call.answered(reply) and (refusal.code, refusal.reaction, refusal.cure) == ("role_missing", Reaction.CURE, Cure.RECONNECT)  # fmt: skip
    more = {"links": [{"rel": "next", "href": "/x"}]}
    assert call.answered(FORBIDDEN) and call.answered(ok({"elements": [], "paging": more}))
    assert call.explain(no(401, service=65602)).reaction is Reaction.REFRESH


# --- did it go out? -----------------------------------------------------------------------------------------------------------

HELLO = visible(text())
PICTURED = visible(picture(OPENED, ok(status=201), AVAILABLE, POSTED))
OTHER = post("urn:li:share:9", "Somebody else", 500.0)
LAST = {"looks": LOOKS - 1}


def named(urn: str = SHARE) -> Reply:
    return Reply(201, {"x-restli-id": urn})


def test_one_post_with_our_words_is_ours() -> None:
    assert reconcile(HELLO, [listed(OTHER, post(commentary=" Hello\n"))]) == named()
    assert reconcile(HELLO, [listed(post(), post("urn:li:share:2"))]) is Verdict.UNSURE
    taken = frozenset({SHARE})
    assert reconcile(HELLO, [listed(post(), post("urn:li:share:2"))], taken=taken) == named("urn:li:share:2")


def test_a_hashtag_and_a_bracket_are_recognised_in_the_words_of_linkedin() -> None:
    call = visible(text("Hi (you) #bread @[Acme](urn:li:organization:1)"))
    read_back = "Hi \\(you\\) {hashtag|\\#|bread} Acme"
    assert reconcile(call, [listed(post(commentary=read_back))]) == named()


@pytest.mark.parametrize(
    "there",
    [
        post(at=1000.0 - 60),
        post(commentary="Hello", content={"article": {"source": "https://x"}}),
    ],
    ids=["a minute early", "with a card"],
)
def test_what_merely_resembles_it_is_neither_adopted_nor_passed_over(there: dict[str, Any]) -> None:
    assert reconcile(HELLO, [listed(OTHER, there)], **LAST) is Verdict.LATER


def test_an_address_that_was_shortened_is_not_passed_over() -> None:
    call = visible(text("Look: https://example.com/a b"))
    assert reconcile(call, [listed(OTHER, post(commentary="Look: https://lnkd.in/x b"))], **LAST) is Verdict.LATER


@pytest.mark.parametrize(
    "there",
    [
        post(commentary="Bye"),
        post(at=1000.0 - 200),
        post(content={"media": {"id": "urn:li:image:other"}}),
        post(content={"poll": {"question": "Q"}}),
    ],
    ids=["other words", "long before", "with an image", "a poll"],
)
def test_nothing_found_is_believed_after_some_looks_and_only_where_the_listing_reaches_back(there: Any) -> None:
    assert reconcile(HELLO, [listed(there)]) is Verdict.LATER
    assert reconcile(HELLO, [listed(there)], **LAST) is Verdict.ABSENT
    if there["createdAt"] > 1_000_000:
        assert reconcile(HELLO, [listed(there, more=True)], **LAST) is Verdict.LATER


def test_an_image_is_found_by_its_urn_whatever_the_words_became() -> None:
    assert PICTURED.if_repeated.audience is None  # type: ignore[union-attr]
    ours = post(commentary="edited", at=1.0, content={"media": {"id": IMAGE}})
    several = post(content={"multiImage": {"images": [{"id": "urn:li:image:0"}, {"id": IMAGE}]}})
    for there in (ours, several):
        assert reconcile(PICTURED, [listed(OTHER, there)]) == named()
        assert reconcile(PICTURED, [listed(OTHER), listed(there)]) == named(), "it is not published yet"
    assert reconcile(PICTURED, [listed(OTHER), listed(OTHER)], **LAST) is Verdict.ABSENT
    assert reconcile(PICTURED, [listed(OTHER), no(400)], **LAST) is Verdict.LATER, "the unpublished ones were not told"
    assert reconcile(PICTURED, [listed(OTHER), no(400)], looks=HIDDEN_LOOKS - 1) is Verdict.ABSENT


def test_a_members_posts_cannot_be_read_back_and_an_organizations_may_again_later() -> None:
    member = visible(publish(publication("text", MEMBER, text="Hello"), POSTED))
    assert reconcile(member, [FORBIDDEN]) is Verdict.UNSURE
    assert reconcile(member, [listed(post())]) == named(), "where it may read, it does"
    assert reconcile(HELLO, [FORBIDDEN]) is Verdict.LATER


def test_polls_reshares_and_links_are_known_by_what_they_are_about() -> None:
    options = {"poll_question": "Tea?", "poll_answers": '["a", "b"]'}
    poll = visible(publish(publication("poll", options=options), ROLE, POSTED))
    ours = post(commentary="", content={"poll": {"question": "Tea?"}})
    other = post("urn:li:share:2", "", content={"poll": {"question": "Milk?"}})
    assert reconcile(poll, [listed(ours, other)]) == named()
    assert reconcile(poll, [listed(OTHER, other)], **LAST) is Verdict.ABSENT
    shared = visible(publish(publication("reshare", options={"parent": SHARE}), ROLE, POSTED))
    assert reconcile(shared, [listed(post("urn:li:share:3", "", reshareContext={"parent": SHARE}))]) == named("urn:li:share:3")  # fmt: skip
    link = visible(text("Hello", link="https://x/a"))
    assert reconcile(link, [listed(post(content={"article": {"source": "https://x/a"}}))]) == named()
    assert reconcile(link, [listed(OTHER, post(content={"article": {"source": "https://x/b"}}))], **LAST) is Verdict.LATER  # fmt: skip


# --- after ----------------------------------------------------------------------------------------------------------------------


def test_deleting_wants_a_posts_urn() -> None:
    account = publication("text").account
    assert play(publishing.delete(account, SHARE), [ok(status=204)]).result is True
    refused = play(publishing.delete(account, "urn:li:image:1"), []).refused
    assert refused and refused.refusal.code == "invalid_post_id"


# --- tokens -------------------------------------------------------------------------------------------------------------------

APP = OAuthClient(client_id="id", client_secret=Secret("s/+"))


def test_the_refresh_grant_is_a_real_one_and_without_a_refresh_token_only_the_customer_can_help() -> None:
    assert tokens.refresh(APP, Grant(access_token=Secret("a"))) is NoRefresh.NOT_POSSIBLE
    call = tokens.refresh(APP, Grant(access_token=Secret("a"), refresh_token=Secret("r&t")))
    assert isinstance(call, Call)
    assert call.request.body == b"grant_type=refresh_token&refresh_token=r%26t&client_id=id&client_secret=s%2F%2B"
    told = {"access_token": "new", "expires_in": 432000, "scope": "a,b", "refresh_token": "r&t", "refresh_token_expires_in": 432000}  # fmt: skip
    new = call.understand(ok(told))
    assert (new.access_token.open(), new.expires_in, new.scopes) == ("new", 432000.0, ("a", "b"))
    with pytest.raises(ValueError, match="without a token"):
        call.understand(ok(told | {"access_token": ""}))


def test_a_token_is_asked_about_by_the_app_and_the_year_counts_from_the_consent() -> None:
    call = tokens.about_token()
    signed = tokens.sign(call.request, Grant(access_token=Secret("a b")), APP)
    assert signed.body == b"client_id=id&client_secret=s%2F%2B&token=a+b" and "authorization" not in signed.headers
    facts = call.understand(ok({"active": True, "status": "active", "authorized_at": 1000, "scope": "x,y"}))
    assert facts.scopes == {"x", "y"} and facts.consent_ends_at == 1000 + 365 * 86_400
