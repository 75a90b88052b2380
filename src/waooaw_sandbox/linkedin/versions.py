"""Which versions are alive: one a month, each for about a year, then 426 (contract linkedin 1.3).

The ends are LinkedIn's own; a day's version dies at its midnight UTC. No header announces it, so neither does the sandbox.
"""

from datetime import UTC, date, datetime

from waooaw_sandbox.knobs import Knobs

ENDS: dict[str, date] = {
    "202509": date(2026, 9, 15),
    "202510": date(2026, 10, 15),
    "202511": date(2026, 11, 16),
    "202601": date(2027, 1, 15),
    "202602": date(2027, 2, 15),
    "202603": date(2027, 3, 16),
    "202604": date(2027, 4, 15),
    "202605": date(2027, 5, 15),
    "202606": date(2027, 6, 15),
    "202607": date(2027, 7, 15),
    "202608": date(2027, 8, 17),
    "202609": date(2027, 9, 15),
}
"""There is no 202512."""


def active(knobs: Knobs, version: str, now: datetime) -> bool:
    """`YYYYMM`, or with a revision: `YYYYMM.RR`."""
    month = version.partition(".")[0]
    if month in named(knobs, "retired"):
        return False
    if month in named(knobs, "also_active"):
        return True
    return month in ENDS and now.astimezone(UTC).date() < ENDS[month]


def named(knobs: Knobs, knob: str) -> set[str]:
    return {name.strip() for name in knobs.word(knob).split(",")} - {""}
