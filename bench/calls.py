"""Small JSON calls through our whole gateway, beside bare aiohttp, plain httpx and httpx2: one run, rounds interleaved, medians.

The gateway's way has everything in it: a token from the resolver's cache, the quota in memory, the breaker's and the meter's place, the
signature, the reply searched for secrets and read. The others post the same JSON to the same server and read the same answer, no more.
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from measure import HERE, Samples, figure, machine, serving, table

CLIENTS = ("ours", "aiohttp", "httpx", "httpx2")
CONCURRENCY = (1, 32)
WARM_UP = 200


@contextmanager
def caller(client: str, base: str) -> Generator["subprocess.Popen[str]"]:
    command = [sys.executable, str(HERE / "callers.py"), client, "--base", base]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.communicate()


def ask(process: "subprocess.Popen[str]", calls: int, concurrency: int) -> dict[str, float]:
    assert process.stdin is not None
    assert process.stdout is not None
    print(json.dumps({"calls": calls, "concurrency": concurrency}), file=process.stdin, flush=True)
    return json.loads(process.stdout.readline())


def measure(calls: int, rounds: int) -> dict[int, Samples]:
    found = {concurrency: Samples() for concurrency in CONCURRENCY}
    with ExitStack() as stack:
        base = stack.enter_context(serving(str(HERE / "server.py")))
        callers = {client: stack.enter_context(caller(client, base)) for client in CLIENTS}
        for process in callers.values():
            ask(process, WARM_UP, max(CONCURRENCY))
        for number in range(rounds):
            for concurrency, samples in found.items():
                for client in (*CLIENTS[number % len(CLIENTS) :], *CLIENTS[: number % len(CLIENTS)]):
                    samples.add(client, **ask(callers[client], calls, concurrency))
            print(".", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    return found


def show(concurrency: int, samples: Samples) -> None:
    head = (f"{concurrency} at a time", "calls/s", "of aiohttp's", "CPU us/call", "of aiohttp's")
    rows = (
        (
            client,
            figure(samples.median(client, "rate"), 0),
            figure(samples.ratio(client, "aiohttp", "rate")),
            figure(samples.median(client, "cpu"), 0),
            figure(samples.ratio(client, "aiohttp", "cpu")),
        )
        for client in CLIENTS
    )
    print(table(head, rows), end="\n\n")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=1500, help="per client, round and concurrency (1500)")
    parser.add_argument("--rounds", type=int, default=7, help="(7)")
    parser.add_argument("--quick", action="store_true", help="400 calls, two rounds")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every sample there")
    given = parser.parse_args()
    calls, rounds = (400, 2) if given.quick else (given.calls, given.rounds)

    print(f"{calls} JSON calls a round, {rounds} rounds, medians\n{machine()}\n")
    found = measure(calls, rounds)
    for concurrency, samples in found.items():
        show(concurrency, samples)
    if given.json:
        figures = {str(concurrency): samples.summary() for concurrency, samples in found.items()}
        written = {"machine": machine(), "calls": calls, "rounds": rounds, "concurrency": figures}
        given.json.write_text(json.dumps(written, indent=2))
    return 0


if __name__ == "__main__":
    sys.exit(main())
