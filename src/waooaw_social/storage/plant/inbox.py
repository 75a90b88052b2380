"""What platforms told us by themselves, the newest under each key. Fills `Inbox`; webhooks put it in."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from waooaw_social.storage.db import Database
from waooaw_social.storage.plant.tables import inbox


@dataclass(frozen=True, kw_only=True)
class SqlInbox:
    db: Database

    async def newest(self, key: str) -> Mapping[str, Any] | None:
        told = sa.select(inbox.c.told).where(inbox.c.key == key)
        return await self.db.read(lambda c: c.execute(told).scalar())
