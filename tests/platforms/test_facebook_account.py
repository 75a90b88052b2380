"""What a look at a Page's connection finds, and what may be changed with it (contract meta B4, B5, D6)."""

from typing import Any

import pytest

from platforms.facebook_replies import ME, PAGE, UNKNOWN_OBJECT, code_of, fields, no, ok, publication
from platforms.script import Played, play
from waooaw_social.core.refusal import Cure, Reaction
from waooaw_social.platforms.call import Harmless, Reply
from waooaw_social.platforms.facebook import kit
from waooaw_social.platforms.facebook.account import connected_page, page_of
from waooaw_social.platforms.facebook.changes import delete, edit
from waooaw_social.platforms.facebook.manifest import SCOPES
from waooaw_social.platforms.kit import CredentialReport

GOOD: dict[str, Any] = {
    "type": "PAGE",
    "is_valid": True,
    "scopes": [*SCOPES, "public_profile"],
    "granular_scopes": [{"scope": scope, "target_ids": [PAGE, "8"]} for scope in SCOPES],
    "profile_id": PAGE,
}
DONE = ok({"success": True})


def account(identity: str | None = PAGE) -> Any:
    return publication("text", identity=identity).account


def inspect(data: dict[str, Any], *replies: Reply, identity: str | None = PAGE) -> CredentialReport:
    played = play(kit().inspect(account(identity)), [ok({"data": GOOD | data}), *replies])
    assert played.result
    return played.result


def test_a_good_connection_has_no_problems() -> None:
    report = inspect({}, ME)
    assert report.ok and (report.identity, report.title) == (PAGE, "Cakes")
    assert report.facts["kind"] == "PAGE" and "pages_manage_posts" in report.facts["scopes"]
    assert inspect({}, ME, identity="FB_PAGE:7").ok and inspect({}, ME, identity=None).ok


# what the token is, who answers `me`, our codes and fields
WRONG: list[tuple[dict[str, Any], Reply, list[tuple[str, str | None]]]] = [
    ({"type": "USER", "profile_id": ""}, ok({"id": "10"}), [("page_token_required", "access_token")]),
    ({"type": "SYSTEM_USER", "profile_id": ""}, ok({"id": "10"}), [("page_token_required", "access_token")]),
    ({"profile_id": "8"}, ok({"id": "8", "name": "Bikes"}), [("wrong_page", "posting_identity")]),
    ({"profile_id": "8"}, ME, [("wrong_page", "posting_identity")]),
    ({"scopes": ["pages_show_list"]}, ME, [("missing_permission", "pages_manage_posts"), ("missing_permission", "pages_read_engagement")]),
    ({"granular_scopes": [{"scope": "pages_manage_posts", "target_ids": ["8"]}]}, ME, [("missing_permission", "pages_manage_posts")]),
]  # fmt: skip


@pytest.mark.parametrize(("data", "me", "problems"), WRONG, ids=lambda value: str(value)[:50])
def test_each_thing_that_is_missing_is_named(
    data: dict[str, Any], me: Reply, problems: list[tuple[str, str | None]]
) -> None:
    report = inspect(data, me)
    assert [(problem.code, problem.field) for problem in report.problems] == problems
    assert all(problem.cure is Cure.RECONNECT and problem.remediation for problem in report.problems)


def test_a_persons_token_is_called_one() -> None:
    (problem,) = inspect({"type": "USER"}, ok({"id": "10"})).problems
    assert "a person's token" in problem.message and "its own" in problem.message


def test_a_dead_token_says_why_and_is_not_asked_any_further() -> None:
    dead = {"is_valid": False, "scopes": [], "error": {"code": 190, "subcode": 463, "message": "Session has expired."}}
    (problem,) = inspect(dead).problems
    assert (problem.code, problem.message, problem.platform_code) == (
        "needs_reconnect",
        "Session has expired.",
        "190/463",
    )
    dead["error"] = {"code": 190, "subcode": 459}
    (problem,) = inspect(dead).problems
    assert (problem.code, problem.reaction, problem.cure) == ("account_checkpoint", Reaction.NOT_DONE, None)
    assert "log in" in problem.remediation


def test_a_no_to_the_question_is_the_problem() -> None:
    played = play(kit().inspect(account()), [no(3)])
    assert played.result and [problem.code for problem in played.result.problems] == ["needs_operator"]


@pytest.mark.parametrize(
    ("identity", "page"), [("7", "7"), ("FB_PAGE:7", "7"), ("FB_PAGE:", None), ("", None), (None, None)]
)
def test_a_page_has_one_id(identity: str | None, page: str | None) -> None:
    assert page_of(account(identity)) == page


@pytest.mark.parametrize("wanted", ["7", "FB_PAGE:7"])
def test_the_page_that_is_meant_must_be_the_connected_one(wanted: str) -> None:
    assert play(connected_page(account(), wanted), []).result == "7"
    assert play(connected_page(account(None), wanted), [ME]).result == "7"
    assert code_of(play(connected_page(account("8"), wanted), [])) == "wrong_page"
    assert code_of(play(connected_page(account(None), wanted), [ok({"id": "8"})])) == "wrong_page"


# --- changes ------------------------------------------------------------------------------------------------------------------


def test_a_posts_message_and_a_videos_description_are_changed() -> None:
    post = play(edit(account(), "7_1", "Typo"), [ME, DONE])
    assert post.result is True and fields(post.calls[1]) == {"message": "Typo"}
    assert isinstance(post.calls[1].if_repeated, Harmless)
    assert fields(play(edit(account(), "91", "Typo"), [ME, DONE]).calls[1]) == {"description": "Typo"}


@pytest.mark.parametrize("answers", [[ME, DONE], [ME, UNKNOWN_OBJECT]])
def test_what_is_deleted_is_gone_and_what_is_gone_is_deleted(answers: list[Reply]) -> None:
    played = play(delete(account(), "7_1"), answers)
    assert played.result is True and played.calls[1].request.method == "DELETE"


@pytest.mark.parametrize("post", ["", "7_", "_1", "7_1_2", "../me", "7/1", "7?x", "me", "7 1", "1" * 41])
def test_what_is_no_id_goes_into_no_address(post: str) -> None:
    for flow in (edit(account(), post, "x"), delete(account(), post)):
        assert code_of(play(flow, [])) == "invalid_post_id"


def test_a_change_is_refused_in_plain_words() -> None:
    assert code_of(play(edit(account(), "7_1", " "), [])) == "text_required"
    assert code_of(play(edit(account(), "7_1", "x" * 63_207), [])) == "text_too_long"
    assert code_of(play(edit(account(), "7_1", "x"), [ok({"id": "8"})])) == "wrong_page"
    played: Played[Any] = play(delete(account(), "7_1"), [ME, no(200, status=403)])
    assert code_of(played) == "missing_permission"
