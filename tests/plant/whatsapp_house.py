"""A house whose customer writes to people: WhatsApp's app is configured, its number connected, and Plant's webhooks subscribed to."""

import secrets
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from plant.house import AGENT, CUSTOMER, House, empty_house, until

VERIFY_TOKEN = secrets.token_hex(8)
PATH = "/webhooks/meta"
WORDS: Mapping[str, str] = {"text": "Your cake is ready."}


class Sender:
    """The connected number, and the house around it."""

    def __init__(self, house: House, account: dict[str, Any], credential: str) -> None:
        self.house, self.account, self.credential = house, account, credential

    async def turn(self, **orders: Any) -> Any:
        return await self.house.order(f"accounts/whatsapp/{self.account['account']}", orders)

    async def subscribe(self, verify_token: str = VERIFY_TOKEN) -> str:
        """The state of the subscription, once Meta has shaken hands or has been refused."""
        url = self.house.plant + PATH
        await self.turn(subscribe={"callback_url": url, "verify_token": verify_token})

        async def decided() -> str | None:
            state = (await self.house.account_of("whatsapp", self.account["account"]))["webhook"]["state"]
            return state if state != "verifying" else None

        return await until(decided, "the handshake")

    async def fault(self, **fault: Any) -> None:
        await self.house.order("faults", {"platform": "whatsapp", "route": "messages.send"} | fault)

    def order(self, *, format: str = "text", **content: Any) -> dict[str, Any]:
        return {
            "customer_id": CUSTOMER,
            "agent_id": AGENT,
            "content": content,
            "targets": [{"credential_ref": self.credential, "format": format}],
        }

    async def send(self, **content: Any) -> list[str]:
        """The publications of an accepted order."""
        answer = await self.house.submit(self.order(**content))
        assert answer.status_code == 202, answer.text
        return [one["id"] for one in answer.json()["publications"]]

    async def received(self) -> list[dict[str, Any]]:
        """Every message that was accepted, also those that nobody got."""
        return await self.house.ask(f"audience/whatsapp/{self.account['account']}?include=hidden")

    async def meters(self) -> dict[str, Any]:
        report = await self.house.ask("knobs/whatsapp")
        untouched = {"accepted": 0, "peak_per_second": 0, "peak_pair_burst": 0, "refused": {}}
        return report["meters"]["numbers"].get(self.account["posting_identity"], untouched)


@asynccontextmanager
async def open_sender(var: Path, *, worker: bool = True, **environment: str) -> AsyncIterator[Sender]:
    """CP, Plant and a worker, each a process of its own, or only the first two."""
    async with empty_house(var, **environment) as house:
        account = await house.account_of("whatsapp", "hazel")
        house.environment |= {
            "FACEBOOK_APP_ID": account["app_id"],
            "FACEBOOK_APP_SECRET": account["app_secret"],
            "META_WEBHOOK_VERIFY_TOKEN": VERIFY_TOKEN,
        } | environment
        await house.start_cp()
        await house.start_plant()
        if worker:
            await house.start_worker()
        await house.mint_both()
        await house.healthy()
        credential = await house.connect_account(account, metadata={"waba_id": account["waba_id"]})
        yield Sender(house, account, credential)
