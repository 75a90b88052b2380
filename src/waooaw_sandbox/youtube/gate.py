"""Who may call: the token, the account behind it, its scopes, and the project's quota, in Google's order.

`admit` answers the caller or refuses with the platform's own error. A method's needs and price are rows in `settings.py`.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeAlias

from waooaw_sandbox.kit import Answer, Call, Handler, Refused
from waooaw_sandbox.youtube.errors import refuse
from waooaw_sandbox.youtube.people import AccessToken, Account, Channel
from waooaw_sandbox.youtube.settings import METHODS
from waooaw_sandbox.youtube.state import State


@dataclass(frozen=True)
class Caller:
    account: Account
    channel: Channel | None

    @property
    def own_channel(self) -> Channel:
        """The channel, for a method that cannot do without."""
        if self.channel is None:
            raise refuse("youtubeSignupRequired")
        return self.channel


Method: TypeAlias = Callable[[State, Call, Caller], Awaitable[Answer]]


def guarded(state: State, method: Method) -> Handler:
    """A route's handler around a method: admitted first, charged first, and given back where the knob says so."""

    async def handle(call: Call) -> Answer:
        caller = admit(state, call)
        try:
            return await method(state, call, caller)
        except Refused:
            if METHODS[call.route].bucket == "uploads" and not state.knobs.flag("charge_failed_inserts"):
                state.quota.give_back("uploads", 1)
            raise

    return handle


def admit(state: State, call: Call) -> Caller:
    needs = METHODS[call.route]
    token = token_of(state, call)
    if not needs.scopes & set(token.scopes):
        raise refuse("insufficientPermissions")
    if token.account.suspended and needs.writes:
        raise refuse("authenticatedUserAccountSuspended")
    state.quota.charge(needs.bucket, needs.cost)
    return Caller(token.account, token.account.channel)


def token_of(state: State, call: Call) -> AccessToken:
    scheme, _, shown = call.request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not shown:
        raise refuse("required")
    token = state.people.tokens.get(shown.strip())
    if token is None or token.dead or token.expires_at <= state.clock.now():
        raise refuse("authError")
    return token


def parts_of(call: Call) -> frozenset[str]:
    """`part` may be repeated or comma-joined; without it nothing goes."""
    parts = {part.strip() for value in call.request.query.getall("part", []) for part in value.split(",")} - {""}
    if not parts:
        raise refuse("missingRequiredParameter", location="parameters.part")
    return frozenset(parts)
