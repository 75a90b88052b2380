"""Durable publications a second of one worker process with a platform that answers at once, beside `pgbench`'s single-row commits.

In one run, rounds interleaved, medians. The stub takes no time, so this is what our own durability costs: claims, write-ahead records,
ends. `pgbench` inserts one row per commit by as many connections on the same server. And what a claim costs without and with future rows.
"""

import argparse
import json
import sys
from pathlib import Path

from databases import databases
from measure import Samples, figure, machine, table, told

KINDS = ("postgresql", "sqlite")
CONNECTIONS = 12
"""What the worker's pool has."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--number", type=int, default=2000, help="publications a round (2000)")
    parser.add_argument("--rows", type=int, default=1_000_000, help="future rows for the claim (1,000,000)")
    parser.add_argument("--rounds", type=int, default=5, help="(5)")
    parser.add_argument("--quick", action="store_true", help="500 publications, 50,000 rows, two rounds")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every sample there")
    given = parser.parse_args()
    number, rows, rounds = (500, 50_000, 2) if given.quick else (given.number, given.rows, given.rounds)

    print(f"{number} publications a round, {rounds} rounds, medians\n{machine()}\n")
    samples = Samples()
    with databases() as made:
        for _ in range(rounds):
            samples.add("pgbench", commits=made.pgbench(CONNECTIONS, 3))
            for kind in KINDS:
                url = made.fresh(kind)
                samples.add(kind, **told(["durable.py", "publish", "--url", url, "--number", str(number)]))
            print(".", end="", file=sys.stderr, flush=True)
        for kind in KINDS:
            samples.add(kind, **told(["durable.py", "claim", "--url", made.fresh(kind), "--number", str(rows)]))
    print(file=sys.stderr)
    head = ("one worker", "publications/s", "commits/s", "of pgbench's", "commits each", "CPU ms each")
    whats = (("rate", 0), ("commits", 0), ("of", 2), ("each", 2), ("cpu", 1))
    print(table(head, [row(samples, who, whats) for who in ("pgbench", *KINDS)]), end="\n\n")
    head = (f"a claim, {rows:,} future rows", "empty, ms", "full, ms", "ratio")
    print(table(head, [cost(samples, kind, what) for kind in KINDS for what in ("one", "none")]))
    if given.json:
        given.json.write_text(json.dumps({"machine": machine(), "samples": samples.summary()}, indent=2))
    return 0


def row(samples: Samples, who: str, whats: tuple[tuple[str, int], ...]) -> list[str]:
    ratio = samples.ratio(who, "pgbench", "commits")
    return [who, *(figure(ratio if what == "of" else samples.median(who, what), digits) for what, digits in whats)]


def cost(samples: Samples, kind: str, what: str) -> list[str]:
    empty, full = samples.median(kind, f"{what}_empty"), samples.median(kind, f"{what}_full")
    found = {"one": "finds one", "none": "finds nothing"}[what]
    return [f"{kind}, {found}", figure(empty), figure(full), figure(full / empty if empty and full else None)]


if __name__ == "__main__":
    sys.exit(main())
