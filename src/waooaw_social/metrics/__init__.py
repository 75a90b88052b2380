"""What is counted: Prometheus's metrics, each name in one place, and the usage events of a library caller.

`prometheus` counts calls and posts where they happen; `gauges` describes what is read at a scrape; `collector` takes events and adds them up;
`timer` puts a block of a caller's code into one event; `traces` is the port of spans, and `otlp` sends them where somebody asked for it. Labels
are few and closed: no customer, no id, no text. Plant's own events are rows (`storage/plant/usage.py`), because billing must survive a crash;
nothing in here does.
"""

from waooaw_social.metrics.collector import PlatformMetricsCollector, get_metrics_collector
from waooaw_social.metrics.prometheus import NoMeter, PrometheusMeter
from waooaw_social.metrics.timer import TimedPlatformCall

__all__ = ["NoMeter", "PlatformMetricsCollector", "PrometheusMeter", "TimedPlatformCall", "get_metrics_collector"]
