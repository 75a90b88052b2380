"""The sandbox: social platforms imitated over real HTTP, stateful and faulty on demand.

It is a stranger to the product: it imports nothing of it and was written from the platforms' documentation alone, so that one
error cannot cancel the other. `python -m waooaw_sandbox` starts it; `docs/sandbox.md` tells what it can do.
"""
