"""waooaw-social: publish on behalf of many customers, never twice, never lost. The names below are the library face."""

from waooaw_social.clients.environment import get_default_resolver
from waooaw_social.clients.facebook import FacebookClient
from waooaw_social.clients.instagram import InstagramClient
from waooaw_social.clients.linkedin import LinkedInClient
from waooaw_social.clients.whatsapp import WhatsAppClient
from waooaw_social.clients.youtube import YouTubeClient
from waooaw_social.core.events import PlatformPostEvent, PostingStatus
from waooaw_social.core.post import SocialPostResult
from waooaw_social.core.refusal import SocialOutcomeUnknown, SocialPlatformError
from waooaw_social.metrics import PlatformMetricsCollector, TimedPlatformCall, get_metrics_collector
from waooaw_social.wire.ports import ResolvedSocialCredentials
from waooaw_social.wire.resolver import CPSocialCredentialResolver

__all__ = [
    "CPSocialCredentialResolver",
    "FacebookClient",
    "InstagramClient",
    "LinkedInClient",
    "PlatformMetricsCollector",
    "PlatformPostEvent",
    "PostingStatus",
    "ResolvedSocialCredentials",
    "SocialOutcomeUnknown",
    "SocialPlatformError",
    "SocialPostResult",
    "TimedPlatformCall",
    "WhatsAppClient",
    "YouTubeClient",
    "get_default_resolver",
    "get_metrics_collector",
]
