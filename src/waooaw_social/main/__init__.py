"""The only room that knows everybody: makes the services out of the settings. Wiring by hand.

`parts` are what Plant's API (`front`) and its worker (`workshop`) share; `portal` is CP; `scraping` is what Prometheus reads. Each service
gives what is to be served or done; `serving.run` runs any of them in one process.
"""

from waooaw_social.main.front import add_api
from waooaw_social.main.parts import DelayTooShort, agent_keys, clock_of, customer_keys, opened, plant
from waooaw_social.main.portal import cp
from waooaw_social.main.tracing import ExtraMissing
from waooaw_social.main.workshop import work

__all__ = [
    "DelayTooShort",
    "ExtraMissing",
    "add_api",
    "agent_keys",
    "clock_of",
    "cp",
    "customer_keys",
    "opened",
    "plant",
    "work",
]
