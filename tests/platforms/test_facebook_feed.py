"""What is sent for a text, a link and photos, and how each answer is taken (contract meta D1, D2)."""

import json
from typing import Any

import pytest

from platforms.facebook_replies import (
    LINKED,
    ME,
    PAGE,
    PHOTO,
    PHOTO_FILE,
    POSTED,
    UNKNOWN_OBJECT,
    code_of,
    fields,
    no,
    ok,
    publication,
    publish,
    visible,
)  # fmt: skip
from platforms.script import Lost
from waooaw_social.core.post import Item, Published
from waooaw_social.core.refusal import Refused
from waooaw_social.platforms.call import Form, Reply, Visible, Wasteful
from waooaw_social.platforms.facebook import kit
from waooaw_social.platforms.graph.facts import API

LATER = 1_800_000_000


def uploaded(number: int) -> Reply:
    return ok({"id": f"ph{number}"})


def test_a_text_is_one_visible_call_that_spends_one_post() -> None:
    played = publish(publication("text", text="Good morning"), ME, POSTED, LINKED)
    assert played.result == Published(post_id="7_1", post_url="https://www.facebook.com/7/posts/1")  # pyright: ignore[reportArgumentType]
    call = visible(played)
    assert call.request.url == f"{API}/{PAGE}/feed" and fields(call) == {"message": "Good morning"}
    assert call.cost and (call.cost.bucket, call.cost.units) == ("publishing", 1)
    assert isinstance(call.if_repeated, Visible) and call.if_repeated.audience == "facebook:7"


def test_a_link_goes_with_or_without_a_text() -> None:
    link = "https://example.com/menu"
    assert fields(visible(publish(publication("text", link=link), ME, POSTED, LINKED))) == {"link": link}
    both = publish(publication("text", text="Our menu", link=link), ME, POSTED, LINKED)
    assert fields(visible(both)) == {"message": "Our menu", "link": link}


@pytest.mark.parametrize("format", ["text", "photos"])
def test_photos_are_uploaded_unseen_and_shown_by_one_small_call(format: str) -> None:
    wanted = publication(format, text="Two cakes", images=(PHOTO, PHOTO))
    played = publish(wanted, ME, uploaded(1), uploaded(2), POSTED, LINKED, file=PHOTO_FILE)
    assert played.names == ["me", "photo 1", "photo 2", "publish post", "permalink"]
    assert [type(call.if_repeated) for call in played.calls[1:3]] == [Wasteful, Wasteful]
    assert fields(visible(played)) == {
        "message": "Two cakes",
        "attached_media": [{"media_fbid": "ph1"}, {"media_fbid": "ph2"}],
    }


def test_a_photo_is_sent_as_a_file_with_what_nobody_who_cannot_see_it_should_miss() -> None:
    wanted = publication("photos", items=(Item(kind="image", source=PHOTO, alt_text="A cake"),))
    played = publish(wanted, ME, uploaded(1), POSTED, LINKED, file=PHOTO_FILE)
    upload = played.calls[1]
    body = upload.request.body
    assert isinstance(body, Form) and (body.file.offset, body.file.length) == (0, PHOTO_FILE.size)
    boundary = upload.request.headers["content-type"].partition("boundary=")[2]
    assert PHOTO_FILE.sha256 in boundary
    before = fields(upload)
    assert 'name="published"\r\n\r\nfalse\r\n' in before and 'name="alt_text_custom"\r\n\r\nA cake\r\n' in before
    assert before.count(f"--{boundary}\r\n") == 3 and body.after == f"\r\n--{boundary}--\r\n".encode()
    assert 'name="source"; filename="source"\r\nContent-Type: image/jpeg\r\n\r\n' in before


def test_what_facebook_is_to_publish_later_is_handed_over_and_says_so() -> None:
    wanted = publication("text", text="Later", options={"scheduled_publish_time": LATER})
    played = publish(wanted, ME, POSTED, LINKED)
    assert fields(visible(played)) == {"message": "Later", "published": False, "scheduled_publish_time": LATER}
    assert played.result and played.result.notes == ("Facebook publishes it by itself at 2027-01-15 08:00:00 UTC.",)


def test_a_page_may_be_named_with_or_without_its_prefix() -> None:
    for identity in ("7", "FB_PAGE:7", None):
        assert publish(publication("text", identity=identity, text="x"), ME, POSTED, LINKED).result


@pytest.mark.parametrize("found", ["8", "10000000000000001"])
def test_a_persons_token_or_another_pages_is_refused_before_anything_is_posted(found: str) -> None:
    played = publish(publication("photos", images=(PHOTO,)), ok({"id": found, "name": "Somebody"}))
    assert code_of(played) == "wrong_page" and played.names == ["me"]
    assert played.refused and "person" in played.refused.refusal.message


@pytest.mark.parametrize("reply", [Lost, UNKNOWN_OBJECT, no(2, status=500), ok({"id": "7_1"})])
def test_a_detail_that_fails_does_not_undo_the_publication(reply: Any) -> None:
    played = publish(publication("text", text="x"), ME, POSTED, reply)
    assert played.result == Published(post_id="7_1", post_url=None)  # pyright: ignore[reportArgumentType]


def test_photos_that_were_purged_are_uploaded_once_more_by_other_names() -> None:
    wanted = publication("photos", images=(PHOTO,))
    played = publish(wanted, ME, uploaded(1), UNKNOWN_OBJECT, uploaded(2), POSTED, LINKED, file=PHOTO_FILE)
    assert played.names == ["me", "photo 1", "publish post", "photo 1, round 2", "publish post, round 2", "permalink"]
    assert fields(played.calls[4])["attached_media"] == [{"media_fbid": "ph2"}]


def test_what_is_never_known_is_refused_in_the_end_and_a_text_at_once() -> None:
    rounds = [ME, *[uploaded(1), UNKNOWN_OBJECT] * 3]
    assert code_of(publish(publication("photos", images=(PHOTO,)), *rounds, file=PHOTO_FILE)) == "not_found"
    assert code_of(publish(publication("text", text="x"), ME, UNKNOWN_OBJECT)) == "not_found"


def test_a_no_is_told_as_it_is() -> None:
    assert code_of(publish(publication("text", text="x"), ME, no(506))) == "duplicate_post"
    assert code_of(publish(publication("text", text="x"), ME, no(100, 1346003))) == "content_refused"


def test_an_answer_without_an_id_is_none() -> None:
    for body in ({}, {"id": ""}, {"id": None}):
        with pytest.raises((KeyError, ValueError)):
            publish(publication("text", text="x"), ME, ok(body))


def test_a_200_that_is_a_no_publishes_nothing() -> None:
    call = visible(publish(publication("text", text="x"), ME, POSTED, LINKED))
    for reply in (ok({"success": False}), ok({"error": {"code": 1, "message": "no"}})):
        assert not call.answered(reply)
        with pytest.raises(Refused):
            call.understand(reply)


def test_every_format_has_a_flow_and_a_name_is_never_used_twice() -> None:
    from waooaw_social.platforms.facebook import FLOWS

    assert set(FLOWS) == set(kit().manifest.formats)
    played = publish(publication("photos", images=(PHOTO,) * 3), ME, uploaded(1), uploaded(2), uploaded(3), POSTED, LINKED, file=PHOTO_FILE)  # fmt: skip
    recorded = [call.name for call in played.calls if isinstance(call.if_repeated, Wasteful | Visible)]
    assert len(set(recorded)) == len(recorded) == 4


def test_no_repr_shows_what_is_said() -> None:
    played = publish(publication("text", text="a secret plan"), ME, POSTED, LINKED)
    assert "secret" not in repr(played.calls) + repr([call.request for call in played.calls])
    assert "secret" in json.dumps(fields(visible(played)))
