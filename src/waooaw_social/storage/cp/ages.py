"""How old customers' tokens are and how long they last, per platform: for whoever watches. Opens none of them."""

from dataclasses import dataclass

import sqlalchemy as sa

from waooaw_social.storage.cp.tables import credentials
from waooaw_social.storage.db import Database, now

SOON = 7 * 24 * 3600.0
"""Seconds: time enough to ask a customer to reconnect."""


@dataclass(frozen=True, kw_only=True)
class Ages:
    """The tokens of one platform."""

    platform: str
    lasting: int
    """Those that end later, or never, or that a refresh token renews."""
    ends_soon: int
    ended: int
    oldest: float
    """Seconds since the oldest of them was stored."""


async def token_ages(db: Database) -> list[Ages]:
    """Of every platform that has credentials."""
    left = sa.case((credentials.c.refresh_token.is_(None), credentials.c.expires_at - now()))
    ended, soon = sa.func.sum(sa.case((left <= 0, 1), else_=0)), sa.func.sum(sa.case((left <= SOON, 1), else_=0))
    of, count, oldest = credentials.c.platform, sa.func.count(), now() - sa.func.min(credentials.c.updated_at)
    asked = sa.select(of, count, soon, ended, oldest).group_by(of)
    rows = await db.read(lambda c: c.execute(asked).all())
    return [
        Ages(
            platform=platform,
            lasting=int(count - soon),
            ends_soon=int(soon - ended),
            ended=int(ended),
            oldest=float(oldest),
        )
        for platform, count, soon, ended, oldest in rows
    ]
