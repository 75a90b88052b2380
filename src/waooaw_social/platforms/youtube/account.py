"""Whom a token speaks for. One Google login may hold several channels; the one that was connected is verified before every publication."""

from waooaw_social.core.account import Account
from waooaw_social.core.refusal import Cure, Reaction, Refusal, Refused, Scope
from waooaw_social.platforms.call import Flow
from waooaw_social.platforms.kit import CredentialReport
from waooaw_social.platforms.youtube import calls
from waooaw_social.platforms.youtube.manifest import YOUTUBE
from waooaw_social.platforms.youtube.replies import Channel


def verified_channel(account: Account) -> Flow[Channel]:
    """The token's channel. Refuses where it is not the one that the customer connected."""
    channel = yield from calls.my_channel()
    if account.posting_identity not in {None, channel.id}:
        raise Refused(_another(channel))
    return channel


def inspect(account: Account) -> Flow[CredentialReport]:
    """What the connection is good for, as far as reading can tell."""
    try:
        channel = yield from calls.my_channel()
    except Refused as no:
        return CredentialReport(platform=YOUTUBE, identity=None, title=None, problems=(no.refusal,))
    problems = () if account.posting_identity in {None, channel.id} else (_another(channel),)
    facts = {"long_uploads": channel.long_uploads}
    return CredentialReport(platform=YOUTUBE, identity=channel.id, title=channel.title, problems=problems, facts=facts)


def _another(channel: Channel) -> Refusal:
    return Refusal(
        code="wrong_channel",
        message=f"The token speaks for the channel {channel.id}, which is not the one that was connected.",
        reaction=Reaction.REFUSED,
        scope=Scope.ACCOUNT,
        cure=Cure.RECONNECT,
        field="posting_identity",
        remediation="Connect the account again and choose the right channel.",
    )
