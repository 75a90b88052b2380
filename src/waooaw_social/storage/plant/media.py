"""Customers' media: random ids, each one customer's, over files that are named by their bytes. The files lie elsewhere.

A medium is kept while a publication that may still need it names it, and for some days after its last use. Two customers who bring the
same bytes have two ids and one file, and cannot tell.
"""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from waooaw_social.core.ids import CustomerId, PublicationId
from waooaw_social.core.post import Content, MediaFile, MediaId
from waooaw_social.core.publication import WAITING, Publication, State
from waooaw_social.storage.db import Database, now
from waooaw_social.storage.plant.tables import media, media_uses, publications

NEEDED = sorted({*WAITING, State.DRAFT, State.UNRESOLVED})
"""States in which a publication may still want its files: an unresolved one may be sent again."""


class UnknownMedia(Exception):
    """The customer has no medium of one of these ids, or has it no more."""


@dataclass(frozen=True, kw_only=True)
class Medium:
    """A file that a customer brought here."""

    id: str
    file: MediaFile
    created_at: float
    """Seconds since 1970."""


@dataclass(frozen=True, kw_only=True)
class SqlMedia:
    """Which media there are, and whose."""

    db: Database

    async def add(self, customer_id: CustomerId, file: MediaFile) -> Medium:
        """A new id for a file that lies here."""
        row = {"id": f"med_{secrets.token_hex(12)}", "customer_id": customer_id, "created_at": now(), "used_at": now()}
        row |= {"sha256": file.sha256, "size": file.size, "content_type": file.content_type}
        row |= {"width": file.width, "height": file.height, "duration": file.duration}
        at = await self.db.write(
            lambda c: c.execute(sa.insert(media).values(**row).returning(media.c.created_at)).scalar_one()
        )
        return Medium(id=str(row["id"]), file=file, created_at=at)

    async def show(self, customer_id: CustomerId, media_id: str) -> Medium | None:
        """This customer's medium; None where it has none of this id."""
        return await self._one(media_id, media.c.customer_id == customer_id)

    async def find(self, media_id: str) -> MediaFile | None:
        """The file behind an id that an accepted publication names. Fills `Uploads`."""
        found = await self._one(media_id, sa.true())
        return found.file if found else None

    async def forget(self, *, older_than: float) -> int:
        """Drop media that nothing needs and that were last used so many seconds ago. Returns how many."""
        needed = sa.select(media_uses.c.media).join(publications, publications.c.id == media_uses.c.publication)
        needed = needed.where(publications.c.state.in_(NEEDED), media_uses.c.media == media.c.id)
        old = sa.delete(media).where(media.c.used_at < now() - older_than, ~needed.exists())
        orphans = sa.delete(media_uses).where(media_uses.c.media.not_in(sa.select(media.c.id)))

        def work(c: sa.Connection) -> int:
            gone = c.execute(old).rowcount
            c.execute(orphans)
            return gone

        return await self.db.write(work)

    async def files(self) -> frozenset[str]:
        """The names (hashes) of all files that a medium stands for: a sweep leaves them."""
        return await self.db.read(lambda c: frozenset(c.execute(sa.select(media.c.sha256)).scalars()))

    async def _one(self, media_id: str, whose: sa.ColumnElement[bool]) -> Medium | None:
        if "\0" in media_id:
            return None
        row = await self.db.read(lambda c: c.execute(sa.select(media).where(media.c.id == media_id, whose)).first())
        if row is None:
            return None
        file = MediaFile(
            sha256=row.sha256,
            size=row.size,
            content_type=row.content_type,
            width=row.width,
            height=row.height,
            duration=row.duration,
        )
        return Medium(id=row.id, file=file, created_at=row.created_at)


def named_in(content: Content) -> frozenset[str]:
    """The media that a content names by id."""
    sources = (content.video, content.cover, *content.images, *(item.source for item in content.items))
    return frozenset(source.id for source in sources if isinstance(source, MediaId))


def hold(c: sa.Connection, publications: Iterable[Publication]) -> None:
    """Lock every medium of an order at once, in the order of their ids: two orders that name the same ones never wait for each other."""
    ids = sorted({one for publication in publications for one in named_in(publication.content)})
    if ids:
        c.execute(sa.select(media.c.id).where(media.c.id.in_(ids)).order_by(media.c.id).with_for_update()).all()


def use(c: sa.Connection, publication: Publication) -> None:
    """Part of the transaction that keeps a publication: its media stay. Raises `UnknownMedia`."""
    ids = sorted(named_in(publication.content))
    if not ids:
        return
    mine = media.c.id.in_(ids) & (media.c.customer_id == publication.account.customer_id)
    if c.execute(sa.update(media).where(mine).values(used_at=now())).rowcount != len(ids):
        raise UnknownMedia
    insert = sqlite_insert if c.dialect.name == "sqlite" else postgresql_insert
    c.execute(insert(media_uses).values(_rows(publication.id, ids)).on_conflict_do_nothing())


def _rows(publication_id: PublicationId, ids: Iterable[str]) -> list[dict[str, str]]:
    return [{"media": one, "publication": publication_id} for one in ids]
