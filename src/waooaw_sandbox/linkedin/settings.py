"""LinkedIn's knobs, its own faults, and what each method needs: three tables, no behaviour."""

from dataclasses import dataclass

from waooaw_sandbox.faults import REQUIRED, FaultKind, Parameter
from waooaw_sandbox.knobs import Knob

DAY = 86_400

KNOBS: tuple[Knob, ...] = (
    Knob("also_active", "", "Versions without a known end that are active too, with commas: 202610,202611. Unverified."),
    Knob("retired", "", "Versions that are retired today, with commas, whatever the table says."),
    Knob("without_protocol", "refuse_lists", "A query without X-Restli-Protocol-Version 2.0.0. The text is unverified.", ("refuse_lists", "refuse", "accept")),
    Knob("access_token_seconds", 60 * DAY, "How long an access token lives."),
    Knob("refresh_token_seconds", 365 * DAY, "How long a refresh token lives from the consent on; refreshing never prolongs it."),
    Knob("refresh_tokens", True, "Off: the app is no approved partner and gets no refresh tokens."),
    Knob("scope_change_kills", "access", "What a consent to another set of scopes kills of the member's: `access`, or `all` with the refresh tokens. `all` is unverified.", ("access", "all")),
    Knob("revoke_kills_siblings", False, "Does revoking one token kill the member's others? Unverified."),
    Knob("revoke_served", True, "Is there a revoke endpoint? Unverified."),
    Knob("invalid_client_status", 401, "The status of a wrong client secret. Unverified.", (401, 400)),
    Knob("unauthorized_body", "coded", "A 401 with a `code`, or bare.", ("coded", "bare")),
    Knob("empty_token_code", 65604, "serviceErrorCode of a call without a token. Unverified.", (65604, 401)),
    Knob("development_tier", False, "500 calls a day for the app, 100 for a member, and no BATCH_GET."),
    Knob("app_calls_per_day", 100_000, "Per endpoint, for the app; refilled at midnight UTC. 0: no limit. Unverified."),
    Knob("member_calls_per_day", 2_000, "Per endpoint and member. 0: no limit. Unverified."),
    Knob("member_posts_per_day", 150, "posts.create per member, instead of the above."),
    Knob("member_throttle_word", "member", "How the 429 of a member is worded.", ("member", "application_and_member")),
    Knob("commentary_characters", 3000, "The longest commentary."),
    Knob("count_characters", "utf16", "What is counted as a character. Unverified.", ("utf16", "code_points")),
    Knob("count_escapes", False, "Does the limit count what was sent, with its backslashes? Unverified."),
    Knob("read_back", "cut", "Does a GET return what nobody sees behind an unescaped character? Unverified.", ("cut", "whole")),
    Knob("article_title_characters", 400, "Unverified."),
    Knob("article_description_characters", 4086, "Unverified."),
    Knob("urn_kind", "by_content", "The type of a post's URN: ugcPost for videos and polls, else share; or always one.", ("by_content", "share", "ugcPost")),
    Knob("id_header", "x-restli-id", "Where the URN of a new post stands.", ("x-restli-id", "x-linkedin-id", "both")),
    Knob("duplicate_window_seconds", 600, "The same text by the same author within it is DUPLICATE_POST; 0 never. 24 to 48 hours were seen."),
    Knob("duplicate_ghosts", True, "A deleted post still counts as a duplicate: the error names a URN that is gone."),
    Knob("duplicate_compares", "text", "What must be the same.", ("text", "text_and_content")),
    Knob("duplicate_names_urn", True, "Off: the message is only \"Duplicate post is detected\"."),
    Knob("listing_lag_seconds", 0, "How long every new post stays out of the finder. Unverified."),
    Knob("finder_total", False, "Does the finder tell a total? Unverified."),
    Knob("publish_seconds", 0, "How long a new post with a video is PUBLISH_REQUESTED before anybody sees it."),
    Knob("post_before_available", "refuse", "A post whose asset is not AVAILABLE: 400, or 201 and unseen until it is.", ("refuse", "accept")),
    Knob("member_asset_reads", "no_images", "What w_member_social alone may read of its own assets.", ("no_images", "none", "all")),
    Knob("image_seconds", 0, "From the last byte to AVAILABLE."),
    Knob("video_seconds", 5, "From finalize to AVAILABLE."),
    Knob("document_seconds", 2, "From the last byte to AVAILABLE."),
    Knob("image_bytes", 8_000_000, "The largest image. Unverified: 5 to 8 MB in practice."),
    Knob("image_pixels", 36_152_319, "The most pixels."),
    Knob("least_video_bytes", 75_000, "The smallest video."),
    Knob("video_bytes", 500_000_000, "The largest video."),
    Knob("document_bytes", 100_000_000, "The largest document."),
    Knob("look_at_files", True, "Images and documents must begin like one; else their processing fails."),
    Knob("part_bytes", 4_194_304, "The size of a video's parts."),
    Knob("upload_token", "", "uploadToken of a video; finalize must repeat it."),
    Knob("etag_quotes", False, "Are ETags of parts in quotes? Either is accepted. Unverified."),
    Knob("upload_needs_token", True, "Does the PUT of an image or a document need the Authorization header?"),
    Knob("upload_url_seconds", 30 * DAY, "How long upload URLs live."),
    Knob("expired_url_status", 403, "The status of EXPIRED_UPLOAD_URL.", (403, 400)),
    Knob("acl_field", "organization", "What the organization is called in organizationAcls.", ("organization", "organizationTarget", "organizationalTarget")),
    Knob("impressions", 0, "Impressions per post. Posts with none are missing from the statistics."),
)  # fmt: skip

SECONDS = Parameter("seconds", float, REQUIRED, "seconds on the sandbox's clock")
OPENING = frozenset({"images.initialize", "videos.initialize", "documents.initialize"})
UPLOADS = frozenset({"upload.file", "upload.part"})
ENDS = frozenset({"upload.file", "videos.finalize"})
CREATE = frozenset({"posts.create"})
PART = frozenset({"upload.part"})

FAULTS: tuple[FaultKind, ...] = (
    FaultKind("slow_listing", "What this call posts stays out of the finder for a while.", (SECONDS,), CREATE),
    FaultKind("duplicate_ghost", "Nothing is done; DUPLICATE_POST names a URN that does not exist.", (), CREATE),
    FaultKind("no_id", "It is posted and 201 answered, without a header that names it.", (), CREATE),
    FaultKind("fresh_404", "What this call posts is 404 when read by its URN for a while.", (SECONDS,), CREATE),
    FaultKind("fresh_token", "The token answers 401/65601 for a while, as fresh ones do.", (SECONDS,), frozenset({"oauth.token"})),
    FaultKind(
        "fresh_forbidden",
        "The asset is \"forbidden\" to reads and posts for a while, as unpropagated ones are.",
        (SECONDS,),
        OPENING,
    ),
    FaultKind(
        "foreign_upload_url",
        "The upload URLs name a foreign host.",
        (Parameter("host", str, "uploads.example.net", "the foreign host, perhaps with a port"),),
        OPENING,
    ),
    FaultKind("expired_upload_url", "Nothing is kept; the URL is dead: EXPIRED_UPLOAD_URL, now and for ever.", (), UPLOADS),
    FaultKind(
        "reset_mid_upload",
        "The connection is reset in mid-body, and nothing of this call is kept.",
        (Parameter("after_bytes", int, REQUIRED, "body bytes read before the reset"),),
        UPLOADS,
    ),
    FaultKind("etag_missing", "The part is kept, and answered without an ETag.", (), PART),
    FaultKind("wrong_etag", "The part is kept, and answered with an ETag that finalizing does not know.", (), PART),
    FaultKind("part_lost", "The part is answered as usual and not kept: processing will fail.", (), PART),
    FaultKind(
        "processing_failed",
        "What this call completes ends in PROCESSING_FAILED.",
        (Parameter("text", str, "The media could not be transcoded", "processingFailureReason"),),
        ENDS,
    ),
    FaultKind("stuck_processing", "What this call completes stays in PROCESSING for ever.", (), ENDS),
)  # fmt: skip


@dataclass(frozen=True)
class Method:
    """A method of a resource, as refusals name it. The token needs one of the scopes; None is any token.

    Whether the member may act for this author is asked once the author is known.
    """

    resource: str
    verb: str
    scopes: frozenset[str] | None
    versioned: bool = True


WRITE = frozenset({"w_organization_social", "w_member_social"})
READ = frozenset({"r_organization_social", "r_member_social"})
ASSETS = WRITE | READ
ADMIN = frozenset({"rw_organization_admin", "r_organization_admin"})

METHODS: dict[str, Method] = {
    "userinfo.get": Method("userinfo", "GET", frozenset({"profile"}), versioned=False),
    "me.get": Method("me", "GET", frozenset({"r_basicprofile", "r_liteprofile"}), versioned=False),
    "posts.create": Method("partnerApiPostsExternal", "CREATE", WRITE),
    "posts.get": Method("partnerApiPostsExternal", "GET", READ),
    "posts.list": Method("partnerApiPostsExternal", "FINDER-author", READ),
    "posts.batch_get": Method("partnerApiPostsExternal", "BATCH_GET", READ),
    "posts.update": Method("partnerApiPostsExternal", "PARTIAL_UPDATE", WRITE),
    "posts.delete": Method("partnerApiPostsExternal", "DELETE", WRITE),
    "images.initialize": Method("partnerApiImages", "ACTION-initializeUpload", WRITE),
    "images.get": Method("partnerApiImages", "GET", ASSETS),
    "videos.initialize": Method("partnerApiVideos", "ACTION-initializeUpload", WRITE),
    "videos.finalize": Method("partnerApiVideos", "ACTION-finalizeUpload", WRITE),
    "videos.get": Method("partnerApiVideos", "GET", ASSETS),
    "documents.initialize": Method("partnerApiDocuments", "ACTION-initializeUpload", WRITE),
    "documents.get": Method("partnerApiDocuments", "GET", ASSETS),
    "organizationAcls.list": Method("organizationAcls", "FINDER", ADMIN),
    "organizations.get": Method("organizations", "GET", ADMIN),
    "organizations.list": Method("organizations", "FINDER-vanityName", ADMIN),
    "organizationsLookup.list": Method("organizationsLookup", "BATCH_GET", ADMIN),
    "networkSizes.get": Method("networkSizes", "GET", ADMIN | {"r_organization_social", "r_organization_followers"}),
    "shareStatistics.list": Method("organizationalEntityShareStatistics", "FINDER-organizationalEntity", ADMIN),
    "socialActions.get": Method("socialActions", "GET", READ),
}
