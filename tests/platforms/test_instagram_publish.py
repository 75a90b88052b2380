"""What is sent for each format, how containers are waited for and replaced, and how a doubt is settled (contract meta C, F1)."""

import json
from typing import Any

import pytest

from platforms.instagram_replies import (
    ACCOUNT,
    EXPIRED,
    FILE,
    FINISHED,
    IN_PROGRESS,
    JPEG,
    LINK,
    MADE,
    MEDIA,
    MISSING,
    OUT,
    PUBLISHED,
    ROOM,
    VIDEO,
    WHO,
    failed,
    listed,
    made,
    no,
    ok,
    publication,
    row,
    uploaded,
)
from platforms.script import Lost, Played, play, reconcile
from waooaw_social.core.account import Account
from waooaw_social.core.post import MediaFile, Published
from waooaw_social.core.refusal import Reaction
from waooaw_social.core.secret import Secret
from waooaw_social.platforms.call import Asked, Call, Interrupted, Piece, Reply, Verdict, Visible, Wasteful
from waooaw_social.platforms.instagram import kit
from waooaw_social.platforms.instagram.publish import words
from waooaw_social.platforms.kit import Grant, NoRefresh, OAuthClient

SIZE = 1000
VIDEO_FILE = MediaFile(sha256="00", size=SIZE, content_type="video/mp4", width=270, height=480, duration=3.0)
URI = f"https://rupload.facebook.com/ig-api-upload/v25.0/{MADE}"


def publish(*replies: Any, of: Any = None, file: MediaFile = FILE) -> Played[Published]:
    return play(kit().publish(of or publication()), list(replies), file=file)


def asked(played: Played[Any], name: str) -> dict[str, Any]:
    return json.loads(next(call.request.body for call in played.calls if call.name == name))


# --- formats ------------------------------------------------------------------------------------------------------------------


def test_an_image_is_a_container_that_is_waited_for_and_then_published() -> None:
    played = publish(WHO, made(), FINISHED, ROOM, OUT, LINK)
    assert played.result == Published(post_id=MEDIA, post_url="https://www.instagram.com/p/abc/")
    assert played.names == ["account", "container 1", "container status", "publishing limit", "publish 1", "permalink"]
    assert asked(played, "container 1") == {"image_url": JPEG.url, "caption": "A cat"}
    assert asked(played, "publish 1") == {"creation_id": MADE}
    kinds = [type(call.if_repeated) for call in played.calls]
    assert kinds.count(Visible) == 1 and kinds.count(Wasteful) == 1
    visible = played.calls[4]
    assert (
        visible.if_repeated.audience == f"instagram:{ACCOUNT}" and visible.cost and visible.cost.bucket == "publishing"
    )
    assert played.calls[1].if_repeated.good_for < 24 * 3600


def test_all_that_can_be_said_of_an_image_is_said() -> None:
    options = {"location_id": 7, "collaborators": "@a, b", "alt_text": "a cat", "is_ai_generated": True}
    played = publish(WHO, made(), FINISHED, ROOM, OUT, LINK, of=publication(options=options))
    assert asked(played, "container 1") == {
        "image_url": JPEG.url, "caption": "A cat", "location_id": "7", "collaborators": ["a", "b"], "alt_text": "a cat",
        "is_ai_generated": True,
    }  # fmt: skip


def test_a_carousel_is_its_children_and_one_container_that_names_them() -> None:
    played = publish(
        WHO, made("1"), FINISHED, made("2"), IN_PROGRESS, FINISHED, made(), FINISHED, ROOM, OUT, LINK,
        of=publication("carousel"),
    )  # fmt: skip
    assert played.result and played.result.post_id == MEDIA
    assert asked(played, "child 1 of container 1") == {
        "image_url": JPEG.url,
        "is_carousel_item": True,
        "alt_text": "one",
    }
    assert asked(played, "child 2 of container 1") == {
        "media_type": "VIDEO", "video_url": VIDEO.url, "is_carousel_item": True
    }  # fmt: skip
    assert asked(played, "container 1") == {"media_type": "CAROUSEL", "children": ["1", "2"], "caption": "A cat"}


def test_a_reel_by_url() -> None:
    options = {"share_to_feed": False, "thumb_offset": 1500, "audio_name": "Purr"}
    played = publish(WHO, made(), FINISHED, ROOM, OUT, LINK, of=publication("reel", options=options, cover=JPEG))
    assert asked(played, "container 1") == {
        "media_type": "REELS", "video_url": VIDEO.url, "caption": "A cat", "cover_url": JPEG.url, **options
    }  # fmt: skip


@pytest.mark.parametrize(
    ("content", "field"), [({}, "image_url"), ({"images": (), "video": VIDEO}, "video_url")], ids=["image", "video"]
)
def test_a_story_says_what_it_shows_and_nothing_else(content: dict[str, Any], field: str) -> None:
    played = publish(WHO, made(), FINISHED, ROOM, OUT, LINK, of=publication("story", **content))
    url = VIDEO.url if field == "video_url" else JPEG.url
    assert asked(played, "container 1") == {"media_type": "STORIES", field: url}


# --- uploads ------------------------------------------------------------------------------------------------------------------


def holds(count: int | None, status: str = "in_progress") -> Reply:
    phase = {"status": status} | ({"bytes_transferred": count} if count is not None else {})
    return ok({"status_code": "IN_PROGRESS", "status": "", "video_status": {"uploading_phase": phase}})


def test_a_file_is_sent_whole_with_the_other_signature() -> None:
    sent = ok({"success": True, "message": "Upload successful."})
    played = publish(WHO, made(uri=URI), holds(0), sent, FINISHED, ROOM, OUT, LINK, of=uploaded(), file=VIDEO_FILE)
    assert asked(played, "container 1") == {"media_type": "REELS", "upload_type": "resumable", "caption": "A cat"}
    upload = next(call for call in played.calls if call.name == "send video")
    assert upload.request.url == URI and upload.request.signature == "oauth"
    assert upload.request.headers["offset"] == "0" and upload.request.headers["file_size"] == str(SIZE)
    assert upload.request.body == Piece(file=VIDEO_FILE, offset=0, length=SIZE)


def test_a_url_that_is_not_wanted_is_not_given() -> None:
    asked_for = publication("reel", options={"upload": True})
    played = publish(WHO, made(uri=URI), holds(SIZE), FINISHED, ROOM, OUT, LINK, of=asked_for, file=VIDEO_FILE)
    assert "video_url" not in asked(played, "container 1") and "send video" not in played.names


def offsets(played: Played[Any]) -> list[str]:
    return [call.request.headers["offset"] for call in played.calls if call.name == "send video"]


def test_after_a_lost_reply_it_goes_on_from_what_is_there() -> None:
    played = publish(
        WHO, made(uri=URI), MISSING, Lost, holds(300), ok({"success": True}), FINISHED, ROOM, OUT, LINK,
        of=uploaded(), file=VIDEO_FILE,
    )  # fmt: skip
    assert offsets(played) == ["0", "300"] and played.pauses == [1.0]


@pytest.mark.parametrize("place", ["body", "debug", "message"])
def test_a_wrong_offset_is_answered_with_the_right_one(place: str) -> None:
    told = {"bytes_transfered": 300}
    debug = {"type": "OffsetInvalidError", "message": json.dumps(told) if place == "message" else "no"}
    body = {"debug_info": debug | (told if place == "debug" else {})} | (told if place == "body" else {})
    played = publish(
        WHO, made(uri=URI), no(100), Reply(400, {}, json.dumps(body).encode()), ok({"success": True}), FINISHED, ROOM, OUT, LINK,
        of=uploaded(), file=VIDEO_FILE,
    )  # fmt: skip
    assert offsets(played) == ["0", "300"]


@pytest.mark.parametrize("done", [holds(None, "complete"), holds(SIZE), FINISHED, failed(2207026)])
def test_what_is_there_already_is_not_sent_again(done: Reply) -> None:
    flow = kit().publish(uploaded())
    played = play(flow, [WHO, made(uri=URI), done, failed(2207026)], file=VIDEO_FILE)
    assert not offsets(played) and played.refused and played.refused.refusal.code == "video_format"


def test_an_upload_that_does_not_move_is_given_up_for_now() -> None:
    with pytest.raises(Interrupted):
        publish(WHO, made(uri=URI), holds(0), *([Lost, holds(0)] * 5), Lost, of=uploaded(), file=VIDEO_FILE)


def test_an_upload_that_is_refused_gets_another_container() -> None:
    broken = Reply(400, {}, b'{"debug_info": {"retriable": false, "type": "ProcessingFailedError", "message": "no"}}')
    played = publish(
        WHO, made(uri=URI), holds(0), broken, no(9007, 2207027), made("2", uri=URI), holds(SIZE), FINISHED, ROOM, OUT, LINK,
        of=uploaded(), file=VIDEO_FILE,
    )  # fmt: skip
    assert [name for name in played.names if name[-1].isdigit()] == [
        "container 1",
        "publish 1",
        "container 2",
        "publish 2",
    ]


# --- waiting ------------------------------------------------------------------------------------------------------------------


def test_a_container_is_asked_again_in_growing_steps_and_what_says_nothing_is_no_answer() -> None:
    played = publish(WHO, made(), MISSING, IN_PROGRESS, ok({"status_code": "NEW_WORD"}), *[IN_PROGRESS] * 3, FINISHED, ROOM, OUT, LINK)  # fmt: skip
    assert played.pauses == [2.0, 5.0, 10.0, 20.0, 60.0, 60.0] and played.result


def dated(reply: Reply, time: str) -> Reply:
    return Reply(reply.status, {"date": f"Sat, 21 Nov 2026 {time} GMT"}, reply.body)


def test_one_that_is_processed_for_half_an_hour_is_given_up_and_replaced() -> None:
    played = publish(
        WHO, dated(made(), "06:00:00"), dated(IN_PROGRESS, "06:29:59"), dated(IN_PROGRESS, "06:30:01"), no(9007, 2207027),
        made("2"), FINISHED, ROOM, OUT, LINK,
    )  # fmt: skip
    assert played.result and asked(played, "publish 2") == {"creation_id": "2"}


def test_one_that_cannot_be_read_for_ten_minutes_is_published_for_what_it_is_worth() -> None:
    played = publish(WHO, dated(made(), "06:00:00"), dated(MISSING, "06:10:01"), OUT, LINK)
    assert played.result and "publishing limit" not in played.names


def test_where_the_platform_tells_no_time_one_that_cannot_be_read_is_not_waited_for_long() -> None:
    played = publish(WHO, made(), *[MISSING] * 5, OUT, LINK)
    assert played.result and played.pauses == [2.0, 5.0, 10.0, 20.0]


def test_a_full_day_is_waited_for_by_the_platforms_own_figures() -> None:
    full = ok({"data": [{"quota_usage": 25, "config": {"quota_total": 25}}]})
    played = publish(WHO, made(), FINISHED, full, ROOM, OUT, LINK)
    assert played.pauses == [1800.0] and played.result
    limit = next(call for call in played.calls if call.name == "publishing limit")
    assert limit.if_repeated.kept_for == 300 and limit.request.params["fields"] == "quota_usage,config"


@pytest.mark.parametrize("told", [ok({"data": [{"quota_usage": 99}]}), ok({"data": []}), no(100), no(100, 33), Lost])
def test_a_limit_that_is_not_told_holds_nothing_back(told: Any) -> None:
    assert publish(WHO, made(), FINISHED, told, OUT, LINK).result


@pytest.mark.parametrize("reply", [MISSING, Reply(500), Lost, ok({"id": MEDIA})])
def test_an_address_that_is_not_told_does_not_undo_the_publication(reply: Any) -> None:
    assert publish(WHO, made(), FINISHED, ROOM, OUT, reply).result == Published(post_id=MEDIA)


# --- what goes wrong ----------------------------------------------------------------------------------------------------------


def test_a_file_that_instagram_cannot_fetch_is_tried_three_times_each_under_its_own_name() -> None:
    unfetched = no(9004, 2207052)
    played = publish(WHO, unfetched, no(-2, 2207003), made(), FINISHED, ROOM, OUT, LINK)
    assert played.names[1:4] == ["container 1", "container 1, try 2", "container 1, try 3"] and played.pauses == [
        5.0,
        5.0,
    ]
    played = publish(WHO, unfetched, unfetched, unfetched)
    assert played.refused and played.refused.refusal.code == "media_unreachable"
    assert played.refused.refusal.reaction is Reaction.REFUSED and played.refused.refusal.remediation


@pytest.mark.parametrize(
    ("reply", "code"),
    [
        (no(36000, 2207004), "image_too_large"), (no(36001, 2207005), "image_format"), (no(36003, 2207009), "image_ratio"),
        (no(36004, 2207010), "caption_too_long"), (no(352, 2207026), "video_format"),
    ],
)  # fmt: skip
def test_what_instagram_refuses_at_once_is_refused(reply: Reply, code: str) -> None:
    played = publish(WHO, reply)
    assert played.refused and played.refused.refusal.code == code


def test_a_container_that_fails_for_good_is_one_clear_refusal_and_nothing_is_published() -> None:
    played = publish(WHO, made(), IN_PROGRESS, failed(2207076), of=publication("reel"))
    assert played.refused and played.refused.refusal.code == "video_format" and "publish 1" not in played.names


def test_one_that_may_succeed_next_time_is_replaced_three_times_at_most() -> None:
    dead = (failed(2207082), no(24, 2207008))
    played = publish(
        WHO, made("1"), *dead, made("2"), *dead, made("3"), FINISHED, ROOM, OUT, LINK, of=publication("reel")
    )
    assert played.result and asked(played, "publish 3") == {"creation_id": "3"}
    played = publish(WHO, made("1"), *dead, made("2"), *dead, made("3"), *dead, of=publication("reel"))
    assert played.refused and played.refused.refusal.code == "processing_failed"
    assert played.refused.refusal.reaction is Reaction.REFUSED


@pytest.mark.parametrize("gone", [no(24, 2207006), no(24, 2207008), no(-2, 2207020)])
def test_a_container_that_is_gone_when_it_is_published_is_replaced(gone: Reply) -> None:
    played = publish(WHO, made("1"), FINISHED, ROOM, gone, made("2"), FINISHED, ROOM, OUT, LINK)
    assert played.result and [name for name in played.names if name[-1].isdigit()] == [
        "container 1", "publish 1", "container 2", "publish 2",
    ]  # fmt: skip


def test_to_one_that_has_expired_every_certain_no_is_the_reason_to_make_the_next_but_a_doubt_is_none() -> None:
    played = publish(WHO, made("1"), EXPIRED, no(24, 2207006), made("2"), FINISHED, ROOM, OUT, LINK)
    first = next(call for call in played.calls if call.name == "publish 1")
    assert played.result and "publishing limit" in played.names
    assert all(first.answered(reply) for reply in (OUT, no(24, 2207008), no(9007, 2207027), no(100)))
    for doubt in (no(2), Reply(500), no(4, 2207051), no(190), Reply(429), no(9, 2207042)):
        assert not first.answered(doubt)
    assert first.if_repeated.published(no(24, 2207008)) is None


def test_not_ready_means_wait_unless_the_container_says_that_it_is_out() -> None:
    played = publish(WHO, made(), FINISHED, ROOM, OUT, LINK)
    assert played.calls[4].explain(no(9007, 2207027)).reaction is Reaction.NOT_DONE
    played = publish(WHO, made(), PUBLISHED, OUT, LINK)
    assert "publishing limit" not in played.names
    out = next(call for call in played.calls if call.name == "publish 1")
    assert out.explain(no(9007, 2207027)).reaction is Reaction.TAKEN
    assert out.explain(no(9, 2207042)).reaction is Reaction.TAKEN
    assert out.explain(no(2)).reaction is Reaction.UNKNOWN


@pytest.mark.parametrize("dead", [failed(2207082), EXPIRED])
def test_a_child_that_fails_is_replaced_and_one_that_cannot_succeed_refuses_all(dead: Reply) -> None:
    played = publish(
        WHO, made("1"), FINISHED, made("2"), dead, made("3"), FINISHED, made(), FINISHED, ROOM, OUT, LINK,
        of=publication("carousel"),
    )  # fmt: skip
    assert asked(played, "container 1")["children"] == ["1", "3"] and "child 2 of container 1, 2" in played.names
    played = publish(WHO, made("1"), FINISHED, made("2"), failed(2207026), of=publication("carousel"))
    assert played.refused and played.refused.refusal.code == "video_format"


# --- whom the token speaks for ------------------------------------------------------------------------------------------------


def test_instagram_login_has_its_own_host_and_a_number_in_every_path_that_is_posted_to() -> None:
    for me in ({"user_id": ACCOUNT, "id": "99", "username": "cats"}, {"data": [{"user_id": ACCOUNT, "id": "99"}]}):
        played = publish(ok(me), made(), FINISHED, ROOM, OUT, LINK, of=publication(login="instagram"))
        assert played.result
        assert all(call.request.url.startswith("https://graph.instagram.com/v25.0/") for call in played.calls)
        assert [call.request.url.rsplit("/", 2)[1] for call in played.calls if call.request.method == "POST"] == [
            ACCOUNT
        ] * 2


def test_an_account_that_is_not_known_is_the_pages() -> None:
    page = ok({"instagram_business_account": {"id": ACCOUNT, "username": "cats"}, "id": "1"})
    played = publish(page, made(), FINISHED, ROOM, OUT, LINK, of=publication(identity=None))
    assert played.result and played.calls[1].request.url.endswith(f"/{ACCOUNT}/media")
    played = publish(ok({"id": "1"}), of=publication(identity=None))
    assert played.refused and played.refused.refusal.code == "no_account"


@pytest.mark.parametrize(
    ("login", "reply"), [("instagram", ok({"user_id": "5", "id": "6"})), ("facebook", MISSING)], ids=["other", "unseen"]
)
def test_another_account_than_the_one_that_was_connected_is_refused_before_anything_is_made(
    login: str, reply: Reply
) -> None:
    played = publish(reply, of=publication(login=login))
    assert played.refused and played.refused.refusal.code == "wrong_account" and len(played.calls) == 1


# --- did it go out? -----------------------------------------------------------------------------------------------------------


def doubtful(format: str = "image", **content: Any) -> Any:
    children = [made("1"), FINISHED, made("2"), FINISHED] if format == "carousel" else []
    played = publish(WHO, *children, made(), FINISHED, ROOM, OUT, LINK, of=publication(format, **content))
    return next(call for call in played.calls if isinstance(call.if_repeated, Visible))


def test_the_container_proves_it_and_the_listing_gives_its_id() -> None:
    call = doubtful()
    found = reconcile(call, [PUBLISHED, listed(row())])
    assert isinstance(found, Reply) and call.if_repeated.published(found) == Published(post_id=MEDIA)


def test_the_listing_is_asked_from_two_minutes_before_the_attempt_on() -> None:
    steps = doubtful().if_repeated.reconcile
    flow = steps(Asked(first_sent_at=1000.9, age=60.0, looks=0, taken=frozenset()))
    status = next(flow)
    listing = flow.send(status.understand(PUBLISHED))
    assert listing.request.url.endswith(f"/{ACCOUNT}/media") and listing.request.params["since"] == "880"
    assert "paging" not in listing.request.params


OTHERS: list[dict[str, Any]] = [
    {"caption": "A dog"},
    {"caption": None},
    {"timestamp": "1970-01-01T00:16:14+0000"},
    {"media_product_type": "REELS"},
    {"media_type": "VIDEO"},
    {"children": {"data": [{"id": "1"}]}},
]


@pytest.mark.parametrize("other", OTHERS, ids=str)
def test_what_differs_in_words_time_or_kind_is_not_ours(other: dict[str, Any]) -> None:
    assert reconcile(doubtful(), [PUBLISHED, listed(row(**other))]) is Verdict.LATER


@pytest.mark.parametrize(
    ("format", "shown"),
    [
        ("image", {"timestamp": "1970-01-01T00:16:15+0000", "caption": " A  cat"}),
        ("carousel", {"media_type": "CAROUSEL_ALBUM", "children": {"data": [{"id": "1"}, {"id": "2"}]}}),
        ("reel", {"media_type": "VIDEO", "media_product_type": "REELS"}),
        ("story", {"media_product_type": "STORY", "caption": None}),
    ],
)
def test_ours_is_known_in_every_format(format: str, shown: dict[str, Any]) -> None:
    assert isinstance(reconcile(doubtful(format), [PUBLISHED, listed(row(**shown))]), Reply)


def test_a_caption_is_known_by_its_letters_and_a_long_one_by_its_beginning() -> None:
    assert words("Cafe\u0301  noir ") == words("Caf\u00e9 noir")
    long = doubtful(text="A cat. " * 100)
    assert isinstance(reconcile(long, [PUBLISHED, listed(row(caption="A cat. " * 30))]), Reply)
    assert reconcile(long, [PUBLISHED, listed(row(caption="A cat."))]) is Verdict.LATER


def test_another_publications_post_is_never_adopted() -> None:
    both = listed(row("1"), row("2"))
    assert reconcile(doubtful(), [PUBLISHED, both]) is Verdict.LATER
    mine = reconcile(doubtful(), [PUBLISHED, both], taken=frozenset({"1"}))
    assert isinstance(mine, Reply) and mine.json()["id"] == "2"


def test_where_another_ones_address_is_unknown_too_resemblance_proves_nothing() -> None:
    assert reconcile(doubtful(), [PUBLISHED, listed(row())], taken=frozenset({"container:5"})) is Verdict.LATER


@pytest.mark.parametrize("late", [{"looks": 8}, {"age": 900.0}], ids=str)
@pytest.mark.parametrize(
    "shown", [listed(), listed(row("1"), row("2")), Lost, MISSING], ids=["none", "two", "lost", "no"]
)
def test_what_is_out_and_not_found_is_published_without_an_address(late: dict[str, Any], shown: Any) -> None:
    call = doubtful()
    found = reconcile(call, [PUBLISHED, shown], **late)
    assert isinstance(found, Reply)
    published = call.if_repeated.published(found)
    assert published.post_id == f"container:{MADE}" and published.post_url is None and published.notes
    assert reconcile(call, [PUBLISHED, shown]) is Verdict.LATER


def test_after_hours_the_listing_is_no_longer_asked() -> None:
    found = reconcile(doubtful(), [PUBLISHED], age=3 * 3600.0)
    assert isinstance(found, Reply) and found.json()["id"] == f"container:{MADE}"


@pytest.mark.parametrize("state", [FINISHED, IN_PROGRESS])
def test_one_that_is_not_out_is_believed_after_three_looks(state: Reply) -> None:
    told = [reconcile(doubtful(), [state, listed()], looks=looks) for looks in range(3)]
    assert told == [Verdict.LATER, Verdict.LATER, Verdict.ABSENT]
    assert reconcile(doubtful(), [state, listed()], age=600.0) is Verdict.ABSENT


@pytest.mark.parametrize("state", [EXPIRED, failed(2207082)])
def test_one_that_is_dead_was_not_published_unless_something_looks_like_it(state: Reply) -> None:
    assert reconcile(doubtful(), [state, listed()]) is Verdict.ABSENT
    assert reconcile(doubtful(), [state, listed(row())]) is Verdict.LATER


def test_what_looks_like_ours_beside_one_that_is_not_out_is_never_adopted_and_never_repeated() -> None:
    assert reconcile(doubtful(), [FINISHED, listed(row())], looks=99) is Verdict.LATER


def test_a_container_that_cannot_be_read_proves_nothing() -> None:
    assert reconcile(doubtful(), [MISSING], looks=99) is Verdict.LATER


def test_a_no_that_was_just_heard_is_believed_unless_the_container_says_otherwise() -> None:
    call = doubtful()
    for state in (FINISHED, IN_PROGRESS, EXPIRED, MISSING):
        assert reconcile(call, [state], age=0.0) is Verdict.ABSENT
    assert isinstance(reconcile(call, [PUBLISHED, listed(row())], age=0.0), Reply)
    assert reconcile(call, [PUBLISHED, listed()], age=0.0) is Verdict.LATER
    assert call.if_repeated.noes_lie


# --- a connection -------------------------------------------------------------------------------------------------------------

SCOPES = ["instagram_basic", "instagram_content_publish", "pages_read_engagement"]


def token(**changed: Any) -> Reply:
    return ok({"data": {"is_valid": True, "type": "PAGE", "scopes": SCOPES, **changed}})


def inspect(account: Account, *replies: Any) -> Any:
    return play(kit().inspect(account), list(replies)).result


FACEBOOK, OWN = publication().account, publication(login="instagram").account
ME = {"user_id": ACCOUNT, "id": "99", "username": "cats", "account_type": "BUSINESS"}


def test_a_connection_that_can_publish_says_for_whom_and_how_much_is_left() -> None:
    report = inspect(FACEBOOK, token(), WHO, ROOM)
    assert report.ok and (report.identity, report.title) == (ACCOUNT, "cats")
    assert report.facts["published_in_24_hours"] == "2 of 50"
    assert inspect(OWN, ok(ME), ROOM).ok


def test_each_missing_permission_is_named() -> None:
    report = inspect(FACEBOOK, token(scopes=["instagram_basic"]), WHO, ROOM)
    assert [problem.field for problem in report.problems] == SCOPES[1:]
    for refusal in (no(10), no(200)):
        report = inspect(OWN, ok(ME), refusal)
        assert [problem.field for problem in report.problems] == ["instagram_business_content_publish"]


@pytest.mark.parametrize(
    ("account", "replies", "code"),
    [
        (FACEBOOK, [token(is_valid=False, error={"message": "expired", "subcode": 463})], "needs_reconnect"),
        (FACEBOOK, [token(), MISSING], "wrong_account"),
        (OWN, [ok(ME | {"user_id": "5"})], "wrong_account"),
        (OWN, [ok(ME | {"account_type": "PERSONAL"}), ROOM], "not_professional"),
    ],
)
def test_what_is_wrong_with_a_connection_is_told(account: Account, replies: list[Reply], code: str) -> None:
    report = inspect(account, *replies)
    assert [problem.code for problem in report.problems] == [code] and report.problems[0].remediation


def test_which_app_and_which_refresh_belong_to_a_login() -> None:
    own, app = {"login": "instagram"}, OAuthClient(client_id="1", client_secret=Secret("s" * 16))
    assert (kit().app(own), kit().app({}), kit().app({"login": "facebook"})) == ("instagram", "facebook", "facebook")
    renewed = kit().refresh(app, Grant(access_token=Secret("t" * 16), seconds_left=86400.0, metadata=own))
    exchanged = kit().refresh(app, Grant(access_token=Secret("t" * 16), seconds_left=86400.0))
    assert isinstance(renewed, Call) and renewed.request.params["grant_type"] == "ig_refresh_token"
    assert isinstance(exchanged, Call) and exchanged.request.params["grant_type"] == "fb_exchange_token"
    assert kit().refresh(app, Grant(access_token=Secret("t" * 16))) is NoRefresh.NOT_NEEDED
