"""Instagram: its facts, its calls, its flow, its tokens."""

from waooaw_social.platforms.call import Call
from waooaw_social.platforms.graph.tokens import REFRESH_AHEAD, exchange, renew_instagram, sign
from waooaw_social.platforms.instagram import account, check, plan
from waooaw_social.platforms.instagram.manifest import INSTAGRAM_LOGIN, MANIFEST, login_of
from waooaw_social.platforms.instagram.publish import publish
from waooaw_social.platforms.kit import Grant, Kit, NewTokens, NoRefresh, OAuthClient


def kit(features: frozenset[str] = frozenset()) -> Kit:
    """Instagram, with either login. None of it is switched off."""
    del features
    return Kit(
        manifest=MANIFEST,
        publish=publish,
        check=check.check,
        inspect=account.inspect,
        refresh=refresh,
        refresh_ahead=REFRESH_AHEAD,
        app=login_of,
        sign=sign,
        plan=plan.plan,
    )


def refresh(client: OAuthClient, grant: Grant) -> Call[NewTokens] | NoRefresh:
    """Instagram Login's token is renewed; a person's of Facebook Login is exchanged, a Page's lasts (B3)."""
    return renew_instagram(grant) if login_of(grant.metadata) == INSTAGRAM_LOGIN else exchange(client, grant)
