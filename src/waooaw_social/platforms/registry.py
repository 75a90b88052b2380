"""Every platform, by name. A new one is one folder and one word here."""

from collections.abc import Mapping

from waooaw_social.core.ids import Platform
from waooaw_social.platforms import facebook, instagram, linkedin, whatsapp, youtube
from waooaw_social.platforms.kit import Kits


def kits(*, limits: Mapping[str, int] | None = None, features: frozenset[str] = frozenset()) -> Kits:
    """All platforms. `limits` overrides quota limits by their settings' names; `features` switches on what is off by default."""
    every = [build(features) for build in (youtube.kit, instagram.kit, facebook.kit, linkedin.kit, whatsapp.kit)]
    return {Platform(kit.manifest.platform): kit.with_limits(limits or {}) for kit in every}
