"""Did it go out? What each look says to what it finds (contract meta F2)."""

import json
from typing import Any

import pytest

from platforms.facebook_replies import (
    FINISHED,
    LINKED,
    ME,
    NOTHING,
    PHOTO,
    PHOTO_FILE,
    POSTED,
    UNKNOWN_OBJECT,
    VIDEO,
    VIDEO_FILE,
    no,
    ok,
    publication,
    publish,
    state,
    visible,
)
from platforms.script import Lost, reconcile
from waooaw_social.platforms.call import Call, Reply, Verdict
from waooaw_social.platforms.facebook.looking import same_words
from waooaw_social.platforms.facebook.manifest import LOOKS

LAST = LOOKS - 1
"""How many looks there were before the last one."""
DUE = 1_800_000_000
FIRST_SENT = 1000.0
"""As `reconcile` of the script has it."""


def when(seconds: float) -> str:
    """So many seconds after the first attempt."""
    return f"1970-01-01T00:{int(FIRST_SENT + seconds) // 60:02}:{int(FIRST_SENT + seconds) % 60:02}+0000"


def post(name: str = "7_1", text: str | None = "Good morning", seconds: float = 1, **more: Any) -> dict[str, Any]:
    return {"id": name, "created_time": when(seconds)} | ({"message": text} if text else {}) | more


def attached(kind: str, *ids: str, **more: Any) -> dict[str, Any]:
    inner = [{"type": kind, "target": {"id": one}} | more for one in ids]
    album = {"type": "album", "target": {"id": "a"}, "subattachments": {"data": inner}}
    return {"attachments": {"data": inner if len(inner) < 2 else [album]}}


def listed(*posts: dict[str, Any], more: bool = False) -> Reply:
    return ok({"data": list(posts)} | ({"paging": {"next": "https://graph.facebook.com/x"}} if more else {}))


def text(**said: Any) -> Call[Any]:
    metadata = said.pop("metadata", None)
    return visible(publish(publication("text", metadata=metadata, **({"text": "Good morning"} | said)), ME, POSTED, LINKED))  # fmt: skip


def found_id(call: Call[Any], told: Any) -> str:
    assert isinstance(told, Reply), told
    call.understand(told)
    return call.if_repeated.published(told).post_id  # type: ignore[union-attr]


# --- a text -------------------------------------------------------------------------------------------------------------------


def test_one_match_is_adopted() -> None:
    assert found_id(text(), reconcile(text(), [listed(post())])) == "7_1"


def test_two_matches_are_for_a_person_to_decide() -> None:
    assert reconcile(text(), [listed(post("7_1"), post("7_2"))]) is Verdict.UNSURE


def test_what_is_another_publications_is_never_adopted() -> None:
    told = reconcile(text(), [listed(post("7_1"), post("7_2"))], taken=frozenset({"7_1"}))
    assert found_id(text(), told) == "7_2"
    assert reconcile(text(), [listed(post("7_1"))], taken=frozenset({"7_1"}), looks=LAST) is Verdict.ABSENT


OTHERS = [post(text="Good evening"), post(text=None), post(text="Good morning!"), post(seconds=-121), post(text="")]


@pytest.mark.parametrize("other", OTHERS, ids=lambda value: str(value.get("message")))
def test_what_differs_in_words_or_time_is_not_ours(other: dict[str, Any]) -> None:
    assert reconcile(text(), [listed(other)], looks=LAST) is Verdict.ABSENT


PERHAPS = [post(seconds=-60), post(**attached("photo", "1")), post(**attached("video_inline", "1")), post(**attached("photo", "1", "2"))]  # fmt: skip


@pytest.mark.parametrize("other", PERHAPS, ids=lambda value: json.dumps(value)[:60])
def test_what_merely_resembles_it_is_neither_adopted_nor_passed_over(other: dict[str, Any]) -> None:
    assert reconcile(text(), [listed(other)], looks=LAST + 5) is Verdict.LATER
    assert found_id(text(), reconcile(text(), [listed(post("7_9"), other)])) == "7_9"


def test_a_text_that_names_a_video_elsewhere_is_still_a_text() -> None:
    shared = attached("video_share_youtube", "1")
    assert found_id(text(), reconcile(text(), [listed(post(**shared))])) == "7_1"


def test_of_another_app_it_is_not_ours_where_ours_is_known() -> None:
    theirs, ours = post("7_1", application={"id": "other"}), post("7_2", application={"id": "app"})
    call = text(metadata={"app_id": "app"})
    assert found_id(call, reconcile(call, [listed(theirs, ours)])) == "7_2"
    assert found_id(call, reconcile(call, [listed(post("7_3"))])) == "7_3", "where it is not told, it is not held against it"  # fmt: skip
    assert reconcile(text(), [listed(theirs, ours)]) is Verdict.UNSURE


def test_absence_is_believed_once_the_listing_had_time() -> None:
    told = [reconcile(text(), [NOTHING], looks=looks) for looks in range(LOOKS)]
    assert told == [*[Verdict.LATER] * LAST, Verdict.ABSENT]


def test_a_listing_that_does_not_reach_back_proves_nothing() -> None:
    newer = [post(f"7_{n}", "Another", 60 + n) for n in range(50)]
    assert reconcile(text(), [listed(*newer, more=True)], looks=99) is Verdict.LATER
    older = [*newer, post("7_51", "Another", -121)]
    assert reconcile(text(), [listed(*older, more=True)], looks=99) is Verdict.ABSENT


@pytest.mark.parametrize("reply", [Lost, UNKNOWN_OBJECT, no(2, status=500)])
def test_a_look_that_is_refused_says_nothing(reply: Any) -> None:
    assert reconcile_or_nothing(text(), [reply]) is None


def reconcile_or_nothing(call: Call[Any], replies: list[Any]) -> Any:
    from waooaw_social.platforms.call import Interrupted

    try:
        return reconcile(call, replies)
    except Interrupted:
        return None


SHOWN_AS = [
    ("Good  morning,\nall ", "Good morning, all"),
    ("Cafe\u0301 noir", "Caf\u00e9 noir"),
    ("Hi @[123], look", "Hi Hazel Bakes, look"),
    ("@[123:Hazel] and @[4]", "Hazel and Ridge"),
    ("1+1 (really?) [no]", "1+1 (really?) [no]"),
]


@pytest.mark.parametrize(("sent", "shown"), SHOWN_AS)
def test_a_text_is_known_however_it_is_shown(sent: str, shown: str) -> None:
    assert same_words(sent, shown)


@pytest.mark.parametrize(
    ("sent", "shown"), [("a", "b"), ("a", ""), ("Hi @[1]", "Bye Hazel"), ("a.c", "abc"), ("", "x")]
)
def test_other_words_are_other_words(sent: str, shown: str) -> None:
    assert not same_words(sent, shown)


def test_a_link_alone_is_known_by_its_address_and_by_nothing_less() -> None:
    link = "https://example.com/menu"
    call = visible(publish(publication("text", link=link), ME, POSTED, LINKED))
    shared = {
        "attachments": {"data": [{"type": "share", "unshimmed_url": link + "/", "target": {"url": "https://l.x"}}]}
    }
    by_target = {"attachments": {"data": [{"type": "share", "target": {"url": link}}]}}
    for how in (shared, by_target):
        assert found_id(call, reconcile(call, [listed(post(text=None, **how))])) == "7_1"
    other = {"attachments": {"data": [{"type": "share", "unshimmed_url": "https://example.com/other"}]}}
    assert reconcile(call, [listed(post(text=None, **other))], looks=99) is Verdict.LATER


# --- what Facebook publishes by itself ----------------------------------------------------------------------------------------


def test_a_scheduled_text_is_looked_for_in_the_schedule_and_then_among_the_posts() -> None:
    call = text(options={"scheduled_publish_time": DUE})
    waiting = post("7_5", seconds=-500, scheduled_publish_time=DUE)
    assert found_id(call, reconcile(call, [listed(waiting), NOTHING])) == "7_5"
    assert found_id(call, reconcile(call, [NOTHING, listed(post("7_6"))])) == "7_6"
    other = post("7_5", seconds=-500, scheduled_publish_time=DUE + 60)
    assert reconcile(call, [listed(other), NOTHING], looks=LAST) is Verdict.ABSENT
    assert reconcile(call, [NOTHING, NOTHING]) is Verdict.LATER


# --- photos -------------------------------------------------------------------------------------------------------------------


def photos(count: int = 2) -> Call[Any]:
    uploads = [ok({"id": f"ph{n}"}) for n in range(1, count + 1)]
    wanted = publication("photos", text="Cakes", images=(PHOTO,) * count)
    return visible(publish(wanted, ME, *uploads, POSTED, LINKED, file=PHOTO_FILE))


@pytest.mark.parametrize("ids", [("ph1",), ("ph2",), ("ph1", "ph2")])
def test_photos_are_known_wherever_they_are_attached(ids: tuple[str, ...]) -> None:
    told = reconcile(photos(), [listed(post("7_0", "Cakes"), post("7_1", "Another", -500, **attached("photo", *ids)))])
    assert found_id(photos(), told) == "7_1"


def test_a_photo_names_its_post_if_followers_see_that() -> None:
    named = ok({"id": "ph1", "page_story_id": "7_8"})
    assert found_id(photos(), reconcile(photos(), [NOTHING, named, ok({"id": "7_8", "is_published": True})])) == "7_8"
    shadow = ok({"id": "7_8", "is_published": False})
    assert reconcile(photos(), [NOTHING, named, shadow]) is Verdict.LATER
    assert reconcile(photos(), [NOTHING, named, UNKNOWN_OBJECT], looks=LAST) is Verdict.ABSENT


def test_photos_that_are_nowhere_are_absent_once_the_listing_had_time() -> None:
    told = [reconcile(photos(), [NOTHING, UNKNOWN_OBJECT], looks=looks) for looks in range(LOOKS)]
    assert told == [*[Verdict.LATER] * LAST, Verdict.ABSENT]


# --- videos and reels ---------------------------------------------------------------------------------------------------------

OPENED = ok({"video_id": "v1", "upload_url": "https://rupload.facebook.com/video-upload/v25.0/v1"})


def reel(**said: Any) -> Call[Any]:
    wanted = publication("reel", video=VIDEO, **said)
    return visible(publish(wanted, ME, OPENED, state(), state(), FINISHED, LINKED, file=VIDEO_FILE))


@pytest.mark.parametrize(
    "publishing",
    [{"status": "complete"}, {"status": "completed"}, {"publish_status": "published"}, {"publish_status": "scheduled"}],
)
def test_a_video_says_itself_that_it_is_out(publishing: dict[str, str]) -> None:
    assert found_id(reel(), reconcile(reel(), [state(**publishing)])) == "v1"


def test_a_video_that_knows_of_no_publication_is_not_out() -> None:
    assert reconcile(reel(), [state()]) is Verdict.ABSENT
    assert reconcile(reel(), [state("processing", publish_status="draft")]) is Verdict.ABSENT


def test_while_nobody_knows_the_video_only_the_posts_can_tell() -> None:
    held = listed(post(text=None, **attached("video_inline", "v1")))
    assert found_id(reel(), reconcile(reel(), [UNKNOWN_OBJECT, held])) == "v1"
    assert reconcile(reel(), [UNKNOWN_OBJECT, NOTHING], looks=99) is Verdict.LATER
    scheduled = reel(options={"scheduled_publish_time": DUE})
    assert found_id(scheduled, reconcile(scheduled, [Lost, held, NOTHING])) == "v1"


# --- stories ------------------------------------------------------------------------------------------------------------------


def photo_story() -> Call[Any]:
    shown = ok({"success": True, "post_id": 55})
    wanted = publication("story", images=(PHOTO,))
    return visible(publish(wanted, ME, ok({"id": "ph1"}), shown, NOTHING, file=PHOTO_FILE))


def video_story() -> Call[Any]:
    finished = ok({"success": True, "post_id": 55})
    wanted = publication("story", video=VIDEO)
    return visible(publish(wanted, ME, OPENED, state(), state(), finished, NOTHING, file=VIDEO_FILE))


def stories(media: str) -> Reply:
    return ok({"data": [{"post_id": "1", "media_id": "x"}, {"post_id": 56, "media_id": media}]})


def test_a_photo_story_is_listed_with_its_photo() -> None:
    assert found_id(photo_story(), reconcile(photo_story(), [stories("ph1")])) == "56"
    told = [reconcile(photo_story(), [stories("ph2")], looks=looks) for looks in range(LOOKS)]
    assert told == [*[Verdict.LATER] * LAST, Verdict.ABSENT]
    full = ok({"data": [{"post_id": str(n), "media_id": "x"} for n in range(50)]})
    assert reconcile(photo_story(), [full], looks=99) is Verdict.LATER


def test_a_video_story_is_out_by_its_state_and_named_by_the_listing() -> None:
    out = state(publish_status="published")
    assert found_id(video_story(), reconcile(video_story(), [out, stories("v1")])) == "56"
    assert found_id(video_story(), reconcile(video_story(), [UNKNOWN_OBJECT, stories("v1")])) == "56"
    named = ok(json.loads(out.body) | {"post_id": 57})
    assert found_id(video_story(), reconcile(video_story(), [named, Lost])) == "57"
    assert reconcile(video_story(), [state()]) is Verdict.ABSENT
    assert reconcile(video_story(), [UNKNOWN_OBJECT, NOTHING], looks=99) is Verdict.LATER


def test_a_video_story_that_is_out_and_never_listed_goes_by_its_video() -> None:
    told = [reconcile(video_story(), [state(publish_status="published"), NOTHING], looks=n) for n in (0, LAST)]
    assert told[0] is Verdict.LATER and found_id(video_story(), told[1]) == "v1"
