"""What the rooms above need of a platform, in one value: its facts, its flows, its checks, its token calls.

Each platform folder builds one `Kit`; `registry.py` lists them. Nothing above this room asks which platform it is.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TypeAlias

from waooaw_social.core.account import Account
from waooaw_social.core.ids import Platform
from waooaw_social.core.post import Content, Published
from waooaw_social.core.publication import Publication
from waooaw_social.core.refusal import Refusal, Refused
from waooaw_social.core.secret import Secret
from waooaw_social.platforms.call import Call, Cost, Flow, Request
from waooaw_social.platforms.manifest import Manifest
from waooaw_social.platforms.told import Hear


@dataclass(frozen=True, kw_only=True)
class OAuthClient:
    """This app, as the platform's OAuth server knows it."""

    client_id: str
    client_secret: Secret


@dataclass(frozen=True, kw_only=True)
class Grant:
    """What a customer gave us, as signatures and token calls need it."""

    access_token: Secret
    refresh_token: Secret | None = None
    seconds_left: float | None = None
    """Of the access token; None where it does not end, or nobody knows."""
    posting_identity: str | None = None
    metadata: Mapping[str, str] = field(default_factory=dict[str, str])


class NoRefresh(StrEnum):
    """Why there is no call that refreshes a token."""

    NOT_NEEDED = "not_needed"
    """It lasts, or it is too new to be traded."""
    NOT_POSSIBLE = "not_possible"
    """Only the customer can renew it."""


def bearer(request: Request, grant: Grant, client: OAuthClient | None) -> Request:
    """The usual signature."""
    del client
    return replace(request, headers={**request.headers, "authorization": f"Bearer {grant.access_token.open()}"})


@dataclass(frozen=True, kw_only=True)
class NewTokens:
    """What a token endpoint answered."""

    access_token: Secret
    expires_in: float | None
    refresh_token: Secret | None = None
    """None: the old one stays valid."""
    scopes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class CredentialReport:
    """What a look at a connection found. `problems` is empty exactly when it can publish, as far as can be told by reading."""

    platform: Platform
    identity: str | None
    """Whom the token speaks for: a channel, a Page, an organization."""
    title: str | None
    problems: tuple[Refusal, ...] = ()
    facts: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def ok(self) -> bool:
        return not self.problems


@dataclass(frozen=True, kw_only=True)
class Part:
    """What one publication of an order says."""

    format: str
    content: Content
    after: int | None = None
    """Which of the order's parts has to have ended before this one goes."""
    called: Callable[[str], str] = str
    """What a field of this part is called in the order."""


def whole(format: str, content: Content) -> Sequence[Part]:
    """An order for one account is one publication. Raises `Refused` where it names several recipients or messages."""
    if content.recipients or content.messages:
        raise Refused(ONE_POST)
    return (Part(format=format, content=content),)


ONE_POST = Refusal(
    code="recipients_unsupported",
    message="This platform publishes to all followers, one post at a time.",
    field="content.recipients",
    remediation="Leave out recipients and messages, and order each post by itself.",
)


@dataclass(frozen=True, kw_only=True)
class Planned:
    """A recorded call that a publication is sure to make. Reads, and the pieces of a file, come on top."""

    call: str
    visible: bool = False
    cost: Cost | None = None


def unplanned(_: Publication) -> Sequence[Planned]:
    """For a platform that does not foretell its calls."""
    return ()


@dataclass(frozen=True, kw_only=True)
class Kit:
    """One platform, complete."""

    manifest: Manifest
    publish: Callable[[Publication], Flow[Published]]
    """The flow of a publication, by its format."""
    check: Callable[[Publication], Sequence[Refusal]]
    """What is wrong with a publication that can be known without any call."""
    inspect: Callable[[Account], Flow[CredentialReport]]
    """Looks at a connection; only reads."""
    refresh: Callable[[OAuthClient, Grant], Call[NewTokens] | NoRefresh]
    """Trades what the customer gave us for a new access token."""
    refresh_ahead: float
    """Seconds before a token's end at which it is refreshed."""
    app: Callable[[Mapping[str, str]], str]
    """Which of our OAuth clients a connection was made with, by its metadata."""
    sign: Callable[[Request, Grant, OAuthClient | None], Request] = bearer
    """Puts the token on a request: the last thing before it leaves."""
    split: Callable[[str, Content], Sequence[Part]] = whole
    """An order's format and content to what each of its publications says. A part comes after the one that it waits for. May raise `Refused`."""
    hears: Mapping[str, Hear] = field(default_factory=dict[str, Hear])
    """Readers of its webhooks, by what a webhook's body is about (`object`)."""
    plan: Callable[[Publication], Sequence[Planned]] = unplanned
    """The recorded calls of a publication that passes its check, in their order."""

    def with_limits(self, limits: Mapping[str, int]) -> "Kit":
        """The same platform with other quota limits, by their settings' names."""
        return replace(self, manifest=self.manifest.with_limits(limits))


Kits: TypeAlias = Mapping[Platform, Kit]
