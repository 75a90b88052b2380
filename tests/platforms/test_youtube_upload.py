"""What is sent for a Short, and how each answer of the resumable protocol is taken (contract youtube 3, 8)."""

import json
from typing import Any

import pytest

from platforms.script import Lost, Played, play, reconcile
from waooaw_social.core.account import Account
from waooaw_social.core.ids import CredentialRef, CustomerId, PublicationId
from waooaw_social.core.post import Content, MediaFile, MediaUrl, Published
from waooaw_social.core.publication import Publication
from waooaw_social.platforms.call import Interrupted, Reply, Verdict, Visible, Wasteful
from waooaw_social.platforms.youtube import kit
from waooaw_social.platforms.youtube.manifest import CHUNK, PIECE, YOUTUBE
from waooaw_social.platforms.youtube.upload import words

URI = "https://www.googleapis.com/upload/youtube/v3/videos?uploadType=resumable&upload_id=xyz"
SIZE = CHUNK + 3 * PIECE + 100
FILE = MediaFile(sha256="00", size=SIZE, content_type="video/mp4", width=270, height=480, duration=3.0)
VIDEO = {"id": "v1234567890", "status": {"privacyStatus": "public"}, "snippet": {"title": "A cat"}}


def ok(body: Any, status: int = 200, **headers: str) -> Reply:
    return Reply(status, headers, json.dumps(body).encode())


CHANNEL = ok(
    {
        "items": [
            {
                "id": "UC1",
                "snippet": {"title": "Cats"},
                "contentDetails": {"relatedPlaylists": {"uploads": "UU1"}},
                "status": {"longUploadsStatus": "allowed"},
            }
        ]
    }
)
OPENED = Reply(200, {"location": URI})
NOTHING_YET = Reply(308)
DONE = ok(VIDEO, 201)
SEEN = ok({"items": [VIDEO]})
GONE = Reply(404, {}, b"Not Found")


def held(last: int) -> Reply:
    return Reply(308, {"range": f"bytes=0-{last}"})


def short(**content: Any) -> Publication:
    account = Account(
        customer_id=CustomerId("C"), credential_ref=CredentialRef("R"), platform=YOUTUBE, posting_identity="UC1"
    )
    said = Content(**({"title": "A cat", "video": MediaUrl("https://x/y.mp4")} | content))
    return Publication(id=PublicationId("p"), account=account, format="short", content=said)


def publish(*replies: Any, publication: Publication | None = None, file: MediaFile = FILE) -> Played[Published]:
    return play(kit().publish(publication or short()), list(replies), file=file)


def spans(played: Played[Any]) -> list[str]:
    return [call.request.headers["content-range"] for call in played.calls if "content-range" in call.request.headers]


def test_a_short_is_sent_in_chunks_and_becomes_visible_with_its_last_small_piece() -> None:
    played = publish(CHANNEL, OPENED, NOTHING_YET, held(CHUNK - 1), held(CHUNK + 3 * PIECE - 1), DONE, SEEN)
    assert played.result == Published(post_id=VIDEO["id"], post_url=f"https://www.youtube.com/shorts/{VIDEO['id']}")
    assert spans(played) == [
        f"bytes */{SIZE}",
        f"bytes 0-{CHUNK - 1}/{SIZE}",
        f"bytes {CHUNK}-{CHUNK + 3 * PIECE - 1}/{SIZE}",
        f"bytes {CHUNK + 3 * PIECE}-{SIZE - 1}/{SIZE}",
    ]
    kinds = [type(call.if_repeated) for call in played.calls]
    assert kinds.count(Visible) == 1 and kinds.count(Wasteful) == 1
    assert all(call.request.body.length <= PIECE for call in played.calls if isinstance(call.if_repeated, Visible))


@pytest.mark.parametrize("size", [1, PIECE - 1, PIECE, PIECE + 1, CHUNK, CHUNK + 1, CHUNK + PIECE, 3 * CHUNK + 7])
def test_every_chunk_but_the_last_is_a_multiple_of_256_kib_and_every_byte_is_sent_once(size: int) -> None:
    file = MediaFile(sha256="00", size=size, content_type="video/mp4")
    last = (size - 1) // PIECE * PIECE
    ends = [*range(CHUNK, last, CHUNK), *([last] if last else [])]
    played = publish(CHANNEL, OPENED, NOTHING_YET, *(held(end - 1) for end in ends), DONE, SEEN, file=file)
    pieces = [
        call.request.body
        for call in played.calls
        if "piece" in call.name or "chunk" in call.name or "complete" in call.name
    ]
    assert [piece.length % PIECE for piece in pieces[:-1]] == [0] * len(ends)
    assert 0 < pieces[-1].length <= PIECE
    assert [piece.offset for piece in pieces] == [0, *ends] and sum(piece.length for piece in pieces) == size


def test_what_the_platform_says_it_holds_counts_and_not_what_was_sent() -> None:
    played = publish(
        CHANNEL, OPENED, NOTHING_YET, held(PIECE - 1), held(PIECE + CHUNK - 1), held(SIZE - 101), DONE, SEEN
    )
    assert spans(played)[1:3] == [f"bytes 0-{CHUNK - 1}/{SIZE}", f"bytes {PIECE}-{PIECE + CHUNK - 1}/{SIZE}"]


def test_after_a_lost_reply_it_asks_before_it_sends_again() -> None:
    played = publish(CHANNEL, OPENED, NOTHING_YET, Lost, held(2 * PIECE - 1), held(SIZE - 101), DONE, SEEN)
    assert played.names[2:5] == ["how much is held", "send chunk", "how much is held"]
    assert spans(played)[3].startswith(f"bytes {2 * PIECE}-") and played.pauses == [1.0]


def test_an_upload_that_does_not_move_is_given_up_for_now() -> None:
    with pytest.raises(Interrupted):
        publish(CHANNEL, OPENED, NOTHING_YET, *([NOTHING_YET] * 6))


def test_a_new_address_of_the_session_is_followed() -> None:
    moved = Reply(308, {"range": f"bytes=0-{CHUNK - 1}", "location": URI + "2"})
    played = publish(CHANNEL, OPENED, NOTHING_YET, moved, held(SIZE - 101), DONE, SEEN)
    assert [call.request.url for call in played.calls[3:6]] == [URI, URI + "2", URI + "2"]


def test_a_dead_session_is_settled_before_the_next_one_is_opened() -> None:
    played = publish(CHANNEL, OPENED, GONE, GONE, OPENED, NOTHING_YET, held(CHUNK - 1), held(SIZE - 101), DONE, SEEN)
    assert [name for name in played.names if name[-1].isdigit()] == [
        "open session 1",
        "complete upload 1",
        "open session 2",
        "complete upload 2",
    ]


def test_sessions_that_all_die_do_not_eat_the_days_uploads() -> None:
    played = publish(CHANNEL, *[OPENED, GONE, GONE] * 5)
    assert played.refused and played.refused.refusal.code == "session_lost"
    assert played.names[-1] == "complete upload 5"


def test_a_session_that_has_ended_repeats_its_answer_and_nothing_is_sent_again() -> None:
    played = publish(CHANNEL, OPENED, DONE, DONE, SEEN)
    assert played.names[2:4] == ["how much is held", "complete upload 1"] and played.result


def test_privacy_is_always_explicit() -> None:
    for privacy in ("public", "unlisted", "private"):
        played = publish(CHANNEL, OPENED, DONE, DONE, ok({"items": []}), publication=short(privacy=privacy))
        resource = json.loads(played.calls[1].request.body)
        assert resource["status"] == {"privacyStatus": privacy, "selfDeclaredMadeForKids": False}
        assert played.calls[1].request.params["part"] == "snippet,status"


def test_another_privacy_than_asked_for_is_told() -> None:
    private = ok({"items": [VIDEO | {"status": {"privacyStatus": "private"}}]})
    played = publish(CHANNEL, OPENED, DONE, DONE, private)
    assert played.result and "private" in played.result.notes[0]


def test_a_detail_that_fails_does_not_undo_the_publication() -> None:
    assert publish(CHANNEL, OPENED, DONE, DONE, Lost).result
    assert publish(CHANNEL, OPENED, DONE, DONE, Reply(403)).result


def test_the_wrong_channel_is_refused_before_anything_is_uploaded() -> None:
    other = json.loads(CHANNEL.body)
    other["items"][0]["id"] = "UC2"
    played = publish(ok(other))
    assert played.refused and played.refused.refusal.code == "wrong_channel"


@pytest.mark.parametrize("reply", [ok({}), ok({"items": []})])
def test_an_account_without_a_channel_is_told_so(reply: Reply) -> None:
    played = publish(reply)
    assert played.refused and played.refused.refusal.code == "no_channel"


BAD_CONTENT: list[tuple[dict[str, Any], str]] = [
    ({"title": ""}, "title"),
    ({"title": "x" * 101}, "title"),
    ({"title": "a < b"}, "title"),
    ({"description": "ü" * 2501}, "description"),
    ({"description": "a > b"}, "description"),
    ({"tags": ("x" * 499, "y")}, "tags"),
    ({"tags": ("",)}, "tags"),
    ({"privacy": "secret"}, "privacy"),
    ({"video": None}, "video"),
    ({"options": {"nonsense": True}}, "options.nonsense"),
]


@pytest.mark.parametrize(("content", "field"), BAD_CONTENT, ids=lambda value: str(value)[:30])
def test_bad_content_is_refused_before_the_first_call(content: dict[str, Any], field: str) -> None:
    played = publish(publication=short(**content))
    assert played.refused and played.refused.refusal.field == field and not played.calls


def test_content_at_its_limits_is_accepted() -> None:
    at_the_limit = short(title="ü" * 100, description="ü" * 2500, tags=("x" * 490, "a b", "cd"))
    assert kit().check(at_the_limit) == []


@pytest.mark.parametrize(
    ("probed", "code"),
    [({"width": 480, "height": 270}, "not_a_short"), ({"duration": 181.0}, "not_a_short"), ({"size": 0}, "empty_file")],
)
def test_a_file_that_is_no_short_is_refused_before_a_session_is_opened(probed: dict[str, Any], code: str) -> None:
    file = MediaFile(**({"sha256": "00", "size": 10, "content_type": "video/mp4"} | probed))
    played = publish(CHANNEL, file=file)
    assert played.refused and played.refused.refusal.code == code and played.names == ["my channel"]


# --- did it complete? ---------------------------------------------------------------------------------------------------------

UPLOADS = ok({"items": [{"contentDetails": {"videoId": VIDEO["id"]}}]})


def listed(*videos: dict[str, Any]) -> Reply:
    return ok({"items": list(videos)})


def twin(name: str = "v1234567890", **changed: Any) -> dict[str, Any]:
    snippet = {"title": "A cat", "publishedAt": "1970-01-01T00:16:40Z"} | changed
    return {"id": name, "snippet": snippet, "fileDetails": {"fileSize": str(changed.get("size", SIZE))}}


@pytest.fixture
def completing() -> Any:
    played = publish(CHANNEL, OPENED, NOTHING_YET, held(CHUNK - 1), held(SIZE - 101), DONE, SEEN)
    return next(call for call in played.calls if isinstance(call.if_repeated, Visible))


def test_the_session_proves_that_it_completed(completing: Any) -> None:
    assert reconcile(completing, [DONE]) == DONE


def test_a_session_that_waits_for_bytes_did_not_complete(completing: Any) -> None:
    assert reconcile(completing, [held(SIZE - 101)]) is Verdict.ABSENT


def test_where_the_session_is_gone_one_match_in_the_uploads_is_adopted(completing: Any) -> None:
    found = reconcile(completing, [GONE, UPLOADS, listed(twin())])
    assert isinstance(found, Reply) and completing.if_repeated.published(found).post_id == VIDEO["id"]


def test_two_matches_are_for_a_person_to_decide(completing: Any) -> None:
    assert reconcile(completing, [GONE, UPLOADS, listed(twin("a"), twin("b"))]) is Verdict.UNSURE


def test_another_publications_video_is_never_adopted(completing: Any) -> None:
    told = reconcile(completing, [GONE, UPLOADS, listed(twin("a"), twin("b"))], taken=frozenset({"a"}))
    assert isinstance(told, Reply) and told.json()["id"] == "b"


@pytest.mark.parametrize("other", [{"title": "A dog"}, {"publishedAt": "1970-01-01T00:10:00Z"}, {"size": 5}])
def test_what_differs_in_title_time_or_size_is_not_ours(completing: Any, other: dict[str, Any]) -> None:
    assert reconcile(completing, [GONE, UPLOADS, listed(twin(**other))]) is Verdict.LATER


def test_absence_is_believed_after_three_looks(completing: Any) -> None:
    told = [reconcile(completing, [GONE, ok({"items": []})], looks=looks) for looks in range(3)]
    assert told == [Verdict.LATER, Verdict.LATER, Verdict.ABSENT]


def test_a_title_is_recognised_though_its_letters_and_spaces_were_composed_anew(completing: Any) -> None:
    assert isinstance(reconcile(completing, [GONE, UPLOADS, listed(twin(title=" A  cat"))]), Reply)
    assert words("Cafe\u0301  noir ") == words("Caf\u00e9 noir")


def test_absence_is_not_believed_while_the_listing_does_not_reach_back_to_the_attempt(completing: Any) -> None:
    newer = [twin(f"v{n}", title="Another") for n in range(50)]
    full = ok({"items": [{"contentDetails": {"videoId": one["id"]}} for one in newer]})
    assert reconcile(completing, [GONE, full, listed(*newer)], looks=9) is Verdict.LATER
    older = [*newer[:-1], twin("v49", publishedAt="1970-01-01T00:10:00Z")]
    assert reconcile(completing, [GONE, full, listed(*older)], looks=9) is Verdict.ABSENT


def test_a_reply_that_says_gone_publishes_nothing_and_an_answer_short_of_the_end_is_none(completing: Any) -> None:
    assert completing.if_repeated.published(GONE) is None
    assert 308 not in completing.answers and completing.explain(NOTHING_YET).reaction.value == "not_done"


def test_no_repr_shows_the_session() -> None:
    played = publish(CHANNEL, OPENED, DONE, DONE, SEEN)
    assert "upload_id" not in repr(played.calls) and "xyz" not in repr([call.request for call in played.calls])
