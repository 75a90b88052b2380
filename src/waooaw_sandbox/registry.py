"""Which platforms there are: one line each."""

from collections.abc import Callable, Mapping
from typing import Any

from waooaw_sandbox import facebook, instagram, youtube
from waooaw_sandbox.kit import Platform, World

BUILDERS: dict[str, Callable[[World, Mapping[str, Any]], Platform]] = {
    "youtube": youtube.build,
    "instagram": instagram.build,
    "facebook": facebook.build,
}
