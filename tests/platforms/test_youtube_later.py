"""What is sent for a video that is due later, and how its switch is looked for (contract youtube 3.3, 4.1, 8)."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from platforms.script import Lost, Played, play, reconcile
from platforms.test_youtube_upload import CHANNEL, DONE, FILE, GONE, NOTHING_YET, OPENED, SIZE, VIDEO, held, ok, short
from waooaw_social.core.ids import PublicationId
from waooaw_social.core.post import Published
from waooaw_social.core.publication import Publication
from waooaw_social.platforms.call import Interrupted, Reply, Verdict, Visible, Wasteful
from waooaw_social.platforms.youtube import kit
from waooaw_social.platforms.youtube.manifest import CHUNK, PIECE

ID = str(VIDEO["id"])


def status(**said: Any) -> Reply:
    """The listing of the one video, by its status."""
    return ok({"items": [{"id": ID, "status": {"uploadStatus": "uploaded", "privacyStatus": "private"} | said}]})


UNKNOWN = ok({"items": []})
SWITCHED = ok({"id": ID, "status": {"privacyStatus": "public"}})
WELL = [CHANNEL, OPENED, NOTHING_YET, held(CHUNK - 1), held(SIZE - 101), DONE, status(), SWITCHED]


def due_later(**content: Any) -> Publication:
    return replace(short(**content), publish_at=datetime(2027, 6, 1, tzinfo=UTC))


def publish(*replies: Any, **content: Any) -> Played[Published]:
    return play(kit().publish(due_later(**content)), list(replies), file=FILE)


def sent(played: Played[Any], name: str) -> Any:
    return next(call for call in played.calls if call.name == name)


def test_it_goes_up_private_and_whole_and_only_the_switch_is_visible() -> None:
    played = publish(*WELL, options={"license": "creativeCommon", "embeddable": False})
    assert played.result == Published(post_id=ID, post_url=f"https://www.youtube.com/shorts/{ID}")
    opened = sent(played, "open private session 1").request
    assert json.loads(opened.body)["status"] == {
        "privacyStatus": "private",
        "selfDeclaredMadeForKids": False,
        "license": "creativeCommon",
        "embeddable": False,
    }
    last = sent(played, "store upload 1")
    assert isinstance(last.if_repeated, Wasteful) and last.request.body.offset + last.request.body.length == SIZE
    assert last.request.body.offset == CHUNK + 3 * PIECE
    (visible,) = [call for call in played.calls if isinstance(call.if_repeated, Visible)]
    assert visible is played.calls[-1] and visible.if_repeated.audience is None


def test_the_switch_has_the_whole_status_as_it_is_now_and_nothing_that_youtube_only_tells() -> None:
    now = status(
        license="creativeCommon",
        embeddable=False,
        publicStatsViewable=True,
        selfDeclaredMadeForKids=True,
        madeForKids=True,
        publishAt="2027-07-01T00:00:00Z",
    )
    played = publish(*WELL[:-2], now, SWITCHED, options={"contains_synthetic_media": True, "license": "youtube"})
    request = sent(played, "publish video").request
    assert (request.method, dict(request.params)) == ("PUT", {"part": "status"})
    assert json.loads(request.body) == {
        "id": ID,
        "status": {
            "privacyStatus": "public",
            "license": "creativeCommon",
            "embeddable": False,
            "publicStatsViewable": True,
            "selfDeclaredMadeForKids": True,
            "containsSyntheticMedia": True,
        },
    }


def test_a_session_that_is_whole_is_asked_for_its_answer_once_more_without_the_file() -> None:
    played = publish(CHANNEL, OPENED, DONE, DONE, status(), SWITCHED)
    request = sent(played, "store upload 1").request
    assert request.headers["content-range"] == f"bytes */{SIZE}" and request.body == b"" and played.result


def test_a_no_to_the_last_piece_is_believed_only_if_the_session_has_no_video() -> None:
    no, tail = Reply(403), [CHANNEL, OPENED, NOTHING_YET, held(CHUNK - 1), held(SIZE - 101)]
    assert publish(*tail, no, DONE, status(), SWITCHED).result
    assert publish(*tail, no, held(SIZE - 101)).refused


def uploads(*names: str) -> list[Reply]:
    """Two listings: the channel's uploads, and whose files they are. `ours` stands for the name that we gave."""
    ours = sent(publish(*WELL), "open private session 1").request.headers["slug"]
    videos = [
        {"id": f"v{n}", "status": {"privacyStatus": "private"}, "fileDetails": {"fileName": name.replace("ours", ours)}}
        for n, name in enumerate(names)
    ]
    return [ok({"items": [{"contentDetails": {"videoId": one["id"]}} for one in videos]}), ok({"items": videos})]


def test_where_the_session_is_gone_a_video_of_our_own_file_name_is_taken() -> None:
    played = publish(CHANNEL, OPENED, GONE, GONE, *uploads("other", "ours"), status(), SWITCHED)
    assert json.loads(sent(played, "publish video").request.body)["id"] == "v1"
    seen = [call for call in played.calls if call.name in {"uploads after session 1", "look for upload 1"}]
    assert [type(call.if_repeated) for call in seen] == [Wasteful, Wasteful], "what is built on is recorded"


@pytest.mark.parametrize("names", [(), ("other",), ("ours-2",), ("", "other")])
def test_another_name_is_not_ours_and_the_file_goes_up_again(names: tuple[str, ...]) -> None:
    listing = uploads(*names)[: 2 if names else 1]
    again = [OPENED, DONE, DONE, status(), SWITCHED]
    played = publish(CHANNEL, OPENED, GONE, GONE, *listing, *again)
    assert json.loads(sent(played, "publish video").request.body)["id"] == ID
    first, second = (sent(played, f"open private session {n}").request.headers["slug"] for n in (1, 2))
    assert first != second


def test_sessions_that_are_lost_again_and_again_are_an_end_and_not_a_loop() -> None:
    played = publish(CHANNEL, *[OPENED, GONE, GONE, UNKNOWN] * 5)
    assert played.refused and played.refused.refusal.code == "session_lost" and played.refused.refusal.remediation


def test_a_changed_publication_and_another_one_have_other_file_names() -> None:
    one = due_later()
    others = [due_later(description="new"), replace(one, id=PublicationId("q")), due_later(privacy="unlisted")]
    names = [
        sent(play(kit().publish(p), WELL, file=FILE), "open private session 1").request.headers["slug"]
        for p in [one, *others]
    ]
    assert len(set(names[:3])) == 3
    assert names[3] == names[0], "both go up private and just alike"
    assert all(name.isascii() and "/" not in name for name in names)


@pytest.mark.parametrize(
    ("said", "code", "word"),
    [
        ({"uploadStatus": "failed", "failureReason": "codec"}, "processing_failed", "codec"),
        ({"uploadStatus": "rejected", "rejectionReason": "copyright"}, "video_rejected", "copyright"),
        ({"uploadStatus": "deleted"}, "video_deleted", "deleted"),
    ],
)
def test_what_cannot_go_out_is_refused_before_the_switch(said: dict[str, str], code: str, word: str) -> None:
    played = publish(*WELL[:-2], status(**said))
    assert played.refused and played.refused.refusal.code == code and word in played.refused.refusal.message
    assert "publish video" not in played.names


def test_a_video_that_is_not_listed_is_waited_for_five_minutes_and_then_switched_by_what_was_asked() -> None:
    played = publish(*WELL[:-2], UNKNOWN, UNKNOWN, status(), SWITCHED)
    assert played.result and len(played.pauses) == 2
    played = publish(*WELL[:-2], *[UNKNOWN] * 21, SWITCHED)
    assert played.result and sum(played.pauses) == 300.0
    body = json.loads(sent(played, "publish video").request.body)
    assert body["status"] == {"privacyStatus": "public", "selfDeclaredMadeForKids": False}


def test_another_privacy_than_asked_for_is_told_by_the_answer_itself() -> None:
    locked = ok({"id": ID, "status": {"privacyStatus": "private"}})
    played = publish(*WELL[:-1], locked)
    assert played.result and "private" in played.result.notes[0] and "public was asked for" in played.result.notes[0]


# --- did it go out? -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def switch() -> Any:
    return publish(*WELL).calls[-1]


@pytest.mark.parametrize("privacy", ["public", "unlisted"])
def test_a_video_that_is_not_private_any_more_proves_the_switch(switch: Any, privacy: str) -> None:
    found = reconcile(switch, [status(privacyStatus=privacy)])
    assert isinstance(found, Reply) and switch.if_repeated.published(found).post_id == ID


def test_a_video_that_is_private_still_was_not_switched(switch: Any) -> None:
    assert reconcile(switch, [status()]) is Verdict.ABSENT


def test_a_video_that_is_not_listed_is_looked_for_three_times(switch: Any) -> None:
    told = [reconcile(switch, [UNKNOWN], looks=looks) for looks in range(3)]
    assert told == [Verdict.LATER, Verdict.LATER, Verdict.ABSENT]


def test_beside_youtubes_own_no_one_look_is_enough(switch: Any) -> None:
    assert reconcile(switch, [UNKNOWN], age=0.0) is Verdict.ABSENT


def test_a_lost_look_proves_nothing(switch: Any) -> None:
    with pytest.raises(Interrupted):
        reconcile(switch, [Lost])
