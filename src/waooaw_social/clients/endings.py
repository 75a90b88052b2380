"""How a publication's end is told to a library caller: a result, or one of two errors."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, cast

from waooaw_social.core.ids import Platform
from waooaw_social.core.post import SocialPostResult
from waooaw_social.core.refusal import SocialOutcomeUnknown, SocialPlatformError
from waooaw_social.durable.ports import NONE, Done, Failed, Missed, Overtaken, Parked, Repeats, Undecided
from waooaw_social.platforms.call import Reply
from waooaw_social.platforms.manifest import Manifest
from waooaw_social.wire.ports import NotSent, Unknown


def result_of(
    ending: Done | Failed | Undecided | Missed | Overtaken,
    manifest: Manifest,
    now: datetime,
    repeats: Repeats = NONE,
    max_retries: int = 0,
) -> SocialPostResult:
    """The result, or the error that says why there is none."""
    match ending:
        case Done(published=published, reply=reply):
            return SocialPostResult(
                success=True,
                platform=manifest.platform,
                post_id=published.post_id,
                post_url=published.post_url,
                posted_at=now,
                raw_response=shown(reply, manifest.secret_fields),
                notes=published.notes,
                retry_count=repeats.retry_count,
                retry_wait=repeats.retry_wait,
                max_retries=max_retries,
            )
        case Failed(refusal=refusal):
            raise SocialPlatformError.of(refusal, manifest.platform)
        case Undecided():
            tried_at = datetime.fromtimestamp(ending.tried_at, UTC)
            raise doubt(manifest.platform, ending.why, tried_at, ending.how_to_settle)
        case Missed():
            raise AssertionError("a library call has no late policy")
        case Overtaken():
            raise AssertionError("a publication in memory has one driver")


def given_up(platform: Platform, parked: Parked, tried_at: datetime) -> SocialPlatformError:
    """What to raise where waiting is of no use, or would last beyond the deadline."""
    if parked.in_doubt:
        return doubt(platform, parked.why, tried_at, "Look at the account before you send it again.")
    waits = parked.until is None
    if parked.refusal is None:
        return SocialPlatformError(parked.why, platform, "not_sent", waits, parked.seconds)
    error = SocialPlatformError.of(parked.refusal, platform)
    error.is_transient, error.retry_after = waits, parked.seconds if waits else None
    return error


def not_done(platform: Platform, outcome: NotSent | Unknown) -> SocialPlatformError:
    """A question that was not answered: nothing can have gone out."""
    waits = not (isinstance(outcome, NotSent) and outcome.until)
    if outcome.refusal:
        error = SocialPlatformError.of(outcome.refusal, platform)
        error.is_transient, error.retry_after = waits, outcome.retry_in
        return error
    return SocialPlatformError(outcome.why, platform, "not_answered", waits, outcome.retry_in)


def doubt(platform: Platform, why: str, tried_at: datetime, how_to_settle: str) -> SocialOutcomeUnknown:
    return SocialOutcomeUnknown(
        f"It may have gone out: {why}.", platform, tried_at=tried_at, how_to_settle=how_to_settle
    )


def shown(reply: Reply | None, secret_fields: frozenset[str]) -> Mapping[str, Any] | None:
    """A platform's answer without the fields that hold secrets."""
    return cast("Mapping[str, Any]", _without(reply.json(), secret_fields)) if reply else None


def _without(value: Any, names: frozenset[str]) -> Any:
    if isinstance(value, Mapping):
        fields = cast("Mapping[str, Any]", value)
        return {name: "[redacted]" if name in names else _without(inner, names) for name, inner in fields.items()}
    if isinstance(value, list):
        return [_without(inner, names) for inner in cast("list[Any]", value)]
    return value
