"""Every row of a Page's own error table, each by an answer that was documented or seen (contract meta A6, D3, D4)."""

import json

import pytest

from platforms.facebook_replies import no, ok
from waooaw_social.core.refusal import Reaction, Scope
from waooaw_social.platforms.call import Reply
from waooaw_social.platforms.facebook.errors import OWN
from waooaw_social.platforms.facebook.manifest import MANIFEST

R = Reaction


def rupload(kind: str, *, retriable: bool = False, status: int = 400) -> Reply:
    return ok({"debug_info": {"retriable": retriable, "type": kind, "message": json.dumps({"message": "no"})}}, status)


TOO_EARLY = "There was a problem uploading your video file. Please try again with another file."
SCHEDULE = "(#100) The specified scheduled publish time is invalid."

# answer, our code, reaction, scope
SEEN: list[tuple[Reply, str, Reaction, Scope]] = [
    (no(100, 1366051), "duplicate_post", R.TAKEN, Scope.REQUEST),
    (no(368, message="It looks like you already posted this."), "duplicate_post", R.TAKEN, Scope.REQUEST),
    (no(6000, 1363041), "upload_session_lost", R.TAKEN, Scope.REQUEST),
    (no(6000, 1363130, TOO_EARLY), "upload_incomplete", R.NOT_DONE, Scope.REQUEST),
    *[(no(6000, subcode), "upload_stumbled", R.NOT_DONE, Scope.REQUEST) for subcode in (1363037, 1363019, 1363021, 1363030, 1363033)],
    *[(rupload(kind), "upload_stumbled", R.NOT_DONE, Scope.REQUEST) for kind in ("OffsetInvalidError", "PartialRequestError")],
    (rupload("UnknownUploadError", retriable=True, status=500), "upload_stumbled", R.NOT_DONE, Scope.REQUEST),
    (rupload("ProcessingFailedError"), "upload_refused", R.REFUSED, Scope.REQUEST),
    (ok({"success": False}), "upload_refused", R.REFUSED, Scope.REQUEST),
    *[(no(100, subcode), "platform_unavailable", R.UNKNOWN, Scope.PLATFORM) for subcode in (1609010, 1363047)],
    (no(6000), "video_refused", R.REFUSED, Scope.REQUEST),
    (no(100, 1366046), "photo_too_large", R.REFUSED, Scope.REQUEST),
    (no(324, message="(#324) Missing or invalid image file"), "photo_unreadable", R.REFUSED, Scope.REQUEST),
    *[(no(100, subcode), "media_unreadable", R.REFUSED, Scope.REQUEST) for subcode in (1349125, 2069019)],
    *[(no(100, subcode), "content_refused", R.REFUSED, Scope.REQUEST) for subcode in (1346003, 1404102)],
    *[(no(100, subcode), "account_checkpoint", R.NOT_DONE, Scope.ACCOUNT) for subcode in (1404006, 4854002)],
    (no(100, 1404078), "page_authorization_required", R.NOT_DONE, Scope.ACCOUNT),
    (no(100, 1609008), "link_refused", R.REFUSED, Scope.REQUEST),
    (no(100, 2061006), "invalid_link", R.REFUSED, Scope.REQUEST),
    (no(100, message=SCHEDULE), "invalid_schedule", R.REFUSED, Scope.REQUEST),
]  # fmt: skip


@pytest.mark.parametrize(("reply", "code", "reaction", "scope"), SEEN, ids=lambda value: str(value)[:30])
def test_every_answer_is_understood(reply: Reply, code: str, reaction: Reaction, scope: Scope) -> None:
    refusal = MANIFEST.explain(reply)
    assert (refusal.code, refusal.reaction, refusal.scope) == (code, reaction, scope)
    assert refusal.message


def test_no_row_of_the_table_is_without_an_example() -> None:
    matched = {next(i for i, row in enumerate(OWN) if row.matches(MANIFEST.says(reply))) for reply, *_ in SEEN}
    assert [row for i, row in enumerate(OWN) if i not in matched] == []


def test_what_a_person_must_do_is_said_and_then_it_goes_on_by_itself() -> None:
    for subcode in (1404006, 4854002, 1404078):
        refusal = MANIFEST.explain(no(100, subcode))
        assert refusal.retry_after == 3600 and "goes on by itself" in refusal.remediation


def test_the_common_rows_stand_behind() -> None:
    assert MANIFEST.explain(no(506)).reaction is R.TAKEN
    assert MANIFEST.explain(no(368, 1390008)).code == "temporarily_blocked"
    assert MANIFEST.explain(no(100)).code == "invalid_request"
