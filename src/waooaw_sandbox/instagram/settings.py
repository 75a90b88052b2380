"""Instagram's own knobs, faults and limits: tables, no behaviour (contract meta A8, C1, C6 and C7)."""

from waooaw_sandbox.faults import REQUIRED, FaultKind, Parameter
from waooaw_sandbox.knobs import Knob
from waooaw_sandbox.meta import settings as common
from waooaw_sandbox.meta.gate import Need

CAPTION_CHARACTERS, CAPTION_HASHTAGS, CAPTION_MENTIONS = 2200, 30, 20
ALT_TEXT_CHARACTERS = 1000
COLLABORATORS = 3
TAGS = 20
CHILDREN = range(2, 11)
IMAGE_BYTES = 8 * 1024 * 1024
REEL_BYTES = 300 * 1024 * 1024
STORY_BYTES = 100 * 1024 * 1024
NARROWEST, WIDEST = 0.8, 1.91
RATIO_SLACK = 0.01
"""Meta's 4:5 and 1.91:1 are rounded figures: 1080x566 is accepted."""

KNOBS: tuple[Knob, ...] = (
    *common.KNOBS,
    Knob("image_seconds", 0, "From creation to FINISHED for images."),
    Knob("video_seconds", 5, "From the last byte to FINISHED for videos and reels."),
    Knob("carousel_seconds", 0, "From creation to FINISHED for carousels."),
    Knob("container_seconds", 86_400, "When an unpublished container expires."),
    Knob("quota_total", 50, "Posts per rolling day and account, as content_publishing_limit tells it."),
    Knob("containers_per_day", 400, "Containers per rolling day and account."),
    Knob("container_cap_reason", "9/2207042", "The error beyond that. Unverified.", ("9/2207042", "4", "-1/2207032")),
    Knob("double_publish", "a", "media_publish of a published container: 9007, 24, or the same media id. Unverified.", ("a", "b", "c")),
    Knob("resumable_on_instagram_login", True, "Does upload_type=resumable work with Instagram Login? Unverified."),
    Knob("png_accepted", False, "Are PNG images taken? Often in practice, undocumented."),
    Knob("strict_video", False, "Is a video refused that has no whole movie header of 3 s to 15 min?"),
    Knob("partial_answer", "error", "A request to rupload that ends before the file does.", ("error", "ok")),
    Knob("code_answer", "flat", "The token answer of api.instagram.com: flat, or in data[].", ("flat", "list")),
    Knob("permissions_shape", "text", "`permissions` there: comma-joined, or a list. Unverified.", ("text", "list")),
    Knob("numeric_user_id", False, "Is `user_id` there a number?"),
    Knob("me_answer", "flat", "graph.instagram.com/me: flat, or in data[].", ("flat", "list")),
    Knob("early_refresh_reason", "100", "The error of a refresh in the first 24 hours. Unverified.", ("100", "190", "10")),
    Knob("early_refresh_message", "The access token must be at least 24 hours old", "Its message. Unverified."),
    Knob("old_token_lives", True, "Does a refreshed token's predecessor go on until its own end? Unverified."),
)  # fmt: skip

UPLOADS = frozenset({"rupload.upload"})
FAULTS: tuple[FaultKind, ...] = (
    *common.common_faults({"media_publish"}, {"media.create", "media_publish"}),
    FaultKind(
        "container_error",
        "The container is created, and ends in ERROR with this status text.",
        (
            Parameter("subcode", int, 2207076, "the number in the text"),
            Parameter("text", str, "Error: Media upload has failed with error code {subcode}", "the status field"),
        ),
        frozenset({"media.create"}),
    ),
    FaultKind("stuck_container", "The container stays IN_PROGRESS until it expires.", (), frozenset({"media.create"})),
    FaultKind(
        "reset_mid_upload",
        "The connection is reset in mid-body; what arrived is kept.",
        (Parameter("after_bytes", int, REQUIRED, "body bytes read before the reset"),),
        UPLOADS,
    ),
    FaultKind(
        "partial_upload",
        "The whole body is read but only its beginning kept: PartialRequestError.",
        (Parameter("keep", int, REQUIRED, "bytes of this request kept"),),
        UPLOADS,
    ),
)

READ = Need(facebook=("instagram_basic", "pages_read_engagement"), instagram=("instagram_business_basic",))
PUBLISH = Need(
    facebook=("instagram_basic", "instagram_content_publish", "pages_read_engagement"),
    instagram=("instagram_business_basic", "instagram_business_content_publish"),
    task="CREATE_CONTENT",
)
DELETE = Need(facebook=("instagram_basic", "instagram_manage_contents"))
EDIT = Need(facebook=("instagram_manage_comments",), instagram=("instagram_business_manage_comments",))
UPLOAD = Need(facebook=PUBLISH.facebook, instagram=PUBLISH.instagram, parsed=False, proof=False)
