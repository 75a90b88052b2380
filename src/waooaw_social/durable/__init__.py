"""Carrying a publication out so that it happens once, whatever dies on the way: the runner, the worker, and the ledger in memory."""
