"""How far a key reaches: one customer's publications, or those of some of its accounts. Said in every query, so that nothing else exists."""

from dataclasses import dataclass

import sqlalchemy as sa

from waooaw_social.core.ids import CustomerId
from waooaw_social.storage.plant.tables import publications


@dataclass(frozen=True, kw_only=True)
class Reach:
    """Whose publications may be seen and changed."""

    customer_id: CustomerId
    accounts: frozenset[str] | None = None
    """The credential_refs that exist for this key; None: all of the customer's."""

    @property
    def all(self) -> sa.ColumnElement[bool]:
        mine = publications.c.customer_id == self.customer_id
        return mine if self.accounts is None else mine & publications.c.credential_ref.in_(sorted(self.accounts))

    def publication(self, publication_id: str) -> sa.ColumnElement[bool]:
        return (publications.c.id == publication_id) & self.all
