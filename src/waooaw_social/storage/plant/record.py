"""One publication inside one transaction of the ledger: its row, locked, and its entries, read once; then what is changed in them.

Whatever depends on how the record stands is decided here in Python under that lock, so that the way to publish costs few statements. They
are built once: SQLAlchemy takes longer to build one anew than a database to run it. Times are of the moment at which the row was locked.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from waooaw_social.core.publication import State
from waooaw_social.durable.ports import Attempt, Entry, EntryState, Fenced, Lease, Moved
from waooaw_social.storage.db import now
from waooaw_social.storage.plant.tables import entries, publications

LOCK = (
    sa.select(publications, now().label("clock"))
    .where(publications.c.id == sa.bindparam("publication"))
    .with_for_update()
)
KNOWN = sa.select(
    entries.c.name,
    entries.c.attempt,
    entries.c.number,
    entries.c.state,
    entries.c.visible,
    entries.c.epoch,
    entries.c.remote_id,
).where(entries.c.publication == sa.bindparam("publication"))

ADD = sa.insert(entries)
CHANGE = sa.update(entries).where(
    entries.c.publication == sa.bindparam("of"),
    entries.c.name == sa.bindparam("called"),
    entries.c.attempt == sa.bindparam("numbered"),
)
MOVE = sa.update(publications).where(publications.c.id == sa.bindparam("of"))


@dataclass(slots=True)
class Known:
    """An entry, as it stands in this transaction."""

    name: str
    attempt: int
    number: int
    state: EntryState
    visible: bool
    epoch: int
    remote_id: str | None


class Record:
    """A publication's record, nobody else's until the transaction ends. Every change is made here and in the database."""

    def __init__(self, c: sa.Connection, publication_id: str) -> None:
        self.c = c
        self.id = publication_id
        row = c.execute(LOCK, {"publication": publication_id}).mappings().first()
        self.row: dict[str, Any] = dict(row) if row else {}
        self.entries = [
            Known(name, attempt, number, EntryState(state), visible, epoch, remote_id)
            for name, attempt, number, state, visible, epoch, remote_id in c.execute(KNOWN, {"publication": self.id})
        ]

    @property
    def clock(self) -> float:
        return self.row["clock"]

    def held_by(self, lease: Lease) -> bool:
        return bool(self.row) and self.row["epoch"] == lease.epoch and self.row["state"] == State.RUNNING.value

    def fenced(self, lease: Lease) -> None:
        """Raises `Fenced` where the lease is over."""
        if not self.held_by(lease):
            raise Fenced

    def unmoved(self, name: str, seen: Sequence[Entry]) -> None:
        """Raises `Moved` where the entries of this name are not those that were seen."""
        there = {(known.attempt, known.state) for known in self.named(name) if known.state is not EntryState.STALE}
        if there != {(entry.attempt, entry.state) for entry in seen}:
            raise Moved("the ledger has moved on since it was looked up")

    def named(self, name: str) -> list[Known]:
        return [known for known in self.entries if known.name == name]

    def one(self, attempt: Attempt) -> Known | None:
        return next((known for known in self.named(attempt.name) if known.attempt == attempt.number), None)

    def next(self, name: str) -> int:
        """The number of this name's next attempt."""
        return 1 + max((known.attempt for known in self.named(name)), default=0)

    def in_doubt(self) -> list[Known]:
        return [known for known in self.entries if known.state is EntryState.OPEN]

    def proven(self) -> bool:
        """Whether somebody, such as a webhook, said that it is out."""
        return any(e.visible and e.state is EntryState.ANSWERED and e.remote_id for e in self.entries)

    def has(self, remote_id: str) -> bool:
        """Whether this post is known to be this publication's."""
        return any(e.state is EntryState.ANSWERED and e.remote_id == remote_id for e in self.entries)

    def sent_again(self) -> int:
        return sum(1 for known in self.entries if known.visible and known.attempt > 1)

    # --- changes ----------------------------------------------------------------------------------------------------------

    def add(self, lease: Lease, name: str, state: EntryState, **values: Any) -> int:
        """A new entry of this name. Returns its attempt."""
        attempt = self.next(name)
        of = {"publication": self.id, "name": name, "attempt": attempt, "epoch": lease.epoch}
        number = 1 + max((known.number for known in self.entries), default=0)
        more = {"number": number, "platform": self.row["platform"], "begun_at": self.clock, "state": state.value}
        self.c.execute(
            ADD, {"audience": None, "reply": None, "heard_by": None, "answered_at": None} | of | more | values
        )
        return attempt

    def change(self, known: Known, **values: Any) -> None:
        self.c.execute(CHANGE, {"of": self.id, "called": known.name, "numbered": known.attempt} | values)
        known.state = EntryState(values["state"])
        known.remote_id = values.get("remote_id", known.remote_id)

    def move(self, **values: Any) -> None:
        """Change the publication's row."""
        self.c.execute(MOVE, {"of": self.id} | values)
        self.row |= values
