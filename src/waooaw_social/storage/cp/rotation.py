"""Rotation: every token under the newest master key. Wraps data keys again, and opens no token.

In small transactions, so that nobody waits for it. It may be stopped and begun again: what is done stays done.
"""

from typing import Any

import sqlalchemy as sa

from waooaw_social.storage.cp.tables import credentials
from waooaw_social.storage.db import Database
from waooaw_social.storage.seal import Sealer

AT_ONCE = 100
TOKENS = ("access_token", "refresh_token")


async def rewrap(db: Database, sealer: Sealer) -> int:
    """Returns how many credentials changed. Raises `CannotOpen` at one whose master key is not here."""
    changed, last = 0, ""
    while True:
        some, last = await db.write(lambda c, after=last: _few(c, sealer, after))
        changed += some
        if not last:
            return changed


def _few(c: sa.Connection, sealer: Sealer, after: str) -> tuple[int, str]:
    """The next credentials: how many of them changed, and where to go on; an empty name at the end."""
    some = sa.select(credentials).where(credentials.c.credential_ref > after).order_by(credentials.c.credential_ref)
    rows = c.execute(some.limit(AT_ONCE).with_for_update()).all()
    changed = sum(_one(c, sealer, row) for row in rows)
    return changed, rows[-1].credential_ref if len(rows) == AT_ONCE else ""


def _one(c: sa.Connection, sealer: Sealer, row: sa.Row[Any]) -> bool:
    tokens = {name: getattr(row, name) for name in TOKENS if getattr(row, name) is not None}
    # AES key wrap says the same every time: what is under the newest key already stays as it is.
    values = {name: new for name, old in tokens.items() if (new := sealer.rewrap(old)) != old}
    if values:
        mine = credentials.c.credential_ref == row.credential_ref
        c.execute(sa.update(credentials).where(mine).values(**values))
    return bool(values)
