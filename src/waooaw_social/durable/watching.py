"""Connections watched: hours before a publication is due it is asked whether its account could still be posted to.

Only reads, through the worker's own gateway, and of every quota only what is not kept for publishing. What nobody but the customer can cure is
remembered, so that it is seen before the hour; a good look forgets it. The publication itself goes its own way at its time, whatever was found.
"""

import asyncio
from dataclasses import dataclass, replace
from typing import Protocol, assert_never

import structlog

from waooaw_social.core.account import Account
from waooaw_social.core.clock import Clock
from waooaw_social.core.refusal import Cure, Reaction, Refusal, Refused
from waooaw_social.durable.reading import Unanswered, read
from waooaw_social.durable.runner import Gateway
from waooaw_social.platforms.kit import CredentialReport, Kits
from waooaw_social.wire.ports import NotSent, Purpose, Unknown, errand_of

LOOK = 60.0
"""Seconds between two looks for accounts whose publications come near."""
AT_ONCE = 8
"""Accounts that one process asks about at the same time."""
HELD = 300.0
"""Seconds for which an account is this process's to ask about; if it dies meanwhile, another one asks then."""
SOON = 900.0
"""Seconds until it is asked again where something was wrong, or nobody answered: a customer who has reconnected sees it."""

log = structlog.get_logger(__name__)


class Connections(Protocol):
    """What is remembered of connections. Filled by `storage`."""

    async def claim(self, *, within: float, most: int, held: float) -> list[Account]:
        """Up to `most` accounts of publications that begin within so many seconds, whose next check has come; nobody else's for `held` seconds."""
        ...

    async def checked(self, account: Account, problem: Refusal | None, *, again: float) -> None:
        """What was found. The next check comes in `again` seconds."""
        ...

    async def unanswered(self, account: Account, *, again: float) -> None:
        """Nothing was found out: what was known before stays."""
        ...


@dataclass(frozen=True, kw_only=True)
class Watching:
    """Looks at connections until it is cancelled."""

    connections: Connections
    gateway: Gateway
    kits: Kits
    clock: Clock
    within: float
    """Seconds: so long before its time a publication's account is checked, and so long a good answer serves."""

    async def run(self) -> None:
        while True:
            if await self.round() < AT_ONCE:
                await self.clock.sleep(LOOK)

    async def round(self) -> int:
        """Ask about some accounts whose time has come. Returns how many."""
        try:
            accounts = await self.connections.claim(within=self.within, most=AT_ONCE, held=HELD)
        except Exception as error:  # the database is away: look again
            log.warning("connections_not_watched", error=type(error).__name__)
            return 0
        await asyncio.gather(*(self._watch(account) for account in accounts))
        return len(accounts)

    async def _watch(self, account: Account) -> None:
        told = {"platform": account.platform, "credential_ref": account.credential_ref}
        try:
            found = await self.look(account)
            if isinstance(found, Unanswered):
                log.info("connection_unanswered", **told)
                await self.connections.unanswered(account, again=min(SOON, self.within))
                return
            again = self.within if found is None else min(SOON, self.within)
            await self.connections.checked(account, found, again=again)
        except Exception as error:  # it is asked again when nobody holds it any more
            log.exception("connection_check_failed", **told, error=type(error).__name__)
            return
        log.info("connection_checked", **told, code=found.code if found else "ok")

    async def look(self, account: Account) -> Refusal | Unanswered | None:
        """What only the customer can cure; None: nothing; `Unanswered`: who could tell did not."""
        errand = replace(errand_of(account), purpose=Purpose.ANALYTICS)
        try:
            report = await read(self.kits[account.platform].inspect(account), self.gateway, errand, self.clock)
        except Refused as no:
            return customers(no.refusal)
        except Unanswered as silence:
            return needed(silence.outcome) or silence
        return first(report)


def first(report: CredentialReport) -> Refusal | None:
    """The first thing in a report that the customer has to do."""
    return next((problem for problem in report.problems if customers(problem)), None)


def customers(problem: Refusal) -> Refusal | None:
    """The problem, if it is the customer's."""
    return problem if problem.cure is Cure.RECONNECT else None


def needed(outcome: NotSent | Unknown) -> Refusal | None:
    """What keeps every call of this account from leaving until the customer has done something."""
    match outcome:
        case NotSent(until=Cure.RECONNECT, refusal=refusal, why=why):
            return refusal or Refusal(
                code=Cure.RECONNECT, message=why, reaction=Reaction.CURE, cure=Cure.RECONNECT, remediation=CONNECT
            )
        case NotSent() | Unknown():
            return None
        case _:
            assert_never(outcome)


CONNECT = "Ask the customer to connect the account again."
