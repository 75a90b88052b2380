"""No format of any platform goes without a crash sweep."""

from waooaw_social.durable.ports import Delays
from waooaw_social.platforms.registry import kits

SWEPT: dict[str, set[str]] = {
    "youtube": {"short", "text"},  # the Short twice: now, and due later, which is another flow
    "instagram": {"image", "carousel", "reel", "story"},
    "facebook": {"text", "photos", "video", "reel", "story"},
    "linkedin": {"text", "images", "video", "document", "article", "poll", "reshare"},
    "whatsapp": {"text", "image", "interactive", "template"},
}
"""Platform, and the formats that its `test_*_sweep.py` plays."""
SAME_FLOW = {
    ("youtube", "video"): "short",
    **{("whatsapp", kind): "image" for kind in ("video", "audio", "document", "sticker")},
    **{("whatsapp", kind): "interactive" for kind in ("location", "contacts", "reaction")},
}
"""Formats whose steps are another one's, with other words in the message."""


def test_the_sweep_knows_every_format_of_every_platform() -> None:
    for kit in kits().values():
        platform = kit.manifest.platform
        same = {format for of, format in SAME_FLOW if of == platform}
        assert set(kit.manifest.formats) == SWEPT[platform] | same, platform


def test_the_default_reconcile_delay_outlasts_every_platforms_lag() -> None:
    for kit in kits().values():
        lag = kit.manifest.lag.acting + kit.manifest.lag.listing
        assert Delays().enough_for(request_timeout=kit.manifest.request_timeout, lag=lag), kit.manifest.platform
