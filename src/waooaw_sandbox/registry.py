"""Which platforms there are: one line each."""

from collections.abc import Callable, Mapping
from typing import Any

from waooaw_sandbox import facebook, instagram, linkedin, whatsapp, youtube
from waooaw_sandbox.kit import Platform, World

BUILDERS: dict[str, Callable[[World, Mapping[str, Any]], Platform]] = {
    "youtube": youtube.build,
    "whatsapp": whatsapp.build,  # before the other two of Meta's: it claims only what is its own
    "instagram": instagram.build,
    "facebook": facebook.build,
    "linkedin": linkedin.build,
}
