"""Community posts: said to be impossible where they are, and tried only where that was asked for (contract youtube 5)."""

import json

from platforms.script import play, reconcile
from platforms.test_youtube_upload import ok, short
from waooaw_social.core.publication import Publication
from waooaw_social.platforms.call import Reply, Verdict, Visible
from waooaw_social.platforms.youtube import kit
from waooaw_social.platforms.youtube.manifest import COMMUNITY_POSTS

POST = {"id": "Ugk1", "snippet": {"textOriginal": "hello", "publishedAt": "1970-01-01T00:16:40Z"}}


def text(words: str = "hello") -> Publication:
    publication = short(text=words)
    return Publication(id=publication.id, account=publication.account, format="text", content=publication.content)


def test_without_the_switch_it_is_refused_without_a_call() -> None:
    played = play(kit().publish(text()), [])
    assert played.refused and played.refused.refusal.code == "unsupported_by_platform"


def test_with_the_switch_it_is_one_visible_call_of_50_units() -> None:
    played = play(kit(frozenset({COMMUNITY_POSTS})).publish(text()), [ok(POST)])
    assert played.result and played.result.post_id == "Ugk1" and "UC1" in (played.result.post_url or "")
    (call,) = played.calls
    assert isinstance(call.if_repeated, Visible) and call.cost and call.cost.units == 50
    assert json.loads(call.request.body)["snippet"] == {"textOriginal": "hello"}


def test_a_404_in_html_is_told_as_unsupported() -> None:
    played = play(kit(frozenset({COMMUNITY_POSTS})).publish(text()), [Reply(404, {}, b"<html>Not Found</html>")])
    assert played.refused and played.refused.refusal.code == "unsupported_by_platform"


def test_a_text_of_1001_characters_is_refused() -> None:
    assert [no.code for no in kit().check(text("x" * 1001))] == ["text_too_long"]
    assert kit().check(text("x" * 1000)) == []


def test_it_is_found_by_its_text_and_time() -> None:
    (call,) = play(kit(frozenset({COMMUNITY_POSTS})).publish(text()), [ok(POST)]).calls
    assert isinstance(reconcile(call, [ok({"items": [POST]})]), Reply)
    assert reconcile(call, [ok({"items": []})]) is Verdict.ABSENT
    assert reconcile(call, [ok({"items": [POST, POST | {"id": "Ugk2"}]})]) is Verdict.UNSURE
    assert reconcile(call, [ok({"items": [POST]})], taken=frozenset({"Ugk1"})) is Verdict.ABSENT
