"""What is read when somebody scrapes, out of storage and manifests: it is true for the whole fleet, whichever process is asked.

A scrape makes these anew, so that nothing stays that is no longer so. Who reads what is `main`'s to say.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

GAUGES: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "waooaw_posts_unresolved": ("Publications of which nobody knows whether they went out.", ("platform",)),
    "waooaw_oldest_due_seconds": ("For how long the oldest publication is due that nobody works on.", ("platform",)),
    "waooaw_quota_limit_units": ("Units that the app has a day.", ("platform", "bucket")),
    "waooaw_quota_left_units": ("Units that are left of them today.", ("platform", "bucket")),
    "waooaw_version_days_left": ("Days until the pinned API version is retired.", ("platform", "version")),
    "waooaw_cp_tokens": (
        "Credentials by how long their token lasts; ends_soon and ended only where nothing renews it by itself.",
        ("platform", "state"),
    ),
    "waooaw_cp_token_age_seconds": ("Age of the oldest token.", ("platform",)),
}
"""Every gauge that is read at a scrape: what it says, and its labels."""


@dataclass(frozen=True, kw_only=True)
class Reading:
    """One value of one gauge of the table."""

    name: str
    labels: tuple[str, ...]
    value: float


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """What was read, as a collector."""

    readings: tuple[Reading, ...]

    def collect(self) -> Iterable[GaugeMetricFamily]:
        families = {name: GaugeMetricFamily(name, says, labels=labels) for name, (says, labels) in GAUGES.items()}
        for reading in self.readings:
            families[reading.name].add_metric(reading.labels, reading.value)
        return [family for family in families.values() if family.samples]


def exposition(registry: CollectorRegistry, readings: Iterable[Reading] = ()) -> bytes:
    """The text of a scrape: what was counted in `registry`, and what was read just now."""
    read = CollectorRegistry()
    read.register(Snapshot(readings=tuple(readings)))  # type: ignore[arg-type] - duck-typed by the client
    return generate_latest(registry) + generate_latest(read)
