"""Whoever hears a no is told what to do about it, also where its row in a platform's table says nothing of its own."""

from dataclasses import fields

import pytest

from waooaw_social.core.refusal import Reaction, Refusal, SocialPlatformError
from waooaw_social.platforms.manifest import ErrorRow, Says, explain_by
from waooaw_social.platforms.registry import kits
from waooaw_social.wire.holding import FROZEN, RESTING

ROWS = [(platform, row) for platform, kit in kits().items() for row in kit.manifest.errors]
CONDITIONS = {"statuses", "reasons", "subcodes", "says"}
BARE = [(p, row) for p, row in ROWS if not row.remediation]


def met(row: ErrorRow) -> ErrorRow:
    """The row without its conditions."""
    kept = {one.name: getattr(row, one.name) for one in fields(row) if one.name not in CONDITIONS}
    return ErrorRow(**kept)


def test_no_row_of_any_table_leaves_a_user_without_advice() -> None:
    assert BARE, "every row has advice of its own: this proves nothing any more"
    for platform, row in ROWS:
        refusal = explain_by((met(row),), Says(status=400, message="No."))
        error = SocialPlatformError.of(refusal, platform)
        assert error.remediation and error.remediation in str(error), (platform, row.code)
        assert refusal.remediation == row.remediation or not row.remediation


@pytest.mark.parametrize("reaction", [Reaction.THROTTLE, Reaction.EXHAUSTED, Reaction.NOT_DONE, Reaction.UNKNOWN])
def test_where_waiting_helps_nobody_is_told_to_correct_anything(reaction: Reaction) -> None:
    told = Refusal(code="c", message="m", reaction=reaction, field="video").remediation
    assert "by itself" in told and "orrect" not in told


def test_what_can_be_corrected_is_named() -> None:
    assert "options.to" in Refusal(code="c", message="m", field="options.to").remediation


def test_a_platform_that_rests_or_is_frozen_says_that_it_goes_on_by_itself() -> None:
    assert "by itself" in RESTING.remediation and "thaws" in FROZEN.remediation
