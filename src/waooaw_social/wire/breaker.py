"""The circuit breaker: a table of three states, and what is counted to move in it. Pure; where it is kept is the store's matter.

A platform's endpoints fail in families (its manifest names them); each family has a circuit of its own. Only the platform's own faults count:
no customer's 4xx, no 429, no saturation of ours, no cancellation. Half open lets one probe through, in the whole fleet, on a lease; a probe
that dies is followed by another one when the lease is over. `MemoryBreaker` keeps circuits for one process, `storage/plant/breaker.py` for all.
"""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from waooaw_social.core.clock import Clock
from waooaw_social.core.ids import Platform
from waooaw_social.wire.ports import Admission, Admitted, Health, Resting


class State(StrEnum):
    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


class Event(StrEnum):
    FAILED_TOO_OFTEN = "failed too often"
    RESTED = "rested"
    PROBE_FAILED = "a probe failed"
    PROBES_SUCCEEDED = "enough probes succeeded"


TABLE: Mapping[tuple[State, Event], State] = {
    (State.CLOSED, Event.FAILED_TOO_OFTEN): State.OPEN,
    (State.OPEN, Event.RESTED): State.HALF_OPEN,
    (State.HALF_OPEN, Event.PROBE_FAILED): State.OPEN,
    (State.HALF_OPEN, Event.PROBES_SUCCEEDED): State.CLOSED,
}
"""Every way from state to state. What is not here does not happen."""

WORST: Mapping[State, int] = {State.CLOSED: 0, State.HALF_OPEN: 1, State.OPEN: 2}
"""A platform's state is the worst of its families'."""

Family = tuple[Platform, str]
"""A platform, and one of its families of endpoints."""
Told = Callable[[Platform, str, State], None]
"""Told of every new state that this process learns of."""


@dataclass(frozen=True, kw_only=True)
class Rules:
    """When it opens and closes. All times in seconds."""

    in_a_row: int = 5
    share: float = 0.5
    """Of at least `enough` calls within `window`."""
    enough: int = 20
    window: float = 60.0
    rest: float = 60.0
    longest_rest: float = 120.0
    """After failed probes it rests for a quarter of the time that it has been open, from `rest` to this."""
    probes: int = 2
    """Successful ones, one after the other."""
    probe_lease: float = 60.0
    """A probe that is silent for so long is dead. Longer than the longest timeout of a call."""
    probe_wait: float = 5.0
    """What whoever meets a probe under way is told to wait."""


DEFAULT = Rules()


@dataclass(frozen=True, kw_only=True)
class Circuit:
    """What is kept of one family. Times are seconds since 1970."""

    state: State = State.CLOSED
    failures: int = 0
    """In a row, the fleet's."""
    until: float = 0.0
    """Open: when it has rested."""
    probe: str | None = None
    probe_until: float = 0.0
    successes: int = 0
    """Of probes, since it is half open."""
    since: float = 0.0
    """When it last opened."""


def moved(circuit: Circuit, event: Event, now: float, rules: Rules) -> Circuit:
    """By the table. An event that the state knows nothing of changes nothing."""
    state = TABLE.get((circuit.state, event))
    match state:
        case None:
            return circuit
        case State.OPEN:
            since = now if circuit.state is State.CLOSED else circuit.since
            rest = min(max(rules.rest, (now - since) / 4), rules.longest_rest)
            return Circuit(state=state, until=now + rest, since=since)
        case State.HALF_OPEN:
            return replace(circuit, state=state, probe=None, probe_until=0.0, successes=0)
        case State.CLOSED:
            return Circuit()


def with_probe(circuit: Circuit, probe: str, now: float, rules: Rules) -> Circuit | None:
    """The circuit with this probe under way. None: it has not rested yet, or somebody else's probe is under way."""
    if circuit.state is State.OPEN and circuit.until <= now:
        circuit = moved(circuit, Event.RESTED, now, rules)
    if circuit.state is not State.HALF_OPEN or (circuit.probe and circuit.probe_until > now):
        return None
    return replace(circuit, probe=probe, probe_until=now + rules.probe_lease)


def after_probe(circuit: Circuit, probe: str, health: Health, now: float, rules: Rules) -> Circuit:
    """What a probe has found out. One that outlived its lease, and was followed by another, is not heard."""
    if circuit.probe != probe:
        return circuit
    free = replace(circuit, probe=None, probe_until=0.0)
    match health:
        case Health.NO_WORD:
            return free
        case Health.FAULT:
            return moved(circuit, Event.PROBE_FAILED, now, rules)
        case Health.WELL:
            free = replace(free, successes=free.successes + 1)
            return moved(free, Event.PROBES_SUCCEEDED, now, rules) if free.successes >= rules.probes else free


def after_call(circuit: Circuit, health: Health, now: float, rules: Rules, *, too_often: bool) -> Circuit:
    """What an ordinary call says of a closed circuit; whatever returns late to another one is not heard."""
    if circuit.state is not State.CLOSED or health is Health.NO_WORD:
        return circuit
    if health is Health.WELL:
        return replace(circuit, failures=0)
    failures = circuit.failures + 1
    if failures >= rules.in_a_row or too_often:
        return moved(circuit, Event.FAILED_TOO_OFTEN, now, rules)
    return replace(circuit, failures=failures)


@dataclass(kw_only=True)
class Window:
    """What this process saw of one family lately, in slots of a twelfth of the window."""

    rules: Rules
    _slots: dict[int, list[int]] = field(default_factory=dict[int, list[int]])

    def saw(self, health: Health, now: float) -> bool:
        """Count one call. True: too large a share of enough calls has failed."""
        if health is Health.NO_WORD:
            return False
        width = self.rules.window / 12
        slot = self._slots.setdefault(int(now // width), [0, 0])
        slot[health is Health.FAULT] += 1
        if health is Health.WELL:
            return False
        oldest = (now - self.rules.window) // width
        self._slots = {at: counts for at, counts in self._slots.items() if at > oldest}
        well, failed = (sum(counts[i] for counts in self._slots.values()) for i in (0, 1))
        return well + failed >= self.rules.enough and failed >= self.rules.share * (well + failed)

    def forget(self) -> None:
        """It has opened: what was before does not open it again."""
        self._slots.clear()


def admission(circuit: Circuit, family: Family, now: float, rules: Rules) -> Admission | None:
    """What can be said without asking anybody. None: a probe may be due."""
    platform, name = family
    if circuit.state is State.CLOSED:
        return Admitted(platform=platform, family=name)
    if circuit.state is State.OPEN and circuit.until > now:
        return Resting(seconds=circuit.until - now)
    if circuit.probe and circuit.probe_until > now:
        return Resting(seconds=rules.probe_wait)
    return None


def new_probe() -> str:
    return secrets.token_hex(8)


def untold(platform: Platform, family: str, state: State) -> None:
    """For whoever keeps no metrics."""


@dataclass(kw_only=True)
class MemoryBreaker:
    """Fills `BreakerStore` for one process."""

    clock: Clock
    rules: Rules = DEFAULT
    told: Told = untold
    circuits: dict[Family, Circuit] = field(default_factory=dict[Family, Circuit])
    _windows: dict[Family, Window] = field(default_factory=dict[Family, Window])

    async def admit(self, platform: Platform, family: str) -> Admission:
        now, key = self.clock.now().timestamp(), (platform, family)
        circuit = self.circuits.get(key, CLOSED)
        said = admission(circuit, key, now, self.rules)
        if said is not None:
            return said
        probe = new_probe()
        probing = with_probe(circuit, probe, now, self.rules)
        if probing is None:
            return Resting(seconds=self.rules.probe_wait)
        self._keep(key, probing)
        return Admitted(platform=platform, family=family, probe=probe)

    async def report(self, admitted: Admitted, health: Health) -> None:
        key, now = (admitted.platform, admitted.family), self.clock.now().timestamp()
        circuit = self.circuits.get(key, CLOSED)
        if admitted.probe:
            self._keep(key, after_probe(circuit, admitted.probe, health, now, self.rules))
            return
        window = self._windows.setdefault(key, Window(rules=self.rules))
        too_often = window.saw(health, now)
        if health is Health.FAULT or circuit.failures:
            after = after_call(circuit, health, now, self.rules, too_often=too_often)
            self._keep(key, after)
            if after.state is State.OPEN:
                window.forget()

    def _keep(self, key: Family, circuit: Circuit) -> None:
        before, self.circuits[key] = self.circuits.get(key, CLOSED), circuit
        if before.state is not circuit.state:
            self.told(*key, circuit.state)


CLOSED = Circuit()


class NoBreaker:
    """Admits everything: for tests of other things."""

    async def admit(self, platform: Platform, family: str) -> Admission:
        return Admitted(platform=platform, family=family)

    async def report(self, admitted: Admitted, health: Health) -> None:
        return None
