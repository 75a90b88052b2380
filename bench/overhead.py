"""What breaker, quota and metrics cost a call: the gateway with them beside the same without, and bare aiohttp, in one run.

`nothing` is the gateway with none of the three, `metrics` has the third only, `worker` all of them as a worker has them: the fleet's quota and
breaker in a database, with the journal. Rounds are interleaved, medians are shown; the figure that counts is CPU per call.
"""

import argparse
import sys
from contextlib import ExitStack

from calls import WARM_UP, ask, caller
from measure import HERE, Samples, figure, machine, serving, table

CLIENTS = ("aiohttp", "nothing", "metrics", "worker")
CONCURRENCY = 32


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=1500, help="per client and round (1500)")
    parser.add_argument("--rounds", type=int, default=9, help="(9)")
    given = parser.parse_args()
    samples = Samples()
    with ExitStack() as stack:
        base = stack.enter_context(serving(str(HERE / "server.py")))
        callers = {client: stack.enter_context(caller(client, base)) for client in CLIENTS}
        for process in callers.values():
            ask(process, WARM_UP, CONCURRENCY)
        for number in range(given.rounds):
            turn = number % len(CLIENTS)
            for client in (*CLIENTS[turn:], *CLIENTS[:turn]):
                samples.add(client, **ask(callers[client], given.calls, CONCURRENCY))
    without = samples.median("nothing", "cpu") or 0.0
    rows = (
        (
            client,
            figure(samples.median(client, "cpu"), 0),
            figure(samples.ratio(client, "aiohttp", "cpu")),
            "-" if client == "aiohttp" else figure((samples.median(client, "cpu") or 0.0) - without, 0),
        )
        for client in CLIENTS
    )
    print(f"{given.calls} JSON calls a round, {CONCURRENCY} at a time, {given.rounds} rounds, medians\n{machine()}\n")
    print(table(("", "CPU us/call", "of aiohttp's", "above nothing"), rows))
    return 0


if __name__ == "__main__":
    sys.exit(main())
