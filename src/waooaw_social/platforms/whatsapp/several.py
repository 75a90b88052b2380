"""Several recipients and several messages in one order: each message to each recipient is a publication of its own, with its own outcome.

Messages to one recipient go out in their order: each waits until the one before it has ended, however that ended. Recipients wait for nobody.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

from waooaw_social.core.post import Content, Message
from waooaw_social.core.refusal import Refusal, Refused
from waooaw_social.platforms.kit import Part
from waooaw_social.platforms.whatsapp.recipient import spelled

MOST = 2000
"""Publications of one target: an order is kept in one transaction."""
TO = "to"


def split(format: str, content: Content) -> Sequence[Part]:
    """Message by message, and in each of them in the order of the recipients. Raises `Refused`."""
    messages = _messages(format, content)
    named = content.recipients
    _refuse_twice(named)
    if named and any(TO in message.content.options for message in messages):
        raise Refused(NAMED_TWICE)
    people: Sequence[str | None] = named or (None,)
    if len(people) * len(messages) > MOST:
        raise Refused(TOO_MANY)
    return [
        Part(
            format=message.format or format,
            content=_to(person, message.content),
            after=(m - 1) * len(people) + p if m else None,
            called=_called(p if named else None, m if content.messages else None),
        )
        for m, message in enumerate(messages)
        for p, person in enumerate(people)
    ]


def _messages(format: str, content: Content) -> Sequence[Message]:
    """What is said once is one message. Beside several nothing is said but options, which are every message's."""
    alone = replace(content, recipients=(), messages=())
    if not content.messages:
        return (Message(content=alone, format=format),)
    if alone != Content(options=alone.options, privacy=alone.privacy):
        raise Refused(SAID_BESIDE)
    return [
        replace(message, content=replace(message.content, options={**alone.options, **message.content.options}))
        for message in content.messages
    ]


def _to(person: str | None, content: Content) -> Content:
    return content if person is None else replace(content, options={**content.options, TO: person})


def _called(person: int | None, message: int | None) -> Callable[[str], str]:
    def called(field: str) -> str:
        if person is not None and field == f"options.{TO}":
            return f"content.recipients.{person}"
        return field if message is None else f"content.messages.{message}.{field}"

    return called


def _refuse_twice(recipients: Sequence[str]) -> None:
    """The same person in two spellings would get everything twice."""
    seen: dict[str, int] = {}
    for number, one in enumerate(recipients):
        first = seen.setdefault(spelled(one), number)
        if first != number:
            message = f"Recipient {number} is recipient {first} once more."
            remediation = "Name each recipient once."
            field = f"content.recipients.{number}"
            raise Refused(Refusal(code="duplicate_recipient", message=message, field=field, remediation=remediation))


NAMED_TWICE = Refusal(
    code="recipients_and_to",
    message="The order has recipients, and one of its messages names another one.",
    field="content.options.to",
    remediation="Name recipients either in recipients or in options.to.",
)
TOO_MANY = Refusal(
    code="too_many_recipients",
    message=f"Recipients times messages are more than {MOST}.",
    field="content.recipients",
    remediation="Make several orders of it, each with an Idempotency-Key of its own.",
)
SAID_BESIDE = Refusal(
    code="content_beside_messages",
    message="Where there are messages, nothing is said beside them but options.",
    field="content.messages",
    remediation="Put all that is said into the messages.",
)
