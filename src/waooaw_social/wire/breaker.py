"""The circuit breaker's place in the gateway. For now everything is admitted; a platform that fails is told to the store all the same."""


class NoBreaker:
    """Admits everything: what a library caller has, and what `ENABLE_CIRCUIT_BREAKER=false` means."""

    async def admit(self, platform: str) -> float | None:
        return None

    async def report(self, platform: str, *, healthy: bool) -> None:
        return None
