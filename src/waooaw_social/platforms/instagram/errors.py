"""Instagram's own ways of saying no, in front of Graph's (contract meta A8, and what was seen beside it).

Nearly all are told by their subcode alone: the same number stands in the answer to a call and in the status text of a container that
failed. What another try may cure is NOT_DONE; a container that is gone is TAKEN, because it may have been used up by us.
"""

from waooaw_social.core.refusal import Cure, Reaction, Scope
from waooaw_social.platforms.graph.errors import HOUR, MINUTE, codes
from waooaw_social.platforms.graph.facts import PUBLISHING
from waooaw_social.platforms.manifest import ErrorRow, Says

GONE, NOT_READY, UNREACHABLE, UPLOAD_FAILED = "container_gone", "not_ready", "media_unreachable", "upload_failed"
CONTAINER = "container"
"""The reason under which a container's own status is explained."""


def _location(said: Says) -> bool:
    return "INVALID_LOCATION_ID" in said.detail


def _not_professional(said: Says) -> bool:
    return "not an Instagram Business" in said.detail


def _not_joined(said: Says) -> bool:
    return "method type: get" in said.detail


PUBLISHES: tuple[ErrorRow, ...] = (
    ErrorRow(code=NOT_READY, reaction=Reaction.NOT_DONE, subcodes=codes(2207027), retry_after=30.0, source="A8",
             means="Instagram is not done with the media yet."),
    ErrorRow(code=GONE, reaction=Reaction.TAKEN, subcodes=codes(2207006, 2207008, 2207020), source="A8",
             means="Instagram no longer has what was prepared."),
    ErrorRow(
        code="publishing_limit", reaction=Reaction.EXHAUSTED, reasons=codes(9), scope=Scope.ACCOUNT, bucket=PUBLISHING,
        retry_after=30 * MINUTE, source="A8, C6", means="The account has published as much as Instagram lets it in 24 hours.",
        remediation="It goes on by itself when there is room.",
    ),
    ErrorRow(
        code="account_restricted", reaction=Reaction.NOT_DONE, subcodes=codes(2207050), scope=Scope.ACCOUNT, retry_after=HOUR,
        source="A8", means="The Instagram account is inactive, restricted, or has to pass a check.",
        remediation="Ask the customer to open the Instagram app and do what it asks for.",
    ),
)  # fmt: skip

AGAIN: tuple[ErrorRow, ...] = (
    ErrorRow(
        code=UNREACHABLE, reaction=Reaction.NOT_DONE, subcodes=codes(2207003, 2207052, 2207077), retry_after=5.0, field="url",
        source="A8", means="Instagram cannot fetch the file from its URL.",
        remediation="The URL must be public, answer at once with the file itself, and not forbid crawlers.",
    ),
    ErrorRow(code="platform_unavailable", reaction=Reaction.UNKNOWN, subcodes=codes(2207001), scope=Scope.PLATFORM, source="A8"),
    ErrorRow(code="processing_failed", reaction=Reaction.NOT_DONE, subcodes=codes(2207032, 2207053), retry_after=30.0, source="A8"),
    ErrorRow(
        code="processing_failed", reaction=Reaction.NOT_DONE, subcodes=codes(2207082), retry_after=30.0, field="video",
        source="A8: seen, often with heavy files or without a sound track", means="Instagram could not process the video.",
        remediation="Send a smaller file, H.264 with AAC sound.",
    ),
)  # fmt: skip

IMAGES: tuple[ErrorRow, ...] = (
    ErrorRow(code="image_too_large", reaction=Reaction.REFUSED, subcodes=codes(2207004), field="images", source="A8",
             means="The image is larger than 8 MB.", remediation="Save it smaller."),
    ErrorRow(code="image_format", reaction=Reaction.REFUSED, subcodes=codes(2207005), field="images", source="A8",
             means="Instagram takes JPEG images only.", remediation="Convert it to JPEG."),
    ErrorRow(code="image_ratio", reaction=Reaction.REFUSED, subcodes=codes(2207009), field="images", source="A8",
             means="The image is narrower than 4:5 or wider than 1.91:1.", remediation="Crop it."),
)  # fmt: skip

VIDEOS: tuple[ErrorRow, ...] = (
    ErrorRow(
        code="video_format", reaction=Reaction.REFUSED, subcodes=codes(2207026, 2207076, 2207085), field="video", source="A8",
        means="Instagram does not take a video of this kind.",
        remediation="Encode it anew: MP4, H.264, AAC sound, 23 to 60 frames a second, the index (moov) first.",
    ),
    ErrorRow(code="invalid_thumb_offset", reaction=Reaction.REFUSED, subcodes=codes(2207057), field="options.thumb_offset",
             source="A8", means="The cover's moment lies outside the video."),
    ErrorRow(code="upload_incomplete", reaction=Reaction.NOT_DONE, reasons=codes("OffsetInvalidError", "PartialRequestError"),
             retry_after=2.0, source="D4, C2", means="Instagram has not got the whole file yet."),
    ErrorRow(code=UPLOAD_FAILED, reaction=Reaction.REFUSED, reasons=codes("ProcessingFailedError"), field="video", source="A5, C2"),
)  # fmt: skip

WORDS: tuple[ErrorRow, ...] = (
    ErrorRow(
        code="caption_too_long", reaction=Reaction.REFUSED, subcodes=codes(2207010), field="text", source="A8",
        means="A caption has at most 2200 characters, 30 hashtags and 20 mentions.", remediation="Shorten it.",
    ),
    ErrorRow(code="carousel_items", reaction=Reaction.REFUSED, subcodes=codes(2207028), field="items", source="A8",
             means="A carousel has 2 to 10 items."),
    ErrorRow(code="invalid_tags", reaction=Reaction.REFUSED, subcodes=codes(2207035, 2207036, 2207037, 2207040), source="A8"),
    ErrorRow(code="invalid_collaborator", reaction=Reaction.REFUSED, subcodes=codes(2207018), field="options.collaborators",
             source="A8: seen", means="One of the collaborators cannot be named."),
    ErrorRow(code="invalid_location", reaction=Reaction.REFUSED, reasons=codes(100), says=_location, field="options.location_id",
             source="A8: seen", means="Instagram knows no place of this id."),
    ErrorRow(code="request_defect", reaction=Reaction.REFUSED, subcodes=codes(2207023), source="A8",
             remediation="This is a defect of this program, not of what you sent."),
    ErrorRow(code="unsupported_by_account", reaction=Reaction.REFUSED, subcodes=codes(2207081), scope=Scope.ACCOUNT, source="A8: seen",
             means="This account has no trial reels."),
    ErrorRow(code="not_deletable", reaction=Reaction.REFUSED, subcodes=codes(2207073), source="A8"),
)  # fmt: skip

ACCOUNTS: tuple[ErrorRow, ...] = (
    ErrorRow(
        code="not_professional", reaction=Reaction.CURE, cure=Cure.RECONNECT, reasons=codes(100), says=_not_professional,
        scope=Scope.ACCOUNT, source="A8: seen", means="The account is not a professional one.",
        remediation="Switch it to a professional account in the Instagram app, then connect it again.",
    ),
    ErrorRow(
        code="needs_operator", reaction=Reaction.CURE, cure=Cure.OPERATOR, reasons=codes(100), says=_not_joined, scope=Scope.APP,
        source="A8: seen", means="The app and the account are not authorised for each other.",
        remediation="Check the app's mode and the account's tester role at Meta.",
    ),
)  # fmt: skip

OTHERS: tuple[ErrorRow, ...] = (
    ErrorRow(code=NOT_READY, reaction=Reaction.NOT_DONE, reasons=codes(9007), retry_after=30.0, source="A8"),
    ErrorRow(code=GONE, reaction=Reaction.TAKEN, reasons=codes(24), source="A8"),
    ErrorRow(code=UNREACHABLE, reaction=Reaction.NOT_DONE, reasons=codes(9004), retry_after=5.0, field="url", source="A8"),
    ErrorRow(code="platform_unavailable", reaction=Reaction.UNKNOWN, reasons=codes(-1), scope=Scope.PLATFORM, source="A8"),
    ErrorRow(code="processing_failed", reaction=Reaction.REFUSED, reasons=codes(CONTAINER), source="C3",
             remediation="Look at the file: Instagram does not say more."),
)  # fmt: skip

OWN: tuple[ErrorRow, ...] = PUBLISHES + AGAIN + IMAGES + VIDEOS + WORDS + ACCOUNTS + OTHERS
