"""YouTube's knobs, its own faults, and what each method costs and needs: three tables, no behaviour."""

from dataclasses import dataclass

from waooaw_sandbox.faults import REQUIRED, FaultKind, Parameter
from waooaw_sandbox.knobs import Knob
from waooaw_sandbox.youtube.scopes import READING, UPLOADING, WRITING

CHUNK_UNIT = 256 * 1024
DAY = 86_400

KNOBS: tuple[Knob, ...] = (
    Knob("community_posts", False, "Serve communityPosts, which the real API does not have."),
    Knob("uploads_per_day", 100, "The project's bucket for videos.insert."),
    Knob("units_per_day", 10_000, "The project's general bucket."),
    Knob("searches_per_day", 100, "The project's bucket for search.list."),
    Knob("stats_per_day", 10_000, "The project's bucket for videos.batchGetStats."),
    Knob("charge_failed_inserts", True, "Does a refused videos.insert consume an upload? Unverified."),
    Knob("retry_after_on_quota", 0, "Seconds of a Retry-After header on quota errors; 0 sends none, as far as seen."),
    Knob("access_token_seconds", 3599, "How long an access token lives."),
    Knob("rotate_refresh_tokens", False, "Give a new refresh token with every refresh and kill the old one."),
    Knob("testing_mode", False, "The app is in Testing: refresh tokens die after 7 days."),
    Knob("refresh_tokens_per_account", 100, "One more per account and client kills the oldest."),
    Knob("no_channel_answer", "empty", "channels.list without a channel. Unverified.", ("empty", "youtubeSignupRequired")),
    Knob("strict_put_auth", True, "Does a PUT of bytes need the Authorization header? Unverified."),
    Knob("session_seconds", 7 * DAY, "Lifetime of an upload session. Undocumented."),
    Knob("session_gone_status", 404, "The answer of a session that is gone.", (404, 410)),
    Knob("final_status", 201, "The answer when the last byte is in.", (201, 200)),
    Knob("gap_status", 308, "The answer to a range that does not begin where the server stopped.", (308, 503)),
    Knob("keep_unit", CHUNK_UNIT, "What arrived of a cut chunk is kept rounded down to this many bytes."),
    Knob("keep_bytes", True, "Off: uploaded bytes are counted and thrown away, for benchmarks; the audience then has no hash."),
    Knob("processing_seconds", 5, "From uploaded to processed, on the sandbox's clock."),
    Knob("processing_outcome", "processed", "How processing ends.", ("processed", "failed", "rejected")),
    Knob("failure_reason", "codec", "status.failureReason of a failed video."),
    Knob("rejection_reason", "duplicate", "status.rejectionReason of a rejected video."),
    Knob("listing_lag_seconds", 0, "How long every new upload stays out of listings, on the sandbox's clock."),
)  # fmt: skip

PUTS = frozenset({"upload.chunk", "upload.final"})
ENDS = frozenset({"upload.final", "videos.insert_whole"})

FAULTS: tuple[FaultKind, ...] = (
    FaultKind(
        "reset_mid_chunk",
        "The connection is reset in mid-body; what arrived is kept, rounded down to 256 KiB.",
        (Parameter("after_bytes", int, REQUIRED, "body bytes read before the reset"),),
        PUTS,
    ),
    FaultKind(
        "partial_chunk",
        "The whole chunk is read but only its beginning kept: 308 with a Range smaller than what was sent.",
        (Parameter("keep", int, REQUIRED, "bytes of this chunk kept, rounded down to 256 KiB"),),
        PUTS,
    ),
    FaultKind("no_range", "Everything stored is thrown away: 308 without a Range header.", (), PUTS | {"upload.query"}),
    FaultKind(
        "session_expired",
        "The session is dead and nothing was committed: 404, now and for ever.",
        (),
        PUTS | {"upload.query"},
    ),
    FaultKind(
        "session_gone_after_commit",
        "The video is committed, the connection reset, and the session then answers as if it had never been.",
        (Parameter("status", int, 404, "what the session answers from then on", (404, 410)),),
        frozenset({"upload.final"}),
    ),
    FaultKind(
        "slow_listing",
        "What is committed by this call stays out of listings (videos.list and the uploads playlist) for a while.",
        (Parameter("seconds", float, REQUIRED, "seconds on the sandbox's clock"),),
        ENDS | {"communityPosts.insert"},
    ),
    FaultKind(
        "foreign_upload_url",
        "Location names a foreign host.",
        (Parameter("host", str, "uploads.example.net", "the foreign host, perhaps with a port"),),
        frozenset({"videos.insert"}),
    ),
    FaultKind("wrong_privacy", "The video ends private, whatever was asked.", (), ENDS | {"videos.update"}),
)


@dataclass(frozen=True)
class Method:
    """What a call needs and costs: contract youtube 1.6 and 6.2. `writes` are refused to a suspended account."""

    scopes: frozenset[str]
    bucket: str
    cost: int
    writes: bool = True


METHODS: dict[str, Method] = {
    "videos.insert": Method(UPLOADING, "uploads", 1),
    "videos.insert_whole": Method(UPLOADING, "uploads", 1),
    "thumbnails.set": Method(UPLOADING, "units", 50),
    "channels.list": Method(READING, "units", 1, writes=False),
    "videos.list": Method(READING, "units", 1, writes=False),
    "videos.update": Method(WRITING, "units", 50),
    "videos.delete": Method(WRITING, "units", 50),
    "videos.batchGetStats": Method(READING, "stats", 1, writes=False),
    "search.list": Method(READING, "searches", 1, writes=False),
    "playlistItems.list": Method(READING, "units", 1, writes=False),
    "playlistItems.insert": Method(WRITING, "units", 50),
    "playlists.list": Method(READING, "units", 1, writes=False),
    "playlists.insert": Method(WRITING, "units", 50),
    "communityPosts.insert": Method(WRITING, "units", 50),
    "communityPosts.list": Method(READING, "units", 1, writes=False),
}
