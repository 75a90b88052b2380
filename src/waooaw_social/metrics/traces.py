"""The port of traces: what a run and a platform call tell about themselves, if somebody wants to know. By itself nobody does.

All that may stand in a span is a `Fact`: ids of ours, words of ours, a status, a platform's host. There is none for a token, a URL, a query, a
body, a customer or his text, or what an error says. `otlp.py` fills this port; it alone knows OpenTelemetry, and is imported where traces are wanted.
"""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from enum import StrEnum
from typing import Final, ParamSpec, Protocol, TypeAlias

P = ParamSpec("P")


class Fact(StrEnum):
    """What a span may say, by the name it has there: OpenTelemetry's own word where there is one."""

    PUBLICATION = "waooaw.publication.id"
    PLATFORM = "waooaw.platform"
    FORMAT = "waooaw.format"
    AGENT = "waooaw.agent.id"
    CORRELATION = "waooaw.correlation.id"
    EPOCH = "waooaw.epoch"
    ENDING = "waooaw.ending"
    WHY = "waooaw.refusal.code"
    """Why it waits: where a wait is no error."""
    ANSWER = "waooaw.answer"
    """`2xx` to `5xx`, `NotSent` or `Unknown`."""
    RETRY_COUNT = "waooaw.retry_count"
    """Sends after the first, within this span."""
    METHOD = "http.request.method"
    HOST = "server.address"
    STATUS = "http.response.status_code"
    ERROR = "error.type"
    """A code of ours, or an error's class. A span that says it has failed."""


Facts: TypeAlias = Mapping[Fact, str | int | None]
"""None: there is nothing to say."""


class Span(Protocol):
    """One stretch of work that tells about itself."""

    def tell(self, say: Callable[P, Facts], *about: P.args, **more: P.kwargs) -> None:
        """Add what `say` finds about these. It is not even asked where nobody will see the span, and must not wait. Raises nothing."""
        ...


class Traces(Protocol):
    """Opens spans. What is opened inside another one, in the same task, is its child."""

    def span(self, name: str, *, outward: bool = False) -> AbstractContextManager[Span]:
        """`outward`: it waits for somebody else's service. An error that leaves the block is told by its code or class, never by its text."""
        ...


class _Untold:
    def tell(self, say: Callable[P, Facts], *about: P.args, **more: P.kwargs) -> None:
        pass


class NoTraces:
    """Nobody wants to know."""

    def span(self, name: str, *, outward: bool = False) -> AbstractContextManager[Span]:
        return _NOTHING


_NOTHING: Final[AbstractContextManager[Span]] = nullcontext(_Untold())
NO_TRACES: Final[Traces] = NoTraces()
