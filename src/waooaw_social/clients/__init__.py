"""The library face: the platforms' flows for people who only want the clients, on a ledger in memory."""
