"""Facebook Pages' own knobs, faults and rights: tables, no behaviour (contract meta D and B5)."""

from waooaw_sandbox.faults import REQUIRED, FaultKind, Parameter
from waooaw_sandbox.knobs import Knob
from waooaw_sandbox.meta import settings as common
from waooaw_sandbox.meta.gate import Need

MINUTE, DAY = 60, 86_400
EARLIEST, LATEST = 10 * MINUTE, 30 * DAY
REEL_LATEST = 29 * DAY

KNOBS: tuple[Knob, ...] = (
    *common.KNOBS,
    Knob("message_characters", 63_206, "The longest message. De facto, not in the reference."),
    Knob("photo_bytes", 10 * 1024 * 1024, "The largest photo; older copies of the docs say 4 MB."),
    Knob("photo_fetch_range", False, "Is a photo's URL fetched with `Range: bytes=0-`? A 206 is then refused with 324."),
    Knob("scrape_links", False, "Is a posted link really fetched, and the post refused with 1609005 if that fails?"),
    Knob("duplicate_window_seconds", 0, "The same message again within so many seconds is refused with 506. Unverified."),
    Knob("video_seconds", 5, "From the last byte to ready for videos, reels and video stories."),
    Knob("chunk_bytes", 1_048_576, "How much the chunked upload asks for at a time."),
    Knob("reels_per_day", 30, "Reels published per rolling day and Page."),
    Knob("reel_cap_reason", "613", "The error beyond that. Unverified.", ("613", "368", "4", "80001")),
    Knob("double_finish", "ok", "A second finish of a published upload: success again, or an error. Unverified.", ("ok", "error")),
    Knob("finish_post_id", False, "Does finishing a reel answer its post_id? Unverified."),
    Knob("shadow_post", False, "Do unpublished photos answer a post_id? Unverified."),
    Knob("json_reels", True, "Does finishing a reel or story read a JSON body? One report says no."),
    Knob("status_spelling", "live", "The video status object as seen live, or as the docs spell it.", ("live", "docs")),
    Knob("numeric_story_post_id", True, "Is a story's post_id a number, as in the docs?"),
    Knob("uploads_need_user_token", True, "Does /app/uploads refuse Page tokens?"),
    Knob("partial_answer", "error", "A request to rupload or /upload: that ends before the file does.", ("error", "ok")),
    Knob("unpublished_photo_seconds", DAY, "When an unpublished photo that nothing uses is gone. Unverified."),
)  # fmt: skip

PUBLISHING = frozenset(
    {
        "feed.post",
        "photos.post",
        "photo_stories.post",
        "videos.post",
        "videos.finish",
        "reels.finish",
        "video_stories.finish",
        "post.update",
    }
)
OPENING = frozenset({"photos.upload", "videos.start", "reels.start", "video_stories.start", "uploads.open"})
BYTES = frozenset({"rupload.upload", "uploads.send"})

FAULTS: tuple[FaultKind, ...] = (
    *common.common_faults(PUBLISHING, PUBLISHING | OPENING),
    FaultKind("duplicate_506", "Nothing is done; 506 \"Duplicate status message\" is answered.", (), frozenset({"feed.post", "photos.post", "videos.post"})),
    FaultKind(
        "video_error",
        "The bytes are taken, and processing ends in error.",
        (Parameter("message", str, "Video processing failed", "the error's message"),),
        frozenset({"videos.post", "videos.transfer", "rupload.upload"}),
    ),
    FaultKind(
        "reset_mid_upload",
        "The connection is reset in mid-body; what arrived is kept.",
        (Parameter("after_bytes", int, REQUIRED, "body bytes read before the reset"),),
        BYTES,
    ),
    FaultKind(
        "partial_upload",
        "The whole body is read but only its beginning kept.",
        (Parameter("keep", int, REQUIRED, "bytes of this request kept"),),
        BYTES | {"videos.transfer"},
    ),
)  # fmt: skip

READ = Need(facebook=("pages_read_engagement",))
POST = Need(
    facebook=("pages_manage_posts", "pages_read_engagement", "pages_show_list"), task="CREATE_CONTENT", page_token=True
)
SEND = Need(facebook=("pages_manage_posts",), parsed=False, proof=False)
