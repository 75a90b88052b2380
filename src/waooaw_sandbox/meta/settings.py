"""The knobs and faults that Instagram and Facebook have in common: tables, no behaviour."""

from collections.abc import Collection

from waooaw_sandbox.faults import REQUIRED, FaultKind, Parameter
from waooaw_sandbox.knobs import Knob

DAY = 86_400

KNOBS: tuple[Knob, ...] = (
    Knob("default_version", "v26.0", "The version that answers a path without one."),
    Knob("oldest_version", "v21.0", "An older version in a path is answered by this one."),
    Knob("short_token_seconds", 5400, "Lifetime of a short token; Instagram's short one lives an hour at most."),
    Knob("reexchange_extends", False, "Does fb_exchange_token of a long token give a new 60 days? Unverified."),
    Knob("require_appsecret_proof", False, "The app's setting Require App Secret."),
    Knob("token_error_status", 400, "HTTP status of 190.", (400, 401)),
    Knob("permission_status", 403, "HTTP status of 10 and 200.", (403, 400)),
    Knob("limit_status", 403, "HTTP status of 4 and 32 when a bucket is full. Unverified.", (403, 400)),
    Knob("usage_percent", 1, "What the usage headers show before any call."),
    Knob("usage_ramp", 0, "Percent that every call adds, per token type's bucket; at 100 calls are refused."),
    Knob("usage_window_seconds", 3600, "How long a call counts."),
    Knob("usage_header_after", 0, "Calls before the header appears at all."),
    Knob("regain_minutes", 10, "estimated_time_to_regain_access of a full bucket."),
    Knob("listing_lag_seconds", 0, "How long every new post stays out of listings, on the sandbox's clock."),
    Knob("fetch_seconds", 10, "Real seconds a fetch of a given URL may take."),
    Knob("fetch_range", True, "Is a URL fetched with `Range: bytes=0-`?"),
    Knob("robots", False, "Is robots.txt of a given URL's host read and obeyed?"),
)


def common_faults(publishing: Collection[str], creating: Collection[str]) -> tuple[FaultKind, ...]:
    """`publishing` routes put something before the audience, `creating` ones make any object."""
    publishes, creates = frozenset(publishing), frozenset(creating)
    seconds = Parameter("seconds", float, REQUIRED, "seconds on the sandbox's clock")
    return (
        FaultKind("publish_then_403", "It is done, yet 403 with 4/2207051 \"action is blocked\" is answered.", (), publishes),
        FaultKind("publish_then_500", "It is done, yet 500 with code 2 is answered.", (), publishes),
        FaultKind("publish_then_drop", "It is done, then the connection is reset.", (), publishes),
        FaultKind("html_502", "It is done, yet a gateway's HTML page with 502 is answered.", ()),
        FaultKind("slow_listing", "What this call publishes stays out of listings for a while.", (seconds,), publishes),
        FaultKind("fresh_33", "What this call creates is answered with 100/33 when read by its id for a while.", (seconds,), creates),
    )  # fmt: skip
