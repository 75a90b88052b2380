"""WhatsApp Business Cloud API: its facts, its calls, its flow, its tokens, and what its webhooks say."""

from waooaw_social.platforms.graph.tokens import REFRESH_AHEAD
from waooaw_social.platforms.kit import Kit
from waooaw_social.platforms.whatsapp import account, check, send, several, webhook
from waooaw_social.platforms.whatsapp.callback import sign
from waooaw_social.platforms.whatsapp.manifest import APP, MANIFEST


def kit(features: frozenset[str] = frozenset()) -> Kit:
    """WhatsApp. Nothing of it is off by default."""
    del features
    return Kit(
        manifest=MANIFEST,
        publish=send.publish,
        check=check.check,
        inspect=account.inspect,
        refresh=account.refresh,
        refresh_ahead=REFRESH_AHEAD,
        app=lambda _: APP,
        sign=sign,
        split=several.split,
        hears={webhook.OBJECT: webhook.hear},
    )
