"""How punctual one worker process is: many posts due within the same minute; seconds from each one's time to its visible call.

The platform is a stub that answers at once, so this is our own lateness: claiming, waiting, the write-ahead record. A call before its time
would be a defect, and is shown as such.
"""

import argparse
import json
import sys
from pathlib import Path

from databases import databases
from measure import Samples, figure, machine, table, told

KINDS = ("postgresql", "sqlite")
WHAT = ("p50", "p99", "worst", "earliest")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--number", type=int, default=1000, help="posts (1000)")
    parser.add_argument(
        "--minute", type=float, default=60.0, help="seconds over which their times lie; 0: all at once (60)"
    )
    parser.add_argument("--quick", action="store_true", help="200 posts within twelve seconds")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there")
    given = parser.parse_args()
    number, minute = (200, 12.0) if given.quick else (given.number, given.minute)

    print(f"{number} posts due within {minute:g} s, one worker\n{machine()}\n")
    samples = Samples()
    with databases() as made:
        for kind in KINDS:
            order = [
                "durable.py",
                "punctual",
                "--url",
                made.fresh(kind),
                "--number",
                str(number),
                "--minute",
                str(minute),
            ]
            samples.add(kind, **told(order))
    rows = [[kind, *(figure(samples.median(kind, what), 3) for what in WHAT)] for kind in KINDS]
    print(table(("late by, in seconds", *WHAT), rows))
    if given.json:
        given.json.write_text(json.dumps({"machine": machine(), "samples": samples.summary()}, indent=2))
    return 0


if __name__ == "__main__":
    sys.exit(main())
