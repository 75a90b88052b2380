"""What the WhatsApp Cloud API is, in November 2026 (contract linkedin_whatsapp part 2; the section stands beside each fact)."""

from waooaw_social.core.ids import Platform
from waooaw_social.core.refusal import Scope
from waooaw_social.platforms.graph.errors import COMMON, says
from waooaw_social.platforms.graph.facts import (
    ACCOUNT_CALLS,
    API,
    APP_CALLS,
    FACEBOOK_HOST,
    PUBLISHING,
    SECRET_FIELDS,
    SUNSET,
    VERSION,
)
from waooaw_social.platforms.graph.usage import usage
from waooaw_social.platforms.manifest import Bucket, Lag, Manifest, OAuthFacts
from waooaw_social.platforms.whatsapp.errors import OWN, PAIR_SPACING

WHATSAPP = Platform("whatsapp")
APP = "facebook"
"""One Meta app serves Facebook and WhatsApp: FACEBOOK_APP_ID."""

SEND, MANAGE = "whatsapp_business_messaging", "whatsapp_business_management"
SCOPES = (SEND, MANAGE, "business_management")
"""2.1. The last one is for the portfolio; nothing here needs it to send."""

WINDOW = 24 * 3600.0
"""Seconds after a person's message in which anything may be sent to them (2.2)."""
WINDOW_MARGIN = 300.0
"""Seconds by which we take the window for closed before it is."""
THROUGHPUT, PAIR = "messages a second", "messages to one recipient"
"""Rates that we keep (2.5)."""
MESSAGES_PER_SECOND = 80
SILENCE = 900.0
"""Seconds to wait for a webhook before silence is what it is (2.8: 10 to 15 minutes)."""
LOOK_AGAIN = 30.0
MEDIA_GOOD_FOR = 29 * 24 * 3600.0
"""Seconds: an uploaded file can be used for 30 days (2.4)."""
TEMPLATES_KEPT = 60.0
"""Seconds for which a listing of templates serves every message of a row."""

MANIFEST = Manifest(
    platform=WHATSAPP,
    title="WhatsApp",
    hosts=frozenset({FACEBOOK_HOST}),
    api_version=VERSION,
    sunset=SUNSET,
    oauth=OAuthFacts(
        authorize_url=f"https://www.facebook.com/{VERSION}/dialog/oauth",
        token_url=f"{API}/oauth/access_token",
        revoke_url=f"{API}/oauth/revoke",
        scopes=SCOPES,
        pkce=False,
        client_settings=("FACEBOOK_APP_ID", "FACEBOOK_APP_SECRET"),
    ),
    formats=("text", "image", "video", "audio", "document", "sticker", "location", "contacts", "reaction", "interactive", "template"),
    buckets=(
        Bucket(name=APP_CALLS, scope=Scope.APP, source="2.5, 2.6: code 4"),
        Bucket(name=ACCOUNT_CALLS, scope=Scope.ACCOUNT, source="2.5: 200 or 5000 management calls an hour and business account"),
        Bucket(name=PUBLISHING, scope=Scope.ACCOUNT, source="2.5: what one number sends"),
        Bucket(name=THROUGHPUT, limit=MESSAGES_PER_SECOND, per=1.0, scope=Scope.ACCOUNT, setting="WHATSAPP_MESSAGES_PER_SECOND",
               source="2.5: a number's messages, in and out together; 1000 after an upgrade, 20 where it is on the business app too"),
        Bucket(name=PAIR, limit=1, per=PAIR_SPACING, scope=Scope.ACCOUNT, source="2.5: to one recipient; a burst only borrows from what follows"),
    ),
    # The management calls' limit holds back listings, and no message.
    gates=(APP_CALLS,),
    usage=usage,
    # Not documented. Silence is waited for much longer than this.
    lag=Lag(acting=30.0, listing=10.0, source="2.8"),
    secret_fields=SECRET_FIELDS,
    errors=OWN + COMMON,
    says=says,
    facts={"messages_per_second": MESSAGES_PER_SECOND, "pair_spacing": PAIR_SPACING, "pair_burst": 45},
)  # fmt: skip
