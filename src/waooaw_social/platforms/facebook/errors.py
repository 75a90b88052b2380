"""Facebook Pages' own ways of saying no (contract meta A6: page subcodes, chunks of videos, rupload), in front of Meta's common ones.

"There already" (TAKEN) is told apart from a plain no: after an attempt that nobody answered it is a reason to look, not a failure.
"""

from waooaw_social.core.refusal import Reaction, Scope
from waooaw_social.platforms.graph.errors import HOUR, codes
from waooaw_social.platforms.manifest import ErrorRow, Says

SESSION_LOST = "upload_session_lost"
UPLOAD_REFUSED = "upload_refused"
NOT_FOUND = "not_found"
"""As the common rows call 100/33."""

WRONG_OFFSET, NO_SESSION, NOT_UPLOADED = "1363037", "1363041", "1363130"
WRONG_OFFSET_TYPES = frozenset({"OffsetInvalidError", "PartialRequestError"})
"""rupload's: both tell how many bytes are there (D4)."""


def _already(said: Says) -> bool:
    return "already posted" in f"{said.message} {said.detail}".lower()


def _schedule(said: Says) -> bool:
    return "scheduled publish time" in said.detail


def _retriable(said: Says) -> bool:
    return said.detail == "retriable"


TAKEN: tuple[ErrorRow, ...] = (
    ErrorRow(code="duplicate_post", reaction=Reaction.TAKEN, subcodes=codes(1366051), field="images", source="A6",
             means="These photos are posted already.", remediation="Leave it at the post that is there."),
    ErrorRow(code="duplicate_post", reaction=Reaction.TAKEN, reasons=codes(368), says=_already, source="A6",
             means="The platform has just had this very post.", remediation="Change it, or leave it at the post that is there."),
    ErrorRow(code=SESSION_LOST, reaction=Reaction.TAKEN, subcodes=codes(NO_SESSION), source="A6",
             means="The platform no longer knows this upload."),
)  # fmt: skip

UPLOADS: tuple[ErrorRow, ...] = (
    ErrorRow(code="upload_incomplete", reaction=Reaction.NOT_DONE, subcodes=codes(NOT_UPLOADED), retry_after=15.0, source="A6, D5",
             means="The platform has not got the whole video yet."),
    ErrorRow(code="upload_stumbled", reaction=Reaction.NOT_DONE, subcodes=codes(WRONG_OFFSET, 1363019, 1363021, 1363030, 1363033),
             source="A6"),
    ErrorRow(code="upload_stumbled", reaction=Reaction.NOT_DONE, reasons=WRONG_OFFSET_TYPES, source="D4"),
    ErrorRow(code="upload_stumbled", reaction=Reaction.NOT_DONE, says=_retriable, source="A5, C2"),
    ErrorRow(code=UPLOAD_REFUSED, reaction=Reaction.REFUSED, reasons=codes("ProcessingFailedError", "success:false"), field="video",
             source="D4", remediation="Check that the file plays; another encoding (H.264, AAC, MP4) may help."),
    ErrorRow(code="platform_unavailable", reaction=Reaction.UNKNOWN, subcodes=codes(1609010, 1363047), scope=Scope.PLATFORM, source="A6"),
    ErrorRow(code="video_refused", reaction=Reaction.REFUSED, reasons=codes(6000), field="video", source="A6",
             remediation="Check that the file plays; another encoding (H.264, AAC, MP4) may help."),
)  # fmt: skip

MEDIA: tuple[ErrorRow, ...] = (
    ErrorRow(code="photo_too_large", reaction=Reaction.REFUSED, subcodes=codes(1366046), field="images", source="A6",
             remediation="Photos have at most 4 MB and are JPEG, PNG, GIF, BMP or TIFF."),
    ErrorRow(code="photo_unreadable", reaction=Reaction.REFUSED, reasons=codes(324), field="images", source="A6",
             means="The platform cannot read this photo.", remediation="Send it as JPEG or PNG."),
    ErrorRow(code="media_unreadable", reaction=Reaction.REFUSED, subcodes=codes(1349125, 2069019), field="media", source="A6",
             remediation="Check that the file is what its name says."),
)  # fmt: skip

POLICY: tuple[ErrorRow, ...] = (
    ErrorRow(code="content_refused", reaction=Reaction.REFUSED, subcodes=codes(1346003, 1404102), source="A6",
             remediation="The platform holds it to be abusive, or against its Community Standards."),
    ErrorRow(
        code="account_checkpoint", reaction=Reaction.NOT_DONE, subcodes=codes(1404006, 4854002), scope=Scope.ACCOUNT,
        retry_after=HOUR, source="A6", remediation="Ask the customer to log in at facebook.com and to confirm who they are; it then goes on by itself.",
    ),
    ErrorRow(
        code="page_authorization_required", reaction=Reaction.NOT_DONE, subcodes=codes(1404078), scope=Scope.ACCOUNT,
        retry_after=HOUR, source="A6, B5", means="The Page needs Page Publishing Authorization before anybody can post on it.",
        remediation="Ask the customer to complete it in the Page's settings; it then goes on by itself.",
    ),
)  # fmt: skip

WORDS: tuple[ErrorRow, ...] = (
    ErrorRow(code="link_refused", reaction=Reaction.REFUSED, subcodes=codes(1609008), field="link", source="A6",
             means="The platform takes no links to facebook.com."),
    ErrorRow(code="invalid_link", reaction=Reaction.REFUSED, subcodes=codes(2061006), field="link", source="A6"),
    ErrorRow(
        code="invalid_schedule", reaction=Reaction.REFUSED, reasons=codes(100), says=_schedule, field="options.scheduled_publish_time",
        source="D1, D4", remediation="The time lies 10 minutes to 30 days ahead, of a reel at most 29.",
    ),
)  # fmt: skip

OWN: tuple[ErrorRow, ...] = TAKEN + UPLOADS + MEDIA + POLICY + WORDS
