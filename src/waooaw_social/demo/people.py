"""The show writes to people: one order for two of them, and WhatsApp's answers are lost. It lists nothing that was sent; what it tells by
webhook settles both messages, and nobody gets one twice.
"""

import asyncio
import secrets
import time
from collections.abc import Mapping
from typing import Any

from waooaw_social.demo import screen
from waooaw_social.demo.elsewhere import PATIENCE, connect, until_ended
from waooaw_social.demo.stage import AGENT, CUSTOMER, Failed, Stage
from waooaw_social.plant.webhooks import PATH

SENDER = "hazel"
SEND = "messages.send"


async def write_to_people(stage: Stage) -> list[Mapping[str, Any]]:
    """Returns what Plant says of each message, in the order of the recipients."""
    account = await stage.seeded("whatsapp", SENDER)
    credential = await connect(stage, account, ("waba_id",))
    await subscribe(stage)
    people = account["recipients"]["in_window"][:2]
    await stage.order("faults", {"platform": "whatsapp", "route": SEND, "fault": "lost_reply", "times": len(people)})
    body = {
        "customer_id": CUSTOMER,
        "agent_id": AGENT,
        "content": {"text": "Your bread is ready.", "recipients": people},
        "targets": [{"credential_ref": credential, "format": "text"}],
    }
    url = f"{stage.ports.url(stage.ports.plant)}/api/v1/publications"
    headers = {"idempotency-key": secrets.token_hex(8)}
    accepted = await stage.ask("POST", url, key=stage.agent_key, body=body, **headers)
    screen.step(f"{AGENT} ordered a message to {len(people)} people on WhatsApp; both answers will be lost")
    ended = await until_ended(stage, [one["id"] for one in accepted["publications"]])
    if any(entry["heard_by"] not in {"webhook", "reconcile"} for one in ended for entry in one["attempts"]):
        raise Failed("whatsapp: an answer that was ordered to be lost was heard")
    screen.event("WhatsApp’s answers were lost: its webhooks told that both messages are out, and nobody got one twice")
    return ended


async def subscribe(stage: Stage) -> None:
    """Meta shakes hands with Plant; from then on it tells what becomes of messages."""
    told = {"callback_url": stage.ports.url(stage.ports.plant) + PATH, "verify_token": stage.verify_token}
    await stage.order(f"accounts/whatsapp/{SENDER}", {"subscribe": told})
    deadline = time.monotonic() + PATIENCE
    while (state := (await stage.seeded("whatsapp", SENDER))["webhook"]["state"]) != "verified":
        if state == "refused" or time.monotonic() > deadline:
            raise Failed(f"the subscription to webhooks is {state}")
        await asyncio.sleep(0.05)
