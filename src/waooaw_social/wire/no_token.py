"""Why there is no token: five reasons, each with whom it waits for."""

from waooaw_social.core.refusal import Cure, Reaction, Refusal, Scope
from waooaw_social.platforms.call import Reply
from waooaw_social.wire.ports import CredentialsUnavailable, CredentialUnknown, NotSent, Outcome

FAILED_LATELY = 30.0
"""Seconds for which a refresh that failed is not tried again: longer than CP's lease, which would hide the reason behind a wait."""


def not_refreshed(outcome: Outcome) -> NotSent:
    """It has been repeated already: whoever asked waits as long as the failure is remembered, and does not repeat it once more."""
    failed = unreadable() if isinstance(outcome, Reply) else outcome
    if isinstance(failed, NotSent) and failed.until:
        return failed
    return NotSent(why=failed.why, retry_in=max(failed.retry_in or 0.0, FAILED_LATELY), refusal=failed.refusal)


def unreadable() -> NotSent:
    message = "The platform's answer to the refresh holds no token."
    refusal = Refusal(code="platform_unavailable", message=message, reaction=Reaction.NOT_DONE)
    return NotSent(why=message, refusal=refusal)


def unavailable(error: CredentialUnknown | CredentialsUnavailable) -> NotSent:
    if isinstance(error, CredentialUnknown):
        message = "The customer has no such credential."
        refusal = Refusal(
            code="unknown_credential", message=message, reaction=Reaction.CURE, cure=Cure.RECONNECT, field="credential_ref",
            remediation="Connect the account, or correct the credential_ref.",
        )  # fmt: skip
        return NotSent(why=message, until=Cure.RECONNECT, refusal=refusal)
    refusal = Refusal(
        code="credentials_unavailable", message="The credentials cannot be read just now.", reaction=Reaction.NOT_DONE,
        cure=error.until, retry_after=error.retry_in,
    )  # fmt: skip
    return NotSent(why=f"CP: {error}", retry_in=error.retry_in, until=error.until, refusal=refusal)


def another_account(wanted: str) -> NotSent:
    """The customer replaced the connection by one of another account."""
    message = f"The connection speaks for another account now; this was accepted for {wanted}."
    refusal = Refusal(
        code="wrong_account", message=message, reaction=Reaction.CURE, cure=Cure.RECONNECT, field="posting_identity",
        scope=Scope.CREDENTIAL, remediation="Connect that account again under the same credential_ref, or cancel the publication.",
    )  # fmt: skip
    return NotSent(why=message, until=Cure.RECONNECT, refusal=refusal)


def reconnect(message: str) -> NotSent:
    refusal = Refusal(
        code="needs_reconnect", message=message, reaction=Reaction.CURE, cure=Cure.RECONNECT,
        remediation="Ask the customer to connect the account again.",
    )  # fmt: skip
    return NotSent(why=message, until=Cure.RECONNECT, refusal=refusal)


def operator(message: str) -> NotSent:
    refusal = Refusal(code="needs_operator", message=message, reaction=Reaction.CURE, cure=Cure.OPERATOR)
    return NotSent(why=message, until=Cure.OPERATOR, refusal=refusal)
