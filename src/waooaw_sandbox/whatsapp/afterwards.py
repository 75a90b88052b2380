"""What becomes of an accepted message: its statuses on the sandbox's clock, and what the faults make of the telling.

The timeline is the truth and is fixed when the message is accepted; faults change only what is posted, when, how often
and in which order.
"""

import random
from dataclasses import replace
from datetime import datetime, timedelta

from waooaw_sandbox.kit import Call
from waooaw_sandbox.whatsapp.courier import Notice
from waooaw_sandbox.whatsapp.objects import ORDER, Message
from waooaw_sandbox.whatsapp.people import Person
from waooaw_sandbox.whatsapp.state import WhatsApp
from waooaw_sandbox.whatsapp.webhooks import notice, status_value

TIME_TO_LIVE = timedelta(days=30)


def plan(wa: WhatsApp, message: Message, *, held: float = 0) -> None:
    """Write the timeline: how far the message gets, and when."""
    start = message.accepted_at + timedelta(seconds=held)

    def after(name: str) -> datetime:
        return start + timedelta(seconds=wa.knobs.number(f"{name}_seconds"))

    if message.error is not None:
        message.timeline = [(after("failed"), "failed")]
        return
    reach = wa.knobs.word("reach")
    if message.kind == "reaction" or message.person.state == "offline":
        reach = min(reach, "sent", key=ORDER.index)
    message.timeline = [(after(status), status) for status in ORDER[1 : ORDER.index(reach) + 1]]


async def tell(wa: WhatsApp, message: Message, call: Call) -> None:
    """Have every status posted in its time, as this call's faults want it."""
    await forge(wa, message, call)
    if call.fault("status_webhook_lost"):
        return
    told = [(at, status) for at, status in message.timeline if not skipped(call, status)]
    hidden = call.fault("missing_wa_id") is not None
    notices = [
        (at, notice(message.sender, "messages", status_value(wa, message, s, at, hidden=hidden))) for at, s in told
    ]
    if call.fault("status_before_reply") and notices:
        await wa.post.now(notices.pop(0)[1])
    for at, one in arranged(call, notices):
        at += timedelta(seconds=random.uniform(0, wa.knobs.number("jitter_seconds")))
        wa.post.add(at, *repeated(call, one))
    if storm := call.fault("status_storm"):
        blow(wa, [message], int(storm.parameters["count"]))


def arrive(wa: WhatsApp, person: Person) -> None:
    """A phone is on again: what waited for it arrives, if it did not wait too long."""
    reach, now = wa.knobs.word("reach"), wa.clock.now()
    for message in wa.messages.values():
        waits = message.person is person and message.kind != "reaction" and message.error is None
        if not waits or message.status(now) != "sent" or now - message.accepted_at > TIME_TO_LIVE:
            continue
        for status in ORDER[2 : ORDER.index(reach) + 1]:
            at = wa.meta.later(wa.knobs.number(f"{status}_seconds"))
            message.timeline.append((at, status))
            wa.post.add(at, notice(message.sender, "messages", status_value(wa, message, status, at)))


def skipped(call: Call, status: str) -> bool:
    return status == "delivered" and call.fault("delivered_skipped") is not None


def arranged(call: Call, notices: list[tuple[datetime, Notice]]) -> list[tuple[datetime, Notice]]:
    if not notices:
        return []
    last = notices[-1][0]
    if call.fault("webhook_batched"):
        notices = [(last, replace(one, group=f"batch {id(notices)}")) for _, one in notices]
    if call.fault("webhook_reordered"):
        notices = [(last, one) for _, one in reversed(notices)]
    late = call.fault("webhook_delayed")
    wait = timedelta(seconds=float(late.parameters["seconds"]) if late else 0)
    return [(at + wait, one) for at, one in notices]


def repeated(call: Call, one: Notice) -> list[Notice]:
    fault = call.fault("webhook_repeated")
    return [one] if fault is None else [replace(one, alone=True)] * (1 + int(fault.parameters["times_more"]))


async def forge(wa: WhatsApp, message: Message, call: Call) -> None:
    """Lies about this message: one with a wrong signature, one by another business with a right one."""
    at = message.accepted_at
    if fault := call.fault("webhook_forged"):
        claim = status_value(wa, replace(message, error="131026"), str(fault.parameters["status"]), at)
        signing = str(fault.parameters["signature"])
        wa.post.add(at, notice(message.sender, "messages", claim, signature=signing, alone=True))
    if call.fault("foreign_status"):
        other = next(s for s in wa.people.senders.values() if s is not message.sender)
        copy = replace(message, sender=other, wamid=wa.new_wamid(message.person))
        wa.post.add(at, notice(other, "messages", status_value(wa, copy, "sent", at), alone=True))


def blow(wa: WhatsApp, messages: list[Message], count: int) -> None:
    """A storm: every status of these messages, over and over, until there were `count`."""
    now = wa.clock.now()
    all_of_them = [(message, at, status) for message in messages for at, status in message.timeline]
    for number in range(count if all_of_them else 0):
        message, at, status = all_of_them[number % len(all_of_them)]
        wa.post.add(now, notice(message.sender, "messages", status_value(wa, message, status, min(at, now))))
