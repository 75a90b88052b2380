"""The circuits of the whole fleet. Fills `BreakerStore`; when they open and close is said in `wire/breaker.py`.

A closed circuit costs no query: what others did is read once a second for all platforms together. A failure costs one write, which counts it
for the fleet; the half-open state one write per probe, of which the row lets a single one through. An operator's freeze is a row of its own.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
import structlog
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from waooaw_social.core.clock import Clock
from waooaw_social.core.ids import Platform
from waooaw_social.storage.db import Database, now
from waooaw_social.storage.plant.glance import Glance
from waooaw_social.storage.plant.tables import breaker
from waooaw_social.wire.breaker import (
    CLOSED,
    DEFAULT,
    Circuit,
    Family,
    Rules,
    State,
    Told,
    Window,
    admission,
    after_call,
    after_probe,
    new_probe,
    untold,
    with_probe,
)
from waooaw_social.wire.ports import Admission, Admitted, Health, Resting

log = structlog.get_logger(__name__)

WHOLE = "*"
"""The family's place in an operator's freeze."""
Circuits = Mapping[Family, Circuit]


@dataclass(kw_only=True)
class SqlBreaker:
    """One for each process. `by_itself=False`: only an operator's freeze holds anything back."""

    db: Database
    clock: Clock
    rules: Rules = DEFAULT
    by_itself: bool = True
    told: Told = untold
    _windows: dict[Family, Window] = field(default_factory=dict[Family, Window])

    def __post_init__(self) -> None:
        self._glance: Glance[dict[Family, Circuit]] = Glance(self._read, {}, self.clock)

    async def admit(self, platform: Platform, family: str) -> Admission:
        seen, at, key = await self._glance.value(), self.clock.now().timestamp(), (platform, family)
        freeze = seen.get((platform, WHOLE))
        if freeze is not None and freeze.until > at:
            return Resting(seconds=freeze.until - at, frozen=True)
        if not self.by_itself:
            return Admitted(platform=platform, family=family)
        said = admission(seen.get(key, CLOSED), key, at, self.rules)
        return said if said is not None else await self._probe(key)

    async def report(self, admitted: Admitted, health: Health) -> None:
        key, probe = (admitted.platform, admitted.family), admitted.probe
        if not self.by_itself:
            return
        if probe:
            await self._change(key, lambda circuit, at: after_probe(circuit, probe, health, at, self.rules))
            return
        window = self._windows.setdefault(key, Window(rules=self.rules))
        too_often = window.saw(health, self.clock.now().timestamp())
        known = self._glance.seen.get(key, CLOSED)
        if health is Health.FAULT or (health is Health.WELL and known.failures):
            after = await self._change(
                key, lambda circuit, at: after_call(circuit, health, at, self.rules, too_often=too_often)
            )
            if after.state is State.OPEN:
                window.forget()

    async def freeze(self, platform: Platform, seconds: float) -> None:
        """Nothing is sent to the platform for so long, by any process. Not above zero: thaw it."""
        await self._change((platform, WHOLE), lambda _, at: Circuit(until=at + seconds) if seconds > 0 else CLOSED)

    async def circuits(self) -> Circuits:
        """Every family that ever failed, and every freeze under the family `*`; times on this process's clock."""
        return dict(await self._read())

    async def _probe(self, key: Family) -> Admission:
        probe = new_probe()
        wish = Circuit(state=State.HALF_OPEN, probe=probe, probe_until=self.clock.now().timestamp() + 1.0)
        self._glance.seen[key] = wish  # this process asks once; its others wait for the answer
        after = await self._change(key, lambda circuit, at: with_probe(circuit, probe, at, self.rules) or circuit)
        if after.probe == probe:
            return Admitted(platform=key[0], family=key[1], probe=probe)
        if after.state is State.CLOSED:
            return Admitted(platform=key[0], family=key[1])
        return Resting(seconds=self.rules.probe_wait)

    async def _change(self, key: Family, change: Callable[[Circuit, float], Circuit]) -> Circuit:
        """Read the row, change it, write it, while nobody else does. Errors are raised: nothing was changed."""
        insert = (sqlite_insert if self.db.sqlite else postgresql_insert)(breaker)
        mine = (breaker.c.platform == key[0]) & (breaker.c.family == key[1])

        def work(c: sa.Connection) -> tuple[Circuit, Circuit, float]:
            c.execute(insert.values(**_row(key, CLOSED)).on_conflict_do_nothing())
            row = c.execute(sa.select(breaker, now().label("at")).where(mine).with_for_update()).one()
            before = _circuit(row)
            after = change(before, row.at)
            if after != before:
                c.execute(sa.update(breaker).where(mine).values(**_row(key, after)))
            return before, after, row.at

        before, after, at = await self.db.write(work)
        here = _moved_by(after, self.clock.now().timestamp() - at)
        self._glance.seen[key] = here
        if before.state is not after.state:
            log.warning("breaker", platform=key[0], family=key[1], state=after.state.value)
            self.told(*key, after.state)
        return here

    async def _read(self) -> dict[Family, Circuit]:
        rows = await self.db.read(lambda c: c.execute(sa.select(breaker, now().label("at"))).all())
        here = self.clock.now().timestamp()
        read = {(Platform(row.platform), row.family): _moved_by(_circuit(row), here - row.at) for row in rows}
        for key, circuit in read.items():
            frozen = key[1] == WHOLE and circuit.until > here
            self.told(*key, State.OPEN if frozen else circuit.state)
        return read


def _circuit(row: Any) -> Circuit:
    return Circuit(
        state=State(row.state),
        failures=row.failures,
        until=row.until,
        probe=row.probe,
        probe_until=row.probe_until,
        successes=row.successes,
        since=row.since,
    )


def _row(key: Family, circuit: Circuit) -> dict[str, Any]:
    return {
        "platform": key[0],
        "family": key[1],
        "state": circuit.state.value,
        "failures": circuit.failures,
        "until": circuit.until,
        "probe": circuit.probe,
        "probe_until": circuit.probe_until,
        "successes": circuit.successes,
        "since": circuit.since,
    }


def _moved_by(circuit: Circuit, seconds: float) -> Circuit:
    """From the database's clock to this process's."""
    return Circuit(
        state=circuit.state,
        failures=circuit.failures,
        until=circuit.until + seconds,
        probe=circuit.probe,
        probe_until=circuit.probe_until + seconds,
        successes=circuit.successes,
        since=circuit.since + seconds,
    )
