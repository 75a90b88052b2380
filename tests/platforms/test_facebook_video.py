"""How a video, a reel and a video story are sent and finished, and how each answer is taken (contract meta D3, D4, D5)."""

import json
from typing import Any

import pytest

from platforms.facebook_replies import (
    FINISHED,
    LINKED,
    ME,
    NOTHING,
    PAGE,
    PHOTO,
    PHOTO_FILE,
    SIZE,
    UNKNOWN_OBJECT,
    VIDEO,
    VIDEO_FILE,
    code_of,
    fields,
    no,
    ok,
    publication,
    publish,
    state,
    visible,
)  # fmt: skip
from platforms.script import Lost, Played
from waooaw_social.core.post import Published
from waooaw_social.platforms.call import Form, Harmless, Interrupted, Piece, Reply, Visible, Wasteful
from waooaw_social.platforms.facebook.manifest import VIDEO_API
from waooaw_social.platforms.graph.calls import OAUTH
from waooaw_social.platforms.graph.facts import API

CHUNKED = ok({"video_id": "v1", "upload_session_id": "s1", "start_offset": "0", "end_offset": "100"})
AGAIN = ok({"video_id": "v2", "upload_session_id": "s2", "start_offset": "0", "end_offset": "250"})
OPENED = ok({"video_id": "v1", "upload_url": "https://rupload.facebook.com/video-upload/v25.0/v1"})
TAKEN_IN = ok({"success": True, "message": "Upload successful."})
READY = state()
EMPTY = state("uploading", "in_progress", held=0)
TOO_EARLY, GONE = no(6000, 1363130), no(6000, 1363041)


def at(start: int, end: int) -> Reply:
    return ok({"start_offset": str(start), "end_offset": str(end)})


def wrong_offset(start: int, end: int) -> Reply:
    return no(6000, 1363037, error_data={"start_offset": str(start), "end_offset": str(end)})


def rupload(kind: str, held: int | None = None, *, inside: bool = False) -> Reply:
    detail = {} if held is None else {"bytes_transfered": held}
    message = json.dumps({"message": "no"} | detail) if inside else "no"
    return ok(
        {"debug_info": {"retriable": held is not None, "type": kind, "message": message}} | ({} if inside else detail),
        400,
    )


def video(*replies: Any, **said: Any) -> Played[Published]:
    return publish(publication("video", video=VIDEO, **said), ME, *replies, file=VIDEO_FILE)


def reel(*replies: Any, **said: Any) -> Played[Published]:
    return publish(publication("reel", video=VIDEO, **said), ME, *replies, file=VIDEO_FILE)


def story(*replies: Any) -> Played[Published]:
    return publish(publication("story", video=VIDEO), ME, *replies, file=VIDEO_FILE)


def spans(played: Played[Any]) -> list[tuple[int, int]]:
    bodies = [call.request.body for call in played.calls]
    pieces = [body.file if isinstance(body, Form) else body for body in bodies if isinstance(body, Form | Piece)]
    return [(piece.offset, piece.offset + piece.length) for piece in pieces]


# --- a video, in chunks -------------------------------------------------------------------------------------------------------


def test_a_video_is_sent_in_the_chunks_that_are_asked_for_and_finished_by_a_small_call() -> None:
    played = video(
        CHUNKED, EMPTY, at(100, 200), at(200, 250), at(250, 250), FINISHED, LINKED, title="T", description="D"
    )
    assert played.names == ["me", "open upload", "video state", *["send chunk"] * 3, "finish upload", "permalink"]
    assert spans(played) == [(0, 100), (100, 200), (200, 250)]
    assert played.result and played.result.post_id == "v1"
    assert {type(call.if_repeated) for call in played.calls[3:6]} == {Harmless}
    assert played.calls[1].request.url == f"{VIDEO_API}/{PAGE}/videos" and isinstance(
        played.calls[1].if_repeated, Wasteful
    )
    assert fields(played.calls[1]) == f"upload_phase=start&file_size={SIZE}"
    assert fields(visible(played)) == "upload_phase=finish&upload_session_id=s1&title=T&description=D"
    assert 'name="start_offset"\r\n\r\n100\r\n' in fields(played.calls[4])


def test_where_the_platform_holds_more_or_less_it_is_followed() -> None:
    played = video(CHUNKED, EMPTY, wrong_offset(150, 250), wrong_offset(120, 250), at(250, 250), FINISHED, LINKED)
    assert spans(played) == [(0, 100), (150, 250), (120, 250)] and played.pauses == [1.0]


def test_after_a_lost_reply_it_is_asked_how_much_is_there() -> None:
    held = state("uploading", "in_progress", held=200)
    played = video(CHUNKED, UNKNOWN_OBJECT, Lost, held, at(250, 250), FINISHED, LINKED)
    assert spans(played) == [(0, 100), (200, 250)] and played.pauses == [1.0]


def test_what_is_there_already_is_not_sent_again() -> None:
    assert spans(video(CHUNKED, READY, FINISHED, LINKED)) == []
    assert spans(video(CHUNKED, state("uploading", "in_progress", held=250), FINISHED, LINKED)) == []


def test_an_upload_that_does_not_move_is_given_up_for_now() -> None:
    with pytest.raises(Interrupted):
        video(CHUNKED, EMPTY, *[at(0, 100)] * 6)
    with pytest.raises(Interrupted):
        video(CHUNKED, EMPTY, *[Lost, EMPTY] * 5, Lost)


@pytest.mark.parametrize("gone", [GONE, UNKNOWN_OBJECT])
def test_a_lost_upload_is_settled_by_its_finish_before_the_next_one_is_opened(gone: Reply) -> None:
    played = video(CHUNKED, EMPTY, gone, GONE, AGAIN, EMPTY, at(250, 250), FINISHED, LINKED)
    recorded = [call.name for call in played.calls if isinstance(call.if_repeated, Wasteful | Visible)]
    assert recorded == ["open upload", "finish upload", "open upload, round 2", "finish upload, round 2"]
    assert played.result and played.result.post_id == "v2"


def test_three_lost_uploads_are_enough() -> None:
    assert code_of(video(*[CHUNKED, EMPTY, GONE, GONE] * 3)) == "upload_session_lost"


def test_a_failed_video_is_refused_with_the_platforms_reason() -> None:
    told = {"video_status": "error", "processing_phase": {"status": "error", "error": {"message": "no picture"}}}
    played = video(CHUNKED, ok({"status": told}))
    assert code_of(played) == "processing_failed" and played.refused and "no picture" in played.refused.refusal.message
    listed = {"video_status": "error", "processing_phase": {"errors": [{"code": 1, "message": "no sound"}]}}
    assert "no sound" in str(video(CHUNKED, ok({"status": listed})).refused)
    assert code_of(video(CHUNKED, ok({"status": {"video_status": "expired"}}))) == "processing_failed"


def test_a_scheduled_video_is_finished_unpublished() -> None:
    played = video(CHUNKED, READY, FINISHED, LINKED, options={"scheduled_publish_time": 1_800_000_000})
    assert fields(visible(played)).endswith("published=false&scheduled_publish_time=1800000000")
    assert played.result and "by itself" in played.result.notes[0]


# --- a reel, in one stream ----------------------------------------------------------------------------------------------------


def test_a_reel_is_streamed_waited_for_and_finished() -> None:
    played = reel(OPENED, EMPTY, TAKEN_IN, EMPTY, READY, FINISHED, LINKED, description="A reel")
    assert played.names == ["me", "open upload", "video state", "send video", "video state", "video state", "finish upload", "permalink"]  # fmt: skip
    sent = played.calls[3].request
    assert sent.signature == OAUTH and (sent.headers["offset"], sent.headers["file_size"]) == ("0", str(SIZE))
    assert spans(played) == [(0, SIZE)] and played.pauses == [2.0]
    assert played.calls[1].request.url == f"{API}/{PAGE}/video_reels"
    assert fields(visible(played)) == "upload_phase=finish&video_id=v1&description=A+reel&video_state=PUBLISHED"
    assert played.result == Published(post_id="v1", post_url="https://www.facebook.com/7/posts/1")  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize("inside", [False, True])
@pytest.mark.parametrize("kind", ["OffsetInvalidError", "PartialRequestError"])
def test_a_stream_goes_on_where_the_platform_says(kind: str, inside: bool) -> None:
    played = reel(OPENED, UNKNOWN_OBJECT, rupload(kind, 120, inside=inside), TAKEN_IN, READY, FINISHED, LINKED)
    assert spans(played) == [(0, SIZE), (120, SIZE)]


def test_a_yes_to_a_part_is_not_a_yes_to_the_whole() -> None:
    part = ok({"success": True, "bytes_transferred": 120})
    assert spans(reel(OPENED, EMPTY, part, TAKEN_IN, READY, FINISHED, LINKED)) == [(0, SIZE), (120, SIZE)]


def test_a_broken_stream_is_asked_about_and_not_just_sent_again() -> None:
    held = state("uploading", "in_progress", held=60)
    played = reel(OPENED, EMPTY, Lost, held, TAKEN_IN, READY, FINISHED, LINKED)
    assert spans(played) == [(0, SIZE), (60, SIZE)] and played.pauses == [1.0]
    assert spans(reel(OPENED, EMPTY, Lost, READY, READY, FINISHED, LINKED)) == [(0, SIZE)]


def test_a_refused_stream_is_tried_again_twice_and_is_then_the_files_fault() -> None:
    refused = rupload("ProcessingFailedError")
    played = reel(OPENED, EMPTY, refused, EMPTY, refused, EMPTY, refused)
    assert code_of(played) == "upload_refused" and spans(played) == [(0, SIZE)] * 3


def test_a_stream_that_may_be_whole_is_left_to_its_finish_to_tell() -> None:
    played = reel(OPENED, EMPTY, rupload("ProcessingFailedError"), UNKNOWN_OBJECT, READY, FINISHED, LINKED)
    assert played.result and spans(played) == [(0, SIZE)]


def test_a_video_that_its_own_address_does_not_know_is_finished_all_the_same() -> None:
    played = reel(OPENED, UNKNOWN_OBJECT, TAKEN_IN, *[UNKNOWN_OBJECT] * 4, FINISHED, LINKED)
    assert played.result and played.pauses == [2.0, 5.0, 10.0]


@pytest.mark.parametrize("spelled", ["complete", "completed"])
def test_both_spellings_of_done_are_understood(spelled: str) -> None:
    told = {"status": {"uploading_phase": {"status": spelled, "bytes_transfered": 250}}}
    assert reel(OPENED, ok(told), ok(told), FINISHED, LINKED).result


def test_a_finish_that_came_too_early_certainly_did_nothing() -> None:
    call = visible(reel(OPENED, READY, READY, FINISHED, LINKED))
    refusal = call.explain(TOO_EARLY)
    assert (refusal.reaction.value, refusal.retry_after) == ("not_done", 15.0) and not call.answered(TOO_EARLY)


@pytest.mark.parametrize("reply", [Reply(200, {}, b"<html>"), ok({}), ok({"success": "maybe"})])
def test_a_yes_that_does_not_say_yes_is_none(reply: Reply) -> None:
    call = visible(reel(OPENED, READY, READY, FINISHED, LINKED))
    with pytest.raises(ValueError, match="succeeded"):
        call.understand(reply)


def test_a_scheduled_reel_says_so() -> None:
    played = reel(OPENED, READY, READY, FINISHED, LINKED, options={"scheduled_publish_time": 1_800_000_000})
    assert fields(visible(played)).endswith("video_state=SCHEDULED&scheduled_publish_time=1800000000")


# --- stories ------------------------------------------------------------------------------------------------------------------

STORIES = ok({"data": [{"post_id": 55, "media_id": "v1", "url": "https://x/55"}]})


def test_a_video_story_is_finished_and_its_number_becomes_a_text() -> None:
    played = story(OPENED, EMPTY, TAKEN_IN, READY, ok({"success": True, "post_id": 55}), STORIES)
    assert played.result == Published(post_id="55", post_url="https://x/55")  # pyright: ignore[reportArgumentType]
    assert fields(visible(played)) == "upload_phase=finish&video_id=v1"
    assert isinstance(visible(played).if_repeated, Visible) and visible(played).if_repeated.audience is None


def test_a_photo_story_is_an_unseen_photo_that_is_then_shown() -> None:
    wanted = publication("story", images=(PHOTO,))
    replies = (ME, ok({"id": "ph1"}), ok({"success": True, "post_id": "56"}), NOTHING)
    played = publish(wanted, *replies, file=PHOTO_FILE)
    assert played.names == ["me", "photo 1", "publish story", "stories"]
    assert fields(visible(played)) == {"photo_id": "ph1"} and played.result and played.result.post_id == "56"
