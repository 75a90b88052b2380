"""What a platform call tells a trace about itself: which it was, where it went, what came of it. Nothing that anybody wrote, nothing secret."""

from collections.abc import Callable
from typing import Any

from waooaw_social.core.refusal import Refusal
from waooaw_social.metrics.traces import Fact, Facts
from waooaw_social.platforms.call import Call, Reply
from waooaw_social.platforms.kit import Kits
from waooaw_social.wire.ports import Errand, NotSent, Outcome


def of_call(call: Call[Any], kits: Kits, errand: Errand, host_of: Callable[[str], str]) -> Facts:
    """`host_of` knows the platform's host, whatever the origin. One that is not the manifest's came from outside, and is not repeated."""
    host = host_of(call.request.url)
    known = host if host in kits[errand.platform].manifest.hosts else None
    return {Fact.PLATFORM: errand.platform, Fact.METHOD: call.request.method, Fact.HOST: known}


def of_outcome(call: Call[Any], outcome: Outcome, retry_count: int = 0) -> Facts:
    """What we held back ourselves is no error: nobody was asked."""
    if isinstance(outcome, Reply):
        answer, status = f"{outcome.status // 100}xx", outcome.status
        error = None if call.answered(outcome) else call.explain(outcome).code
    else:
        answer, status = type(outcome).__name__, (outcome.refusal.status or None) if outcome.refusal else None
        held_back = isinstance(outcome, NotSent) and outcome.held_back
        error = None if held_back else _code(outcome.refusal, answer)
    return {Fact.ANSWER: answer, Fact.STATUS: status, Fact.RETRY_COUNT: retry_count, Fact.ERROR: error}


def _code(refusal: Refusal | None, otherwise: str) -> str:
    return refusal.code if refusal else otherwise
